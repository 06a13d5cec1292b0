using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recsys.Numerics;

/// <summary>Whether a matrix is used as it is stored or transposed.</summary>
public enum Transpose
{
    /// <summary>As stored.</summary>
    No,

    /// <summary>Transposed.</summary>
    Yes,
}

/// <summary>
/// C = alpha · op(A) · op(B) + beta · C in single precision, row-major. Goto and van de Geijn, "Anatomy of high-performance matrix
/// multiplication", ACM TOMS 2008: blocks of B are packed to stay in the second-level cache, a register tile of C is summed over one block
/// of k.
/// Each element is the sum over ascending k in blocks of fixed size, so its bits depend neither on the threads nor on how the work is cut;
/// they may differ between machines with other vector widths. Thread-safe; allocates nothing after the first call on a thread.
/// </summary>
public static unsafe class Gemm
{
    private const int MaxDepth = 512;           // k per block: the A panel of a tile stays in the first-level cache
    private const int MaxBlock = 192 * 1024;    // floats of packed B: three quarters of a 1 MB second-level cache
    private const long ThreadWork = 1L << 20;   // multiply-adds below which waking a thread costs more than it gives

    /// <summary>Multiplies.</summary>
    /// <param name="transposeA">Yes: <paramref name="a"/> is stored k × m.</param>
    /// <param name="transposeB">Yes: <paramref name="b"/> is stored n × k.</param>
    /// <param name="m">Rows of C, 0 or more.</param>
    /// <param name="n">Columns of C, 0 or more.</param>
    /// <param name="k">Length of the sums, 0 or more.</param>
    /// <param name="alpha">Factor of the product.</param>
    /// <param name="a">op(A) is m × k.</param>
    /// <param name="lda">Floats from one stored row of A to the next, at least its columns.</param>
    /// <param name="b">op(B) is k × n.</param>
    /// <param name="ldb">Floats from one stored row of B to the next.</param>
    /// <param name="beta">Factor of the old C; 0 means that C is written without being read, so it may hold NaN.</param>
    /// <param name="c">m × n, must not overlap A or B.</param>
    /// <param name="ldc">Floats from one row of C to the next, at least n.</param>
    /// <param name="threads">Most threads to use, at least 1; never changes a bit of the result.</param>
    /// <exception cref="ArgumentException">A size is negative, a leading dimension or a span too small.</exception>
    public static void Multiply(
        Transpose transposeA, Transpose transposeB, int m, int n, int k,
        float alpha, ReadOnlySpan<float> a, int lda, ReadOnlySpan<float> b, int ldb,
        float beta, Span<float> c, int ldc, int threads = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(m);
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        ArgumentOutOfRangeException.ThrowIfNegative(k);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        if (transposeA == Transpose.No) CheckMatrix(nameof(a), m, k, a.Length, lda);
        else CheckMatrix(nameof(a), k, m, a.Length, lda);
        if (transposeB == Transpose.No) CheckMatrix(nameof(b), k, n, b.Length, ldb);
        else CheckMatrix(nameof(b), n, k, b.Length, ldb);
        CheckMatrix(nameof(c), m, n, c.Length, ldc);
        if (m == 0 || n == 0) return;

        if (k == 0 || alpha == 0)
        {
            for (var i = 0; i < m; i++) Scale(c.Slice(i * ldc, n), beta);
            return;
        }

        // A product with one row or one column reads a matrix once: packing it would cost more than the product.
        if (m == 1 && (transposeA == Transpose.No || lda == 1))
        {
            var (rows, columns, side) = transposeB == Transpose.No ? (k, n, Transpose.Yes) : (n, k, Transpose.No);
            Gemv.Multiply(side, rows, columns, alpha, b, ldb, a[..k], beta, c[..n], threads);
            return;
        }
        if (n == 1 && ldc == 1 && (transposeB == Transpose.Yes || ldb == 1))
        {
            var (rows, columns) = transposeA == Transpose.No ? (m, k) : (k, m);
            Gemv.Multiply(transposeA, rows, columns, alpha, a, lda, b[..k], beta, c[..m], threads);
            return;
        }

        fixed (float* pa = a, pb = b, pc = c)
        {
            var job = new Job
            {
                A = pa,
                ARow = transposeA == Transpose.No ? lda : 1,
                AStep = transposeA == Transpose.No ? 1 : lda,
                B = pb,
                BRow = ldb,
                BTransposed = transposeB == Transpose.Yes,
                C = pc,
                CRow = ldc,
                M = m,
                N = n,
                K = k,
                Alpha = alpha,
                Beta = beta,
            };
            if (Avx512F.IsSupported) Start<Avx512Kernel>(job, threads);
            else if (Avx2.IsSupported && Fma.IsSupported) Start<Avx2Kernel>(job, threads);
            else if (Vector128.IsHardwareAccelerated) Start<Vector128Kernel>(job, threads);
            else Start<ScalarKernel>(job, threads);
        }
    }

