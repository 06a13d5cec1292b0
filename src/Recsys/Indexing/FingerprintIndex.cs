namespace Recsys.Indexing;

// Fingerprints within d bits of each other agree in one of d + 1 blocks of bits at least: one table for each block, sorted by its value.
// Manku, Jain, Das Sarma, WWW 2007.

/// <summary>
/// Finds every stored fingerprint (<see cref="TextSimHash"/>) that differs from a query in few bits; none is missed. Immutable, safe for
/// any number of threads; a search allocates nothing.
/// </summary>
public sealed class FingerprintIndex
{
    private readonly ulong[] _fingerprints;
    private readonly int[][] _order;      // a table for each block: items by the value of the block, then by id
    private readonly ulong[][] _values;   // their values

    private FingerprintIndex(ulong[] fingerprints, int[][] order, ulong[][] values)
        => (_fingerprints, _order, _values) = (fingerprints, order, values);

    /// <summary>Number of stored fingerprints; item ids are 0..Count-1.</summary>
    public int Count => _fingerprints.Length;

    /// <summary>The most bits in which what is found differs.</summary>
    public int MaxDistance => _order.Length - 1;

    /// <summary>Builds an index over a copy.</summary>
    /// <param name="fingerprints">One for each item.</param>
    /// <param name="maxDistance">0..15, default 3. Higher is slower: a table is searched by 64 / (maxDistance + 1) bits.</param>
    /// <exception cref="ArgumentOutOfRangeException">The distance lies outside.</exception>
    public static FingerprintIndex Build(ReadOnlySpan<ulong> fingerprints, int maxDistance = 3)
    {
        Guard.InRange(0, 15, maxDistance, nameof(maxDistance));
        var (order, values) = (new int[maxDistance + 1][], new ulong[maxDistance + 1][]);
        for (var block = 0; block <= maxDistance; block++)
        {
            var (items, keys) = (new int[fingerprints.Length], new (ulong Value, int Item)[fingerprints.Length]);
            for (var item = 0; item < items.Length; item++)
            {
                items[item] = item;
                keys[item] = (fingerprints[item] & Mask(block, maxDistance + 1), item);
            }
            keys.AsSpan().Sort(items.AsSpan());
            order[block] = items;
            values[block] = Array.ConvertAll(keys, key => key.Value);
        }
        return new(fingerprints.ToArray(), order, values);
    }

    /// <summary>
    /// Writes the items that differ in <see cref="MaxDistance"/> bits at most, fewest first (the score is minus the number of bits), ties
    /// by lower id, and returns how many.
    /// </summary>
    /// <param name="fingerprint">The query.</param>
    /// <param name="filter">Which items may be returned.</param>
    /// <param name="destination">Its length is the most that is returned.</param>
    public int Search(ulong fingerprint, in ItemFilter filter, Span<ScoredItem> destination)
    {
        var top = new TopItems(destination, filter, Count);
        for (var block = 0; block < _order.Length; block++)
        {
            var (items, values) = (_order[block], _values[block]);
            var value = fingerprint & Mask(block, _order.Length);
            for (var i = First(values, value); i < values.Length && values[i] == value; i++)
            {
                var difference = fingerprint ^ _fingerprints[items[i]];
                var distance = TextSimHash.Distance(difference, 0);
                if (distance <= MaxDistance && !AgreesBefore(block, difference)) top.Offer(items[i], -distance);
            }
        }
        return top.Finish();
    }

    // Then a table before this one has offered the item.
    private bool AgreesBefore(int block, ulong difference)
    {
        for (var earlier = 0; earlier < block; earlier++)
            if ((difference & Mask(earlier, _order.Length)) == 0) return true;
        return false;
    }

    private static int First(ulong[] values, ulong value)
    {
        var (low, high) = (0, values.Length);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (values[middle] < value) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    private static ulong Mask(int block, int blocks)
    {
        var (start, end) = (64 * block / blocks, 64 * (block + 1) / blocks);
        return (end == 64 ? ulong.MaxValue : (1UL << end) - 1) & ~((1UL << start) - 1);
    }
}
