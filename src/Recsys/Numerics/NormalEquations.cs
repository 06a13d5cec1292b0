using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recsys.Numerics;

/// <summary>
/// The matrix A = G + ρ I + Σ_k w_k y_k y_kᵀ of a weighted ridge regression on a few rows y of a large matrix, and its right side
/// b = Σ_k t_k y_k. As a linear operator it is never formed: A x costs a multiplication with G and two passes over the rows.
/// </summary>
internal readonly ref struct NormalEquations : ILinearOperator
{
    /// <summary>Vectors given to <see cref="Apply"/> and <see cref="Residual"/> are as many floats long, or a multiple.</summary>
    public const int Padding = 16;

    private const int Chunk = 64;

    private readonly ReadOnlySpan<float> _rows;
    private readonly int _stride;
    private readonly ReadOnlySpan<int> _ids;
    private readonly ReadOnlySpan<float> _weights;
    private readonly ReadOnlySpan<float> _gram;
    private readonly float _ridge;

    /// <param name="rows">The large matrix, row-major without gaps.</param>
    /// <param name="stride">Floats in one of its rows.</param>
    /// <param name="ids">Which rows are meant, in any order.</param>
    /// <param name="weights">w, one for each id.</param>
    /// <param name="gram">G, size × size, symmetric; empty for none.</param>
    /// <param name="ridge">ρ.</param>
    public NormalEquations(
        ReadOnlySpan<float> rows, int stride, ReadOnlySpan<int> ids, ReadOnlySpan<float> weights, ReadOnlySpan<float> gram, float ridge)
    {
        if (weights.Length != ids.Length)
            throw new ArgumentException($"There are {weights.Length} weights for {ids.Length} rows.", nameof(weights));
        if (!ids.IsEmpty && TensorPrimitives.Max(MemoryMarshal.Cast<int, uint>(ids)) >= (ulong)(rows.Length / stride))
            throw new ArgumentException($"A row lies outside the {rows.Length / stride} of the matrix.", nameof(ids));
        _rows = rows;
        _stride = stride;
        _ids = ids;
        _weights = weights;
        _gram = gram;
        _ridge = ridge;
    }

    /// <summary>The length that vectors of so many unknowns are padded to, with zeros.</summary>
    public static int PaddedLength(int size) => checked(size + Padding - 1) / Padding * Padding;

    /// <inheritdoc/>
    public void Apply(int system, ReadOnlySpan<float> x, Span<float> y)
    {
        Dense(x, y);
        Accumulate([], 1, x, y);
    }

    /// <summary>r = b - A x in one pass.</summary>
    public void Residual(ReadOnlySpan<float> targets, ReadOnlySpan<float> x, Span<float> r)
    {
        Dense(x, r);
        TensorPrimitives.Negate(r, r);
        Accumulate(targets, -1, x, r);
    }

    /// <summary>Forms A and b; the floats of a row beyond size count as zeros.</summary>
    /// <param name="targets">t, one for each id.</param>
    /// <param name="a">Receives A, size × size.</param>
    /// <param name="b">Receives b; its length is the size.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> floats.</param>
    public void Form(ReadOnlySpan<float> targets, Span<float> a, Span<float> b, Span<float> scratch)
    {
        var size = b.Length;
        if (_gram.IsEmpty) a[..(size * size)].Clear();
        else _gram[..(size * size)].CopyTo(a);
        for (var f = 0; f < size; f++) a[f * size + f] += _ridge;
        b.Clear();
        for (var first = 0; first < _ids.Length; first += Chunk)
        {
            var count = Math.Min(Chunk, _ids.Length - first);
            var y = scratch[..(count * size)];
            var wy = scratch.Slice(Chunk * size, count * size);
            for (var k = 0; k < count; k++)
            {
                var row = _rows.Slice(_ids[first + k] * _stride, size);
                row.CopyTo(y[(k * size)..]);
                TensorPrimitives.Multiply(row, _weights[first + k], wy.Slice(k * size, size));
            }
            Gemm.Multiply(Transpose.Yes, Transpose.No, size, size, count, 1, y, size, wy, size, 1, a, size);
            Gemv.Multiply(Transpose.Yes, count, size, 1, y, size, targets.Slice(first, count), 1, b);
        }
    }

    /// <summary>Forms A and b and replaces the upper triangle of A by its Cholesky factor.</summary>
    /// <inheritdoc cref="Form"/>
    /// <exception cref="ArithmeticException">A value isn't finite.</exception>
    public void Factor(ReadOnlySpan<float> targets, Span<float> a, Span<float> b, Span<float> scratch)
    {
        var size = b.Length;
        Form(targets, a, b, scratch);
        var trace = 0f;
        for (var f = 0; f < size; f++) trace += a[f * size + f];
        // A is positive definite by construction, but rounding may take from its smallest eigenvalues what ρ is too small to give.
        for (var jitter = 1e-6f; Cholesky.TryFactor(a, size) >= 0; jitter *= 10)
        {
            if (!(jitter < 1) || !float.IsFinite(trace))
                throw new ArithmeticException("Factors or values are too large: a sum of their products overflows.");
            Form(targets, a, b, scratch);
            for (var f = 0; f < size; f++) a[f * size + f] += jitter * trace;
        }
    }

    /// <summary>Floats of working memory for <see cref="Form"/>.</summary>
    public static int ScratchLength(int size) => checked(2 * Chunk * size);

    private void Dense(ReadOnlySpan<float> x, Span<float> y)
    {
        if (_gram.IsEmpty)
        {
            TensorPrimitives.Multiply(x, _ridge, y);
            return;
        }
        Gemv.Multiply(Transpose.Yes, x.Length, x.Length, 1, _gram, x.Length, x, 0, y);
        TensorPrimitives.MultiplyAdd(x, _ridge, y, y);
    }

    private unsafe void Accumulate(ReadOnlySpan<float> targets, float sign, ReadOnlySpan<float> x, Span<float> y)
    {
        if (x.Length != y.Length || x.Length % Padding != 0 || x.Length > _stride)
        {
            throw new ArgumentException(
                $"x has {x.Length} floats and y {y.Length}; both need a multiple of {Padding}, {_stride} at most.", nameof(x));
        }
        if (!targets.IsEmpty && targets.Length != _ids.Length)
            throw new ArgumentException($"There are {targets.Length} targets for {_ids.Length} rows.", nameof(targets));
        fixed (float* rows = _rows, t = targets, w = _weights, px = x, py = y)
        fixed (int* ids = _ids)
        {
            var (n, size) = (_ids.Length, x.Length);
            if (Avx512F.IsSupported) GatheredRows<Lanes512, Vector512<float>>.Add(rows, _stride, ids, t, w, sign, n, px, py, size);
            else if (Avx2.IsSupported) GatheredRows<Lanes256, Vector256<float>>.Add(rows, _stride, ids, t, w, sign, n, px, py, size);
            else GatheredRows<Lanes128, Vector128<float>>.Add(rows, _stride, ids, t, w, sign, n, px, py, size);
        }
    }
}

