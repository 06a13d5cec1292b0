using Recsys.Numerics;

namespace Recsys.Evaluation;

/// <summary>Draws the items that a user's targets are ranked against, without replacement. Immutable.</summary>
internal sealed class CandidateSampler
{
    private readonly int _count;
    private readonly int[] _pool;
    private readonly int[]? _weights; // by item; null if uniform
    private readonly long[] _cumulative; // by place in the pool
    private readonly Rng _rng;

    public CandidateSampler(Candidates candidates, ReadOnlySpan<bool> catalogue, int[] itemUsers, ulong seed)
    {
        _count = candidates.Count;
        _weights = candidates.Kind == CandidateKind.PopularitySample ? itemUsers : null;
        _rng = new Rng(seed, 0xCA7D);
        var pool = new List<int>();
        for (var item = 0; item < catalogue.Length; item++)
            if (catalogue[item] && Weight(item) > 0) pool.Add(item);
        _pool = [.. pool];
        _cumulative = new long[_weights is null ? 0 : _pool.Length];
        long sum = 0;
        for (var i = 0; i < _cumulative.Length; i++) _cumulative[i] = sum += Weight(_pool[i]);
    }

    /// <summary>Sets the bits of the drawn items, which appends nothing that is forbidden or set already, and lists them.</summary>
    public void Sample(int user, ReadOnlySpan<ulong> forbidden, Span<ulong> chosen, List<int> drawn)
    {
        drawn.Clear();
        var rng = _rng.Stream((ulong)user);
        // Drawing again is quick while most of the pool is free. Where it is not, what is left is drawn by keys, which has the same
        // distribution.
        var attempts = (ulong)_count * 8 + 64;
        for (ulong i = 0; i < attempts && drawn.Count < _count && _pool.Length > 0; i++) Take(Draw(rng, i), forbidden, chosen, drawn);
        if (drawn.Count < _count) TakeByKeys(rng.Stream(1), forbidden, chosen, drawn);
    }

    private int Draw(in Rng rng, ulong index)
    {
        if (_weights is null) return _pool[rng.Below(index, _pool.Length)];
        var point = (long)Math.BigMul(rng.Bits(index), (ulong)_cumulative[^1], out _);
        var place = _cumulative.AsSpan().BinarySearch(point + 1);
        return _pool[place < 0 ? ~place : place];
    }

    // Efraimidis and Spirakis, "Weighted random sampling with a reservoir", IPL 2006: the smallest keys -ln(u) / weight.
    private void TakeByKeys(in Rng rng, ReadOnlySpan<ulong> forbidden, Span<ulong> chosen, List<int> drawn)
    {
        var keys = new List<(double Key, int Item)>();
        foreach (var item in _pool)
            if (!Has(forbidden, item) && !Has(chosen, item)) keys.Add((-Math.Log(1 - rng.UniformDouble((ulong)item)) / Weight(item), item));
        keys.Sort();
        foreach (var (_, item) in keys)
        {
            if (drawn.Count == _count) return;
            Take(item, forbidden, chosen, drawn);
        }
    }

    private static void Take(int item, ReadOnlySpan<ulong> forbidden, Span<ulong> chosen, List<int> drawn)
    {
        if (Has(forbidden, item) || Has(chosen, item)) return;
        chosen[item >> 6] |= 1UL << item;
        drawn.Add(item);
    }

    private int Weight(int item) => _weights is null ? 1 : _weights[item];

    private static bool Has(ReadOnlySpan<ulong> bits, int item) => (bits[item >> 6] >> item & 1) != 0;
}
