namespace Recsys.Tests.Reference;

/// <summary>One step of negative sampling, written as the formula is, in double precision.</summary>
internal static class SlowSkipGram
{
    /// <summary>Moves z_0 … z_n and returns e; outputs[k] may be the same row several times.</summary>
    public static double[] Step(double[] h, double[][] rows, int[] outputs, double rate)
    {
        var g = new double[outputs.Length];
        for (var k = 0; k < outputs.Length; k++) g[k] = rate * ((k == 0 ? 1 : 0) - Sigmoid(Dot(h, rows[outputs[k]])));
        var e = new double[h.Length];
        for (var k = 0; k < outputs.Length; k++)
            for (var f = 0; f < h.Length; f++)
            {
                e[f] += g[k] * rows[outputs[k]][f];
                rows[outputs[k]][f] += g[k] * h[f];
            }
        return e;
    }

    public static double Loss(double[] h, double[][] rows, int[] outputs)
    {
        var loss = 0.0;
        for (var k = 0; k < outputs.Length; k++) loss -= Math.Log(Sigmoid((k == 0 ? 1 : -1) * Dot(h, rows[outputs[k]])));
        return loss;
    }

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

    private static double Sigmoid(double z) => 1 / (1 + Math.Exp(-z));
}
