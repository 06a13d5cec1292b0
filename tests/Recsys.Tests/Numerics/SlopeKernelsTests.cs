using Recsys.Numerics;

namespace Recsys.Tests.Numerics;

/// <summary>Every number of columns around the width of a register, with a slope for each column and with one.</summary>
[KernelTests]
public sealed class SlopeKernelsTests
{
    private const int Rows = 5, Most = 36, Ends = 17;

    [Fact]
    public void Prelu_is_that_of_the_formula() => OnEveryWidth((x, _, a, g, columns, what) =>
    {
        var (y, dx, da) = (Guarded(x.Length), Guarded(x.Length), Guarded(a.Length));
        SlopeKernels.PRelu(x, a, Inside(y));
        SlopeKernels.AddPReluBack(x, a, g, Inside(dx), Inside(da));
        double Slope(int i) => a[i % columns % a.Length];
        Check(y, i => x[i] > 0 ? x[i] : Slope(i) * x[i], 0, what);
        Check(dx, i => x[i] > 0 ? g[i] : Slope(i) * g[i], 1, what);
        Check(da, k => Sum(i => i % columns % a.Length == k && x[i] <= 0 ? (double)g[i] * x[i] : 0), 1, what);
        double Sum(Func<int, double> of) => Enumerable.Range(0, x.Length).Sum(of);
    });

    [Fact]
    public void Dice_is_that_of_the_formula() => OnEveryWidth((x, n, a, g, columns, what) =>
    {
        var (y, p) = (Guarded(x.Length), Guarded(x.Length));
        SlopeKernels.Dice(x, n, a, Inside(p), Inside(y));
        double Slope(int i) => a[i % columns % a.Length];
        double Gate(int i) => 1 / (1 + Math.Exp(-(double)n[i]));
        Check(p, Gate, 0, what);
        Check(y, i => (Gate(i) + (1 - Gate(i)) * Slope(i)) * x[i], 0, what);
        var (dx, dn, da) = (Guarded(x.Length), Guarded(x.Length), Guarded(a.Length));
        SlopeKernels.AddDiceBack(x, Inside(p), a, g, Inside(dx), Inside(dn), Inside(da));
        Check(dx, i => g[i] * (Gate(i) + (1 - Gate(i)) * Slope(i)), 1, what);
        Check(dn, i => g[i] * (double)x[i] * (1 - Slope(i)) * Gate(i) * (1 - Gate(i)), 1, what);
        Check(da, k => Sum(i => i % columns % a.Length == k ? g[i] * (double)x[i] * (1 - Gate(i)) : 0), 1, what);
        double Sum(Func<int, double> of) => Enumerable.Range(0, x.Length).Sum(of);
    });

    [Fact]
    public void A_gradient_that_is_not_wanted_changes_no_other() => OnEveryWidth((x, n, a, g, _, what) =>
    {
        var p = new float[x.Length];
        Elementwise.Sigmoid(n, p);
        float[] dx = new float[x.Length], dn = new float[x.Length], da = new float[a.Length], alone = new float[x.Length];
        SlopeKernels.AddDiceBack(x, p, a, g, dx, dn, da);
        SlopeKernels.AddDiceBack(x, p, a, g, [], alone, []);
        Assert.True(dn.AsSpan().SequenceEqual(alone), what);
        var slope = new float[a.Length];
        SlopeKernels.AddDiceBack(x, p, a, g, [], [], slope);
        Assert.True(da.AsSpan().SequenceEqual(slope), what);
        (dx, alone) = (new float[x.Length], new float[x.Length]);
        SlopeKernels.AddPReluBack(x, a, g, dx, da = new float[a.Length]);
        SlopeKernels.AddPReluBack(x, a, g, alone, []);
        Assert.True(dx.AsSpan().SequenceEqual(alone), what);
        SlopeKernels.AddPReluBack(x, a, g, [], slope = new float[a.Length]);
        Assert.True(da.AsSpan().SequenceEqual(slope), what);
    });

