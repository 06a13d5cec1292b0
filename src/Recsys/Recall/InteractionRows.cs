using Recsys.Data;
using Recsys.Numerics;

namespace Recsys.Recall;

/// <summary>Interactions as a matrix.</summary>
internal static class InteractionRows
{
    /// <summary>Users × items, one cell for each pair.</summary>
    public static SparseMatrix OfUsers(Interactions data, RepeatedItems repeats)
        => data.ToMatrix(repeats == RepeatedItems.One ? [] : data.ValueColumn, repeats switch
        {
            RepeatedItems.One => DuplicateCells.First,
            RepeatedItems.Sum => DuplicateCells.Sum,
            _ => DuplicateCells.Last,
        });

    /// <summary>Cuts rows into contiguous shards of about the same work: the cells of a row, and some for the row itself.</summary>
    /// <param name="offsets">Where the cells of each row begin, and their end.</param>
    /// <param name="rowWork">At least 1, so that empty rows are spread too.</param>
    /// <param name="shards">At least 1.</param>
    /// <returns>The first row of each shard, and the number of rows.</returns>
    public static int[] Cut(long[] offsets, int rowWork, int shards)
    {
        var rows = offsets.Length - 1;
        var total = offsets[rows] + (long)rows * rowWork;
        var cuts = new int[shards + 1];
        for (var (row, shard) = (0, 1); shard < shards; shard++)
        {
            while (row < rows && offsets[row] + (long)row * rowWork < total * shard / shards) row++;
            cuts[shard] = row;
        }
        cuts[shards] = rows;
        return cuts;
    }
}
