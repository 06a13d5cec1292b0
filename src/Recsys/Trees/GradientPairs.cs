using Recsys.Numerics;

namespace Recsys.Trees;

/// <summary>
/// First and second derivatives of the loss by row, and both as one 64-bit number in fixed point, scaled by powers of two so that the sums
/// over all rows fit in 32 bits each: at least 2²⁹ / n steps for a mean gradient. Sums of integers are the same in any order, which makes
/// histograms exact to subtract and equal for every number of threads.
/// </summary>
internal sealed class GradientPairs(int rows)
{
    private const int Parts = 64;
    private readonly double[] _sumG = new double[Parts];
    private readonly double[] _sumH = new double[Parts];

    /// <summary>g. [rows]</summary>
    public float[] G { get; } = new float[rows];

    /// <summary>h, 0 or greater. [rows]</summary>
    public float[] H { get; } = new float[rows];

    /// <summary>g in the high half, h in the low. [rows]</summary>
    public long[] Packed { get; } = new long[rows];

    /// <summary>What one step of a packed g is worth.</summary>
    public double UnitG { get; private set; }

    /// <summary>What one step of a packed h is worth.</summary>
    public double UnitH { get; private set; }

    /// <summary>Multiplies g and h into integers whose sums fit in 64 bits: for sums of leaves.</summary>
    public double FineG { get; private set; }

    /// <inheritdoc cref="FineG"/>
    public double FineH { get; private set; }

    public static double High(long pair) => (int)(pair >> 32);

    public static double Low(long pair) => (uint)pair;

    /// <summary>Computes all parts.</summary>
    /// <param name="derivatives">Fills g and h of the rows start..end-1.</param>
    /// <param name="threads">Does not change the result.</param>
    /// <param name="reweigh">Called in between, to change g and h; or null.</param>
    /// <exception cref="ArithmeticException">The gradients are not finite.</exception>
    public void Update(Action<int, int> derivatives, int threads, Action? reweigh = null)
    {
        Sum(derivatives, threads);
        if (reweigh is not null)
        {
            reweigh();
            Sum(static (_, _) => { }, threads);
        }
        Pack(threads);
    }

    private void Sum(Action<int, int> derivatives, int threads)
    {
        Shards.Run(Parts, threads, part =>
        {
            var (start, end) = Shards.Range(rows, Parts, part);
            derivatives(start, end);
            double g = 0, h = 0;
            for (var i = start; i < end; i++)
            {
                g += Math.Abs(G[i]);
                h += H[i];
            }
            (_sumG[part], _sumH[part]) = (g, h);
        });
    }

    private void Pack(int threads)
    {
        double sumG = 0, sumH = 0;
        for (var part = 0; part < Parts; part++)
        {
            sumG += _sumG[part];
            sumH += _sumH[part];
        }
        if (!double.IsFinite(sumG) || !double.IsFinite(sumH))
            throw new ArithmeticException($"The gradients sum to {sumG} and {sumH}: labels or scores are too large for the objective.");
        var (scaleG, scaleH) = (Scale(sumG, 30), Scale(sumH, 31));
        (UnitG, UnitH) = (1 / scaleG, 1 / scaleH);
        (FineG, FineH) = (Scale(sumG, 61), Scale(sumH, 61));
        Shards.Run(Parts, threads, part =>
        {
            var (start, end) = Shards.Range(rows, Parts, part);
            for (var i = start; i < end; i++)
            {
                // A row that weighs anything never counts as empty.
                var h = H[i] > 0 ? Math.Max(1, (long)Math.Round(H[i] * scaleH)) : 0;
                Packed[i] = ((long)Math.Round(G[i] * scaleG) << 32) + h;
            }
        });
    }

    // The power of two that brings a sum to at most 2^bits.
    private static double Scale(double sum, int bits) => sum > 0 ? Math.ScaleB(1, Math.Min(bits - Math.ILogB(sum) - 1, 900)) : 1;
}
