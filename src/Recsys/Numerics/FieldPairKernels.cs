using System.Numerics;
using System.Runtime.CompilerServices;

namespace Recsys.Numerics;

/// <summary>Products of the vectors of pairs of fields, pairs in the order (0, 1), (0, 2), …. Thread-safe; nothing is allocated.</summary>
internal static unsafe class FieldPairKernels
{
    /// <summary>y_p = x_i ⊙ x_j.</summary>
    public static void Products(ReadOnlySpan<float> x, int examples, int fields, int d, Span<float> y)
    {
        Check(x.Length, (long)examples * fields * d, y.Length, (long)examples * (fields * (fields - 1) / 2) * d);
        fixed (float* px = x, py = y)
        {
            var to = py;
            for (var b = 0; b < examples; b++)
            {
                var from = px + (nint)b * fields * d;
                for (var i = 0; i < fields; i++)
                    for (var j = i + 1; j < fields; j++, to += d) Multiply(from + (nint)i * d, from + (nint)j * d, to, d);
            }
        }
    }

    /// <summary>∂x_i += g_p ⊙ x_j, ∂x_j += g_p ⊙ x_i.</summary>
    public static void ProductsBack(ReadOnlySpan<float> x, int examples, int fields, int d, ReadOnlySpan<float> gradient, Span<float> dx)
    {
        Check(x.Length, dx.Length, gradient.Length, (long)examples * (fields * (fields - 1) / 2) * d);
        fixed (float* px = x, pg = gradient, pd = dx)
        {
            var g = pg;
            for (var b = 0; b < examples; b++)
            {
                for (var i = 0; i < fields; i++)
                {
                    for (var j = i + 1; j < fields; j++, g += d)
                    {
                        var atI = ((nint)b * fields + i) * d;
                        var atJ = ((nint)b * fields + j) * d;
                        AddProduct(g, px + atJ, pd + atI, d);
                        AddProduct(g, px + atI, pd + atJ, d);
                    }
                }
            }
        }
    }

    /// <summary>y_p = x_ij ⊙ x_ji.</summary>
    public static void Cross(ReadOnlySpan<float> x, int examples, int fields, int d, Span<float> y)
    {
        Check(x.Length, (long)examples * fields * fields * d, y.Length, (long)examples * (fields * (fields - 1) / 2) * d);
        fixed (float* px = x, py = y)
        {
            var to = py;
            for (var b = 0; b < examples; b++)
            {
                var from = px + (nint)b * fields * fields * d;
                for (var i = 0; i < fields; i++)
                    for (var j = i + 1; j < fields; j++, to += d)
                        Multiply(from + ((nint)i * fields + j) * d, from + ((nint)j * fields + i) * d, to, d);
            }
        }
    }

    /// <summary>y_p = ⟨x_ij, x_ji⟩.</summary>
    public static void CrossInner(ReadOnlySpan<float> x, int examples, int fields, int d, Span<float> y)
    {
        Check(x.Length, (long)examples * fields * fields * d, y.Length, (long)examples * (fields * (fields - 1) / 2));
        fixed (float* px = x, py = y)
        {
            var to = py;
            for (var b = 0; b < examples; b++)
            {
                var from = px + (nint)b * fields * fields * d;
                for (var i = 0; i < fields; i++)
                    for (var j = i + 1; j < fields; j++, to++)
                        *to = Inner(from + ((nint)i * fields + j) * d, from + ((nint)j * fields + i) * d, d);
            }
        }
    }

