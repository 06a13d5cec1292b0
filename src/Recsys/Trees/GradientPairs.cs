using System.Runtime.CompilerServices;
using Recsys.Numerics;

namespace Recsys.Trees;

/// <summary>Fills the first and second derivatives of neighbouring rows.</summary>
internal delegate void DerivativesOf(int from, Span<float> g, Span<float> h);

/// <summary>Fills the first and second derivatives of any rows.</summary>
internal delegate void DerivativesOfRows(ReadOnlySpan<int> rows, Span<float> g, Span<float> h);

/// <summary>
/// First and second derivatives of the loss by row, and the scales that make both one 64-bit number in fixed point: powers of two, so that
/// the sums over all rows fit in 32 bits each: at least 2²⁹ / n steps for a mean gradient. Sums of integers are the same in any order,
/// which makes histograms exact to subtract and equal for every number of threads. Derivatives that can be had for any rows are computed
/// whenever they are asked for: that costs less memory than keeping them, and hardly more time than fetching them.
/// </summary>
internal sealed class GradientPairs(int rows)
{
    private const int Parts = 64;
    private const int Block = 512;
    private readonly double[] _sumG = new double[Parts];
    private readonly double[] _sumH = new double[Parts];
    private readonly float[] _mostH = new float[Parts];
    private DerivativesOfRows? _ofRows;
    private float[] _values = [];   // h and g of each row, side by side, where they are kept. [rows, 2]

    /// <summary>Number of rows.</summary>
    public int Rows => rows;

    /// <summary>What one step of a packed g is worth.</summary>
    public double UnitG { get; private set; }

    /// <summary>What one step of a packed h is worth.</summary>
    public double UnitH { get; private set; }

    /// <summary>The greatest packed h of a row.</summary>
    public long MostH { get; private set; }

    // Multiply h and g into the packed integers.
    private (float H, float G) Scales { get; set; }

    // Multiply h and g into integers whose sums fit in 64 bits: for sums of leaves.
    private (double H, double G) FineScales { get; set; }

    public static double High(long pair) => (int)(pair >> 32);

    public static double Low(long pair) => (uint)pair;

    /// <summary>Computes all parts.</summary>
    /// <param name="derivatives">Gives g and h of a block of rows; h is 0 or greater.</param>
    /// <param name="ofRows">Gives the same for any rows until the next update; null: they are kept here.</param>
    /// <param name="threads">Does not change the result.</param>
    /// <exception cref="ArithmeticException">The gradients are not finite.</exception>
    public void Update(DerivativesOf derivatives, DerivativesOfRows? ofRows, int threads)
    {
        _ofRows = ofRows;
        if (ofRows is null && _values.Length == 0) _values = new float[checked(2 * rows)];
        Shards.Run(Parts, threads, part =>
        {
            var (start, end) = Shards.Range(rows, Parts, part);
            Span<float> g = stackalloc float[Block], h = stackalloc float[Block];
            (_sumG[part], _sumH[part], _mostH[part]) = (0, 0, 0);
            for (var from = start; from < end; from += Block)
            {
                var count = Math.Min(Block, end - from);
                derivatives(from, g[..count], h[..count]);
                if (ofRows is null) Pairs.Interleave(h[..count], g[..count], _values.AsSpan(2 * from, 2 * count));
                var sums = Pairs.Magnitudes(h[..count], g[..count]);
                _sumG[part] += sums.Second;
                _sumH[part] += sums.First;
                _mostH[part] = Math.Max(_mostH[part], sums.MostFirst);
            }
        });
        SetScales();
    }

    /// <summary>Computes all parts and keeps them, changed.</summary>
    /// <param name="derivatives">Gives g and h of a block of rows; h is 0 or greater.</param>
    /// <param name="reweigh">Changes them: h and g side by side. [rows, 2]</param>
    /// <param name="threads">Does not change the result.</param>
    /// <exception cref="ArithmeticException">The gradients are not finite.</exception>
    public void Update(DerivativesOf derivatives, Action<float[]> reweigh, int threads)
    {
        Update(derivatives, ofRows: null, threads);
        reweigh(_values);
        Update((from, g, h) =>
        {
            for (var i = 0; i < g.Length; i++) (h[i], g[i]) = (_values[2 * (from + i)], _values[(2 * (from + i)) + 1]);
        }, ofRows: null, threads);
    }

    /// <summary>g in the high half, h in the low, for some rows.</summary>
    [SkipLocalsInit]
    public void Pack(ReadOnlySpan<int> chosen, Span<long> pairs)
    {
        Span<float> g = stackalloc float[Block], h = stackalloc float[Block];
        for (var from = 0; from < chosen.Length; from += Block)
        {
            var count = Math.Min(Block, chosen.Length - from);
            Fill(chosen.Slice(from, count), g[..count], h[..count]);
            Pairs.Pack(h[..count], g[..count], Scales, pairs.Slice(from, count));
        }
    }

    /// <summary>The sum of the packed pairs of some rows.</summary>
    [SkipLocalsInit]
    public long Total(ReadOnlySpan<int> chosen)
    {
        Span<long> pairs = stackalloc long[Block];
        var total = 0L;
        for (var from = 0; from < chosen.Length; from += Block)
        {
            var own = pairs[..Math.Min(Block, chosen.Length - from)];
            Pack(chosen.Slice(from, own.Length), own);
            foreach (var pair in own) total += pair;
        }
        return total;
    }

    /// <summary>The sums of g and h over some rows, in steps that are finer than those of packed pairs.</summary>
    [SkipLocalsInit]
    public (double G, double H) FineSums(ReadOnlySpan<int> chosen)
    {
        Span<float> g = stackalloc float[Block], h = stackalloc float[Block];
        long sumH = 0, sumG = 0;
        for (var from = 0; from < chosen.Length; from += Block)
        {
            var count = Math.Min(Block, chosen.Length - from);
            Fill(chosen.Slice(from, count), g[..count], h[..count]);
            var sums = Pairs.FineSums(h[..count], g[..count], FineScales);
            sumH += sums.First;
            sumG += sums.Second;
        }
        return (sumG / FineScales.G, sumH / FineScales.H);
    }

    private void Fill(ReadOnlySpan<int> chosen, Span<float> g, Span<float> h)
    {
        if (_ofRows is null) Pairs.Separate(_values, chosen, h, g);
        else _ofRows(chosen, g, h);
    }

    private void SetScales()
    {
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

    // The power of two that brings a sum to at most 2^bits.
    private static double Scale(double sum, int bits, int most)
        => sum > 0 ? Math.ScaleB(1, Math.Min(bits - Math.ILogB(sum) - 1, most)) : 1;
}
