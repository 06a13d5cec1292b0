using System.Numerics;

namespace Recsys.Numerics;

/// <summary>Normalisation of rows to mean 0 and variance 1. Sums run over ascending rows. Thread-safe; nothing is allocated.</summary>
internal static unsafe class LayerNormKernels
{
    /// <summary>y = gain ⊙ (x − mean) · rate + bias, rate = 1 / √(variance + ε), row by row.</summary>
    public static void Forward(ReadOnlySpan<float> x, ReadOnlySpan<float> gain, ReadOnlySpan<float> bias, float epsilon,
        Span<float> means, Span<float> rates, Span<float> y)
    {
        var n = gain.Length;
        Check(x.Length, n, means.Length, rates.Length, y.Length, bias.Length);
        fixed (float* px = x, py = y, pg = gain, pb = bias)
        {
            for (var r = 0; r < means.Length; r++)
            {
                var row = x.Slice(r * n, n);
                var mean = Elementwise.Sum(row) / n;
                float* from = px + (nint)r * n;
                float* to = py + (nint)r * n;
                var squares = Vector<float>.Zero;
                var i = 0;
                for (; i <= n - Vector<float>.Count; i += Vector<float>.Count)
                {
                    var d = Vector.Load(from + i) - new Vector<float>(mean);
                    squares += d * d;
                }
                var variance = Vector.Sum(squares);
                for (; i < n; i++) variance += (from[i] - mean) * (from[i] - mean);
                var rate = 1 / MathF.Sqrt(variance / n + epsilon);
                (means[r], rates[r]) = (mean, rate);
                for (i = 0; i <= n - Vector<float>.Count; i += Vector<float>.Count)
                {
                    var z = (Vector.Load(from + i) - new Vector<float>(mean)) * rate;
                    Vector.Store(z * Vector.Load(pg + i) + Vector.Load(pb + i), to + i);
                }
                for (; i < n; i++) to[i] = (from[i] - mean) * rate * pg[i] + pb[i];
            }
        }
    }

    /// <summary>
    /// Adds to the gradients: with z = (x − mean) · rate and h = g ⊙ gain, ∂x = rate (h − mean(h) − z mean(h ⊙ z)), ∂gain = Σ g ⊙ z,
    /// ∂bias = Σ g.
    /// An empty ∂x is not wanted. The gradient is used as scratch.
    /// </summary>
    public static void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> gain, ReadOnlySpan<float> means, ReadOnlySpan<float> rates,
        Span<float> gradient, Span<float> dx, Span<float> dGain, Span<float> dBias)
    {
        var n = gain.Length;
        Check(x.Length, n, means.Length, rates.Length, gradient.Length, dGain.Length);
        if (dBias.Length != n || !dx.IsEmpty && dx.Length != x.Length) throw new ArgumentException("The sizes do not fit.", nameof(dx));
        fixed (float* px = x, pg = gradient, pw = gain, pdx = dx, pdw = dGain, pdb = dBias)
        {
            for (var r = 0; r < means.Length; r++)
            {
                float* row = px + (nint)r * n;
                float* g = pg + (nint)r * n;
                var (mean, rate) = (means[r], rates[r]);
                Vector<float> sums = default, products = default;
                var i = 0;
                for (; i <= n - Vector<float>.Count; i += Vector<float>.Count)
                {
                    var z = (Vector.Load(row + i) - new Vector<float>(mean)) * rate;
                    var from = Vector.Load(g + i);
                    Vector.Store(Vector.Load(pdw + i) + from * z, pdw + i);
                    Vector.Store(Vector.Load(pdb + i) + from, pdb + i);
                    var h = from * Vector.Load(pw + i);
                    Vector.Store(h, g + i);
                    sums += h;
                    products += h * z;
                }
                var (sum, product) = (Vector.Sum(sums), Vector.Sum(products));
                for (; i < n; i++)
                {
                    var z = (row[i] - mean) * rate;
                    pdw[i] += g[i] * z;
                    pdb[i] += g[i];
                    g[i] *= pw[i];
                    sum += g[i];
                    product += g[i] * z;
                }
                if (dx.IsEmpty) continue;
                (sum, product) = (sum / n, product / n);
                float* to = pdx + (nint)r * n;
                for (i = 0; i <= n - Vector<float>.Count; i += Vector<float>.Count)
                {
                    var z = (Vector.Load(row + i) - new Vector<float>(mean)) * rate;
                    Vector.Store(Vector.Load(to + i) + (Vector.Load(g + i) - new Vector<float>(sum) - z * product) * rate, to + i);
                }
                for (; i < n; i++) to[i] += rate * (g[i] - sum - (row[i] - mean) * rate * product);
            }
        }
    }

    private static void Check(int x, int n, int means, int rates, int y, int other)
    {
        if (x != y || means != rates || (long)means * n != x || other != n) throw new ArgumentException("The sizes do not fit.", nameof(x));
    }
}
