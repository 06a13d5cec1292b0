using System.Numerics;

namespace Recsys.Numerics;

/// <summary>Inner products of all pairs of fields of an example. Thread-safe; nothing is allocated.</summary>
internal static unsafe class PairKernels
{
    /// <summary>products = ⟨x_i, x_j⟩ for i &lt; j, by i and then j, for each example of [fields, d].</summary>
    /// <param name="x">[examples, fields, d].</param>
    /// <param name="fields">F.</param>
    /// <param name="d">Length of a vector.</param>
    /// <param name="turned">Room for d · (F + 1) floats.</param>
    /// <param name="products">[examples, F (F − 1) / 2].</param>
    public static void InnerProducts(ReadOnlySpan<float> x, int fields, int d, Span<float> turned, Span<float> products)
    {
        var (examples, pairs) = Sizes(x.Length, fields, d, products.Length);
        if (turned.Length < d * (fields + 1)) throw new ArgumentException($"There is room for {turned.Length} floats.", nameof(turned));
        fixed (float* px = x, pt = turned, pp = products)
        {
            for (var b = 0; b < examples; b++)
            {
                // Field by field in rows of one component: a vector holds one component of many fields, so nothing is summed across it.
                var from = px + (nint)b * fields * d;
                for (var f = 0; f < fields; f++)
                    for (var k = 0; k < d; k++) pt[k * fields + f] = from[f * d + k];
                var to = pp + (nint)b * pairs;
                for (var i = 0; i < fields - 1; i++)
                {
                    var left = from + i * d;
                    var j = i + 1;
                    for (; j <= fields - Vector<float>.Count; j += Vector<float>.Count)
                    {
                        var sum = Vector<float>.Zero;
                        for (var k = 0; k < d; k++) sum += Vector.Load(pt + k * fields + j) * left[k];
                        Vector.Store(sum, to);
                        to += Vector<float>.Count;
                    }
                    for (; j < fields; j++)
                    {
                        var sum = 0f;
                        for (var k = 0; k < d; k++) sum += pt[k * fields + j] * left[k];
                        *to++ = sum;
                    }
                }
            }
        }
    }

    /// <summary>The way back of <see cref="InnerProducts"/>: to_i += g_ij x_j, to_j += g_ij x_i.</summary>
    public static void AddInnerProductsBack(ReadOnlySpan<float> x, int fields, int d, ReadOnlySpan<float> gradient, Span<float> to)
    {
        var (examples, pairs) = Sizes(x.Length, fields, d, gradient.Length);
        if (to.Length != x.Length) throw new ArgumentException($"The lengths {x.Length} and {to.Length} differ.", nameof(to));
        fixed (float* px = x, pg = gradient, pt = to)
        {
            for (var b = 0; b < examples; b++)
            {
                var from = px + (nint)b * fields * d;
                var into = pt + (nint)b * fields * d;
                var g = pg + (nint)b * pairs;
                for (var i = 0; i < fields - 1; i++)
                {
                    var k = 0;
                    for (; k <= d - Vector<float>.Count; k += Vector<float>.Count)
                    {
                        var left = Vector.Load(from + i * d + k);
                        var sum = Vector.Load(into + i * d + k);
                        for (var j = i + 1; j < fields; j++)
                        {
                            var factor = new Vector<float>(g[j - i - 1]);
                            sum += factor * Vector.Load(from + j * d + k);
                            Vector.Store(Vector.Load(into + j * d + k) + factor * left, into + j * d + k);
                        }
                        Vector.Store(sum, into + i * d + k);
                    }
                    for (; k < d; k++)
                    {
                        for (var j = i + 1; j < fields; j++)
                        {
                            into[i * d + k] += g[j - i - 1] * from[j * d + k];
                            into[j * d + k] += g[j - i - 1] * from[i * d + k];
                        }
                    }
                    g += fields - 1 - i;
                }
            }
        }
    }

    private static (int Examples, int Pairs) Sizes(int x, int fields, int d, int products)
    {
        var pairs = fields * (fields - 1) / 2;
        var examples = fields * d == 0 ? 0 : x / (fields * d);
        if ((long)examples * fields * d != x || (long)examples * pairs != products) throw new ArgumentException("The sizes do not fit.");
        return (examples, pairs);
    }
}
