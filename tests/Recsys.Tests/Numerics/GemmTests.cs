using Recsys.Numerics;
using Recsys.Tests.Reference;

namespace Recsys.Tests.Numerics;

[KernelTests]
public sealed class GemmTests
{
    private static readonly int[] Sizes = [0, 1, 2, 3, 5, 7, 8, 11, 12, 13, 16, 17, 31, 32, 33];
    private static readonly (float Alpha, float Beta)[] Factors = [(1, 0), (2, 1), (-0.5f, 0.5f), (0, 0), (1, 1), (0, 2)];

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Every_small_shape_matches_the_triple_loop(bool ta, bool tb)
    {
        var turn = 0;
        foreach (var m in Sizes)
            foreach (var n in Sizes)
                foreach (var k in Sizes)
                    Check(ta, tb, m, n, k, turn++, 1);
    }

    [Theory]
    [InlineData(1, 1, 1300)]      // several blocks of k
    [InlineData(13, 45, 1025)]
    [InlineData(100, 70, 530)]
    [InlineData(50, 1100, 130)]   // several blocks of columns
    [InlineData(1, 700, 90)]
    [InlineData(700, 1, 90)]
    [InlineData(300, 97, 256)]    // rows 1 KB apart
    [InlineData(64, 64, 64)]
    public void Large_shapes_match_the_triple_loop(int m, int n, int k)
    {
        foreach (var (ta, tb) in ((bool, bool)[])[(false, false), (false, true), (true, false), (true, true)])
            for (var turn = 0; turn < 2; turn++) Check(ta, tb, m, n, k, turn, 1);
    }

    [Theory]
    [InlineData(70, 530)]     // rows of B near each other: copied for many rows of A
    [InlineData(530, 70)]     // and far apart: copied for fewer
    public void Rows_do_not_depend_on_how_many_there_are(int n, int k)
    {
        const int Most = 700;
        var a = RandomFloats.Create(1, Most * k);
        var b = RandomFloats.Create(2, k * n);
        var all = Product(Most);
        foreach (var m in (int[])[2, 50, 100, 300, 576, 577]) Assert.Equal(all[..(m * n)], Product(m));

        float[] Product(int m)
        {
            var c = new float[m * n];
            Gemm.Multiply(m, n, k, a.AsSpan(0, m * k), b, c);
            return c;
        }
    }

    [Theory]
    [InlineData(300, 300, 600)]
    [InlineData(2000, 33, 100)]
    [InlineData(33, 2000, 100)]
    [InlineData(1, 4000, 300)]
    [InlineData(4000, 1, 300)]
    public void Threads_change_no_bit(int m, int n, int k)
    {
        foreach (var (ta, tb) in ((Transpose, Transpose)[])
            [(Transpose.No, Transpose.No), (Transpose.No, Transpose.Yes), (Transpose.Yes, Transpose.No), (Transpose.Yes, Transpose.Yes)])
        {
            var a = RandomFloats.Create(1, m * k);
            var b = RandomFloats.Create(2, k * n);
            var expected = Product(1);
            foreach (var threads in (int[])[2, 3, 7, 16]) Assert.Equal(expected, Product(threads));

            float[] Product(int threads)
            {
                var c = RandomFloats.Create(3, m * n);
                Gemm.Multiply(ta, tb, m, n, k, 0.5f, a, ta == Transpose.No ? k : m, b, tb == Transpose.No ? n : k, 1, c, n, threads);
                return c;
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Allocates_nothing_after_warm_up(int threads)
    {
        float[] a = new float[200 * 300], b = new float[300 * 400], c = new float[200 * 400];
        Multiply();
        Multiply();
        Allocations.AssertNone(Multiply, calls: 20);

        void Multiply()
        {
            Gemm.Multiply(200, 400, 300, a, b, c, threads);
            Gemm.Multiply(Transpose.Yes, Transpose.Yes, 200, 400, 300, 1, a, 200, b, 300, 0, c, 400, threads);
        }
    }

    [Fact]
    public void Sizes_that_do_not_fit_are_named()
    {
        var buffer = new float[12];
        Assert.Contains("leading dimension of a is 2", Message(() => Multiply(3, 4, 3, 2)));
        Assert.Contains("b holds 12 floats", Message(() => Multiply(3, 5, 3, 3)));
        Assert.Contains("c holds 12 floats", Message(() => Multiply(4, 4, 2, 2)));
        Assert.Throws<ArgumentOutOfRangeException>(() => Gemm.Multiply(-1, 1, 1, buffer, buffer, buffer));
        Assert.Throws<ArgumentOutOfRangeException>(() => Gemm.Multiply(1, 1, 1, buffer, buffer, buffer, 0));

        void Multiply(int m, int n, int k, int lda)
            => Gemm.Multiply(Transpose.No, Transpose.No, m, n, k, 1, buffer, lda, buffer, n, 0, buffer, n);
    }

    private static string Message(Action action) => Assert.ThrowsAny<ArgumentException>(action).Message;

    // Gaps between the rows and the floats around the matrices hold NaN: reading one shows in the result, writing one is checked.
    private static void Check(bool ta, bool tb, int m, int n, int k, int turn, int threads)
    {
        var (alpha, beta) = Factors[turn % Factors.Length];
        var (aRows, aColumns) = ta ? (k, m) : (m, k);
        var (bRows, bColumns) = tb ? (n, k) : (k, n);
        var (lda, ldb, ldc) = (aColumns + turn % 3, bColumns + turn % 5, n + turn % 4);
        var offset = 1 + turn % 7;
        var a = Matrix(1, aRows, aColumns, lda, offset);
        var b = Matrix(2, bRows, bColumns, ldb, offset + 1);
        var c = Matrix(3, m, n, ldc, offset + 2);
        if (beta == 0) Array.Fill(c, float.NaN);
        var old = (float[])c.Clone();
        Gemm.Multiply(
            ta ? Transpose.Yes : Transpose.No, tb ? Transpose.Yes : Transpose.No, m, n, k,
            alpha, a.AsSpan(offset), lda, b.AsSpan(offset + 1), ldb, beta, c.AsSpan(offset + 2), ldc, threads);

        for (var p = 0; p < c.Length; p++)
        {
            var (i, j) = ldc == 0 || p < offset + 2 ? (m, 0) : ((p - offset - 2) / ldc, (p - offset - 2) % ldc);
            if (i >= m || j >= n)
            {
                Assert.Equal(BitConverter.SingleToInt32Bits(old[p]), BitConverter.SingleToInt32Bits(c[p]));
                continue;
            }
            var (value, bound) = alpha == 0
                ? (beta == 0 ? 0 : (double)beta * old[p], 1e-6)
                : SlowKernels.Gemm(ta, tb, i, j, k, alpha, a.AsSpan(offset), lda, b.AsSpan(offset + 1), ldb, beta, old[p]);
            if (!(Math.Abs(c[p] - value) <= bound))
                Assert.Fail($"{ta} {tb} {m}×{n}×{k} alpha {alpha} beta {beta}: C[{i}, {j}] is {c[p]}, not {value}");
        }
    }

    private static float[] Matrix(ulong seed, int rows, int columns, int stride, int offset)
    {
        var values = new float[offset + rows * stride + 20];
        Array.Fill(values, float.NaN);
        var random = RandomFloats.Create(seed, rows * columns);
        for (var i = 0; i < rows; i++) random.AsSpan(i * columns, columns).CopyTo(values.AsSpan(offset + i * stride));
        return values;
    }
}
