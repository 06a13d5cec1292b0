using Recsys.Data;
using Recsys.Numerics;

namespace Recsys.Recall;

/// <summary>Interactions as a matrix.</summary>
internal static class InteractionRows
{
    /// <summary>Users × items, one cell for each pair.</summary>
    public static SparseMatrix OfUsers(Interactions data, RepeatedItems repeats)
        => SparseMatrix.FromTriplets(data.UserCount, data.ItemCount, UserColumn(data), data.ItemColumn,
            repeats == RepeatedItems.One ? [] : data.ValueColumn,
            repeats switch
            {
                RepeatedItems.One => DuplicateCells.First,
                RepeatedItems.Sum => DuplicateCells.Sum,
                _ => DuplicateCells.Last,
            });

    /// <summary>The user of every row.</summary>
    public static int[] UserColumn(Interactions data)
    {
        var users = new int[data.Count];
        for (var user = 0; user < data.UserCount; user++)
            users.AsSpan((int)data.UserOffsets[user], (int)(data.UserOffsets[user + 1] - data.UserOffsets[user])).Fill(user);
        return users;
    }
}
