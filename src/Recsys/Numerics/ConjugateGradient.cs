using System.Numerics.Tensors;

namespace Recsys.Numerics;

/// <summary>A symmetric positive definite matrix that is known by its products only. Implement it as a (ref) struct: calls are then
/// inlined.</summary>
public interface ILinearOperator
{
    /// <summary>y = A x.</summary>
    /// <param name="system">Which matrix of a batch; 0 outside a batch.</param>
    /// <param name="x">Input.</param>
    /// <param name="y">Receives the product, as long as x; not cleared before.</param>
    void Apply(int system, ReadOnlySpan<float> x, Span<float> y);
}

/// <summary>How a conjugate gradient run ended.</summary>
/// <param name="Iterations">Products that were computed after the first residual.</param>
/// <param name="Residual">‖b - A x‖ / ‖b‖ by the recurrence; 0 if b is 0.</param>
public readonly record struct ConjugateGradientResult(int Iterations, float Residual);

/// <summary>
/// Solves A x = b for symmetric positive definite A by the method of conjugate gradients, in single precision.
/// Hestenes and Stiefel, "Methods of conjugate gradients for solving linear systems", J. Res. NBS 49(6), 1952. 0 bytes allocated;
/// calls on different spans may run at the same time.
/// </summary>
public static class ConjugateGradient
{
    /// <summary>Floats of scratch space that a system of that size needs.</summary>
    public static int WorkspaceLength(int size) => checked(3 * size);

    /// <summary>Improves x until the residual is small enough or the iterations are used up.</summary>
    /// <param name="matrix">A.</param>
    /// <param name="b">The right side.</param>
    /// <param name="x">Holds the first guess (zeros, or a warm start); receives the solution. As long as b.</param>
    /// <param name="workspace">At least <see cref="WorkspaceLength"/> floats, whatever they hold.</param>
    /// <param name="iterations">The most steps, at least 0; in exact arithmetic as many as unknowns reach the solution.</param>
    /// <param name="tolerance">Stop where ‖b - A x‖ ≤ tolerance · ‖b‖. At least 0.</param>
    /// <exception cref="ArithmeticException">A is not positive definite, or a value isn't finite; the message names the step.</exception>
    public static ConjugateGradientResult Solve<TOperator>(scoped in TOperator matrix, ReadOnlySpan<float> b, Span<float> x,
        Span<float> workspace, int iterations, float tolerance = 1e-6f) where TOperator : struct, ILinearOperator, allows ref struct
        => Solve(matrix, 0, b, x, workspace, iterations, tolerance);

