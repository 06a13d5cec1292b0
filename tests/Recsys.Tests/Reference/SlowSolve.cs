namespace Recsys.Tests.Reference;

/// <summary>Systems of equations by the textbook, in double.</summary>
internal static class SlowSolve
{
    /// <summary>Gaussian elimination with partial pivoting.</summary>
    public static double[] Gauss(float[] matrix, int size, float[] right)
    {
        var a = new double[size, size + 1];
        for (var r = 0; r < size; r++)
        {
            for (var c = 0; c < size; c++) a[r, c] = matrix[r * size + c];
            a[r, size] = right[r];
        }
        for (var k = 0; k < size; k++)
        {
            var pivot = k;
            for (var r = k + 1; r < size; r++)
                if (Math.Abs(a[r, k]) > Math.Abs(a[pivot, k])) pivot = r;
            for (var c = 0; c <= size; c++) (a[k, c], a[pivot, c]) = (a[pivot, c], a[k, c]);
            for (var r = k + 1; r < size; r++)
            {
                var factor = a[r, k] / a[k, k];
                for (var c = k; c <= size; c++) a[r, c] -= factor * a[k, c];
            }
        }
        var x = new double[size];
        for (var r = size - 1; r >= 0; r--)
        {
            x[r] = a[r, size];
            for (var c = r + 1; c < size; c++) x[r] -= a[r, c] * x[c];
            x[r] /= a[r, r];
        }
        return x;
    }

    /// <summary>The inverse by Gauss and Jordan, with partial pivoting.</summary>
    public static double[] Inverse(float[] matrix, int size)
    {
        var (a, x) = (Array.ConvertAll(matrix, v => (double)v), new double[size * size]);
        for (var r = 0; r < size; r++) x[r * size + r] = 1;
        for (var k = 0; k < size; k++)
        {
            var pivot = k;
            for (var r = k + 1; r < size; r++)
                if (Math.Abs(a[r * size + k]) > Math.Abs(a[pivot * size + k])) pivot = r;
            for (var c = 0; c < size; c++)
            {
                (a[k * size + c], a[pivot * size + c]) = (a[pivot * size + c], a[k * size + c]);
                (x[k * size + c], x[pivot * size + c]) = (x[pivot * size + c], x[k * size + c]);
            }
            for (var r = 0; r < size; r++)
            {
                if (r == k) continue;
                var factor = a[r * size + k] / a[k * size + k];
                for (var c = k; c < size; c++) a[r * size + c] -= factor * a[k * size + c];
                for (var c = 0; c < size; c++) x[r * size + c] -= factor * x[k * size + c];
            }
        }
        for (var r = 0; r < size; r++)
            for (var c = 0; c < size; c++)
                x[r * size + c] /= a[r * size + r];
        return x;
    }

    /// <summary>A symmetric positive definite matrix: GᵀG / size + the identity.</summary>
    public static float[] PositiveDefinite(int size, ulong seed)
    {
        var g = new float[size * size];
        new Recsys.Numerics.Rng(seed).FillNormal(0, g);
        var a = new float[size * size];
        for (var r = 0; r < size; r++)
        {
            for (var c = 0; c < size; c++)
            {
                var sum = r == c ? 1.0 : 0;
                for (var k = 0; k < size; k++) sum += (double)g[k * size + r] * g[k * size + c] / size;
                a[r * size + c] = (float)sum;
            }
        }
        return a;
    }
}
