using System.Numerics;

namespace Recsys.Numerics;

/// <summary>
/// A random order of 0..count-1 that is computed, not stored: place → number is a pure function of the generator, so shards and epochs need no
/// shared array. Eight Feistel rounds over the next power of four, walked until inside. Luby and Rackoff, "How to construct pseudorandom
/// permutations", SIAM J. Computing 1988; cycle walking: Black and Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002.
/// </summary>
public readonly struct Permutation
{
    private const int Rounds = 8;
    private readonly Rng _rng;
    private readonly int _half;

    /// <summary>The order under one generator; another stream gives another order.</summary>
    /// <param name="count">At least 0.</param>
    /// <param name="rng">Seed and stream, the epoch for example.</param>
    public Permutation(int count, in Rng rng)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Count = count;
        _rng = rng;
        _half = count < 2 ? 1 : (BitOperations.Log2((uint)(count - 1)) + 2) / 2;
    }

    /// <summary>How many numbers it orders.</summary>
    public int Count { get; }

    /// <summary>The number at a place.</summary>
    /// <param name="place">0..<see cref="Count"/>-1.</param>
    public int this[int place]
    {
        get
        {
            if ((uint)place >= (uint)Count)
                throw new ArgumentOutOfRangeException(nameof(place), place, $"The permutation has the places 0 to {Count - 1}.");
            var x = (uint)place;
            do x = Walk(x); while (x >= (uint)Count);
            return (int)x;
        }
    }

    /// <summary>Writes the numbers at the places first, first + 1, ….</summary>
    public void Fill(int first, Span<int> destination)
    {
        for (var i = 0; i < destination.Length; i++) destination[i] = this[first + i];
    }

    private uint Walk(uint x)
    {
        var mask = (1u << _half) - 1;
        var (left, right) = (x >> _half, x & mask);
        for (var round = 0; round < Rounds; round++)
            (left, right) = (right, left ^ ((uint)(_rng.Bits(((ulong)round << 32) | right) >> 40) & mask));
        return (left << _half) | right;
    }
}
