using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Recsys.Numerics;

// Many right sides of one system at once. W is sparse, rows × columns, not negative; D and E hold the sums of its columns and rows:
//
//   (I - c H) v = b,   H = D⁻¹ Wᵀ E⁻¹ W,   0 ≤ c < 1
//
// H is the walk from columns to rows and back. It is symmetric in the inner product <x, y> = Σ D_i x_i y_i with eigenvalues in 0..1, so
// conjugate gradients in that product need about ln(1/error) / ln((1 + s) / (1 - s)) steps, s = √(1 - c), and fewer where few eigenvalues
// are large. Its rows sum to 1, so the error of what remains, r = b - (I - c H) v, is bounded in two ways:
//
//   D_i |error_i| ≤ D_i max|r| / (1 - c)      Σ_i D_i |error_i| ≤ Σ D_i |r_i| / (1 - c)
//
// Hestenes and Stiefel, J. Res. NBS 49(6), 1952. A right side is one lane of a vector: every stored cell of W is loaded once for all of
// them.

/// <summary>
/// Conjugate gradients for the walk between the two sides of a bipartite graph, <see cref="Lanes"/> right sides at a time. One object is
/// working memory for one caller: 4 panels of columns × 128 bytes and one of rows × 128 bytes.
/// </summary>
/// <typeparam name="T">float or double.</typeparam>
internal sealed unsafe class WalkSolver<T> where T : unmanaged, IFloatingPointIeee754<T>
{
    private const int MostSteps = 1000;

    private readonly SparseMatrix _rows;
    private readonly SparseMatrix _columns;
    private readonly double[] _inverseRows;
    private readonly double[] _columnSums;
    private readonly double[] _inverseColumns;
    private readonly T[] _v;
    private readonly T[] _r;
    private readonly T[] _p;
    private readonly T[] _q;
    private readonly T[] _t;

    /// <param name="rows">W.</param>
    /// <param name="columns">Wᵀ.</param>
    /// <param name="rowSums">E.</param>
    /// <param name="columnSums">D.</param>
    public WalkSolver(SparseMatrix rows, SparseMatrix columns, double[] rowSums, double[] columnSums)
    {
        (_rows, _columns, _columnSums) = (rows, columns, columnSums);
        _inverseRows = Array.ConvertAll(rowSums, x => x > 0 ? 1 / x : 0);
        _inverseColumns = Array.ConvertAll(columnSums, x => x > 0 ? 1 / x : 0);
        (_v, _r, _p, _q) = (Panel(columns.RowCount), Panel(columns.RowCount), Panel(columns.RowCount), Panel(columns.RowCount));
        _t = Panel(rows.RowCount);
    }

    /// <summary>Right sides of one solution: 32 floats or 16 doubles, two registers of 512 bits.</summary>
    public static int Lanes => 2 * Vector512<T>.Count;

    /// <summary>b, one row of <see cref="Lanes"/> values for each column of W; to be filled before <see cref="Solve"/>, which spoils
    /// it.</summary>
    public Span<T> RightSides => _r;

    /// <summary>v, laid out as <see cref="RightSides"/>.</summary>
    public ReadOnlySpan<T> Solutions => _v;

    /// <summary>Solves until no D_i v_i of a lane is off by more than the error, as far as the precision reaches; a lane stops by itself,
    /// so what stands in the others doesn't change it.</summary>
    /// <returns>Steps taken by the slowest lane.</returns>
    /// <exception cref="ArithmeticException">The error was not reached in 1000 steps.</exception>
    public int Solve(double c, double error)
    {
        var largest = 0.0;
        foreach (var sum in _columnSums) largest = Math.Max(largest, sum);
        T* rho = stackalloc T[Lanes], before = stackalloc T[Lanes], product = stackalloc T[Lanes], step = stackalloc T[Lanes];
        T* l1 = stackalloc T[Lanes], max = stackalloc T[Lanes];
        fixed (T* v = _v, r = _r, p = _p, q = _q, t = _t)
        {
            new Span<T>(_v).Clear();
            _r.CopyTo(_p, 0);
            Norms(r, rho, l1, max);
            for (var k = 0; ; k++)
            {
                var active = false;
                for (var lane = 0; lane < Lanes; lane++)
                {
                    var bound = Math.Min(largest * double.CreateChecked(max[lane]), double.CreateChecked(l1[lane])) / (1 - c);
                    if (!(bound > error)) rho[lane] = T.Zero; // a finished lane takes steps of 0
                    else active = true;
                }
                if (!active) return k;
                if (k == MostSteps)
                    throw new ArithmeticException($"The error of {error} was not reached in {MostSteps} steps; ask for a larger one.");

                Multiply(_rows, p, t, _inverseRows);
                MultiplyBack(p, t, q, c, product);
                for (var lane = 0; lane < Lanes; lane++) step[lane] = product[lane] > T.Zero ? rho[lane] / product[lane] : T.Zero;
                Step(v, r, p, q, step);
                for (var lane = 0; lane < Lanes; lane++) before[lane] = rho[lane];
                Norms(r, rho, l1, max);
                for (var lane = 0; lane < Lanes; lane++) step[lane] = before[lane] > T.Zero ? rho[lane] / before[lane] : T.Zero;
                Direction(p, r, step);
            }
        }
    }

    private static T[] Panel(int rows) => new T[checked(rows * Lanes)];

    // t = E⁻¹ W p
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(SparseMatrix matrix, T* x, T* y, double[] scales)
    {
        for (var row = 0; row < matrix.RowCount; row++, y += Lanes)
        {
            var (s0, s1) = RowSum(matrix.Row(row), x);
            var scale = Vector512.Create(T.CreateTruncating(scales[row]));
            (s0 * scale).Store(y);
            (s1 * scale).Store(y + Vector512<T>.Count);
        }
    }

