using System.Numerics;

namespace Recsys.Numerics;

internal static unsafe partial class OptimizerKernels
{
    /// <summary>Adagrad: G = G + g²;  w = w − rate · g / (√G + ε), with g = gradient + l2 · w first.</summary>
    public static void Adagrad(Span<float> weights, ReadOnlySpan<float> gradient, Span<float> squares, float rate, float epsilon, float l2)
    {
        Check(weights.Length, gradient.Length, squares.Length, squares.Length);
        fixed (float* w = weights, g = gradient, s = squares)
        {
            var i = 0;
            var (vr, ve, vl) = (new Vector<float>(rate), new Vector<float>(epsilon), new Vector<float>(l2));
            for (; i <= weights.Length - Vector<float>.Count; i += Vector<float>.Count)
            {
                var wi = Vector.Load(w + i);
                var gi = Vector.Load(g + i) + vl * wi;
                var si = Vector.Load(s + i) + gi * gi;
                Vector.Store(si, s + i);
                Vector.Store(wi - vr * gi / (Vector.SquareRoot(si) + ve), w + i);
            }
            for (; i < weights.Length; i++)
            {
                var gi = g[i] + l2 * w[i];
                s[i] += gi * gi;
                w[i] -= rate * gi / (MathF.Sqrt(s[i]) + epsilon);
            }
        }
    }

    /// <summary>
    /// FTRL-proximal: s = (√(n + g²) − √n) / α;  z = z + g − s w;  n = n + g²;  w = 0 where |z| ≤ l1, else
    /// −(z − sign(z) l1) / ((β + √n) / α + l2).
    /// </summary>
    public static void Ftrl(Span<float> weights, ReadOnlySpan<float> gradient, Span<float> sums, Span<float> squares,
        float alpha, float beta, float l1, float l2)
    {
        Check(weights.Length, gradient.Length, sums.Length, squares.Length);
        fixed (float* w = weights, g = gradient, z = sums, n = squares)
        {
            var i = 0;
            var (inverse, b, v1, v2) = (new Vector<float>(1 / alpha), new Vector<float>(beta), new Vector<float>(l1), new Vector<float>(l2));
            for (; i <= weights.Length - Vector<float>.Count; i += Vector<float>.Count)
            {
                var gi = Vector.Load(g + i);
                var ni = Vector.Load(n + i);
                var root = Vector.SquareRoot(ni + gi * gi);
                var zi = Vector.Load(z + i) + gi - (root - Vector.SquareRoot(ni)) * inverse * Vector.Load(w + i);
                Vector.Store(ni + gi * gi, n + i);
                Vector.Store(zi, z + i);
                var shrunk = zi - Vector.ConditionalSelect(Vector.LessThan(zi, Vector<float>.Zero), -v1, v1);
                var next = -shrunk / ((b + root) * inverse + v2);
                Vector.Store(Vector.ConditionalSelect(Vector.GreaterThan(Vector.Abs(zi), v1), next, Vector<float>.Zero), w + i);
            }
            for (; i < weights.Length; i++)
            {
                var root = MathF.Sqrt(n[i] + g[i] * g[i]);
                z[i] = z[i] + g[i] - (root - MathF.Sqrt(n[i])) * (1 / alpha) * w[i];
                n[i] += g[i] * g[i];
                w[i] = MathF.Abs(z[i]) > l1 ? -(z[i] - (z[i] < 0 ? -l1 : l1)) / ((beta + root) * (1 / alpha) + l2) : 0;
            }
        }
    }
}
