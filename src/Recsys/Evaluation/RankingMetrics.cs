namespace Recsys.Evaluation;

/// <summary>What <see cref="RankingMetrics.Recall"/> divides the number of hits by.</summary>
public enum RecallDenominator
{
    /// <summary>The number of relevant items: the textbook definition; below 1 at best for a user with more than k of them.</summary>
    Relevant,

    /// <summary>
    /// min(k, number of relevant items), as Liang et al., "Variational autoencoders for collaborative filtering", WWW 2018: 1 can always
    /// be reached.
    /// </summary>
    AtMostK,
}

/// <summary>What <see cref="RankingMetrics.Precision"/> divides the number of hits by.</summary>
public enum PrecisionDenominator
{
    /// <summary>k, also where the list is shorter: a short list is punished.</summary>
    K,

    /// <summary>min(k, length of the list); 0 for an empty list.</summary>
    ListLength,
}

/// <summary>What <see cref="RankingMetrics.AveragePrecision"/> divides the sum of precisions by.</summary>
public enum AveragePrecisionDenominator
{
    /// <summary>min(k, number of relevant items): a perfect list scores 1.</summary>
    AtMostK,

    /// <summary>The number of relevant items.</summary>
    Relevant,

    /// <summary>k.</summary>
    K,
}

/// <summary>How the value of a test interaction becomes a gain for NDCG.</summary>
public enum GainKind
{
    /// <summary>1 for a relevant item, whatever its value.</summary>
    Binary,

    /// <summary>The value itself; it must not be negative.</summary>
    Linear,

    /// <summary>2^value - 1 (Burges et al., ICML 2005); the value must not be negative.</summary>
    Exponential,
}

/// <summary>
/// Metrics of one ranked list of one user, from which ranks hold relevant items. Ranks count from 1; what lies beyond rank k is ignored; a
/// list shorter than k simply ends. R is the number of relevant items, at least 1: a user without any has no value and is left out by the
/// caller. Every result lies in [0, 1]. Pure functions, safe for any number of threads.
/// </summary>
public static class RankingMetrics
{
    /// <summary>Marks which entries of a list are relevant.</summary>
    /// <param name="list">Dense item ids, best first.</param>
    /// <param name="relevant">Dense item ids in ascending order.</param>
    /// <param name="hits">Receives one entry for each of the list; at least as long.</param>
    /// <returns>The number of hits.</returns>
    public static int Mark(ReadOnlySpan<int> list, ReadOnlySpan<int> relevant, Span<bool> hits)
    {
        if (hits.Length < list.Length)
            throw new ArgumentException($"hits has {hits.Length} entries, the list {list.Length}: give at least as many.", nameof(hits));
        var count = 0;
        for (var i = 0; i < list.Length; i++)
        {
            hits[i] = relevant.BinarySearch(list[i]) >= 0;
            if (hits[i]) count++;
        }
        return count;
    }

    /// <summary>The share of the relevant items that the list found: hits within k / R.</summary>
    /// <param name="hits">One entry for each rank, best first.</param>
    /// <param name="k">At least 1.</param>
    /// <param name="relevant">R, at least 1.</param>
    /// <param name="denominator">R by default.</param>
    public static double Recall(ReadOnlySpan<bool> hits, int k, int relevant, RecallDenominator denominator = RecallDenominator.Relevant)
    {
        Check(k, relevant);
        return (double)Hits(hits, k) / (denominator == RecallDenominator.Relevant ? relevant : Math.Min(k, relevant));
    }

    /// <summary>The share of the list that is relevant: hits within k / k.</summary>
    /// <param name="hits">One entry for each rank, best first.</param>
    /// <param name="k">At least 1.</param>
    /// <param name="denominator">k by default.</param>
    public static double Precision(ReadOnlySpan<bool> hits, int k, PrecisionDenominator denominator = PrecisionDenominator.K)
    {
        Check(k);
        var length = denominator == PrecisionDenominator.K ? k : Math.Min(k, hits.Length);
        return length == 0 ? 0 : (double)Hits(hits, k) / length;
    }

    /// <summary>1 if the list holds a relevant item within k, else 0.</summary>
    /// <param name="hits">One entry for each rank, best first.</param>
    /// <param name="k">At least 1.</param>
    public static double HitRate(ReadOnlySpan<bool> hits, int k)
    {
        Check(k);
        return Within(hits, k).Contains(true) ? 1 : 0;
    }

    /// <summary>The harmonic mean of precision and recall, 2PR / (P + R) = 2 hits / (k + R); 0 without a hit.</summary>
    /// <param name="hits">One entry for each rank, best first.</param>
    /// <param name="k">At least 1.</param>
    /// <param name="relevant">R, at least 1.</param>
    public static double F1(ReadOnlySpan<bool> hits, int k, int relevant)
    {
        Check(k, relevant);
        return 2.0 * Hits(hits, k) / ((double)k + relevant);
    }

    /// <summary>1 / rank of the first hit; 0 if there is none within k. Its mean over users is the MRR.</summary>
    /// <param name="hits">One entry for each rank, best first.</param>
    /// <param name="k">At least 1.</param>
    public static double ReciprocalRank(ReadOnlySpan<bool> hits, int k)
    {
        Check(k);
        var first = Within(hits, k).IndexOf(true);
        return first < 0 ? 0 : 1.0 / (first + 1);
    }

