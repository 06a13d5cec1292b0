namespace Recsys.Numerics;

/// <summary>
/// Ranks with P(rank) ∝ 1 / (rank + 1)ˢ for rank 0..count-1, in constant time and space. Immutable, thread-safe. Rejection-inversion:
/// Hörmann and Derflinger, "Rejection-inversion to generate variates from monotone discrete distributions", ACM TOMACS 6(3), 1996.
/// </summary>
public sealed class Zipf
{
    private readonly double _atOne, _atCount, _accept;

    /// <summary>The distribution over that many ranks.</summary>
    /// <param name="count">At least 1.</param>
    /// <param name="exponent">s, finite and at least 0; 0 is uniform.</param>
    public Zipf(int count, double exponent)
    {
        Count = Guard.AtLeast(1, count, nameof(count));
        Exponent = double.IsFinite(exponent) ? Guard.AtLeast(0, exponent, nameof(exponent))
            : throw new ArgumentOutOfRangeException(nameof(exponent), exponent, "The exponent must be finite.");
        _atOne = Integral(1.5) - 1;
        _atCount = Integral(count + 0.5);
        _accept = 2 - Inverse(Integral(2.5) - Density(2));
    }

    /// <summary>Number of ranks.</summary>
    public int Count { get; }

    /// <summary>s.</summary>
    public double Exponent { get; }

    /// <summary>A rank, 0 the most frequent: a pure function of the stream and the position.</summary>
    /// <param name="rng">The stream.</param>
    /// <param name="index">Position in the stream; one position is used.</param>
    public int Sample(in Rng rng, ulong index)
    {
        var retry = default(Rng);
        for (var attempt = 0UL; ; attempt++)
        {
            // Most first attempts are accepted; only a rejection opens a stream of its own.
            if (attempt == 1) retry = rng.Stream(index);
            var uniform = attempt == 0 ? rng.UniformDouble(index) : retry.UniformDouble(attempt);
            var u = _atCount + uniform * (_atOne - _atCount);
            var x = Inverse(u);
            var k = (int)Math.Clamp(x + 0.5, 1, Count);
            if (k - x <= _accept || u >= Integral(k + 0.5) - Density(k)) return k - 1;
        }
    }

    private double Density(double x) => Math.Exp(-Exponent * Math.Log(x));

    // ∫ x⁻ˢ dx and its inverse, in forms that pass smoothly through s = 1, where the integral is a logarithm.
    private double Integral(double x)
    {
        var log = Math.Log(x);
        return ExpMinusOneOver((1 - Exponent) * log) * log;
    }

    private double Inverse(double y) => Math.Exp(LogOnePlusOver(Math.Max(y * (1 - Exponent), -1)) * y);

    // (eˣ - 1) / x and log(1 + x) / x; the rounding error of the inner step cancels (Kahan).
    private static double ExpMinusOneOver(double x)
    {
        if (Math.Abs(x) < 1e-8) return 1 + x / 2;
        var e = Math.Exp(x);
        return Math.Abs(x) > 0.5 ? (e - 1) / x : (e - 1) / Math.Log(e);
    }

    private static double LogOnePlusOver(double x)
    {
        if (Math.Abs(x) < 1e-8) return 1 - x / 2;
        var one = 1 + x;
        return Math.Abs(x) > 0.5 ? Math.Log(one) / x : Math.Log(one) / (one - 1);
    }
}
