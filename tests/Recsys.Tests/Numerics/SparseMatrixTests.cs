using Recsys.Numerics;
using Recsys.Tests.Reference;

namespace Recsys.Tests.Numerics;

[KernelTests]
public sealed class SparseMatrixTests
{
    /// <summary>Rows of very different lengths, some empty; columns Zipf-like.</summary>
    internal static SparseMatrix Random(int rows, int columns, int cells, ulong seed = 1)
    {
        var rng = new Rng(seed);
        var (r, c, v) = (new int[cells], new int[cells], new float[cells]);
        for (var i = 0; i < cells; i++)
        {
            var u = rng.UniformDouble((ulong)(4 * i));
            r[i] = (int)(rows * u * u);
            var w = rng.UniformDouble((ulong)(4 * i + 1));
            c[i] = (int)(columns * w * w * w);
            v[i] = (float)rng.Normal((ulong)(4 * i + 2));
        }
        return SparseMatrix.FromTriplets(rows, columns, r, c, v, DuplicateCells.Sum);
    }

    private static float[] Vector(int length, ulong seed)
    {
        var rng = new Rng(seed);
        return [.. Enumerable.Range(0, length).Select(i => (float)rng.Normal((ulong)i))];
    }

    [Fact]
    public void Rows_come_back_sorted_by_column()
    {
        var matrix = SparseMatrix.FromRows(4, [[(3, 1f), (0, 2f)], [], [(1, 5f)]]);

        Assert.Equal((3, 4, 3L), (matrix.RowCount, matrix.ColumnCount, matrix.Count));
        Assert.Equal([0, 3], matrix.Row(0).Columns.ToArray());
        Assert.Equal([2f, 1f], matrix.Row(0).Values.ToArray());
        Assert.Equal(0, matrix.Row(1).Length);
        Assert.Equal([0, 2, 2, 3], matrix.RowOffsets);
    }

    [Theory]
    [InlineData(DuplicateCells.Sum, 6f)]
    [InlineData(DuplicateCells.First, 1f)]
    [InlineData(DuplicateCells.Last, 2f)]
    [InlineData(DuplicateCells.Max, 3f)]
    public void Duplicates_follow_the_declared_policy(DuplicateCells policy, float expected)
    {
        var matrix = SparseMatrix.FromTriplets(2, 2, [1, 0, 1, 1], [1, 0, 1, 1], [1, 9, 3, 2], policy);

        Assert.Equal([9f, expected], matrix.Values);
        Assert.Equal([0L, 1L, 2L], matrix.RowOffsets);
    }

