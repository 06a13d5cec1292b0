using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recsys.Numerics;

/// <summary>
/// y = alpha · op(A) · x + beta · y in single precision, A row-major. Thread-safe; allocates nothing (threaded: after warm-up);
/// the bits do not depend on the threads.
/// </summary>
public static unsafe class Gemv
{
    private const long ThreadWork = 1L << 18;
    private const int Chunk = 1024;   // outputs that one shard makes; their sums stay in the first-level cache

    /// <summary>Multiplies.</summary>
    /// <param name="transpose">No: y[rows] = A · x[columns]; Yes: y[columns] = Aᵀ · x[rows].</param>
    /// <param name="rows">Stored rows of A.</param>
    /// <param name="columns">Stored columns of A.</param>
    /// <param name="alpha">Factor of the product.</param>
    /// <param name="a">rows × columns.</param>
    /// <param name="lda">Floats from one row of A to the next, at least columns.</param>
    /// <param name="x">As long as op(A) is wide.</param>
    /// <param name="beta">Factor of the old y; 0 means that y is written without being read, so it may hold NaN.</param>
    /// <param name="y">As long as op(A) is high; must not overlap A or x.</param>
    /// <param name="threads">Most threads to use, at least 1.</param>
    /// <exception cref="ArgumentException">A size is negative or does not fit.</exception>
    public static void Multiply(
        Transpose transpose, int rows, int columns, float alpha, ReadOnlySpan<float> a, int lda,
        ReadOnlySpan<float> x, float beta, Span<float> y, int threads = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Gemm.CheckMatrix(nameof(a), rows, columns, a.Length, lda);
        var (inputs, outputs) = transpose == Transpose.No ? (columns, rows) : (rows, columns);
        if (x.Length != inputs) throw new ArgumentException($"x holds {x.Length} floats; op(A) has {inputs} columns.", nameof(x));
        if (y.Length != outputs) throw new ArgumentException($"y holds {y.Length} floats; op(A) has {outputs} rows.", nameof(y));
        fixed (float* pa = a, px = x, py = y)
        {
            var body = new Body
            {
                Transposed = transpose == Transpose.Yes,
                Inputs = inputs,
                Outputs = outputs,
                Alpha = alpha,
                Beta = beta,
                A = pa,
                Stride = lda,
                X = px,
                Y = py,
            };
            var shards = (outputs + Chunk - 1) / Chunk;
            Shards.Run(shards, (long)rows * columns < ThreadWork ? 1 : threads, body);
        }
    }

    private struct Body : IShardBody
    {
        public bool Transposed;
        public int Inputs;
        public int Outputs;
        public float Alpha;
        public float Beta;
        public float* A;
        public nint Stride;
        public float* X;
        public float* Y;

        public readonly void Run(int shard)
        {
            var start = shard * Chunk;
            var count = Math.Min(Chunk, Outputs - start);
            var sums = stackalloc float[Chunk];
            var a = Transposed ? A + start : A + start * Stride;
            if (Avx512F.IsSupported) Sums<Lanes512, Vector512<float>>(a, count, sums);
            else if (Avx2.IsSupported) Sums<Lanes256, Vector256<float>>(a, count, sums);
            else if (Vector128.IsHardwareAccelerated) Sums<Lanes128, Vector128<float>>(a, count, sums);
            else Sums<Lanes1, float>(a, count, sums);

            var y = Y + start;
            if (Beta == 0)
                for (var i = 0; i < count; i++) y[i] = Alpha * sums[i];
            else
                for (var i = 0; i < count; i++) y[i] = Alpha * sums[i] + Beta * y[i];
        }

        private readonly void Sums<TLanes, TVector>(float* a, int count, float* sums) where TLanes : ILanes<TVector> where TVector : struct
        {
            if (Transposed) GemvKernel<TLanes, TVector>.Combine(a, Stride, X, Inputs, sums, count);
            else DotKernel<TLanes, TVector, ProductTerm>.Rows(a, Stride, Inputs, X, sums, count);
        }
    }
}

/// <summary>The kernel of the transposed product.</summary>
internal static unsafe class GemvKernel<TLanes, TVector> where TLanes : ILanes<TVector> where TVector : struct
{
    /// <summary>sums[j] = Σ_i x[i] · a[i, j] over ascending i, four rows at a pass.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Combine(float* a, nint stride, float* x, int rows, float* sums, int columns)
    {
        new Span<float>(sums, columns).Clear();
        var row = 0;
        for (; row + 4 <= rows; row += 4)
        {
            var r0 = a + row * stride;
            var r1 = r0 + stride;
            var r2 = r1 + stride;
            var r3 = r2 + stride;
            TVector x0 = TLanes.Create(x[row]), x1 = TLanes.Create(x[row + 1]);
            TVector x2 = TLanes.Create(x[row + 2]), x3 = TLanes.Create(x[row + 3]);
            var j = 0;
            for (; j + TLanes.Count <= columns; j += TLanes.Count)
            {
                var sum = TLanes.MultiplyAdd(x0, TLanes.Load(r0 + j), TLanes.Load(sums + j));
                sum = TLanes.MultiplyAdd(x1, TLanes.Load(r1 + j), sum);
                sum = TLanes.MultiplyAdd(x2, TLanes.Load(r2 + j), sum);
                TLanes.Store(TLanes.MultiplyAdd(x3, TLanes.Load(r3 + j), sum), sums + j);
            }
            for (; j < columns; j++) sums[j] = sums[j] + x[row] * r0[j] + x[row + 1] * r1[j] + x[row + 2] * r2[j] + x[row + 3] * r3[j];
        }
        for (; row < rows; row++)
        {
            var r0 = a + row * stride;
            var x0 = TLanes.Create(x[row]);
            var j = 0;
            for (; j + TLanes.Count <= columns; j += TLanes.Count)
                TLanes.Store(TLanes.MultiplyAdd(x0, TLanes.Load(r0 + j), TLanes.Load(sums + j)), sums + j);
            for (; j < columns; j++) sums[j] += x[row] * r0[j];
        }
    }
}
