using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Indexing;

/// <summary>For each of n things its few most similar others, best first, ties by lower id. Immutable.</summary>
internal sealed class NeighbourLists
{
    private readonly long[] _offsets;
    private readonly int[] _ids;
    private readonly float[] _similarities;

    private NeighbourLists(long[] offsets, int[] ids, float[] similarities)
    {
        _offsets = offsets;
        _ids = ids;
        _similarities = similarities;
    }

    public int Count => _offsets.Length - 1;

    public ReadOnlySpan<int> Ids(int of) => _ids.AsSpan((int)_offsets[of], (int)(_offsets[of + 1] - _offsets[of]));

    /// <summary>Positive, as many as there are <see cref="Ids"/>.</summary>
    public ReadOnlySpan<float> Similarities(int of) => _similarities.AsSpan((int)_offsets[of], (int)(_offsets[of + 1] - _offsets[of]));

    /// <summary>Writes the neighbours of one row, best first, and returns how many; called on many threads.</summary>
    public delegate int RowSearch(int row, Span<ScoredItem> destination);

    /// <summary>Searches the neighbours of every row. Rows are searched apart from each other, so threads don't change the
    /// result.</summary>
    /// <inheritdoc cref="Search(int, RowSearch, int, bool, int, IProgress{TrainProgress}?, CancellationToken)"/>
    public static NeighbourLists Search(
        SparseRowIndex index, int neighbours, bool scaleToOne, int threads, IProgress<TrainProgress>? progress, CancellationToken cancel)
        => Search(index.RowCount, index.Search, neighbours, scaleToOne, threads, progress, cancel);

    /// <summary>Searches the neighbours of every row, each row apart from the others.</summary>
    /// <param name="rows">How many.</param>
    /// <param name="search">Finds neighbours with positive similarities.</param>
    /// <param name="neighbours">K, the most that are kept of each.</param>
    /// <param name="scaleToOne">Divide each list by its best similarity.</param>
    /// <param name="threads">At least 1.</param>
    /// <param name="progress">Told after each part of the rows, by one thread at a time.</param>
    /// <param name="cancel">Checked before each part.</param>
    public static NeighbourLists Search(
        int rows, RowSearch search, int neighbours, bool scaleToOne, int threads, IProgress<TrainProgress>? progress,
        CancellationToken cancel)
    {
        const int RowsOfPart = 64;
        var parts = (rows + RowsOfPart - 1) / RowsOfPart;
        var found = new ScoredItem[rows][];
        var (done, gate) = (0, new Lock());
        Shards.Run(parts, threads, part =>
        {
            var list = new ScoredItem[Math.Min(neighbours, rows)];
            for (var row = part * RowsOfPart; row < Math.Min(rows, (part + 1) * RowsOfPart); row++)
                found[row] = list[..search(row, list)];
            lock (gate) progress?.Report(new TrainProgress("neighbours", ++done, parts));
        }, cancel);

        var offsets = new long[rows + 1];
        for (var row = 0; row < rows; row++) offsets[row + 1] = offsets[row] + found[row].Length;
        var (ids, similarities) = (new int[offsets[rows]], new float[offsets[rows]]);
        for (var row = 0; row < rows; row++)
        {
            var scale = scaleToOne && found[row].Length > 0 ? 1 / found[row][0].Score : 1;
            var at = offsets[row];
            foreach (var (id, similarity) in found[row])
            {
                ids[at] = id;
                similarities[at++] = similarity * scale;
            }
        }
        return new NeighbourLists(offsets, ids, similarities);
    }

    /// <summary>The same pairs the other way round: whose list is a thing in? Ids ascending.</summary>
    public NeighbourLists Transpose()
    {
        var offsets = new long[Count + 1];
        foreach (var id in _ids) offsets[id + 1]++;
        for (var i = 0; i < Count; i++) offsets[i + 1] += offsets[i];
        var next = offsets.AsSpan(0, Count).ToArray();
        var (ids, similarities) = (new int[_ids.Length], new float[_ids.Length]);
        for (var of = 0; of < Count; of++)
        {
            for (var at = _offsets[of]; at < _offsets[of + 1]; at++)
            {
                var to = next[_ids[at]]++;
                ids[to] = of;
                similarities[to] = _similarities[at];
            }
        }
        return new NeighbourLists(offsets, ids, similarities);
    }

    public void Write(ModelWriter writer)
    {
        writer.Tensor("offsets", _offsets);
        writer.Tensor("ids", _ids);
        writer.Tensor("similarities", _similarities);
    }

    /// <exception cref="InvalidDataException">The lists are not those of that many things; the message says which rule is
    /// broken.</exception>
    public static NeighbourLists Read(ModelReader reader, int count)
    {
        var ids = reader.Ids("ids", -1, count);
        var similarities = reader.Tensor<float>("similarities", ids.Length);
        var lists = new NeighbourLists(reader.Offsets<long>("offsets", count, ids.Length), ids, similarities);
        for (var of = 0; of < count; of++)
        {
            var best = float.MaxValue;
            foreach (var similarity in lists.Similarities(of))
            {
                if (!(similarity > 0) || similarity > best)
                    throw reader.Invalid($"a similarity of {of} is {similarity} after {best}; they are positive and never rise.");
                best = similarity;
            }
            if (lists.Ids(of).Contains(of)) throw reader.Invalid($"{of} stands among its own neighbours.");
        }
        return lists;
    }
}
