namespace Recsys.Numerics;

/// <summary>
/// Counter-based random numbers: the value at (seed, stream, index) is a pure function of the three, so results do not depend on
/// threads or on the order of the calls. SplitMix64 output function at position <c>index</c> of a stream whose start is hashed from
/// (seed, stream). Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014. Not for cryptography.
/// </summary>
public readonly struct Rng
{
    private const ulong Gamma = 0x9E3779B97F4A7C15;
    private readonly ulong _key;

    /// <summary>The stream of that number under that seed.</summary>
    public Rng(ulong seed, ulong stream = 0) => _key = Mix(Mix(seed + Gamma) ^ Mix(stream * 0xD1B54A32D192ED03 + 1));

    private Rng(ulong key, bool _) => _key = key;

    /// <summary>An independent stream below this one.</summary>
    public Rng Stream(ulong stream) => new(Mix(_key ^ Mix(stream * 0xD1B54A32D192ED03 + 1)), true);

    /// <summary>What <see cref="Bits"/> mixes: start + (index + 1) · step.</summary>
    internal (ulong Start, ulong Step) Position => (_key, Gamma);

    /// <summary>64 random bits.</summary>
    public ulong Bits(ulong index) => Mix(_key + (index + 1) * Gamma);

    /// <summary>Uniform in [0, 1), 24 bits.</summary>
    public float Uniform(ulong index) => (Bits(index) >> 40) * (1f / (1 << 24));

    /// <summary>Uniform in [0, 1), 53 bits.</summary>
    public double UniformDouble(ulong index) => (Bits(index) >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in 0..bound-1; the bias is below bound / 2^64.</summary>
    /// <param name="index">Position in the stream.</param>
    /// <param name="bound">At least 1.</param>
    public int Below(ulong index, int bound) => (int)Math.BigMul(Bits(index), (ulong)bound, out _);

    /// <summary>Standard normal (Box-Muller on two hashed halves of the position).</summary>
    public double Normal(ulong index)
    {
        var bits = Bits(index);
        var u = (((bits >> 11) + 1) * (1.0 / ((1UL << 53) + 1)));
        var angle = (Mix(bits ^ 0xA0761D6478BD642F) >> 11) * (2 * Math.PI / (1UL << 53));
        return Math.Sqrt(-2 * Math.Log(u)) * Math.Cos(angle);
    }

    /// <summary>Exponential with mean 1.</summary>
    public double Exponential(ulong index) => -Math.Log(1 - UniformDouble(index));

    /// <summary>Uniform in minimum..maximum at the positions index, index + 1, …</summary>
    public void FillUniform(ulong index, Span<float> destination, float minimum = 0, float maximum = 1)
    {
        for (var i = 0; i < destination.Length; i++) destination[i] = minimum + (maximum - minimum) * Uniform(index + (ulong)i);
    }

    /// <summary>Normal at the positions index, index + 1, …</summary>
    public void FillNormal(ulong index, Span<float> destination, float mean = 0, float deviation = 1)
    {
        for (var i = 0; i < destination.Length; i++) destination[i] = mean + deviation * (float)Normal(index + (ulong)i);
    }

    /// <summary>Puts the values in random order, each as likely (Fisher-Yates); uses the positions index .. index + Length - 2.</summary>
    public void Shuffle<T>(ulong index, Span<T> values)
    {
        for (var last = values.Length - 1; last > 0; last--)
        {
            var other = Below(index++, last + 1);
            (values[last], values[other]) = (values[other], values[last]);
        }
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
