using System.Numerics;

namespace Recsys.Numerics;

/// <summary>
/// Statistics of the columns of a matrix, and rows scaled column by column. Sums run over ascending rows, so their bits depend on nothing
/// but the data. Thread-safe; nothing is allocated.
/// </summary>
internal static unsafe class NormKernels
{
    /// <summary>sums += Σ over the rows of (x − mean)².</summary>
    public static void AddColumnSquares(ReadOnlySpan<float> x, ReadOnlySpan<float> mean, Span<float> sums)
        => AddColumnProducts(x, x, mean, sums, centreBoth: true);

    /// <summary>sums += Σ over the rows of g (x − mean).</summary>
    public static void AddColumnProducts(ReadOnlySpan<float> g, ReadOnlySpan<float> x, ReadOnlySpan<float> mean, Span<float> sums)
        => AddColumnProducts(g, x, mean, sums, centreBoth: false);

    /// <summary>y = x scale + shift, row by row.</summary>
    public static void ScaleRows(ReadOnlySpan<float> x, ReadOnlySpan<float> scale, ReadOnlySpan<float> shift, Span<float> y)
    {
        var (n, rows) = Sizes(x.Length, y.Length, scale.Length, shift.Length);
        fixed (float* px = x, pa = scale, pb = shift, py = y)
        {
            for (var r = 0; r < rows; r++)
            {
                var at = (nint)r * n;
                var i = 0;
                for (; i <= n - Vector<float>.Count; i += Vector<float>.Count)
                    Vector.Store(Vector.Load(px + at + i) * Vector.Load(pa + i) + Vector.Load(pb + i), py + at + i);
                for (; i < n; i++) py[at + i] = px[at + i] * pa[i] + pb[i];
            }
        }
    }

    /// <summary>to += g a + x b + c, row by row.</summary>
    public static void AddScaledRows(ReadOnlySpan<float> g, ReadOnlySpan<float> a, ReadOnlySpan<float> x, ReadOnlySpan<float> b,
        ReadOnlySpan<float> c, Span<float> to)
    {
        var (n, rows) = Sizes(x.Length, g.Length, a.Length, b.Length);
        Sizes(x.Length, to.Length, a.Length, c.Length);
        fixed (float* pg = g, pa = a, px = x, pb = b, pc = c, pt = to)
        {
            for (var r = 0; r < rows; r++)
            {
                var at = (nint)r * n;
                var i = 0;
                for (; i <= n - Vector<float>.Count; i += Vector<float>.Count)
                {
                    var change = Vector.Load(pg + at + i) * Vector.Load(pa + i) + (Vector.Load(px + at + i) * Vector.Load(pb + i) + Vector.Load(pc + i));
                    Vector.Store(Vector.Load(pt + at + i) + change, pt + at + i);
                }
                for (; i < n; i++) pt[at + i] += pg[at + i] * pa[i] + (px[at + i] * pb[i] + pc[i]);
            }
        }
    }

    private static void AddColumnProducts(
        ReadOnlySpan<float> g, ReadOnlySpan<float> x, ReadOnlySpan<float> mean, Span<float> sums, bool centreBoth)
    {
        var (n, rows) = Sizes(x.Length, g.Length, mean.Length, sums.Length);
        fixed (float* pg = g, px = x, pm = mean, ps = sums)
        {
            for (var r = 0; r < rows; r++)
            {
                var at = (nint)r * n;
                var i = 0;
                for (; i <= n - Vector<float>.Count; i += Vector<float>.Count)
                {
                    var centred = Vector.Load(px + at + i) - Vector.Load(pm + i);
                    var factor = centreBoth ? centred : Vector.Load(pg + at + i);
                    Vector.Store(Vector.Load(ps + i) + factor * centred, ps + i);
                }
                for (; i < n; i++)
                {
                    var centred = px[at + i] - pm[i];
                    ps[i] += (centreBoth ? centred : pg[at + i]) * centred;
                }
            }
        }
    }

    private static (int Columns, int Rows) Sizes(int matrix, int other, int row, int another)
    {
        if (matrix != other || row != another || (row == 0 ? matrix != 0 : matrix % row != 0))
            throw new ArgumentException($"Matrices of {matrix} and {other} floats and rows of {row} and {another} do not fit.");
        return (row, row == 0 ? 0 : matrix / row);
    }
}
