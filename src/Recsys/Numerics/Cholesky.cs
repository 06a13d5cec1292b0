using System.Numerics.Tensors;
using System.Runtime.Intrinsics;

namespace Recsys.Numerics;

/// <summary>
/// Solves small symmetric positive definite systems A x = b in single precision: A = UᵀU, then Uᵀy = b and U x = y.
/// Golub and Van Loan, "Matrix Computations", 4th edition, section 4.2. Meant for up to a few hundred unknowns. In place, 0 bytes
/// allocated;
/// calls on different spans may run at the same time.
/// </summary>
public static partial class Cholesky
{
    /// <summary>Replaces the upper triangle of A by U. The part below the diagonal is neither read nor written.</summary>
    /// <param name="a">A, size × size by rows.</param>
    /// <param name="size">Number of unknowns, at least 1.</param>
    /// <returns>-1, or the first row whose pivot isn't positive and finite: A is not positive definite, and its triangle is
    /// spoilt.</returns>
    public static int TryFactor(Span<float> a, int size)
    {
        CheckMatrix(a, size);
        return Vector512.IsHardwareAccelerated ? Factor<Lanes512, Vector512<float>>(a, size)
            : Vector256.IsHardwareAccelerated ? Factor<Lanes256, Vector256<float>>(a, size)
            : Factor<Lanes128, Vector128<float>>(a, size);
    }

    /// <inheritdoc cref="TryFactor"/>
    /// <exception cref="ArithmeticException">A is not positive definite; the message names the pivot.</exception>
    public static void Factor(Span<float> a, int size)
    {
        var row = TryFactor(a, size);
        if (row >= 0) throw NotPositive(a[row * size + row], row, size, "");
    }

    /// <summary>Solves with a matrix that <see cref="Factor"/> has factored.</summary>
    /// <param name="factored">U in the upper triangle, size × size by rows.</param>
    /// <param name="size">Number of unknowns, at least 1.</param>
    /// <param name="b">The right side; receives x.</param>
    public static void SolveFactored(ReadOnlySpan<float> factored, int size, Span<float> b)
    {
        CheckMatrix(factored, size);
        if (b.Length != size) throw new ArgumentException($"The right side has {b.Length} values; {size} unknowns need {size}.", nameof(b));
        for (var k = 0; k < size; k++)
        {
            var row = factored.Slice(k * size + k, size - k);
            var y = b[k] /= row[0];
            if (row.Length > 1) TensorPrimitives.MultiplyAdd(row[1..], -y, b[(k + 1)..], b[(k + 1)..]);
        }
        for (var k = size - 1; k >= 0; k--)
        {
            var row = factored.Slice(k * size + k, size - k);
            b[k] = (b[k] - TensorPrimitives.Dot(row[1..], b[(k + 1)..])) / row[0];
        }
    }

    /// <summary>Solves A x = b; the upper triangle of A is overwritten by U and b by x.</summary>
    /// <inheritdoc cref="Factor"/>
    /// <param name="a">A, size × size by rows.</param>
    /// <param name="size">Number of unknowns, at least 1.</param>
    /// <param name="b">The right side, size values; receives x.</param>
    public static void Solve(Span<float> a, int size, Span<float> b)
    {
        Factor(a, size);
        SolveFactored(a, size, b);
    }

    /// <summary>Solves as many systems of one size as b holds right sides.</summary>
    /// <param name="a">The matrices one after the other, each size × size by rows; overwritten.</param>
    /// <param name="size">Number of unknowns of each system, at least 1.</param>
    /// <param name="b">The right sides one after the other; receives the solutions.</param>
    /// <exception cref="ArithmeticException">A matrix is not positive definite; the message names system and pivot.</exception>
    public static void SolveBatch(Span<float> a, int size, Span<float> b)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        if (b.Length % size != 0 || a.Length != (long)b.Length * size)
            throw new ArgumentException(
                $"{a.Length} values of A and {b.Length} of b aren't systems of {size} unknowns; each needs {(long)size * size} and {size}.",
                nameof(a));
        for (var system = 0; system < b.Length / size; system++)
        {
            var matrix = a.Slice(system * size * size, size * size);
            var row = TryFactor(matrix, size);
            if (row >= 0) throw NotPositive(matrix[row * size + row], row, size, $" of system {system}");
            SolveFactored(matrix, size, b.Slice(system * size, size));
        }
    }

    private static ArithmeticException NotPositive(float pivot, int row, int size, string system) => new(
        $"Pivot {row} of {size}{system} is {pivot}; it must be positive and finite. The matrix isn't positive definite: " +
        "add to its diagonal (regularise).");

    private static void CheckMatrix(ReadOnlySpan<float> a, int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        if (a.Length != (long)size * size)
            throw new ArgumentException($"The matrix has {a.Length} values; {size} unknowns need {(long)size * size}.", nameof(a));
    }
}