    /// <summary>
    /// The precision at the rank of each hit, summed and divided by min(k, R): Σ over hits of (hits up to its rank / its rank) / min(k,
    /// R). Its mean over users is the MAP.
    /// </summary>
    /// <param name="hits">One entry for each rank, best first.</param>
    /// <param name="k">At least 1.</param>
    /// <param name="relevant">R, at least 1.</param>
    /// <param name="denominator">min(k, R) by default.</param>
    public static double AveragePrecision(
        ReadOnlySpan<bool> hits, int k, int relevant, AveragePrecisionDenominator denominator = AveragePrecisionDenominator.AtMostK)
    {
        Check(k, relevant);
        hits = Within(hits, k);
        double sum = 0;
        var found = 0;
        for (var i = 0; i < hits.Length; i++)
            if (hits[i]) sum += (double)++found / (i + 1);
        return sum / denominator switch
        {
            AveragePrecisionDenominator.AtMostK => Math.Min(k, relevant),
            AveragePrecisionDenominator.Relevant => relevant,
            _ => k,
        };
    }

    /// <summary>
    /// Binary NDCG: DCG / ideal DCG, DCG = Σ over hits of 1 / log2(rank + 1); the ideal list has its min(k, R) hits first. Järvelin and
    /// Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002, with the discount of Burges et al., ICML 2005.
    /// </summary>
    /// <param name="hits">One entry for each rank, best first.</param>
    /// <param name="k">At least 1.</param>
    /// <param name="relevant">R, at least 1.</param>
    public static double Ndcg(ReadOnlySpan<bool> hits, int k, int relevant)
    {
        Check(k, relevant);
        hits = Within(hits, k);
        double gain = 0, ideal = 0;
        for (var i = 0; i < hits.Length; i++)
            if (hits[i]) gain += Discount(i);
        for (var i = Math.Min(k, relevant) - 1; i >= 0; i--) ideal += Discount(i);
        return Math.Min(1, gain / ideal);
    }

    /// <summary>Graded NDCG: DCG / ideal DCG, DCG = Σ gain / log2(rank + 1); the ideal list has the k greatest gains first.</summary>
    /// <param name="gains">The gain at each rank of the list, best first; 0 for what is not relevant. Not negative.</param>
    /// <param name="k">At least 1.</param>
    /// <param name="ideal">The gains of all relevant items, greatest first. The sum over the first k must be positive.</param>
    /// <exception cref="ArgumentException">No positive gain, a gain that is negative or not finite, or an ideal that is not in descending
    /// order.</exception>
    public static double Ndcg(ReadOnlySpan<double> gains, int k, ReadOnlySpan<double> ideal)
    {
        Check(k);
        var best = DiscountedGain(ideal, k, nameof(ideal));
        for (var i = 1; i < ideal.Length; i++)
            if (ideal[i] > ideal[i - 1])
                throw new ArgumentException($"ideal[{i}] is greater than the gain before it: sort it greatest first.", nameof(ideal));
        if (best <= 0)
            throw new ArgumentException("There is no positive gain among the relevant items, so NDCG is undefined.", nameof(ideal));
        return Math.Min(1, DiscountedGain(gains, k, nameof(gains)) / best);
    }

    /// <summary>
    /// The mean rank, from 1, of the hits within k: the position where this user would have clicked on average. Range 1..k; null without a
    /// hit.
    /// </summary>
    /// <param name="hits">One entry for each rank, best first.</param>
    /// <param name="k">At least 1.</param>
    public static double? ClickPosition(ReadOnlySpan<bool> hits, int k)
    {
        Check(k);
        hits = Within(hits, k);
        long sum = 0, count = 0;
        for (var i = 0; i < hits.Length; i++)
            if (hits[i]) (sum, count) = (sum + i + 1, count + 1);
        return count == 0 ? null : (double)sum / count;
    }

    /// <summary>The gain of a relevant item with that value.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A graded gain of a value that is negative or not finite.</exception>
    public static double Gain(float value, GainKind kind)
    {
        if (kind == GainKind.Binary) return 1;
        if (!(value >= 0) || float.IsInfinity(value))
            throw new ArgumentOutOfRangeException(
                nameof(value), value, $"A {kind} gain needs a finite value of at least 0; use {nameof(GainKind.Binary)} otherwise.");
        return kind == GainKind.Linear ? value : Math.Pow(2, value) - 1;
    }

    private static double DiscountedGain(ReadOnlySpan<double> gains, int k, string name)
    {
        double sum = 0;
        for (var i = 0; i < Math.Min(k, gains.Length); i++)
        {
            if (!(gains[i] >= 0) || double.IsInfinity(gains[i]))
                throw new ArgumentException($"{name}[{i}] is {gains[i]}; a gain must be finite and at least 0.", name);
            if (gains[i] > 0) sum += gains[i] * Discount(i);
        }
        return sum;
    }

    private static double Discount(int index) => index < Discounts.Length ? Discounts[index] : 1 / Math.Log2(index + 2.0);

    private static readonly double[] Discounts = MakeDiscounts(1024);

    private static double[] MakeDiscounts(int count)
    {
        var discounts = new double[count];
        for (var i = 0; i < count; i++) discounts[i] = 1 / Math.Log2(i + 2.0);
        return discounts;
    }

    private static ReadOnlySpan<bool> Within(ReadOnlySpan<bool> hits, int k) => hits[..Math.Min(k, hits.Length)];

    private static int Hits(ReadOnlySpan<bool> hits, int k) => Within(hits, k).Count(true);

    private static void Check(int k) => ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);

    private static void Check(int k, int relevant)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(relevant, 1);
    }
}
