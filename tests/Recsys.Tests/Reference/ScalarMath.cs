namespace Recsys.Tests.Reference;

/// <summary>The functions by their formulas, one value at a time, in double.</summary>
internal static class ScalarMath
{
    public static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    public static double Softplus(double x) => Math.Max(x, 0) + LogOnePlus(Math.Exp(-Math.Abs(x)));

    public static double LogSigmoid(double x) => -Softplus(-x);

    public static double LogSumExp(float[] x)
    {
        var max = x.Max();
        return max + Math.Log(x.Sum(v => Math.Exp((double)v - max)));
    }

    public static double[] Softmax(float[] x)
    {
        var log = LogSumExp(x);
        return [.. x.Select(v => Math.Exp(v - log))];
    }

    /// <summary>log(1 + u), where 1 + u would round u away.</summary>
    private static double LogOnePlus(double u) => u > 1e-5 ? Math.Log(1 + u) : u - u * u / 2 + u * u * u / 3;
}