    /// <summary>C = A · B with both as stored and no gaps between rows.</summary>
    /// <inheritdoc cref="Multiply(Transpose, Transpose, int, int, int, float, ReadOnlySpan{float}, int, ReadOnlySpan{float}, int, float,
    /// Span{float}, int, int)"/>
    public static void Multiply(int m, int n, int k, ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> c, int threads = 1)
        => Multiply(Transpose.No, Transpose.No, m, n, k, 1, a, k, b, n, 0, c, n, threads);

    internal static void CheckMatrix(string name, int rows, int columns, int length, int stride)
    {
        if (stride < columns)
            throw new ArgumentException($"The leading dimension of {name} is {stride}; it must be at least its {columns} columns.", name);
        if (rows > 0 && columns > 0 && (long)(rows - 1) * stride + columns > length)
        {
            throw new ArgumentException(
                $"{name} holds {length} floats; {rows} × {columns} with a leading dimension of {stride} "
                + $"needs {(long)(rows - 1) * stride + columns}.", name);
        }
    }

    private static void Scale(Span<float> row, float beta)
    {
        if (beta == 0) row.Clear();
        else System.Numerics.Tensors.TensorPrimitives.Multiply(row, beta, row);
    }

    private static void Start<TKernel>(in Job job, int threads) where TKernel : struct, IGemmKernel
    {
        if (threads == 1 || (long)job.M * job.N * job.K < ThreadWork)
        {
            job.Region<TKernel>(0, job.M, 0, job.N);
            return;
        }
        // Cutting columns costs repeated copies of A, cutting rows repeated packing of B: the longer side loses less.
        var byColumns = job.N >= job.M / 2;
        var units = byColumns ? (job.N + TKernel.Columns - 1) / TKernel.Columns : (job.M + TKernel.Rows - 1) / TKernel.Rows;
        var shards = Math.Min(units, 2 * threads);
        var body = new Body<TKernel> { Job = job, ByColumns = byColumns, Units = units, Shards = shards };
        Shards.Run(shards, threads, body);
    }

    private struct Body<TKernel> : IShardBody where TKernel : struct, IGemmKernel
    {
        public Job Job;
        public bool ByColumns;
        public int Units;
        public int Shards;

        public readonly void Run(int shard)
        {
            var (start, end) = Numerics.Shards.Range(Units, Shards, shard);
            if (ByColumns) Job.Region<TKernel>(0, Job.M, start * TKernel.Columns, Math.Min(Job.N, end * TKernel.Columns));
            else Job.Region<TKernel>(start * TKernel.Rows, Math.Min(Job.M, end * TKernel.Rows), 0, Job.N);
        }
    }

    private struct Job
    {
        public float* A;
        public nint ARow;
        public nint AStep;
        public float* B;
        public nint BRow;
        public bool BTransposed;
        public float* C;
        public nint CRow;
        public int M;
        public int N;
        public int K;
        public float Alpha;
        public float Beta;

