using Recsys.Numerics;
using Recsys.Tests.Reference;

namespace Recsys.Tests.Numerics;

[KernelTests]
public sealed class GemvTests
{
    [Theory]
    [InlineData(Transpose.No)]
    [InlineData(Transpose.Yes)]
    public void Every_shape_matches_the_double_loop(Transpose transpose)
    {
        for (var length = 0; length <= 256; length++)
        {
            Check(transpose, length, 5, length);
            Check(transpose, 6, length, length);
        }
        Check(transpose, 3, 5000, 1);
        Check(transpose, 5000, 3, 2);
    }

    [Theory]
    [InlineData(Transpose.No)]
    [InlineData(Transpose.Yes)]
    public void Threads_change_no_bit(Transpose transpose)
    {
        var a = RandomFloats.Create(1, 3000 * 3000);
        var x = RandomFloats.Create(2, 3000);
        var (one, many) = (new float[3000], new float[3000]);
        Gemv.Multiply(transpose, 3000, 3000, 1, a, 3000, x, 0, one);
        Gemv.Multiply(transpose, 3000, 3000, 1, a, 3000, x, 0, many, 5);
        Assert.Equal(one, many);
    }

    [Fact]
    public void Lengths_that_do_not_fit_are_named()
    {
        Assert.Contains("x holds 2", Message(Transpose.No));
        Assert.Contains("y holds 2", Message(Transpose.Yes));

        static string Message(Transpose transpose) => Assert.Throws<ArgumentException>(
            () => Gemv.Multiply(transpose, 2, 3, 1, new float[6], 3, new float[2], 0, new float[2])).Message;
    }

    private static void Check(Transpose transpose, int rows, int columns, int turn)
    {
        var lda = columns + turn % 3;
        var (alpha, beta) = turn % 2 == 0 ? (1f, 0f) : (0.5f, -2f);
        var (inputs, outputs) = transpose == Transpose.No ? (columns, rows) : (rows, columns);
        var a = RandomFloats.Create(1, rows * lda + 1);
        var x = RandomFloats.Create(2, inputs + 1);
        var y = RandomFloats.Create(3, outputs + 2);
        if (beta == 0) Array.Fill(y, float.NaN);
        var old = (float[])y.Clone();
        Gemv.Multiply(transpose, rows, columns, alpha, a.AsSpan(1), lda, x.AsSpan(1), beta, y.AsSpan(1, outputs));
        for (var i = 0; i < y.Length; i++)
        {
            if (i == 0 || i > outputs)
            {
                Assert.Equal(old[i], y[i]);
                continue;
            }
            var (value, bound) = SlowKernels.Gemm(
                transpose == Transpose.Yes, false, i - 1, 0, inputs, alpha, a.AsSpan(1), lda, x.AsSpan(1), 1, beta, old[i]);
            Assert.True(Math.Abs(y[i] - value) <= bound, $"{transpose} {rows}×{columns}: y[{i - 1}] is {y[i]}, not {value}");
        }
    }
}
