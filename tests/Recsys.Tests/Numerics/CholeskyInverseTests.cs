using Recsys.Numerics;
using Recsys.Tests.Reference;

namespace Recsys.Tests.Numerics;

[KernelTests]
public sealed class CholeskyInverseTests
{
    [Fact]
    public void Every_size_agrees_with_elimination()
    {
        for (var size = 1; size <= 40; size++) Check(size);
        foreach (var size in new[] { 127, 128, 129, 256, 300 }) Check(size);
        Check(530);

        static void Check(int size)
        {
            var a = SlowSolve.PositiveDefinite(size, (ulong)size);
            var expected = SlowSolve.Inverse(a, size);
            for (var r = 0; r < size; r++)
                for (var c = 0; c < r; c++)
                    a[r * size + c] = float.NaN; // the lower triangle must not be read
            Cholesky.Invert(a, size);
            for (var i = 0; i < a.Length; i++)
                Assert.True(Math.Abs(expected[i] - a[i]) < 2e-5, $"{size}: [{i / size},{i % size}] is {a[i]}, not {expected[i]}.");
        }
    }

    [Fact]
    public void Two_by_two_by_hand()
    {
        float[] a = [3, 1, 1, 2];
        Cholesky.Invert(a, 2);
        Assert.Equal([0.4f, -0.2f, -0.2f, 0.6f], a.Select(x => MathF.Round(x, 6)));
    }

    [Fact]
    public void Threads_do_not_change_a_bit()
    {
        const int Size = 600;
        var one = SlowSolve.PositiveDefinite(Size, 4);
        var three = (float[])one.Clone();
        Cholesky.Invert(one, Size, 1);
        Cholesky.Invert(three, Size, 3);
        Assert.Equal(one, three);
    }

    [Fact]
    public void A_matrix_that_is_not_positive_definite_names_the_pivot()
    {
        const int Size = 200;
        var a = new float[Size * Size];
        for (var i = 0; i < Size; i++) a[i * Size + i] = i == 150 ? -1 : 2;
        var error = Assert.Throws<ArithmeticException>(() => Cholesky.Invert(a, Size));
        Assert.Contains("Pivot 150 of 200", error.Message, StringComparison.Ordinal);
        a[150 * Size + 150] = float.NaN;
        Assert.Throws<ArithmeticException>(() => Cholesky.Invert(a, Size));
    }

    [Fact]
    public void Sizes_that_do_not_fit_and_a_cancelled_call_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Cholesky.Invert(new float[5], 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => Cholesky.Invert([], 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Cholesky.Invert(new float[4], 2, 0));
        Assert.ThrowsAny<OperationCanceledException>(() => Cholesky.Invert(new float[] { 1 }, 1, 1, new CancellationToken(true)));
    }
}
