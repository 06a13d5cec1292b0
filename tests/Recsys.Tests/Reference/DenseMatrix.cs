using Recsys.Numerics;

namespace Recsys.Tests.Reference;

/// <summary>Matrix work by the textbook definition, in double.</summary>
internal static class DenseMatrix
{
    public static double[,] Of(SparseMatrix matrix)
    {
        var dense = new double[matrix.RowCount, matrix.ColumnCount];
        for (var r = 0; r < matrix.RowCount; r++)
        {
            var row = matrix.Row(r);
            for (var i = 0; i < row.Length; i++) dense[r, row.Columns[i]] = row.Values[i];
        }
        return dense;
    }

    public static double[,] Transpose(double[,] a)
    {
        var t = new double[a.GetLength(1), a.GetLength(0)];
        for (var r = 0; r < a.GetLength(0); r++)
            for (var c = 0; c < a.GetLength(1); c++)
                t[c, r] = a[r, c];
        return t;
    }

    public static double[,] Multiply(double[,] a, double[,] b)
    {
        var product = new double[a.GetLength(0), b.GetLength(1)];
        for (var r = 0; r < a.GetLength(0); r++)
            for (var c = 0; c < b.GetLength(1); c++)
                for (var k = 0; k < a.GetLength(1); k++)
                    product[r, c] += a[r, k] * b[k, c];
        return product;
    }

    public static double[] Multiply(double[,] a, float[] x)
    {
        var y = new double[a.GetLength(0)];
        for (var r = 0; r < y.Length; r++)
            for (var c = 0; c < x.Length; c++)
                y[r] += a[r, c] * x[c];
        return y;
    }
}
