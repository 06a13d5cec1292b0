namespace Recsys.Tests.Reference;

/// <summary>Factorisation machines by their definitions, in double: every pair written out.</summary>
internal static class SlowFactorMachines
{
    public static double Pairs(double[][] v, double[] x)
    {
        var sum = 0.0;
        for (var i = 0; i < x.Length; i++)
            for (var j = i + 1; j < x.Length; j++) sum += Dot(v[i], v[j]) * x[i] * x[j];
        return sum;
    }

    public static double Fm(double bias, double[] w, double[][] v, double[] x) => bias + Dot(w, x) + Pairs(v, x);

    /// <param name="w">For each column a vector for each field.</param>
    /// <param name="fieldOf">The field of each column.</param>
    /// <param name="x">The example.</param>
    public static double FieldAwarePairs(double[][][] w, int[] fieldOf, double[] x)
    {
        var sum = 0.0;
        for (var i = 0; i < x.Length; i++)
            for (var j = i + 1; j < x.Length; j++) sum += Dot(w[i][fieldOf[j]], w[j][fieldOf[i]]) * x[i] * x[j];
        return sum;
    }

    /// <summary>-ỹ-free log loss of one example.</summary>
    public static double LogLoss(double z, double y) => Math.Max(z, 0) + Math.Log(1 + Math.Exp(-Math.Abs(z))) - y * z;

    public static double Dot(double[] a, double[] b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }
}