    [Fact]
    public void Nan_comes_out_where_it_went_in() => OnEveryWidth((x, n, a, g, columns, what) =>
    {
        for (var i = 0; i < x.Length; i += 3)
        {
            var (bad, y, p) = ((float[])x.Clone(), new float[x.Length], new float[x.Length]);
            bad[i] = float.NaN;
            float[] dx = new float[x.Length], da = new float[a.Length];
            SlopeKernels.PRelu(bad, a, y);
            SlopeKernels.AddPReluBack(bad, a, g, dx, da);
            Assert.True(Only(y, i) && Only(da, i % columns % a.Length), what);
            SlopeKernels.Dice(bad, n, a, p, y);
            Assert.True(Only(y, i), what);
            bad = (float[])n.Clone();
            bad[i] = float.NaN;
            SlopeKernels.Dice(x, bad, a, p, y);
            Assert.True(Only(y, i) && Only(p, i), what);
            SlopeKernels.AddDiceBack(x, p, a, g, dx = new float[x.Length], [], da = new float[a.Length]);
            Assert.True(Only(dx, i) && Only(da, i % columns % a.Length), what);
        }
    });

    [Fact]
    public void Sizes_must_fit()
    {
        var (x, a) = (new float[6], new float[3]);
        SlopeKernels.PRelu([], [], []);
        Assert.Throws<ArgumentException>(() => SlopeKernels.PRelu(x, new float[4], x));
        Assert.Throws<ArgumentException>(() => SlopeKernels.PRelu(x, [], x));
        Assert.Throws<ArgumentException>(() => SlopeKernels.PRelu(x, a, new float[5]));
        Assert.Throws<ArgumentException>(() => SlopeKernels.AddPReluBack(x, a, a, x, a));
        Assert.Throws<ArgumentException>(() => SlopeKernels.AddPReluBack(x, a, x, a, a));
        Assert.Throws<ArgumentException>(() => SlopeKernels.AddPReluBack(x, a, x, x, x));
        Assert.Throws<ArgumentException>(() => SlopeKernels.Dice(x, a, a, x, x));
        Assert.Throws<ArgumentException>(() => SlopeKernels.Dice(x, x, a, a, x));
        Assert.Throws<ArgumentException>(() => SlopeKernels.AddDiceBack(x, x, a, x, x, a, a));
    }

    private delegate void Case(float[] x, float[] normalised, float[] slope, float[] g, int columns, string what);

    private static void OnEveryWidth(Case check)
    {
        for (var columns = 1; columns <= Most; columns++)
        {
            foreach (var slopes in (int[])[columns, 1])
            {
                var length = Rows * columns;
                check(Kernels.Normals(length, 1), Kernels.Normals(length, 2, 3), Kernels.Normals(slopes, 3), Kernels.Normals(length, 4),
                    columns, $"{columns} columns, {slopes} slopes");
            }
        }
    }

    // Ones, for what is added to, between sentinels.
    private static float[] Guarded(int length)
    {
        var values = new float[length + 2 * Ends];
        Array.Fill(values, Kernels.Sentinel);
        values.AsSpan(Ends, length).Fill(1);
        return values;
    }

    private static Span<float> Inside(float[] guarded) => guarded.AsSpan(Ends, guarded.Length - 2 * Ends);

    private static void Check(float[] guarded, Func<int, double> twin, double old, string what)
    {
        Assert.All(guarded[..Ends], v => Assert.Equal(Kernels.Sentinel, v));
        Assert.All(guarded[^Ends..], v => Assert.Equal(Kernels.Sentinel, v));
        var values = Inside(guarded);
        for (var i = 0; i < values.Length; i++)
        {
            var expected = old + twin(i);
            Assert.True(Math.Abs(values[i] - expected) <= 2e-6 * (1 + Math.Abs(expected)), $"{what}, {i}: {values[i]}, twin {expected}");
        }
    }

    private static bool Only(float[] values, int at)
        => values.Select((v, i) => float.IsNaN(v) == (i == at)).All(right => right);
}
