using Recsys.Numerics;
using Recsys.Tests.Reference;

namespace Recsys.Tests.Numerics;

[KernelTests]
public sealed class ConjugateGradientTests
{
    private readonly ref struct Dense(ReadOnlySpan<float> matrices) : ILinearOperator
    {
        private readonly ReadOnlySpan<float> _matrices = matrices;

        public void Apply(int system, ReadOnlySpan<float> x, Span<float> y)
        {
            var n = x.Length;
            y.Clear();
            for (var r = 0; r < n; r++)
                for (var c = 0; c < n; c++)
                    y[r] += _matrices[(system * n + r) * n + c] * x[c];
        }
    }

    [Fact]
    public void Every_size_agrees_with_elimination()
    {
        for (var size = 1; size <= 70; size++)
        {
            var (a, b) = (SlowSolve.PositiveDefinite(size, (ulong)size), Kernels.Normals(size, 3));
            var (x, workspace) = (new float[size], Enumerable.Repeat(float.NaN, 3 * size).ToArray());
            var result = ConjugateGradient.Solve(new Dense(a), b, x, workspace, 2 * size + 20);

            var expected = SlowSolve.Gauss(a, size, b);
            for (var i = 0; i < size; i++) Assert.Equal(expected[i], x[i], 2e-5);
            Assert.InRange(result.Residual, 0, 1e-6f);
            Assert.InRange(result.Iterations, 1, size + 20);
        }
    }

    [Fact]
    public void Few_steps_improve_a_guess_and_none_leave_it()
    {
        const int Size = 40;
        var (a, b) = (SlowSolve.PositiveDefinite(Size, 1), Kernels.Normals(Size, 3));
        var (x, workspace) = (new float[Size], new float[3 * Size]);
        var last = ConjugateGradient.Solve(new Dense(a), b, x, workspace, 0);
        Assert.Equal(new ConjugateGradientResult(0, 1), last);
        Assert.Equal(new float[Size], x);
        for (var round = 0; round < 4; round++)
        {
            // Each round restarts from the guess of the one before.
            var result = ConjugateGradient.Solve(new Dense(a), b, x, workspace, 3);
            Assert.Equal(3, result.Iterations);
            Assert.True(result.Residual < 0.5f * last.Residual);
            last = result;
        }
    }

    [Fact]
    public void A_right_side_of_zeros_has_the_solution_zero()
    {
        var x = new float[] { 1, 2 };
        Assert.Equal(default, ConjugateGradient.Solve(new Dense([1, 0, 0, 1]), [0, 0], x, new float[6], 5));
        Assert.Equal([0f, 0f], x);
    }

    [Fact]
    public void A_batch_gives_the_bits_of_its_systems_alone()
    {
        const int Size = 9;
        float[][] matrices = [.. Enumerable.Range(1, 4).Select(i => SlowSolve.PositiveDefinite(Size, (ulong)i))];
        var b = Kernels.Normals(4 * Size, 1);
        var (together, alone, workspace) = (new float[4 * Size], new float[4 * Size], new float[3 * Size]);
        var worst = ConjugateGradient.SolveBatch(new Dense(matrices.SelectMany(m => m).ToArray()), Size, b, together, workspace, 4);
        var residual = 0f;
        for (var i = 0; i < 4; i++)
        {
            var at = i * Size;
            var result = ConjugateGradient.Solve(new Dense(matrices[i]), b.AsSpan(at, Size), alone.AsSpan(at, Size), workspace, 4);
            residual = Math.Max(residual, result.Residual);
        }
        Assert.Equal(alone, together);
        Assert.Equal(new ConjugateGradientResult(4, residual), worst);
    }

    [Fact]
    public void Bad_input_is_named()
    {
        var workspace = new float[6];
        Arithmetic("System 0, step 0: the search direction has curvature or residual -1",
            () => ConjugateGradient.Solve(new Dense([-1, 0, 0, -1]), [1, 0], new float[2], workspace, 5));
        Arithmetic("curvature or residual NaN",
            () => ConjugateGradient.Solve(new Dense([1, 0, 0, 1]), [1, float.NaN], new float[2], workspace, 5));
        Arithmetic("System 1, step 0",
            () => ConjugateGradient.SolveBatch(new Dense([1, float.NaN]), 1, [1, 1], new float[2], workspace, 5));
        Argument("x has 1 values and b 2", () => ConjugateGradient.Solve(new Dense([1, 0, 0, 1]), [1, 1], new float[1], workspace, 5));
        Argument("The workspace has 6 values; 3 unknowns need 9",
            () => ConjugateGradient.Solve(new Dense(new float[9]), new float[3], new float[3], workspace, 5));
        Argument("tolerance", () => ConjugateGradient.Solve(new Dense([1]), [1], new float[1], workspace, 5, float.NaN));
        Argument("both need a multiple of 2",
            () => ConjugateGradient.SolveBatch(new Dense([1]), 2, new float[3], new float[3], workspace, 5));

        static void Arithmetic(string message, Action action)
            => Assert.Contains(message, Assert.Throws<ArithmeticException>(action).Message, StringComparison.Ordinal);
        static void Argument(string message, Action action)
            => Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(action).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_allocated()
    {
        var (a, b) = (SlowSolve.PositiveDefinite(20, 1), Kernels.Normals(20, 3));
        var (x, workspace) = (new float[20], new float[60]);
        ConjugateGradient.Solve(new Dense(a), b, x, workspace, 3);
        var before = GC.GetAllocatedBytesForCurrentThread();
        ConjugateGradient.Solve(new Dense(a), b, x, workspace, 3);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