    /// <summary>The way back of both: ∂x_ij += g_p ⊙ x_ji and the reverse, where g_p is a vector, or a number for inner products.</summary>
    public static void CrossBack(
        ReadOnlySpan<float> x, int examples, int fields, int d, ReadOnlySpan<float> gradient, bool inner, Span<float> dx)
    {
        Check(x.Length, dx.Length, gradient.Length, (long)examples * (fields * (fields - 1) / 2) * (inner ? 1 : d));
        fixed (float* px = x, pg = gradient, pd = dx)
        {
            var g = pg;
            for (var b = 0; b < examples; b++)
            {
                for (var i = 0; i < fields; i++)
                {
                    for (var j = i + 1; j < fields; j++)
                    {
                        var atIJ = (((nint)b * fields + i) * fields + j) * d;
                        var atJI = (((nint)b * fields + j) * fields + i) * d;
                        if (inner)
                        {
                            AddScaled(*g, px + atJI, pd + atIJ, d);
                            AddScaled(*g++, px + atIJ, pd + atJI, d);
                            continue;
                        }
                        AddProduct(g, px + atJI, pd + atIJ, d);
                        AddProduct(g, px + atIJ, pd + atJI, d);
                        g += d;
                    }
                }
            }
        }
    }

    /// <summary>y_r = s_r x_r, row by row.</summary>
    public static void ScaleRows(ReadOnlySpan<float> x, ReadOnlySpan<float> scales, Span<float> y)
    {
        var d = scales.IsEmpty ? 0 : x.Length / scales.Length;
        Check(x.Length, y.Length, x.Length, (long)d * scales.Length);
        fixed (float* px = x, py = y)
        {
            for (var r = 0; r < scales.Length; r++)
            {
                var (at, i) = ((nint)r * d, 0);
                var s = new Vector<float>(scales[r]);
                for (; i <= d - Vector<float>.Count; i += Vector<float>.Count) Vector.Store(s * Vector.Load(px + at + i), py + at + i);
                for (; i < d; i++) py[at + i] = scales[r] * px[at + i];
            }
        }
    }

    /// <summary>∂x_r += s_r g_r and ∂s_r += ⟨g_r, x_r⟩; an empty one is not wanted.</summary>
    public static void ScaleRowsBack(
        ReadOnlySpan<float> x, ReadOnlySpan<float> scales, ReadOnlySpan<float> gradient, Span<float> dx, Span<float> dScales)
    {
        var d = scales.IsEmpty ? 0 : x.Length / scales.Length;
        Check(x.Length, gradient.Length, x.Length, (long)d * scales.Length);
        if (!dx.IsEmpty && dx.Length != x.Length || !dScales.IsEmpty && dScales.Length != scales.Length)
            throw new ArgumentException("The sizes do not fit.", nameof(dx));
        fixed (float* px = x, pg = gradient, pd = dx)
        {
            for (var r = 0; r < scales.Length; r++)
            {
                var at = (nint)r * d;
                if (!dx.IsEmpty) AddScaled(scales[r], pg + at, pd + at, d);
                if (!dScales.IsEmpty) dScales[r] += Inner(pg + at, px + at, d);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(float* x, float* y, float* z, int d)
    {
        var k = 0;
        for (; k <= d - Vector<float>.Count; k += Vector<float>.Count) Vector.Store(Vector.Load(x + k) * Vector.Load(y + k), z + k);
        for (; k < d; k++) z[k] = x[k] * y[k];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddProduct(float* x, float* y, float* z, int d)
    {
        var k = 0;
        for (; k <= d - Vector<float>.Count; k += Vector<float>.Count)
            Vector.Store(Vector.Load(z + k) + Vector.Load(x + k) * Vector.Load(y + k), z + k);
        for (; k < d; k++) z[k] += x[k] * y[k];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddScaled(float s, float* x, float* z, int d)
    {
        var k = 0;
        for (; k <= d - Vector<float>.Count; k += Vector<float>.Count)
            Vector.Store(Vector.Load(z + k) + new Vector<float>(s) * Vector.Load(x + k), z + k);
        for (; k < d; k++) z[k] += s * x[k];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Inner(float* x, float* y, int d)
    {
        Vector<float> sums = default;
        var k = 0;
        for (; k <= d - Vector<float>.Count; k += Vector<float>.Count) sums += Vector.Load(x + k) * Vector.Load(y + k);
        var sum = Vector.Sum(sums);
        for (; k < d; k++) sum += x[k] * y[k];
        return sum;
    }

    private static void Check(long x, long expectedX, long y, long expectedY)
    {
        if (x != expectedX || y != expectedY) throw new ArgumentException("The sizes do not fit.", nameof(x));
    }
}
