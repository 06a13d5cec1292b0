using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recsys.Numerics;

/// <summary>
/// Dot products in single precision. <see cref="Rows"/> gives each row the very bits that <see cref="Product"/> gives it. Thread-safe,
/// allocates
/// nothing. The order of the sum follows the vector width of the machine.
/// </summary>
public static unsafe class Dot
{
    private const int RowsPerShard = 4096;
    private const long ThreadWork = 1L << 18;

    /// <summary>Σ x[i] · y[i].</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static float Product(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        if (x.Length != y.Length)
            throw new ArgumentException($"x holds {x.Length} floats and y {y.Length}; the lengths must be equal.", nameof(y));
        fixed (float* px = x, py = y)
        {
            if (Avx512F.IsSupported) return DotKernel<Lanes512, Vector512<float>, ProductTerm>.Sum(px, py, x.Length);
            if (Avx2.IsSupported) return DotKernel<Lanes256, Vector256<float>, ProductTerm>.Sum(px, py, x.Length);
            if (Vector128.IsHardwareAccelerated) return DotKernel<Lanes128, Vector128<float>, ProductTerm>.Sum(px, py, x.Length);
            return DotKernel<Lanes1, float, ProductTerm>.Sum(px, py, x.Length);
        }
    }

    /// <summary>scores[i] = row i of the matrix · vector, for every row.</summary>
    /// <param name="matrix">Row-major, scores.Length × columns, without gaps.</param>
    /// <param name="columns">Length of a row, 0 or more.</param>
    /// <param name="vector">columns floats.</param>
    /// <param name="scores">One for each row.</param>
    /// <param name="threads">Most threads to use, at least 1; never changes a bit of the result.</param>
    /// <exception cref="ArgumentException">The lengths do not fit together.</exception>
    public static void Rows(ReadOnlySpan<float> matrix, int columns, ReadOnlySpan<float> vector, Span<float> scores, int threads = 1)
        => Rows<ProductTerm>(matrix, columns, vector, scores, threads);

    /// <summary>distances[i] = Σ_j (row i [j] - vector[j])², for every row.</summary>
    /// <inheritdoc cref="Rows(ReadOnlySpan{float}, int, ReadOnlySpan{float}, Span{float}, int)"/>
    public static void SquaredDistances(
        ReadOnlySpan<float> matrix, int columns, ReadOnlySpan<float> vector, Span<float> distances, int threads = 1)
        => Rows<DistanceTerm>(matrix, columns, vector, distances, threads);

    /// <summary>scores[i] = row ids[i] of the matrix · vector: rows here and there, fetched ahead of their turn.</summary>
    /// <param name="matrix">Row-major, whole rows without gaps.</param>
    /// <param name="columns">Length of a row, at least 1.</param>
    /// <param name="ids">Which rows.</param>
    /// <param name="vector">columns floats.</param>
    /// <param name="scores">One for each id.</param>
    /// <exception cref="ArgumentException">The lengths do not fit together, or an id is not that of a row.</exception>
    public static void RowsAt(
        ReadOnlySpan<float> matrix, int columns, ReadOnlySpan<int> ids, ReadOnlySpan<float> vector, Span<float> scores)
        => RowsAt<ProductTerm>(matrix, columns, ids, vector, scores);

    /// <summary>distances[i] = Σ_j (row ids[i] [j] - vector[j])².</summary>
    /// <inheritdoc cref="RowsAt(ReadOnlySpan{float}, int, ReadOnlySpan{int}, ReadOnlySpan{float}, Span{float})"/>
    public static void SquaredDistancesAt(
        ReadOnlySpan<float> matrix, int columns, ReadOnlySpan<int> ids, ReadOnlySpan<float> vector, Span<float> distances)
        => RowsAt<DistanceTerm>(matrix, columns, ids, vector, distances);

    private static void RowsAt<TTerm>(
        ReadOnlySpan<float> matrix, int columns, ReadOnlySpan<int> ids, ReadOnlySpan<float> vector, Span<float> scores)
        where TTerm : struct, IDotTerm
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        if (vector.Length != columns)
            throw new ArgumentException($"vector holds {vector.Length} floats; there are {columns} columns.", nameof(vector));
        if (scores.Length != ids.Length)
            throw new ArgumentException($"scores has room for {scores.Length}; there are {ids.Length} ids.", nameof(scores));
        var rows = (uint)(matrix.Length / columns);
        foreach (var id in ids)
            if ((uint)id >= rows) throw new ArgumentException($"ids holds {id}; the matrix has the rows 0..{(int)rows - 1}.", nameof(ids));
        fixed (float* pm = matrix, pv = vector, ps = scores)
        fixed (int* pi = ids)
        {
            if (Avx512F.IsSupported) DotKernel<Lanes512, Vector512<float>, TTerm>.RowsAt(pm, columns, pi, pv, ps, ids.Length);
            else if (Avx2.IsSupported) DotKernel<Lanes256, Vector256<float>, TTerm>.RowsAt(pm, columns, pi, pv, ps, ids.Length);
            else if (Vector128.IsHardwareAccelerated)
                DotKernel<Lanes128, Vector128<float>, TTerm>.RowsAt(pm, columns, pi, pv, ps, ids.Length);
            else DotKernel<Lanes1, float, TTerm>.RowsAt(pm, columns, pi, pv, ps, ids.Length);
        }
    }

    private static void Rows<TTerm>(ReadOnlySpan<float> matrix, int columns, ReadOnlySpan<float> vector, Span<float> scores, int threads)
        where TTerm : struct, IDotTerm
    {
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        if (vector.Length != columns)
            throw new ArgumentException($"vector holds {vector.Length} floats; there are {columns} columns.", nameof(vector));
        if (matrix.Length != (long)scores.Length * columns)
        {
            throw new ArgumentException(
                $"matrix holds {matrix.Length} floats; {scores.Length} scores × {columns} columns needs {(long)scores.Length * columns}.",
                nameof(matrix));
        }
        fixed (float* pm = matrix, pv = vector, ps = scores)
        {
            var body = new Body<TTerm> { Matrix = pm, Columns = columns, Vector = pv, Scores = ps, Count = scores.Length };
            if (threads == 1 || matrix.Length < ThreadWork) body.Range(0, scores.Length);
            else Shards.Run((scores.Length + RowsPerShard - 1) / RowsPerShard, threads, body);
        }
    }

    private struct Body<TTerm> : IShardBody where TTerm : struct, IDotTerm
    {
        public float* Matrix;
        public int Columns;
        public float* Vector;
        public float* Scores;
        public int Count;

        public readonly void Run(int shard) => Range(shard * RowsPerShard, Math.Min(Count, (shard + 1) * RowsPerShard));

        public readonly void Range(int start, int end)
        {
            if (Avx512F.IsSupported) Range<Lanes512, Vector512<float>>(start, end);
            else if (Avx2.IsSupported) Range<Lanes256, Vector256<float>>(start, end);
            else if (Vector128.IsHardwareAccelerated) Range<Lanes128, Vector128<float>>(start, end);
            else Range<Lanes1, float>(start, end);
        }

        private readonly void Range<TLanes, TVector>(int start, int end) where TLanes : ILanes<TVector> where TVector : struct
            => DotKernel<TLanes, TVector, TTerm>.Rows(
                Matrix + (nint)start * Columns, Columns, Columns, Vector, Scores + start, end - start);
    }
}

