using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Recsys.Numerics;

namespace Recsys.Tests.Numerics;

public sealed class NormalEquationsTests
{
    [Theory]
    [InlineData(16, 0)]
    [InlineData(16, 1)]
    [InlineData(16, 4)]
    [InlineData(32, 7)]
    [InlineData(48, 150)]
    public void Products_residuals_and_the_formed_matrix_are_those_of_the_sums(int size, int count)
    {
        var (stride, rng) = (size, new Rng(3));
        var rows = Random(rng.Stream(0), 40 * stride);
        var ids = new int[count];
        for (var k = 0; k < count; k++) ids[k] = rng.Stream(1).Below((ulong)k, 40);
        var (weights, targets, x) = (Random(rng.Stream(2), count), Random(rng.Stream(3), count), Random(rng.Stream(4), size));
        for (var k = 0; k < count; k++) weights[k] += 0.6f;
        var half = Random(rng.Stream(5), size * size);
        var gram = new float[size * size];
        Gemm.Multiply(Transpose.Yes, Transpose.No, size, size, size, 1, half, size, half, size, 0, gram, size);
        var equations = new NormalEquations(rows, stride, ids, weights, gram, 0.5f);

        var (a, b) = (new double[size, size], new double[size]);
        for (var f = 0; f < size; f++)
            for (var g = 0; g < size; g++)
                a[f, g] = gram[f * size + g] + (f == g ? 0.5 : 0);
        for (var k = 0; k < count; k++)
        {
            for (var f = 0; f < size; f++)
            {
                b[f] += (double)targets[k] * rows[ids[k] * stride + f];
                for (var g = 0; g < size; g++) a[f, g] += (double)weights[k] * rows[ids[k] * stride + f] * rows[ids[k] * stride + g];
            }
        }

        var (product, residual) = (new float[size], new float[size]);
        Array.Fill(product, float.NaN);
        Array.Fill(residual, float.NaN);
        equations.Apply(0, x, product);
        equations.Residual(targets, x, residual);
        var (formed, right) = (new float[size * size], new float[size]);
        equations.Form(targets, formed, right, new float[NormalEquations.ScratchLength(size)]);
        for (var f = 0; f < size; f++)
        {
            var sum = 0.0;
            for (var g = 0; g < size; g++)
            {
                sum += a[f, g] * x[g];
                Assert.Equal(a[f, g], formed[f * size + g], 1e-4 * (1 + Math.Abs(a[f, g])));
            }
            Assert.Equal(sum, product[f], 1e-3);
            Assert.Equal(b[f] - sum, residual[f], 1e-3);
            Assert.Equal(b[f], right[f], 1e-3);
        }
    }

    [Fact]
    public unsafe void Every_register_width_gives_the_same_sums()
    {
        const int Size = 32, Count = 11;
        var rng = new Rng(9);
        var rows = Random(rng, 20 * Size);
        var (x, w, t) = (Random(rng.Stream(1), Size), Random(rng.Stream(2), Count), Random(rng.Stream(3), Count));
        int[] ids = [0, 3, 19, 4, 4, 7, 2, 11, 12, 1, 0];
        float[] one = new float[Size], four = new float[Size], eight = new float[Size], sixteen = new float[Size];
        fixed (float* pr = rows, px = x, pw = w, pt = t, p1 = one, p4 = four, p8 = eight, p16 = sixteen)
        fixed (int* pi = ids)
        {
            GatheredRows<Lanes1, float>.Add(pr, Size, pi, pt, pw, -1, Count, px, p1, Size);
            GatheredRows<Lanes128, Vector128<float>>.Add(pr, Size, pi, pt, pw, -1, Count, px, p4, Size);
            GatheredRows<Lanes256, Vector256<float>>.Add(pr, Size, pi, pt, pw, -1, Count, px, p8, Size);
            if (Avx512F.IsSupported) GatheredRows<Lanes512, Vector512<float>>.Add(pr, Size, pi, pt, pw, -1, Count, px, p16, Size);
            else one.CopyTo(sixteen, 0);
        }
        for (var f = 0; f < Size; f++)
        {
            Assert.Equal(one[f], four[f], 1e-4f);
            Assert.Equal(one[f], eight[f], 1e-4f);
            Assert.Equal(one[f], sixteen[f], 1e-4f);
        }
    }

    [Fact]
    public void Rows_outside_the_matrix_are_refused()
    {
        Refused([0, 2], 16);
        Refused([-1], 16);
        Refused([0], 8);

        static void Refused(int[] ids, int length) => Assert.Throws<ArgumentException>(
            () => new NormalEquations(new float[32], 16, ids, new float[ids.Length], [], 1).Apply(0, new float[length], new float[length]));
    }

    [Fact]
    public void A_matrix_that_rounding_makes_singular_is_factored_with_a_little_more_on_its_diagonal()
    {
        var rows = new float[16];
        Array.Fill(rows, 1000);
        var (a, b) = (new float[256], new float[16]);
        new NormalEquations(rows, 16, [0, 0], [1, 1], [], 1e-6f).Factor([1, 1], a, b, new float[NormalEquations.ScratchLength(16)]);
        Cholesky.SolveFactored(a, 16, b);
        Assert.Equal(1, 1000 * b.Sum(), 1e-2);
    }

    private static float[] Random(Rng rng, int count)
    {
        var values = new float[count];
        rng.FillUniform(0, values, -0.5f, 0.5f);
        return values;
    }
}