    // q = p - c D⁻¹ Wᵀ t, and product = <p, q>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyBack(T* p, T* t, T* q, double c, T* product)
    {
        var (sum0, sum1) = (Vector512<T>.Zero, Vector512<T>.Zero);
        for (var row = 0; row < _columns.RowCount; row++, p += Lanes, q += Lanes)
        {
            var (s0, s1) = RowSum(_columns.Row(row), t);
            var scale = Vector512.Create(T.CreateTruncating(-c * _inverseColumns[row]));
            var weight = Vector512.Create(T.CreateTruncating(_columnSums[row]));
            var (p0, p1) = (Vector512.Load(p), Vector512.Load(p + Vector512<T>.Count));
            var (q0, q1) = (MultiplyAdd(s0, scale, p0), MultiplyAdd(s1, scale, p1));
            q0.Store(q);
            q1.Store(q + Vector512<T>.Count);
            sum0 = MultiplyAdd(p0 * weight, q0, sum0);
            sum1 = MultiplyAdd(p1 * weight, q1, sum1);
        }
        sum0.Store(product);
        sum1.Store(product + Vector512<T>.Count);
    }

    // Two pairs of chains hide the latency of the addition.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<T> Low, Vector512<T> High) RowSum(SparseRow row, T* x)
    {
        Vector512<T> a0 = Vector512<T>.Zero, a1 = a0, b0 = a0, b1 = a0;
        var k = 0;
        fixed (int* columns = row.Columns)
        fixed (float* values = row.Values)
        {
            for (; k + 2 <= row.Length; k += 2)
            {
                var from = x + (nint)columns[k] * Lanes;
                var w = Vector512.Create(T.CreateTruncating(values[k]));
                a0 = MultiplyAdd(w, Vector512.Load(from), a0);
                a1 = MultiplyAdd(w, Vector512.Load(from + Vector512<T>.Count), a1);
                from = x + (nint)columns[k + 1] * Lanes;
                w = Vector512.Create(T.CreateTruncating(values[k + 1]));
                b0 = MultiplyAdd(w, Vector512.Load(from), b0);
                b1 = MultiplyAdd(w, Vector512.Load(from + Vector512<T>.Count), b1);
            }
            if (k < row.Length)
            {
                var from = x + (nint)columns[k] * Lanes;
                var w = Vector512.Create(T.CreateTruncating(values[k]));
                a0 = MultiplyAdd(w, Vector512.Load(from), a0);
                a1 = MultiplyAdd(w, Vector512.Load(from + Vector512<T>.Count), a1);
            }
        }
        return (a0 + b0, a1 + b1);
    }

    // v += step p, r -= step q
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Step(T* v, T* r, T* p, T* q, int rows, Vector512<T> s0, Vector512<T> s1)
    {
        var half = Vector512<T>.Count;
        for (var row = 0; row < rows; row++, v += Lanes, r += Lanes, p += Lanes, q += Lanes)
        {
            MultiplyAdd(s0, Vector512.Load(p), Vector512.Load(v)).Store(v);
            MultiplyAdd(s1, Vector512.Load(p + half), Vector512.Load(v + half)).Store(v + half);
            MultiplyAdd(-s0, Vector512.Load(q), Vector512.Load(r)).Store(r);
            MultiplyAdd(-s1, Vector512.Load(q + half), Vector512.Load(r + half)).Store(r + half);
        }
    }

    private void Step(T* v, T* r, T* p, T* q, T* step)
        => Step(v, r, p, q, _columns.RowCount, Vector512.Load(step), Vector512.Load(step + Vector512<T>.Count));

    // p = r + step p
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Direction(T* p, T* r, T* step)
    {
        var (s0, s1) = (Vector512.Load(step), Vector512.Load(step + Vector512<T>.Count));
        for (var row = 0; row < _columns.RowCount; row++, p += Lanes, r += Lanes)
        {
            MultiplyAdd(s0, Vector512.Load(p), Vector512.Load(r)).Store(p);
            MultiplyAdd(s1, Vector512.Load(p + Vector512<T>.Count), Vector512.Load(r + Vector512<T>.Count)).Store(p + Vector512<T>.Count);
        }
    }

    // <r, r>, Σ D |r| and max |r|
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Norms(T* r, T* squared, T* l1, T* max)
    {
        for (var half = 0; half < Lanes; half += Vector512<T>.Count)
        {
            Vector512<T> squares = Vector512<T>.Zero, sums = squares, most = squares;
            var at = r + half;
            for (var row = 0; row < _columns.RowCount; row++, at += Lanes)
            {
                var x = Vector512.Load(at);
                var weight = Vector512.Create(T.CreateTruncating(_columnSums[row]));
                var size = Vector512.Abs(x);
                squares = MultiplyAdd(x * weight, x, squares);
                sums = MultiplyAdd(weight, size, sums);
                most = Vector512.Max(most, size);
            }
            squares.Store(squared + half);
            sums.Store(l1 + half);
            most.Store(max + half);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<T> MultiplyAdd(Vector512<T> a, Vector512<T> b, Vector512<T> c)
    {
        if (typeof(T) == typeof(float)) return Vector512.MultiplyAddEstimate(a.AsSingle(), b.AsSingle(), c.AsSingle()).As<float, T>();
        if (typeof(T) == typeof(double)) return Vector512.MultiplyAddEstimate(a.AsDouble(), b.AsDouble(), c.AsDouble()).As<double, T>();
        return a * b + c;
    }
}