/// <summary>What a sum over two vectors adds for one pair of elements; 0 for two zeros.</summary>
internal interface IDotTerm
{
    static abstract TVector Add<TLanes, TVector>(TVector x, TVector y, TVector sum) where TLanes : ILanes<TVector> where TVector : struct;
}

internal readonly struct ProductTerm : IDotTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Add<TLanes, TVector>(TVector x, TVector y, TVector sum) where TLanes : ILanes<TVector> where TVector : struct
        => TLanes.MultiplyAdd(x, y, sum);
}

internal readonly struct DistanceTerm : IDotTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Add<TLanes, TVector>(TVector x, TVector y, TVector sum) where TLanes : ILanes<TVector> where TVector : struct
    {
        var difference = TLanes.Subtract(x, y);
        return TLanes.MultiplyAdd(difference, difference, sum);
    }
}

/// <summary>
/// The kernels of <see cref="Dot"/>: four sums in turn hide the latency of the addition; one row and two rows add in the same order.
/// </summary>
internal static unsafe class DotKernel<TLanes, TVector, TTerm>
    where TLanes : ILanes<TVector> where TVector : struct where TTerm : IDotTerm
{
    private const int RowsAhead = 6;   // of rows that lie here and there, so many are on their way from memory

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Sum(float* x, float* y, int length)
    {
        TVector s0 = default, s1 = default, s2 = default, s3 = default;
        var width = TLanes.Count;
        var i = 0;
        for (; i + 4 * width <= length; i += 4 * width)
        {
            s0 = TTerm.Add<TLanes, TVector>(TLanes.Load(x + i), TLanes.Load(y + i), s0);
            s1 = TTerm.Add<TLanes, TVector>(TLanes.Load(x + i + width), TLanes.Load(y + i + width), s1);
            s2 = TTerm.Add<TLanes, TVector>(TLanes.Load(x + i + 2 * width), TLanes.Load(y + i + 2 * width), s2);
            s3 = TTerm.Add<TLanes, TVector>(TLanes.Load(x + i + 3 * width), TLanes.Load(y + i + 3 * width), s3);
        }
        for (; i + width <= length; i += width) s0 = TTerm.Add<TLanes, TVector>(TLanes.Load(x + i), TLanes.Load(y + i), s0);
        if (i < length) s1 = TTerm.Add<TLanes, TVector>(TLanes.LoadPart(x + i, length - i), TLanes.LoadPart(y + i, length - i), s1);
        return TLanes.Sum(TLanes.Add(TLanes.Add(s0, s1), TLanes.Add(s2, s3)));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows(float* matrix, nint stride, int columns, float* vector, float* scores, int count)
    {
        var row = 0;
        for (; row + 2 <= count; row += 2) Pair(matrix + row * stride, matrix + (row + 1) * stride, columns, vector, scores + row);
        if (row < count) scores[row] = Sum(matrix + row * stride, vector, columns);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RowsAt(float* matrix, nint columns, int* ids, float* vector, float* scores, int count)
    {
        for (var i = 0; i < Math.Min(RowsAhead, count); i++) Prefetch(matrix + ids[i] * columns, columns);
        var row = 0;
        for (; row + 2 <= count; row += 2)
        {
            if (row + RowsAhead < count) Prefetch(matrix + ids[row + RowsAhead] * columns, columns);
            if (row + RowsAhead + 1 < count) Prefetch(matrix + ids[row + RowsAhead + 1] * columns, columns);
            Pair(matrix + ids[row] * columns, matrix + ids[row + 1] * columns, (int)columns, vector, scores + row);
        }
        if (row < count) scores[row] = Sum(matrix + ids[row] * columns, vector, (int)columns);
    }

    // A row's first lines are enough: the machine's own prefetcher follows from there.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(float* row, nint columns)
    {
        if (!Sse.IsSupported) return;
        for (nint i = 0; i < Math.Min(columns, 128); i += 16) Sse.Prefetch0(row + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Pair(float* a, float* b, int columns, float* vector, float* scores)
    {
        var width = TLanes.Count;
        TVector a0 = default, a1 = default, a2 = default, a3 = default;
        TVector b0 = default, b1 = default, b2 = default, b3 = default;
        var i = 0;
        for (; i + 4 * width <= columns; i += 4 * width)
        {
            var v0 = TLanes.Load(vector + i);
            var v1 = TLanes.Load(vector + i + width);
            var v2 = TLanes.Load(vector + i + 2 * width);
            var v3 = TLanes.Load(vector + i + 3 * width);
            a0 = TTerm.Add<TLanes, TVector>(TLanes.Load(a + i), v0, a0);
            a1 = TTerm.Add<TLanes, TVector>(TLanes.Load(a + i + width), v1, a1);
            a2 = TTerm.Add<TLanes, TVector>(TLanes.Load(a + i + 2 * width), v2, a2);
            a3 = TTerm.Add<TLanes, TVector>(TLanes.Load(a + i + 3 * width), v3, a3);
            b0 = TTerm.Add<TLanes, TVector>(TLanes.Load(b + i), v0, b0);
            b1 = TTerm.Add<TLanes, TVector>(TLanes.Load(b + i + width), v1, b1);
            b2 = TTerm.Add<TLanes, TVector>(TLanes.Load(b + i + 2 * width), v2, b2);
            b3 = TTerm.Add<TLanes, TVector>(TLanes.Load(b + i + 3 * width), v3, b3);
        }
        for (; i + width <= columns; i += width)
        {
            var v = TLanes.Load(vector + i);
            a0 = TTerm.Add<TLanes, TVector>(TLanes.Load(a + i), v, a0);
            b0 = TTerm.Add<TLanes, TVector>(TLanes.Load(b + i), v, b0);
        }
        if (i < columns)
        {
            var v = TLanes.LoadPart(vector + i, columns - i);
            a1 = TTerm.Add<TLanes, TVector>(TLanes.LoadPart(a + i, columns - i), v, a1);
            b1 = TTerm.Add<TLanes, TVector>(TLanes.LoadPart(b + i, columns - i), v, b1);
        }
        scores[0] = TLanes.Sum(TLanes.Add(TLanes.Add(a0, a1), TLanes.Add(a2, a3)));
        scores[1] = TLanes.Sum(TLanes.Add(TLanes.Add(b0, b1), TLanes.Add(b2, b3)));
    }
}
