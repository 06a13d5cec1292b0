using Recsys.Numerics;

namespace Recsys.Data;

public sealed partial class Interactions
{
    /// <summary>The users × items matrix of the values; the values of rows with the same user and item are added.</summary>
    /// <returns>A copy: columns ascend within a row, as sparse matrices have them.</returns>
    /// <exception cref="ArgumentException">Values add up to more than a float holds.</exception>
    public SparseMatrix ToMatrix() => ToMatrix(ValueColumn, DuplicateCells.Sum);

    /// <summary>A users × items matrix. Memory: the matrix, twice where cells repeat, and the longest row.</summary>
    /// <param name="values">One for each row of the log; empty means that every value is 1.</param>
    /// <param name="repeats">What a pair that stands in the log twice means.</param>
    internal SparseMatrix ToMatrix(ReadOnlySpan<float> values, DuplicateCells repeats)
    {
        var (columns, cells, offsets) = (new int[Count], new float[Count], new long[UserCount + 1]);
        var longest = 0;
        for (var user = 0; user < UserCount; user++) longest = Math.Max(longest, ItemsOf(user).Length);
        var keys = new long[longest];   // item and place, so that equal items stay in the order of the log
        var write = 0;
        for (var user = 0; user < UserCount; user++)
        {
            var items = ItemsOf(user);
            var (start, first) = ((int)UserOffsets[user], write);
            var row = keys.AsSpan(0, items.Length);
            for (var k = 0; k < row.Length; k++) row[k] = ((long)items[k] << 32) | (uint)k;
            row.Sort();
            foreach (var key in row)
            {
                var (item, value) = ((int)(key >> 32), values.IsEmpty ? 1 : values[start + (int)key]);
                if (write > first && columns[write - 1] == item) cells[write - 1] = Repeated(user, item, cells[write - 1], value, repeats);
                else (columns[write], cells[write++]) = (item, value);
            }
            offsets[user + 1] = write;
        }
        Array.Resize(ref columns, write);
        Array.Resize(ref cells, write);
        return new SparseMatrix(UserCount, ItemCount, offsets, columns, cells);
    }

    private float Repeated(int user, int item, float earlier, float later, DuplicateCells repeats)
    {
        if (repeats == DuplicateCells.First) return earlier;
        if (repeats == DuplicateCells.Last) return later;
        return float.IsFinite(earlier + later) ? earlier + later : throw new ArgumentException(
            $"The values of user '{Users.Name(user)}' and item '{Items.Name(item)}' add up to {earlier + later}; scale them down.");
    }
}
