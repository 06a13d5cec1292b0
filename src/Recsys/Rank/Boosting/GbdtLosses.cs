namespace Recsys.Rank;

/// <summary>Losses to judge validation rows by, for <see cref="GbdtOptions.Metric"/>.</summary>
public static class GbdtLosses
{
    /// <summary>
    /// 1 - NDCG@k, the mean over queries. Rows of equal scores count as in every order with equal chance; a query without anything to gain
    /// counts as 1.
    /// </summary>
    /// <param name="groups">The number of rows of each query, together all rows.</param>
    /// <param name="at">k, at least 1.</param>
    /// <param name="exponentialGains">Whether a grade y gains 2^y - 1 rather than y.</param>
    public static ValidationMetric Ndcg(int[] groups, int at, bool exponentialGains = true)
    {
        ArgumentNullException.ThrowIfNull(groups);
        Guard.AtLeast(1, at, nameof(at));
        return ValidationMetric.Lower($"1 - NDCG@{at}", (scores, labels, _) => 1 - QueryNdcg.Mean(
            QueryRows.OfSizes(groups, labels.Length, nameof(groups)), scores.ToArray(), labels.ToArray(), at, exponentialGains));
    }
}