/// <summary>
/// y += Σ_k (t_k + sign · w_k (y_k · x)) y_k. Four rows at a time: they are read twice while they are in the first-level cache.
/// </summary>
internal static unsafe class GatheredRows<TLanes, TVector> where TLanes : ILanes<TVector> where TVector : struct
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(
        float* rows, nint stride, int* ids, float* targets, float* weights, float sign, int count, float* x, float* y, int size)
    {
        var width = TLanes.Count;
        var k = 0;
        for (; k + 4 <= count; k += 4)
        {
            float* a = rows + ids[k] * stride, b = rows + ids[k + 1] * stride;
            float* c = rows + ids[k + 2] * stride, d = rows + ids[k + 3] * stride;
            TVector sa = default, sb = default, sc = default, sd = default;
            for (var i = 0; i < size; i += width)
            {
                var v = TLanes.Load(x + i);
                sa = TLanes.MultiplyAdd(TLanes.Load(a + i), v, sa);
                sb = TLanes.MultiplyAdd(TLanes.Load(b + i), v, sb);
                sc = TLanes.MultiplyAdd(TLanes.Load(c + i), v, sc);
                sd = TLanes.MultiplyAdd(TLanes.Load(d + i), v, sd);
            }
            var factors = TLanes.Sum(sa, sb, sc, sd) * (sign * Vector128.Load(weights + k));
            if (targets != null) factors += Vector128.Load(targets + k);
            TVector fa = TLanes.Create(factors[0]), fb = TLanes.Create(factors[1]);
            TVector fc = TLanes.Create(factors[2]), fd = TLanes.Create(factors[3]);
            for (var i = 0; i < size; i += width)
            {
                var low = TLanes.MultiplyAdd(fa, TLanes.Load(a + i), TLanes.MultiplyAdd(fb, TLanes.Load(b + i), TLanes.Load(y + i)));
                var high = TLanes.MultiplyAdd(fc, TLanes.Load(c + i), TLanes.Multiply(fd, TLanes.Load(d + i)));
                TLanes.Store(TLanes.Add(low, high), y + i);
            }
        }
        for (; k < count; k++)
        {
            var row = rows + ids[k] * stride;
            TVector sum = default;
            for (var i = 0; i < size; i += width) sum = TLanes.MultiplyAdd(TLanes.Load(row + i), TLanes.Load(x + i), sum);
            var factor = TLanes.Create(TLanes.Sum(sum) * sign * weights[k] + (targets != null ? targets[k] : 0));
            for (var i = 0; i < size; i += width) TLanes.Store(TLanes.MultiplyAdd(factor, TLanes.Load(row + i), TLanes.Load(y + i)), y + i);
        }
    }
}
