using Recsys.Numerics;

namespace Recsys.Trees;

/// <summary>Fills the first and second derivatives of neighbouring rows.</summary>
internal delegate void DerivativesOf(int from, Span<float> g, Span<float> h);

/// <summary>
/// First and second derivatives of the loss by row, and the scales that make both one 64-bit number in fixed point: powers of two, so that
/// the sums over all rows fit in 32 bits each: at least 2²⁹ / n steps for a mean gradient. Sums of integers are the same in any order,
/// which makes histograms exact to subtract and equal for every number of threads.
/// </summary>
internal sealed class GradientPairs(int rows)
{
    private const int Parts = 64;
    private const int Block = 1024;
    private readonly double[] _sumG = new double[Parts];
    private readonly double[] _sumH = new double[Parts];
    private readonly float[] _mostH = new float[Parts];

    /// <summary>Number of rows.</summary>
    public int Rows => rows;

    /// <summary>h and g of each row, side by side; h is 0 or greater. [rows, 2]</summary>
    public float[] Values { get; } = new float[checked(2 * rows)];

    /// <summary>What one step of a packed g is worth.</summary>
    public double UnitG { get; private set; }

    /// <summary>What one step of a packed h is worth.</summary>
    public double UnitH { get; private set; }

    /// <summary>Multiply h and g into the packed integers.</summary>
    public (float H, float G) Scales { get; private set; }

    /// <summary>Multiply h and g into integers whose sums fit in 64 bits: for sums of leaves.</summary>
    public (double H, double G) FineScales { get; private set; }

    /// <summary>The greatest packed h of a row.</summary>
    public long MostH { get; private set; }

    public static double High(long pair) => (int)(pair >> 32);

    public static double Low(long pair) => (uint)pair;

    public float G(int row) => Values[(2 * row) + 1];

    public float H(int row) => Values[2 * row];

    /// <summary>Multiplies both derivatives of a row.</summary>
    public void Multiply(int row, float factor)
    {
        Values[2 * row] *= factor;
        Values[(2 * row) + 1] *= factor;
    }

    /// <summary>g in the high half, h in the low.</summary>
    public long Pair(int row) => Pairs.Pack(Values[2 * row], Values[(2 * row) + 1], Scales);

    /// <summary>Computes all parts.</summary>
    /// <param name="derivatives">Gives g and h of a block of rows.</param>
    /// <param name="threads">Does not change the result.</param>
    /// <param name="reweigh">Called in between, to change g and h; or null.</param>
    /// <exception cref="ArithmeticException">The gradients are not finite.</exception>
    public void Update(DerivativesOf derivatives, int threads, Action? reweigh = null)
    {
        Shards.Run(Parts, threads, part =>
        {
            var (start, end) = Shards.Range(rows, Parts, part);
            Span<float> g = stackalloc float[Block], h = stackalloc float[Block];
            for (var from = start; from < end; from += Block)
            {
                var count = Math.Min(Block, end - from);
                derivatives(from, g[..count], h[..count]);
                Pairs.Interleave(h[..count], g[..count], Values.AsSpan(2 * from, 2 * count));
            }
            if (reweigh is null) Sum(part);
        });
        if (reweigh is not null)
        {
            reweigh();
            Shards.Run(Parts, threads, Sum);
        }
        double sumG = 0, sumH = 0;
        var mostH = 0f;
        for (var part = 0; part < Parts; part++)
        {
            sumG += _sumG[part];
            sumH += _sumH[part];
            mostH = Math.Max(mostH, _mostH[part]);
        }
        if (!double.IsFinite(sumG) || !double.IsFinite(sumH))
            throw new ArithmeticException($"The gradients sum to {sumG} and {sumH}: labels or scores are too large for the objective.");
        var (scaleG, scaleH) = (Scale(sumG, 30, 120), Scale(sumH, 31, 120));
        Scales = ((float)scaleH, (float)scaleG);
        (UnitG, UnitH) = (1 / scaleG, 1 / scaleH);
        FineScales = (Scale(sumH, 61, 900), Scale(sumG, 61, 900));
        MostH = (uint)Pairs.Pack(mostH, 0, Scales);
    }

    private void Sum(int part)
    {
        var (start, end) = Shards.Range(rows, Parts, part);
        (_sumH[part], _sumG[part], _mostH[part]) = Pairs.Magnitudes(Values.AsSpan(2 * start, 2 * (end - start)));
    }

    // The power of two that brings a sum to at most 2^bits.
    private static double Scale(double sum, int bits, int most)
        => sum > 0 ? Math.ScaleB(1, Math.Min(bits - Math.ILogB(sum) - 1, most)) : 1;
}
