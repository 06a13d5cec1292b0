using Recsys.Numerics;

namespace Recsys.Tests.Numerics;

public sealed class DecompositionsTests
{
    [Fact]
    public void Eigenvectors_turn_the_matrix_into_its_eigenvalues()
    {
        const int Size = 12;
        var rng = new Rng(1);
        var a = new double[Size * Size];
        for (var r = 0; r < Size; r++)
            for (var c = r; c < Size; c++)
                a[r * Size + c] = a[c * Size + r] = rng.Normal((ulong)(r * Size + c));

        var (values, vectors) = Decompositions.SymmetricEigen(a, Size);

        for (var i = 0; i < Size; i++)
        {
            if (i > 0) Assert.True(values[i] <= values[i - 1]);
            var v = vectors.AsSpan(i * Size, Size).ToArray();
            Assert.Equal(1, v.Sum(e => e * e), 1e-10);
            Assert.True(v.MaxBy(Math.Abs) > 0);
            for (var r = 0; r < Size; r++)
                Assert.Equal(values[i] * v[r], Enumerable.Range(0, Size).Sum(c => a[r * Size + c] * v[c]), 1e-9);
        }
    }

    [Fact]
    public void A_matrix_of_known_rank_comes_back()
    {
        // 30 × 20 with singular values 5, 3, 1 and nothing else.
        var (u, v) = (Orthonormal(30, 3, 1), Orthonormal(20, 3, 2));
        double[] s = [5, 3, 1];
        var a = SparseMatrix.FromRows(20, Enumerable.Range(0, 30).Select(r => Enumerable.Range(0, 20)
            .Select(c => (c, (float)Enumerable.Range(0, 3).Sum(k => u[r, k] * s[k] * v[c, k])))));

        var (left, values, right) = Decompositions.TruncatedSvd(a, 3);

        for (var k = 0; k < 3; k++) Assert.Equal(s[k], values[k], 1e-5);
        for (var r = 0; r < 30; r++)
            for (var c = 0; c < 20; c++)
                Assert.Equal(a.Row(r).Values[c], Enumerable.Range(0, 3).Sum(k => left[r * 3 + k] * values[k] * right[c * 3 + k]), 1e-5);
    }

    [Fact]
    public void Singular_values_are_the_roots_of_the_eigenvalues_of_the_gram_matrix()
    {
        var a = SparseMatrixTests.Random(60, 40, 700);
        var gram = a.Transpose().Multiply(a);
        var dense = new double[40 * 40];
        for (var r = 0; r < 40; r++)
            for (var i = 0; i < gram.Row(r).Length; i++)
                dense[r * 40 + gram.Row(r).Columns[i]] = gram.Row(r).Values[i];
        var eigen = Decompositions.SymmetricEigen(dense, 40).Values;

        var (_, values, _) = Decompositions.TruncatedSvd(a, 5, powerIterations: 12);
        for (var k = 0; k < 5; k++) Assert.Equal(Math.Sqrt(eigen[k]), values[k], 1e-3 * values[0]);
    }

    [Fact]
    public void Threads_never_change_a_bit()
    {
        var a = SparseMatrixTests.Random(300, 200, 4000);
        var one = Decompositions.TruncatedSvd(a, 4);
        var three = Decompositions.TruncatedSvd(a, 4, threads: 3);
        Assert.Equal(one.Left, three.Left);
        Assert.Equal(one.Values, three.Values);
        Assert.Equal(one.Right, three.Right);
    }

    [Fact]
    public void Bad_input_is_named()
    {
        Check("The matrix has 3 values; 2 × 2 needs 4", () => Decompositions.SymmetricEigen(new double[3], 2));
        Check("Row 0, column 1 is NaN", () => Decompositions.SymmetricEigen([1, double.NaN, 0, 1], 2));
        Check("The rank must lie in 1..2 for [2 × 3]", () => Decompositions.TruncatedSvd(SparseMatrixTests.Random(2, 3, 4), 3));

        static void Check(string message, Func<object> make)
            => Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(() => { make(); }).Message, StringComparison.Ordinal);
    }

    private static double[,] Orthonormal(int rows, int columns, ulong seed)
    {
        var rng = new Rng(seed);
        var q = new double[rows, columns];
        for (var k = 0; k < columns; k++)
        {
            for (var r = 0; r < rows; r++) q[r, k] = rng.Normal((ulong)(k * rows + r));
            for (var p = 0; p < k; p++)
            {
                var dot = Enumerable.Range(0, rows).Sum(r => q[r, k] * q[r, p]);
                for (var r = 0; r < rows; r++) q[r, k] -= dot * q[r, p];
            }
            var norm = Math.Sqrt(Enumerable.Range(0, rows).Sum(r => q[r, k] * q[r, k]));
            for (var r = 0; r < rows; r++) q[r, k] /= norm;
        }
        return q;
    }
}
