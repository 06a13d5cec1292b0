namespace Recsys.Indexing;

/// <summary>
/// Which rows hold the very same vector. A graph links only the first of them, for many at one place would link to each other alone and cut
/// the place off; a search that meets the first has met them all.
/// </summary>
internal sealed class VectorCopies
{
    private readonly int[] _next;       // the next row of the same vector, -1 if there is none
    private readonly ulong[] _isCopy;   // a bit for each row that is not the first

    private VectorCopies(int[] next, ulong[] isCopy) => (_next, _isCopy) = (next, isCopy);

    /// <summary>Null if all rows differ.</summary>
    public static VectorCopies? Find(VectorRows rows)
    {
        var (order, hashes) = (new int[rows.Count], new ulong[rows.Count]);
        for (var row = 0; row < rows.Count; row++)
        {
            order[row] = row;
            hashes[row] = (Hash(rows.Vector(row)) & 0xFFFFFFFF_00000000) | (uint)row;
        }
        hashes.AsSpan().Sort(order.AsSpan());

        int[]? next = null;
        ulong[]? isCopy = null;
        for (var start = 0; start < order.Length;)
        {
            var end = start + 1;
            while (end < order.Length && hashes[end] >> 32 == hashes[start] >> 32) end++;
            for (var i = start + 1; i < end; i++)
            {
                for (var j = i - 1; j >= start; j--)
                {
                    if (!rows.Vector(order[i]).SequenceEqual(rows.Vector(order[j]))) continue;
                    if (next is null) (next = new int[rows.Count]).AsSpan().Fill(-1);
                    isCopy ??= new ulong[(rows.Count + 63) / 64];
                    next[order[j]] = order[i];
                    isCopy[order[i] >> 6] |= 1UL << order[i];
                    break;
                }
            }
            start = end;
        }
        return next is null ? null : new(next, isCopy!);
    }

    public bool IsCopy(int row) => (_isCopy[row >> 6] >> row & 1) != 0;

    /// <summary>The next row of the same vector; -1 after the last.</summary>
    public int Next(int row) => _next[row];

    private static ulong Hash(ReadOnlySpan<float> vector)
    {
        var hash = 0UL;
        // Adding 0 makes one zero of the two, which are equal.
        foreach (var x in vector) hash = (hash ^ BitConverter.SingleToUInt32Bits(x + 0f)) * 0x9E3779B97F4A7C15 ^ hash >> 29;
        return hash;
    }
}
