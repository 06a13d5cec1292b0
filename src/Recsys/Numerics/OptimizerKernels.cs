using System.Numerics;

namespace Recsys.Numerics;

/// <summary>
/// Steps of the optimizers over spans of one length, element by element: the bits of an element depend on nothing but that element.
/// </summary>
internal static unsafe partial class OptimizerKernels
{
    /// <summary>
    /// Adam: m = β₁ m + (1 − β₁) g;  v = β₂ v + (1 − β₂) g²;  w = w − rate · m / (√v · root + ε), with g = gradient + l2 · w first.
    /// The corrections of the bias lie in rate and root.
    /// </summary>
    public static void Adam(Span<float> weights, ReadOnlySpan<float> gradient, Span<float> first, Span<float> second,
        float beta1, float beta2, float rate, float root, float epsilon, float l2)
    {
        Check(weights.Length, gradient.Length, first.Length, second.Length);
        fixed (float* w = weights, g = gradient, m = first, v = second)
        {
            var i = 0;
            var (b1, c1) = (new Vector<float>(beta1), new Vector<float>(1 - beta1));
            var (b2, c2) = (new Vector<float>(beta2), new Vector<float>(1 - beta2));
            var (vr, vs, ve, vl) = (new Vector<float>(rate), new Vector<float>(root), new Vector<float>(epsilon), new Vector<float>(l2));
            for (; i <= weights.Length - Vector<float>.Count; i += Vector<float>.Count)
            {
                var wi = Vector.Load(w + i);
                var gi = Vector.Load(g + i) + vl * wi;
                var mi = b1 * Vector.Load(m + i) + c1 * gi;
                var vi = b2 * Vector.Load(v + i) + c2 * gi * gi;
                Vector.Store(mi, m + i);
                Vector.Store(vi, v + i);
                Vector.Store(wi - vr * mi / (Vector.SquareRoot(vi) * vs + ve), w + i);
            }
            for (; i < weights.Length; i++)
            {
                var gi = g[i] + l2 * w[i];
                m[i] = beta1 * m[i] + (1 - beta1) * gi;
                v[i] = beta2 * v[i] + (1 - beta2) * gi * gi;
                w[i] -= rate * m[i] / (MathF.Sqrt(v[i]) * root + epsilon);
            }
        }
    }

    /// <summary>w = w − rate · (gradient + l2 · w).</summary>
    public static void Descend(Span<float> weights, ReadOnlySpan<float> gradient, float rate, float l2)
    {
        Check(weights.Length, gradient.Length, weights.Length, weights.Length);
        fixed (float* w = weights, g = gradient)
        {
            var i = 0;
            for (; i <= weights.Length - Vector<float>.Count; i += Vector<float>.Count)
            {
                var wi = Vector.Load(w + i);
                Vector.Store(wi - (Vector.Load(g + i) + wi * l2) * rate, w + i);
            }
            for (; i < weights.Length; i++) w[i] -= (g[i] + w[i] * l2) * rate;
        }
    }

    /// <summary>
    /// With g = gradient + l2 · w:  v = momentum · v + g;  w = w − rate · v, or by Nesterov w = w − rate · (g + momentum · v).
    /// </summary>
    public static void Momentum(Span<float> weights, ReadOnlySpan<float> gradient, Span<float> velocity,
        float rate, float momentum, bool nesterov, float l2)
    {
        Check(weights.Length, gradient.Length, velocity.Length, velocity.Length);
        fixed (float* w = weights, g = gradient, v = velocity)
        {
            var i = 0;
            for (; i <= weights.Length - Vector<float>.Count; i += Vector<float>.Count)
            {
                var wi = Vector.Load(w + i);
                var gi = Vector.Load(g + i) + wi * l2;
                var vi = Vector.Load(v + i) * momentum + gi;
                Vector.Store(vi, v + i);
                Vector.Store(wi - (nesterov ? gi + vi * momentum : vi) * rate, w + i);
            }
            for (; i < weights.Length; i++)
            {
                var gi = g[i] + w[i] * l2;
                v[i] = v[i] * momentum + gi;
                w[i] -= (nesterov ? gi + v[i] * momentum : v[i]) * rate;
            }
        }
    }

    private static void Check(int weights, int gradient, int first, int second)
    {
        if (gradient != weights || first != weights || second != weights)
            throw new ArgumentException($"There are {weights} weights, {gradient} gradients and states of {first} and {second}.");
    }
}
