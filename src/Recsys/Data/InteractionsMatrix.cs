using Recsys.Numerics;

namespace Recsys.Data;

public sealed partial class Interactions
{
    /// <summary>The users × items matrix of the values; the values of rows with the same user and item are added.</summary>
    /// <returns>A copy: columns ascend within a row, as sparse matrices have them.</returns>
    public SparseMatrix ToMatrix()
    {
        // The view by item, walked in item order, deals out each user's items in ascending order: no sorting.
        var side = ByItem;
        var columns = new int[_items.Length];
        var values = new float[_items.Length];
        var next = _offsets.AsSpan(0, UserCount).ToArray();
        for (var item = 0; item < ItemCount; item++)
        {
            for (var row = side.Offsets[item]; row < side.Offsets[item + 1]; row++)
            {
                var user = side.Users[row];
                var target = next[user];
                if (target > _offsets[user] && columns[target - 1] == item)
                {
                    values[target - 1] += side.Values[row];
                    continue;
                }
                columns[target] = item;
                values[target] = side.Values[row];
                next[user] = target + 1;
            }
        }

        var offsets = new long[UserCount + 1];
        for (var user = 0; user < UserCount; user++) offsets[user + 1] = offsets[user] + next[user] - _offsets[user];
        if (offsets[UserCount] < columns.Length)
        {
            for (var user = 0; user < UserCount; user++)
            {
                var length = next[user] - _offsets[user];
                Array.Copy(columns, _offsets[user], columns, offsets[user], length);
                Array.Copy(values, _offsets[user], values, offsets[user], length);
            }
            Array.Resize(ref columns, (int)offsets[UserCount]);
            Array.Resize(ref values, columns.Length);
        }
        return new SparseMatrix(UserCount, ItemCount, offsets, columns, values);
    }
}
