namespace Recsys.Numerics;

// The inverse by blocks of the sweep operator. With K the rows of a block, D = A_KK⁻¹ and W = A_K·, all of the matrix symmetric at every
// step:
//
//   A_JL ← A_JL - W_Jᵀ D W_L     A_KJ ← D W_J     A_KK ← -D        for J, L ≠ K; after every block has been swept A holds -A⁻¹
//
// Goodnight, "A tutorial on the SWEEP operator", The American Statistician 33(3), 1979. Of a positive definite matrix each A_KK that is met
// is positive definite too, so no pivot needs to be looked for. Only the upper triangle is kept up: size³ multiply-adds, nearly all in
// products.
public static unsafe partial class Cholesky
{
    private const int SweepBlock = 128;
    private const int SweepRows = 512;    // rows of one product: more fill the packed blocks better, fewer waste less below the diagonal

    /// <summary>
    /// Replaces a symmetric positive definite matrix by its inverse, for thousands of rows. In place: beside the matrix it takes 1 kB of
    /// memory for each row. The error is about the condition number times 1e-7, relative to the largest value.
    /// </summary>
    /// <param name="a">A, size × size by rows; only its upper triangle is read. Receives A⁻¹, both triangles; spoilt if there is
    /// none.</param>
    /// <param name="size">Number of rows, at least 1.</param>
    /// <param name="threads">Most threads to use, at least 1; never changes a bit of the result.</param>
    /// <param name="cancel">Checked before each block of 128 rows.</param>
    /// <exception cref="ArithmeticException">A is not positive definite in single precision; the message names the pivot.</exception>
    public static void Invert(Span<float> a, int size, int threads = 1, CancellationToken cancel = default)
    {
        CheckMatrix(a, size);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        var block = Math.Min(SweepBlock, size);
        var w = new float[block * size];
        var v = new float[block * size];
        var pivot = new float[block * block];
        var inverse = new float[block * block];
        for (var k = 0; k < size; k += block)
        {
            cancel.ThrowIfCancellationRequested();
            var rows = Math.Min(block, size - k);
            Panel(a, size, k, rows, w);
            InvertSmall(w, size, k, rows, pivot, inverse);
            Gemm.Multiply(Transpose.No, Transpose.No, rows, size, rows, 1, inverse, rows, w, size, 0, v, size, threads);
            for (var j = 0; j < size; j += SweepRows)
            {
                var count = Math.Min(SweepRows, size - j);
                Gemm.Multiply(Transpose.Yes, Transpose.No, count, size - j, rows, -1, w.AsSpan(j), size, v.AsSpan(j), size,
                    1, a[(j * size + j)..], size, threads);
            }
            for (var r = 0; r < rows; r++)
            {
                for (var j = 0; j < k; j++) a[j * size + k + r] = v[r * size + j];
                for (var c = r; c < rows; c++) a[(k + r) * size + k + c] = -inverse[r * rows + c];
                v.AsSpan(r * size + k + rows, size - k - rows).CopyTo(a.Slice((k + r) * size + k + rows, size - k - rows));
            }
        }
        for (var r = 0; r < size; r++)
        {
            var row = a.Slice(r * size, size);
            for (var c = r; c < size; c++) row[c] = -row[c];
        }
        MirrorUpper(a, size);
    }

    // The rows k .. k + rows - 1 of the symmetric matrix whose upper triangle is kept.
    private static void Panel(ReadOnlySpan<float> a, int size, int k, int rows, Span<float> w)
    {
        for (var j = 0; j < k; j++)
            for (var r = 0; r < rows; r++)
                w[r * size + j] = a[j * size + k + r];
        for (var r = 0; r < rows; r++)
        {
            for (var c = 0; c < r; c++) w[r * size + k + c] = w[c * size + k + r];
            a.Slice((k + r) * size + k + r, size - k - r).CopyTo(w.Slice(r * size + k + r));
        }
    }

    private static void InvertSmall(ReadOnlySpan<float> w, int size, int k, int rows, Span<float> pivot, Span<float> inverse)
    {
        pivot = pivot[..(rows * rows)];
        for (var r = 0; r < rows; r++) w.Slice(r * size + k, rows).CopyTo(pivot[(r * rows)..]);
        var bad = TryFactor(pivot, rows);
        if (bad >= 0) throw NotPositive(pivot[bad * rows + bad], k + bad, size, "");
        Span<float> column = stackalloc float[SweepBlock];
        column = column[..rows];
        for (var c = 0; c < rows; c++)
        {
            column.Clear();
            column[c] = 1;
            SolveFactored(pivot, rows, column);
            for (var r = 0; r <= c; r++) inverse[r * rows + c] = inverse[c * rows + r] = column[r];
        }
    }

    // By tiles, so that the strided writes stay in the cache.
    private static void MirrorUpper(Span<float> a, int size)
    {
        const int Tile = 32;
        for (var r = 0; r < size; r += Tile)
            for (var c = r; c < size; c += Tile)
                for (var i = r; i < Math.Min(r + Tile, size); i++)
                    for (var j = Math.Max(c, i + 1); j < Math.Min(c + Tile, size); j++)
                        a[j * size + i] = a[i * size + j];
    }
}
