using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Double;

namespace Recsys.Numerics;

/// <summary>
/// Eigenvalues and singular values, on MathNet.Numerics in double precision. For set-up work: these calls allocate.
/// Vectors are determined up to sign; here the entry of largest magnitude of each eigenvector or right singular vector is positive.
/// </summary>
public static class Decompositions
{
    /// <summary>Eigenvalues and vectors of a symmetric matrix, largest value first.</summary>
    /// <param name="matrix">size × size by rows; only the upper triangle is read.</param>
    /// <param name="size">At least 1.</param>
    /// <returns>The values, and the vectors as rows: vector i is the range i · size .. (i + 1) · size.</returns>
    /// <exception cref="ArgumentException">A value isn't finite, or the lengths don't fit.</exception>
    public static (double[] Values, double[] Vectors) SymmetricEigen(ReadOnlySpan<double> matrix, int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        if (matrix.Length != (long)size * size)
            throw new ArgumentException(
                $"The matrix has {matrix.Length} values; {size} × {size} needs {(long)size * size}.", nameof(matrix));
        var a = new DenseMatrix(size);
        for (var r = 0; r < size; r++)
        {
            for (var c = r; c < size; c++)
            {
                var value = matrix[r * size + c];
                if (!double.IsFinite(value))
                    throw new ArgumentException($"Row {r}, column {c} is {value}; values must be finite.", nameof(matrix));
                a[r, c] = a[c, r] = value;
            }
        }

        var found = a.Evd(Symmetricity.Symmetric);
        var (values, vectors) = (new double[size], new double[size * size]);
        for (var i = 0; i < size; i++)
        {
            // MathNet sorts ascending.
            var from = size - 1 - i;
            values[i] = found.EigenValues[from].Real;
            var vector = vectors.AsSpan(i * size, size);
            for (var r = 0; r < size; r++) vector[r] = found.EigenVectors[r, from];
            if (LargestIsNegative(vector))
                foreach (ref var v in vector) v = -v;
        }
        return (values, vectors);
    }

    /// <summary>
    /// The leading singular triplets A ≈ U diag(S) Vᵀ of a sparse matrix, by random projection and power iterations: Halko, Martinsson
    /// and Tropp,
    /// "Finding structure with randomness", SIAM Review 53(2), 2011, algorithms 4.4 and 5.1. Same bits for the same seed.
    /// </summary>
    /// <param name="matrix">A.</param>
    /// <param name="rank">How many triplets, 1..min(rows, columns).</param>
    /// <param name="seed">Of the projection.</param>
    /// <param name="powerIterations">At least 0; more are more exact where singular values fall slowly.</param>
    /// <param name="oversampling">Extra directions that are carried along and dropped at the end, at least 0.</param>
    /// <param name="threads">At least 1; the result is the same for any number.</param>
    /// <returns>Left vectors as [rows × rank] by rows, values falling, right vectors as [columns × rank] by rows.</returns>
    public static (float[] Left, float[] Values, float[] Right) TruncatedSvd(SparseMatrix matrix, int rank, ulong seed = 1,
        int powerIterations = 4, int oversampling = 10, int threads = 1)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        var limit = Math.Min(matrix.RowCount, matrix.ColumnCount);
        if (rank < 1 || rank > limit)
            throw new ArgumentOutOfRangeException(
                nameof(rank), rank, $"The rank must lie in 1..{limit} for [{matrix.RowCount} × {matrix.ColumnCount}].");
        ArgumentOutOfRangeException.ThrowIfNegative(powerIterations);
        ArgumentOutOfRangeException.ThrowIfNegative(oversampling);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);

        var width = (int)Math.Min((long)rank + oversampling, limit);
        var transposed = matrix.Transpose(threads);
        var rng = new Rng(seed);
        var start = new DenseMatrix(matrix.ColumnCount, width, [.. Normals(rng, (long)matrix.ColumnCount * width)]);
        var basis = Basis(Product(matrix, start, threads));
        for (var i = 0; i < powerIterations; i++)
            basis = Basis(Product(matrix, Basis(Product(transposed, basis, threads)), threads));

        // B = QᵀA is small: its triplets, the left ones turned by Q, are those of A.
        var svd = Product(transposed, basis, threads).Svd();
        var (u, v) = (basis.Multiply(svd.VT.Transpose()), svd.U);
        var (left, values, right) = (new float[matrix.RowCount * rank], new float[rank], new float[matrix.ColumnCount * rank]);
        for (var k = 0; k < rank; k++)
        {
            values[k] = (float)svd.S[k];
            var sign = LargestIsNegative(v.Column(k).AsArray() ?? v.Column(k).ToArray()) ? -1 : 1;
            for (var r = 0; r < matrix.RowCount; r++) left[r * rank + k] = (float)(sign * u[r, k]);
            for (var c = 0; c < matrix.ColumnCount; c++) right[c * rank + k] = (float)(sign * v[c, k]);
        }
        return (left, values, right);
    }

    private static IEnumerable<double> Normals(Rng rng, long count)
    {
        for (var i = 0L; i < count; i++) yield return rng.Normal((ulong)i);
    }

    private static Matrix<double> Basis(Matrix<double> a) => a.QR(MathNet.Numerics.LinearAlgebra.Factorization.QRMethod.Thin).Q;

    // A X, column by column.
    private static DenseMatrix Product(SparseMatrix matrix, Matrix<double> x, int threads)
    {
        var product = new DenseMatrix(matrix.RowCount, x.ColumnCount);
        Shards.Run(x.ColumnCount, threads, column =>
        {
            for (var r = 0; r < matrix.RowCount; r++)
            {
                var row = matrix.Row(r);
                var sum = 0.0;
                for (var i = 0; i < row.Length; i++) sum += row.Values[i] * x[row.Columns[i], column];
                product[r, column] = sum;
            }
        });
        return product;
    }

    private static bool LargestIsNegative(ReadOnlySpan<double> vector)
    {
        var largest = 0.0;
        foreach (var value in vector)
            if (Math.Abs(value) > Math.Abs(largest)) largest = value;
        return largest < 0;
    }
}
