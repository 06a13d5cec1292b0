namespace Recsys;

/// <summary>An immutable set of dense item ids, one bit each. Safe for any number of threads.</summary>
public sealed class ItemSet
{
    private readonly ulong[] _bits;

    /// <summary>Builds the set.</summary>
    /// <param name="items">Dense ids, 0 or greater; duplicates count once.</param>
    /// <exception cref="ArgumentOutOfRangeException">An id is negative.</exception>
    public ItemSet(params IEnumerable<int> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        _bits = [];
        foreach (var item in items)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(item, nameof(items));
            var word = item >> 6;
            if (word >= _bits.Length) Array.Resize(ref _bits, Math.Max(word + 1, _bits.Length * 2));
            if (Contains(item)) continue;
            _bits[word] |= 1UL << item;
            Count++;
        }
    }

    /// <summary>Number of distinct items.</summary>
    public int Count { get; }

    /// <summary>One bit for each item, 64 a word; may be shorter or longer than a catalogue.</summary>
    internal ReadOnlySpan<ulong> Words => _bits;

    /// <summary>Whether the item is in the set; false for ids outside it, negative ones included.</summary>
    public bool Contains(int item)
    {
        var word = item >> 6;
        return (uint)word < (uint)_bits.Length && (_bits[word] >> item & 1) != 0;
    }
}
