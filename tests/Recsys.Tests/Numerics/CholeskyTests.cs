using Recsys.Numerics;
using Recsys.Tests.Reference;

namespace Recsys.Tests.Numerics;

[KernelTests]
public sealed class CholeskyTests
{
    [Fact]
    public void Every_size_agrees_with_elimination_unaligned()
    {
        for (var size = 1; size <= 80; size++) Check(size);
        foreach (var size in new[] { 96, 127, 128, 129, 200, 256 }) Check(size);

        static void Check(int size)
        {
            var (a, b) = (SlowSolve.PositiveDefinite(size, (ulong)size), Kernels.Normals(size, 3));
            var expected = SlowSolve.Gauss(a, size, b);
            var buffer = new float[a.Length + 34];
            Array.Fill(buffer, Kernels.Sentinel);
            var at = size % 16 + 1;
            a.CopyTo(buffer, at);
            var x = (float[])b.Clone();

            Cholesky.Solve(buffer.AsSpan(at, a.Length), size, x);

            for (var i = 0; i < size; i++) Assert.Equal(expected[i], x[i], 2e-4);
            for (var i = 0; i < buffer.Length; i++)
                if (i < at || i >= at + a.Length) Assert.Equal(Kernels.Sentinel, buffer[i]);
        }
    }

    [Fact]
    public void The_factor_multiplies_back_and_the_lower_triangle_is_left_alone()
    {
        const int Size = 37;
        var a = SlowSolve.PositiveDefinite(Size, 1);
        var u = (float[])a.Clone();
        for (var r = 0; r < Size; r++)
            for (var c = 0; c < r; c++)
                u[r * Size + c] = float.NaN;
        Cholesky.Factor(u, Size);
        for (var r = 0; r < Size; r++)
        {
            for (var c = 0; c < Size; c++)
            {
                if (c < r)
                {
                    Assert.True(float.IsNaN(u[r * Size + c]));
                    continue;
                }
                var sum = 0.0;
                for (var k = 0; k <= r; k++) sum += (double)u[k * Size + r] * u[k * Size + c];
                Assert.Equal(a[r * Size + c], sum, 1e-5);
            }
        }
    }

    [Fact]
    public void A_matrix_that_is_not_positive_definite_names_the_pivot()
    {
        float[] a = [4, 2, 0, 2, 1, 0, 0, 0, 1];
        Assert.Equal(1, Cholesky.TryFactor((float[])a.Clone(), 3));
        Check("Pivot 1 of 3 is 0", () => Cholesky.Factor((float[])a.Clone(), 3));
        Check("Pivot 0 of 1 is NaN", () => Cholesky.Solve([float.NaN], 1, [1]));
        Check("Pivot 1 of 2 of system 1 is -3", () => Cholesky.SolveBatch([1, 0, 0, 1, 1, 2, 2, 1], 2, [1, 1, 1, 1]));

        static void Check(string message, Action action)
            => Assert.Contains(message, Assert.Throws<ArithmeticException>(action).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_batch_gives_the_bits_of_its_systems_alone()
    {
        const int Size = 19;
        float[][] matrices = [.. Enumerable.Range(1, 5).Select(i => SlowSolve.PositiveDefinite(Size, (ulong)i))];
        var right = Kernels.Normals(5 * Size, 1);
        var together = (float[])right.Clone();
        Cholesky.SolveBatch(matrices.SelectMany(m => m).ToArray(), Size, together);
        for (var i = 0; i < 5; i++) Cholesky.Solve(matrices[i], Size, right.AsSpan(i * Size, Size));
        Assert.Equal(right, together);
    }

    [Fact]
    public void Wrong_lengths_are_named()
    {
        Check("The matrix has 3 values; 2 unknowns need 4", () => Cholesky.Factor(new float[3], 2));
        Check("The right side has 1 values", () => Cholesky.Solve([1, 0, 0, 1], 2, new float[1]));
        Check("8 values of A and 3 of b", () => Cholesky.SolveBatch(new float[8], 2, new float[3]));
        Check("size", () => Cholesky.Factor([], 0));

        static void Check(string message, Action action)
            => Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(action).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_allocated()
    {
        var (a, x) = (SlowSolve.PositiveDefinite(50, 1), new float[50]);
        Cholesky.Solve((float[])a.Clone(), 50, x);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Cholesky.Solve(a, 50, x);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