    /// <summary>Solves as many systems of one size as b holds right sides, one after the other.</summary>
    /// <param name="matrices">The matrices, numbered from 0.</param>
    /// <param name="size">Number of unknowns of each system, at least 1.</param>
    /// <param name="b">The right sides one after the other.</param>
    /// <param name="x">The first guesses; receives the solutions. As long as b.</param>
    /// <param name="workspace">At least <see cref="WorkspaceLength"/> floats, whatever they hold.</param>
    /// <param name="iterations">The most steps for each system, at least 0.</param>
    /// <param name="tolerance">As for one system. At least 0.</param>
    /// <returns>The most iterations and the largest residual of any system.</returns>
    /// <exception cref="ArithmeticException">A matrix is not positive definite, or a value isn't finite; the message names the
    /// system.</exception>
    public static ConjugateGradientResult SolveBatch<TOperator>(scoped in TOperator matrices, int size, ReadOnlySpan<float> b,
        Span<float> x, Span<float> workspace, int iterations, float tolerance = 1e-6f)
        where TOperator : struct, ILinearOperator, allows ref struct
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        if (b.Length % size != 0 || x.Length != b.Length)
            throw new ArgumentException(
                $"b has {b.Length} values and x {x.Length}; both need a multiple of {size}, and as many.", nameof(b));
        var worst = new ConjugateGradientResult();
        for (var system = 0; system < b.Length / size; system++)
        {
            var at = system * size;
            var result = Solve(matrices, system, b.Slice(at, size), x.Slice(at, size), workspace, iterations, tolerance);
            worst = new(Math.Max(worst.Iterations, result.Iterations), Math.Max(worst.Residual, result.Residual));
        }
        return worst;
    }

    private static ConjugateGradientResult Solve<TOperator>(scoped in TOperator matrix, int system, ReadOnlySpan<float> b, Span<float> x,
        Span<float> workspace, int iterations, float tolerance) where TOperator : struct, ILinearOperator, allows ref struct
    {
        var size = b.Length;
        ArgumentOutOfRangeException.ThrowIfNegative(iterations);
        if (!(tolerance >= 0)) throw new ArgumentOutOfRangeException(nameof(tolerance), tolerance, "The tolerance must be at least 0.");
        if (x.Length != size) throw new ArgumentException($"x has {x.Length} values and b {size}; they must be as many.", nameof(x));
        if (workspace.Length < WorkspaceLength(size))
            throw new ArgumentException(
                $"The workspace has {workspace.Length} values; {size} unknowns need {WorkspaceLength(size)}.", nameof(workspace));
        if (size == 0) return default;

        var r = workspace[..size];
        var q = workspace.Slice(2 * size, size);
        var target = TensorPrimitives.Dot(b, b);
        if (!float.IsFinite(target)) throw Bad(system, 0, target);
        if (target == 0)
        {
            x.Clear();
            return default;
        }
        matrix.Apply(system, x, q);
        TensorPrimitives.Subtract(b, q, r);
        var (step, squared) = Improve(matrix, system, x, workspace, iterations, tolerance * tolerance * target);
        return new(step, MathF.Sqrt(squared / target));
    }

    /// <summary>
    /// Improves x from a residual that the caller has computed (often for less than b - A x costs by itself), which must stand in the
    /// first floats of the workspace.
    /// </summary>
    /// <param name="matrix">A.</param>
    /// <param name="system">Its number in a batch.</param>
    /// <param name="x">The first guess; receives the better one.</param>
    /// <param name="workspace">At least <see cref="WorkspaceLength"/> floats, beginning with b - A x.</param>
    /// <param name="iterations">The most steps.</param>
    /// <param name="goal">Stop where ‖b - A x‖² ≤ goal.</param>
    /// <returns>Steps, and the last ‖b - A x‖².</returns>
    internal static (int Steps, float Squared) Improve<TOperator>(scoped in TOperator matrix, int system, Span<float> x,
        Span<float> workspace, int iterations, float goal) where TOperator : struct, ILinearOperator, allows ref struct
    {
        var size = x.Length;
        var r = workspace[..size];
        var p = workspace.Slice(size, size);
        var q = workspace.Slice(2 * size, size);
        r.CopyTo(p);
        var squared = TensorPrimitives.Dot<float>(r, r);
        var step = 0;
        for (; step < iterations && !(squared <= goal); step++)
        {
            matrix.Apply(system, p, q);
            var curvature = TensorPrimitives.Dot<float>(p, q);
            if (!(curvature > 0) || !float.IsFinite(curvature)) throw Bad(system, step, curvature);
            var alpha = squared / curvature;
            TensorPrimitives.MultiplyAdd(p, alpha, x, x);
            TensorPrimitives.MultiplyAdd(q, -alpha, r, r);
            var next = TensorPrimitives.Dot<float>(r, r);
            TensorPrimitives.MultiplyAdd(p, next / squared, r, p);
            squared = next;
        }
        return float.IsFinite(squared) ? (step, squared) : throw Bad(system, step, squared);
    }

    private static ArithmeticException Bad(int system, int step, float value) => new(
        $"System {system}, step {step}: the search direction has curvature or residual {value}; it must be positive and finite. " +
        "The matrix isn't positive definite, or a value isn't finite: add to its diagonal (regularise), or scale the values down.");
}
