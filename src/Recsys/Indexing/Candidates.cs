namespace Recsys.Indexing;

/// <summary>
/// The best few nodes met in a search, best first, ties by lower id, each marked as expanded or not. One number holds all three: the
/// score's bits in an order-keeping form, the id turned round, and the mark; so a comparison is one instruction and the list one array.
/// </summary>
internal sealed class Candidates
{
    private ulong[] _keys = new ulong[64];

    public int Count { get; private set; }

    /// <summary>The most that are kept.</summary>
    public int Breadth { get; private set; }

    public ReadOnlySpan<ulong> Keys => _keys.AsSpan(0, Count);

    public static ulong Key(int node, float score)
    {
        // Adding 0 makes one zero of the two.
        var bits = BitConverter.SingleToUInt32Bits(score + 0f);
        bits ^= (uint)((int)bits >> 31) | 0x80000000;
        return (ulong)bits << 32 | (uint)(int.MaxValue - node) << 1 | 1;
    }

    public static int Node(ulong key) => int.MaxValue - (int)((uint)key >> 1);

    public static float Score(ulong key)
    {
        var bits = (uint)(key >> 32);
        return BitConverter.UInt32BitsToSingle(bits ^ ((uint)((int)~bits >> 31) | 0x80000000));
    }

    /// <summary>Empties the list.</summary>
    public void Start(int breadth)
    {
        Count = 0;
        Widen(breadth);
    }

    /// <summary>Keeps what there is, all marked as not expanded, with room for more.</summary>
    public void Restart(int breadth)
    {
        Count = Math.Min(Count, breadth);
        Widen(breadth);
        foreach (ref var key in _keys.AsSpan(0, Count)) key |= 1;
    }

    /// <summary>The same list of keys.</summary>
    public void CopyFrom(Candidates other)
    {
        Start(other.Breadth);
        other.Keys.CopyTo(_keys);
        Count = other.Count;
    }

    private void Widen(int breadth)
    {
        Breadth = breadth;
        if (breadth + 1 > _keys.Length) Array.Resize(ref _keys, breadth + 1);
    }

    /// <summary>The best node at or after the position that has not been expanded, which it then is; -1 if there is none.</summary>
    public int Take(ref int position)
    {
        var keys = _keys.AsSpan(0, Count);
        for (; position < keys.Length; position++)
        {
            if ((keys[position] & 1) == 0) continue;
            keys[position] &= ~1UL;
            return Node(keys[position++]);
        }
        return -1;
    }

    /// <summary>Whether a node of this key would enter.</summary>
    public bool Accepts(ulong key) => Count < Breadth || (Count > 0 && key > _keys[Count - 1]);

    /// <summary>Enters a key that <see cref="Accepts"/> lets in; returns its place.</summary>
    public int Insert(ulong key)
    {
        var keys = _keys;
        var (place, length) = (0, Count);
        while (length > 1)
        {
            // Without a branch that depends on the data.
            var half = length >> 1;
            place = keys[place + half - 1] > key ? place + half : place;
            length -= half;
        }
        if (length == 1 && keys[place] > key) place++;
        keys.AsSpan(place, Count - place).CopyTo(keys.AsSpan(place + 1));
        keys[place] = key;
        if (Count < Breadth) Count++;
        return place;
    }
}
