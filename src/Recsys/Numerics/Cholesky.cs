using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Recsys.Numerics;

/// <summary>
/// Solves small symmetric positive definite systems A x = b in single precision: A = UᵀU, then Uᵀy = b and U x = y.
/// Golub and Van Loan, "Matrix Computations", 4th edition, section 4.2. Meant for up to a few hundred unknowns. In place, 0 bytes
/// allocated;
/// calls on different spans may run at the same time.
/// </summary>
public static class Cholesky
{
    /// <summary>Replaces the upper triangle of A by U. The part below the diagonal is neither read nor written.</summary>
    /// <param name="a">A, size × size by rows.</param>
    /// <param name="size">Number of unknowns, at least 1.</param>
    /// <returns>-1, or the first row whose pivot isn't positive and finite: A is not positive definite, and its triangle is spoilt from
    /// that row on.</returns>
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

    // Row k of U is row k of A less what the rows above give it, all summed in registers: one load for each multiplication, and
    // neither partial sums in memory nor sums across lanes.
    private static unsafe int Factor<L, T>(Span<float> a, int size) where L : struct, IFunctionLanes<T> where T : struct
    {
        var tail = stackalloc float[L.Count];
        fixed (float* u = a)
        {
            for (var k = 0; k < size; k++)
            {
                var j = k;
                for (; j + 4 * L.Count <= size; j += 4 * L.Count) Reduce4<L, T>(u, size, k, j);
                for (; j + L.Count <= size; j += L.Count) Reduce<L, T>(u, size, k, j);
                if (j < size) ReducePart<L, T>(u, size, k, j, tail);

                var row = a.Slice(k * size + k, size - k);
                if (!(row[0] > 0) || !float.IsFinite(row[0])) return k;
                var root = MathF.Sqrt(row[0]);
                row[0] = root;
                if (row.Length > 1) TensorPrimitives.Multiply(row[1..], 1 / root, row[1..]);
            }
        }
        return -1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Reduce<L, T>(float* u, int size, int k, int j) where L : struct, IFunctionLanes<T> where T : struct
    {
        var at = u + k * size + j;
        var sum = L.Create(0);
        for (var p = 0; p < k; p++) sum = L.MultiplyAdd(L.Create(u[p * size + k]), L.Load(u + p * size + j), sum);
        L.Store(L.Subtract(L.Load(at), sum), at);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void ReducePart<L, T>(float* u, int size, int k, int j, float* tail)
        where L : struct, IFunctionLanes<T> where T : struct
    {
        var at = u + k * size + j;
        var sum = L.Create(0);
        for (var p = 0; p < k; p++) sum = L.MultiplyAdd(L.Create(u[p * size + k]), L.LoadPart(u + p * size + j, size - j), sum);
        L.Store(L.Subtract(L.LoadPart(at, size - j), sum), tail);
        new ReadOnlySpan<float>(tail, size - j).CopyTo(new Span<float>(at, size - j));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Reduce4<L, T>(float* u, int size, int k, int j) where L : struct, IFunctionLanes<T> where T : struct
    {
        T s0 = L.Create(0), s1 = s0, s2 = s0, s3 = s0;
        for (var p = 0; p < k; p++)
        {
            var scale = L.Create(u[p * size + k]);
            var from = u + p * size + j;
            s0 = L.MultiplyAdd(scale, L.Load(from), s0);
            s1 = L.MultiplyAdd(scale, L.Load(from + L.Count), s1);
            s2 = L.MultiplyAdd(scale, L.Load(from + 2 * L.Count), s2);
            s3 = L.MultiplyAdd(scale, L.Load(from + 3 * L.Count), s3);
        }
        var at = u + k * size + j;
        L.Store(L.Subtract(L.Load(at), s0), at);
        L.Store(L.Subtract(L.Load(at + L.Count), s1), at + L.Count);
        L.Store(L.Subtract(L.Load(at + 2 * L.Count), s2), at + 2 * L.Count);
        L.Store(L.Subtract(L.Load(at + 3 * L.Count), s3), at + 3 * L.Count);
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