    [Fact]
    public void A_duplicate_that_nobody_allowed_is_an_error_that_names_the_cell()
    {
        var error = Assert.Throws<ArgumentException>(() => SparseMatrix.FromTriplets(2, 3, [1, 1], [2, 2], [1, 1]));
        Assert.Contains("Row 1 has column 2 twice", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Triplets_without_values_are_ones()
        => Assert.Equal([1f, 1f], SparseMatrix.FromTriplets(2, 2, [1, 0], [1, 0], []).Values);

    [Fact]
    public void Bad_triplets_are_named()
    {
        Check("Triplet 1 has row 2; it must lie in 0..1", () => SparseMatrix.FromTriplets(2, 3, [0, 2], [0, 0], []));
        Check("Triplet 0 has column -1; it must lie in 0..2", () => SparseMatrix.FromTriplets(2, 3, [0, 1], [-1, 0], []));
        Check("Triplet 1 has value NaN", () => SparseMatrix.FromTriplets(2, 3, [0, 1], [0, 0], [1, float.NaN]));
        Check("1 columns for 2 rows", () => SparseMatrix.FromTriplets(2, 3, [0, 1], [0], []));
        Check("1 values for 2 rows", () => SparseMatrix.FromTriplets(2, 3, [0, 1], [0, 1], [1]));
        Check("add up to", () => SparseMatrix.FromTriplets(1, 1, [0, 0], [0, 0], [float.MaxValue, float.MaxValue], DuplicateCells.Sum));
    }

    [Fact]
    public void Bad_arrays_are_named()
    {
        Check("There are 2 row offsets; 2 rows need 3", () => new SparseMatrix(2, 2, [0, 0], [], []));
        Check("The first row offset is 1", () => new SparseMatrix(1, 2, [1, 1], [0], [1]));
        Check("The last row offset is 2", () => new SparseMatrix(1, 2, [0, 2], [0], [1]));
        Check("The offsets of row 0 are 0..9", () => new SparseMatrix(2, 2, [0, 9, 1], [0], [1]));
        Check("The offsets of row 1 are 2..1", () => new SparseMatrix(3, 2, [0, 2, 1, 2], [0, 1], [1, 1]));
        Check("Row 0 has column 2; it must lie in 0..1", () => new SparseMatrix(1, 2, [0, 1], [2], [1]));
        Check("Row 0 has column 0 after 1", () => new SparseMatrix(1, 2, [0, 2], [1, 0], [1, 1]));
        Check("Row 0 has column 1 after 1", () => new SparseMatrix(1, 2, [0, 2], [1, 1], [1, 1]));
        Check("Row 0, column 0 has value Infinity", () => new SparseMatrix(1, 2, [0, 1], [0], [float.PositiveInfinity]));
        Check("There are 2 values for 1 columns", () => new SparseMatrix(1, 2, [0, 1], [0], [1, 2]));
    }

    [Theory]
    [InlineData(1, 1, 0)]
    [InlineData(0, 3, 0)]
    [InlineData(7, 5, 12)]
    [InlineData(40, 300, 900)]
    [InlineData(300, 40, 900)]
    public void Transpose_is_the_textbook_one(int rows, int columns, int cells)
    {
        var matrix = Random(rows, columns, cells);
        Assert.Equal(DenseMatrix.Transpose(DenseMatrix.Of(matrix)), DenseMatrix.Of(matrix.Transpose()));
        AssertSame(matrix, matrix.Transpose().Transpose());
    }

    [Theory]
    [InlineData(7, 5, 12)]
    [InlineData(40, 300, 900)]
    [InlineData(0, 3, 0)]
    public void Products_with_a_vector_are_the_textbook_ones(int rows, int columns, int cells)
    {
        var matrix = Random(rows, columns, cells);
        var dense = DenseMatrix.Of(matrix);
        var (x, z) = (Vector(columns, 5), Vector(rows, 6));
        var (y, w) = (Vector(rows, 7), Vector(columns, 8));

        matrix.Multiply(x, y);
        matrix.MultiplyTransposed(z, w);

        AssertClose(DenseMatrix.Multiply(dense, x), y);
        AssertClose(DenseMatrix.Multiply(DenseMatrix.Transpose(dense), z), w);
    }

    [Theory]
    [InlineData(1, 1, 1, 1)]
    [InlineData(20, 30, 40, 100)]
    [InlineData(30, 20, 3000, 200)] // wide and thin rows take the sorting branch
    [InlineData(50, 60, 70, 2000)]
    public void Sparse_product_is_the_textbook_one(int rows, int inner, int columns, int cells)
    {
        var (a, b) = (Random(rows, inner, cells, 1), Random(inner, columns, cells, 2));
        var product = a.Multiply(b);
        var expected = DenseMatrix.Multiply(DenseMatrix.Of(a), DenseMatrix.Of(b));

        var actual = DenseMatrix.Of(product);
        for (var r = 0; r < rows; r++)
            for (var c = 0; c < columns; c++)
                Assert.Equal(expected[r, c], actual[r, c], 1e-3);
        AssertSame(product, new SparseMatrix(rows, columns, product.RowOffsets, product.Columns, product.Values)); // passes the checks
    }

    [Fact]
    public void Threads_never_change_a_bit()
    {
        var matrix = Random(3000, 2000, 60_000);
        var (x, z) = (Vector(2000, 5), Vector(3000, 6));
        var (y, w) = (new float[3000], new float[2000]);
        matrix.Multiply(x, y);
        matrix.MultiplyTransposed(z, w);
        var (transposed, gram) = (matrix.Transpose(), matrix.Transpose().Multiply(matrix));
        foreach (var threads in new[] { 2, 3, 7 })
        {
            var (y2, w2) = (new float[3000], new float[2000]);
            matrix.Multiply(x, y2, threads);
            matrix.MultiplyTransposed(z, w2, threads);
            Assert.Equal(y, y2);
            Assert.Equal(w, w2);
            AssertSame(transposed, matrix.Transpose(threads));
            AssertSame(gram, transposed.Multiply(matrix, threads));
        }
    }

    [Fact]
    public void A_product_of_shapes_that_do_not_fit_names_both()
    {
        Check("[2 × 3] and [2 × 3]", () => Random(2, 3, 2).Multiply(Random(2, 3, 2)));
        Check("x has 2 values; the matrix needs 3", () => Random(2, 3, 2).Multiply(new float[2], new float[2]));
        Check("y has room for 2 values; the matrix gives 3", () => Random(2, 3, 2).MultiplyTransposed(new float[2], new float[2]));
        var both = new float[5];
        Check("y overlaps x", () => Random(2, 3, 2).Multiply(both.AsSpan(0, 3), both.AsSpan(2, 2)));
    }

    [Fact]
    public void A_product_that_overflows_names_the_cell()
    {
        var a = SparseMatrix.FromRows(1, [[], [(0, 1e30f)]]);
        var b = SparseMatrix.FromRows(3, [[(2, 1e30f)]]);
        var error = Assert.Throws<ArithmeticException>(() => a.Multiply(b));
        Assert.Contains("Row 1, column 2 of the product is Infinity", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Products_with_a_vector_allocate_nothing()
    {
        var matrix = Random(100, 80, 500);
        var (x, y) = (new float[80], new float[100]);
        matrix.Multiply(x, y);
        matrix.MultiplyTransposed(y, x);
        var before = GC.GetAllocatedBytesForCurrentThread();
        matrix.Multiply(x, y);
        matrix.MultiplyTransposed(y, x);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static void AssertSame(SparseMatrix expected, SparseMatrix actual)
    {
        Assert.Equal((expected.RowCount, expected.ColumnCount), (actual.RowCount, actual.ColumnCount));
        Assert.Equal(expected.RowOffsets, actual.RowOffsets);
        Assert.Equal(expected.Columns, actual.Columns);
        Assert.Equal(expected.Values, actual.Values);
    }

    private static void AssertClose(double[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-3);
    }

    private static void Check(string message, Func<object> make) => Check(message, () => { make(); });

    private static void Check(string message, Action action)
        => Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(action).Message, StringComparison.Ordinal);
}