        public readonly void Region<TKernel>(int rowStart, int rowEnd, int columnStart, int columnEnd) where TKernel : struct, IGemmKernel
        {
            var blocks = (K + MaxDepth - 1) / MaxDepth;
            var depth = (K + blocks - 1) / blocks;
            var width = Math.Max(TKernel.Columns, MaxBlock / depth / TKernel.Columns * TKernel.Columns);
            width = Math.Min(width, (columnEnd - columnStart + TKernel.Columns - 1) / TKernel.Columns * TKernel.Columns);
            // With few rows each packed float would be read too seldom to pay for the packing, which also pushes other data out of the
            // cache. Rows of B far apart push each other out: they pay sooner.
            var fewTiles = BRow <= 512 ? 48 : 6;
            var direct = !BTransposed && (rowEnd - rowStart <= fewTiles * TKernel.Rows || (long)K * N <= 8 * 1024);
            var packed = direct ? TKernel.Columns : width;
            var copies = CopiesA(columnEnd - columnStart, TKernel.Rows, TKernel.Columns);
            // Rows of a transposed A lie side by side: many panels are copied at once, so that whole cache lines are used.
            var height = copies && AStep != 1 ? 8 * TKernel.Rows : TKernel.Rows;

            var panelsB = GemmScratch.Get((nint)depth * (packed + height));
            var panelsA = panelsB + (nint)depth * packed;
            for (var j = columnStart; j < columnEnd; j += width)
            {
                var columns = Math.Min(width, columnEnd - j);
                for (var k = 0; k < K; k += depth)
                {
                    var count = Math.Min(depth, K - k);
                    var whole = direct ? columns / TKernel.Columns * TKernel.Columns : 0;
                    if (BTransposed)
                        GemmPacking.Transposed(B + j * BRow + k, BRow, count, columns, TKernel.Columns, panelsB);
                    else if (whole < columns)
                        GemmPacking.Rows(B + k * BRow + j + whole, BRow, count, columns - whole, TKernel.Columns, panelsB);

                    for (var i = rowStart; i < rowEnd; i += TKernel.Rows)
                    {
                        var tile = new GemmTile
                        {
                            A = A + i * ARow + k * AStep,
                            ARow = ARow,
                            AStep = AStep,
                            B = B + k * BRow + j,
                            BStep = BRow,
                            Depth = count,
                            C = C + i * CRow + j,
                            CRow = CRow,
                            Alpha = Alpha,
                            Beta = k == 0 ? Beta : 1,
                        };
                        var rows = Math.Min(TKernel.Rows, rowEnd - i);
                        if (copies)
                        {
                            var panel = (i - rowStart) % height;
                            if (panel == 0) CopyA(tile, Math.Min(height, rowEnd - i), TKernel.Rows, panelsA);
                            tile.A = panelsA + (nint)panel * count;
                            if (AStep == 1) tile.ARow = count;
                            else tile.AStep = TKernel.Rows;
                        }
                        var at = 0;
                        for (; at < whole; at += TKernel.Columns)
                        {
                            TKernel.Tile(tile, rows, TKernel.Columns);
                            tile.B += TKernel.Columns;
                            tile.C += TKernel.Columns;
                        }
                        tile.B = panelsB;
                        tile.BStep = TKernel.Columns;
                        for (; at < columns; at += TKernel.Columns)
                        {
                            TKernel.Tile(tile, rows, Math.Min(TKernel.Columns, columns - at));
                            tile.B += (nint)count * TKernel.Columns;
                            tile.C += TKernel.Columns;
                        }
                    }
                }
            }
        }

        // Rows a multiple of 1 KB apart fall on a few sets of the cache and push each other out; a copy of the panel doesn't.
        private readonly bool CopiesA(int columns, int tileRows, int tileColumns)
        {
            if (tileRows == 1 || columns <= 2 * tileColumns) return false;
            return AStep != 1 || (ARow & 255) == 0;
        }

        private static void CopyA(in GemmTile tile, int rows, int tileRows, float* panels)
        {
            if (tile.AStep == 1)
                for (var i = 0; i < rows; i++) GemmPacking.Copy(tile.A + i * tile.ARow, panels + (nint)i * tile.Depth, tile.Depth);
            else
                GemmPacking.Rows(tile.A, tile.AStep, tile.Depth, rows, tileRows, panels);
        }
    }
}

/// <summary>Pinned, cache-line aligned working memory of the calling thread; grows to the largest request and stays.</summary>
internal static unsafe class GemmScratch
{
    [ThreadStatic]
    private static float[]? s_buffer;

    public static float* Get(nint floats)
    {
        var buffer = s_buffer;
        if (buffer is null || buffer.Length < floats + 16)
            s_buffer = buffer = GC.AllocateUninitializedArray<float>((int)Math.Max(floats + 16, 16 * 1024), pinned: true);
        var address = (nint)Unsafe.AsPointer(ref buffer[0]);
        return (float*)((address + 63) & ~63);
    }
}
