using System.Numerics;

namespace Recsys.Numerics;

/// <summary>
/// Nonlinear functions of a network, their derivatives and the masks of dropout, element by element: the bits of an element depend on
/// nothing but that element. Thread-safe; nothing is allocated.
/// </summary>
internal static unsafe class ActivationKernels
{
    /// <summary>to += g where y &gt; 0.</summary>
    public static void AddReluBack(ReadOnlySpan<float> y, ReadOnlySpan<float> g, Span<float> to) => Add<ReluBack>(y, g, to);

    /// <summary>to += g y (1 − y): the way back of y = σ(x).</summary>
    public static void AddSigmoidBack(ReadOnlySpan<float> y, ReadOnlySpan<float> g, Span<float> to) => Add<SigmoidBack>(y, g, to);

    /// <summary>to += g (1 − y²): the way back of y = tanh x.</summary>
    public static void AddTanhBack(ReadOnlySpan<float> y, ReadOnlySpan<float> g, Span<float> to) => Add<TanhBack>(y, g, to);

    /// <summary>to += g x.</summary>
    public static void AddProduct(ReadOnlySpan<float> x, ReadOnlySpan<float> g, Span<float> to) => Add<Product>(x, g, to);

    /// <summary>
    /// y = x Φ(x) and its derivative Φ(x) + x φ(x), from e = exp(−x²/2). Φ by Abramowitz and Stegun 7.1.26, good to 1e-7.
    /// </summary>
    public static void Gelu(ReadOnlySpan<float> x, ReadOnlySpan<float> e, Span<float> y, Span<float> slope)
    {
        Check(x.Length, e.Length, y.Length);
        Check(x.Length, slope.Length, y.Length);
        fixed (float* px = x, pe = e, py = y, ps = slope)
        {
            var i = 0;
            for (; i <= x.Length - Vector<float>.Count; i += Vector<float>.Count)
            {
                var (value, rise) = Gelu(Vector.Load(px + i), Vector.Load(pe + i));
                Vector.Store(value, py + i);
                Vector.Store(rise, ps + i);
            }
            for (; i < x.Length; i++)
            {
                var (value, rise) = Gelu(new Vector<float>(px[i]), new Vector<float>(pe[i]));
                (py[i], ps[i]) = (value[0], rise[0]);
            }
        }
    }

    /// <summary>
    /// The mask of inverted dropout: 0 with probability threshold / 65536, else scale. Four elements take one number of the stream.
    /// </summary>
    public static void DropoutMask(in Rng stream, int threshold, float scale, Span<float> mask)
    {
        var (key, gamma) = stream.Position;
        var limit = new Vector<uint>((uint)threshold);
        var kept = new Vector<float>(scale);
        var (step, offsets) = (new Vector<ulong>((ulong)Vector<ulong>.Count * gamma), Vector<ulong>.Indices * gamma);
        var position = new Vector<ulong>(key + gamma) + offsets;
        fixed (float* m = mask)
        {
            var i = 0;
            for (; i <= mask.Length - 2 * Vector<float>.Count; i += 2 * Vector<float>.Count)
            {
                Vector.Widen(Vector.AsVectorUInt16(Mix(position)), out var low, out var high);
                position += step;
                Vector.Store(Vector.ConditionalSelect(Vector.AsVectorSingle(Vector.LessThan(low, limit)), Vector<float>.Zero, kept), m + i);
                Vector.Store(Vector.ConditionalSelect(Vector.AsVectorSingle(Vector.LessThan(high, limit)), Vector<float>.Zero, kept),
                    m + i + Vector<float>.Count);
            }
            for (; i < mask.Length; i++)
                m[i] = (stream.Bits((ulong)i / 4) >> (16 * (i & 3)) & 0xFFFF) < (ulong)threshold ? 0 : scale;
        }
    }

    private static Vector<ulong> Mix(Vector<ulong> z)
    {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EB;
        return z ^ (z >>> 31);
    }

    private static (Vector<float> Value, Vector<float> Slope) Gelu(Vector<float> x, Vector<float> e)
    {
        var t = Vector<float>.One / (Vector<float>.One + Vector.Abs(x) * (0.3275911f * 0.70710678f));
        var tail = ((((t * 1.061405429f - new Vector<float>(1.453152027f)) * t + new Vector<float>(1.421413741f)) * t
            - new Vector<float>(0.284496736f)) * t + new Vector<float>(0.254829592f)) * t * e * 0.5f;
        var cumulative = Vector.ConditionalSelect(Vector.LessThan(x, Vector<float>.Zero), tail, Vector<float>.One - tail);
        return (x * cumulative, cumulative + x * e * 0.39894228f);
    }

    private static void Add<TMap>(ReadOnlySpan<float> x, ReadOnlySpan<float> g, Span<float> to) where TMap : IMap
    {
        Check(x.Length, g.Length, to.Length);
        fixed (float* px = x, pg = g, pt = to)
        {
            var i = 0;
            for (; i <= x.Length - Vector<float>.Count; i += Vector<float>.Count)
                Vector.Store(Vector.Load(pt + i) + TMap.Of(Vector.Load(px + i), Vector.Load(pg + i)), pt + i);
            for (; i < x.Length; i++) pt[i] += TMap.Of(new Vector<float>(px[i]), new Vector<float>(pg[i]))[0];
        }
    }

    private static void Check(int x, int y, int z)
    {
        if (x != y || x != z) throw new ArgumentException($"The lengths {x}, {y} and {z} must be equal.");
    }

    private interface IMap
    {
        static abstract Vector<float> Of(Vector<float> x, Vector<float> g);
    }

    private readonly struct ReluBack : IMap
    {
        public static Vector<float> Of(Vector<float> y, Vector<float> g)
            => Vector.ConditionalSelect(Vector.GreaterThan(y, Vector<float>.Zero), g, Vector<float>.Zero);
    }

    private readonly struct SigmoidBack : IMap
    {
        public static Vector<float> Of(Vector<float> y, Vector<float> g) => g * y * (Vector<float>.One - y);
    }

    private readonly struct TanhBack : IMap
    {
        public static Vector<float> Of(Vector<float> y, Vector<float> g) => g * (Vector<float>.One - y * y);
    }

    private readonly struct Product : IMap
    {
        public static Vector<float> Of(Vector<float> x, Vector<float> g) => x * g;
    }
}
