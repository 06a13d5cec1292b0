namespace Recsys.Evaluation;

/// <summary>How <see cref="AucMetrics.GroupAuc"/> weights the AUC of each group.</summary>
public enum GroupWeight
{
    /// <summary>By its rows, as Zhu et al., KDD 2017, and Zhou et al. (DIN), KDD 2018.</summary>
    Impressions,

    /// <summary>By its positive rows.</summary>
    Clicks,

    /// <summary>All groups alike.</summary>
    Equal,
}

/// <summary>A grouped AUC and what it rests on.</summary>
/// <param name="Value">The weighted mean, in [0, 1].</param>
/// <param name="Groups">Groups with both classes: those that count.</param>
/// <param name="SkippedGroups">Groups with only one class: they have no AUC and are left out.</param>
/// <param name="SkippedRows">Rows of the skipped groups.</param>
public readonly record struct GroupAucResult(double Value, int Groups, int SkippedGroups, long SkippedRows);

/// <summary>
/// Metrics of how well scores order positive rows above negative ones. Only the order of the scores counts, so any increasing transform of
/// them changes nothing. Scores may be infinite, not NaN. Labels are 0 or 1. Pure functions, safe for any number of threads.
/// </summary>
public static class AucMetrics
{
    /// <summary>
    /// The area under the ROC curve: the probability that a random positive scores above a random negative, ties half: (Σ ranks of
    /// positives - M(M+1)/2) / (M N), M positives, N negatives, tied scores share their mean rank. Range [0, 1], 0.5 by chance. With
    /// weights each pair counts by the product of its weights. O(n log n).
    /// </summary>
    /// <param name="scores">Higher means more likely positive.</param>
    /// <param name="labels">0 or 1, one for each score.</param>
    /// <param name="weights">Empty (all 1), or one for each score, at least 0.</param>
    /// <exception cref="ArgumentException">No rows, unequal lengths, a NaN score, another label than 0 and 1, or only one
    /// class.</exception>
    public static double Auc(ReadOnlySpan<float> scores, ReadOnlySpan<float> labels, ReadOnlySpan<float> weights = default)
        => TryAuc(scores, labels, out var auc, weights)
            ? auc
            : throw new ArgumentException(
                "All rows (of positive weight) have the same label, so AUC is undefined: it needs both classes.", nameof(labels));

    /// <summary>As <see cref="Auc"/>, but returns false where there is only one class.</summary>
    public static bool TryAuc(ReadOnlySpan<float> scores, ReadOnlySpan<float> labels, out double auc, ReadOnlySpan<float> weights = default)
    {
        ScoreOrder.CheckRows(scores.Length, labels, weights);
        return Ordered(ScoreOrder.Ascending(scores, nameof(scores)), scores, labels, weights, out auc);
    }

    /// <summary>
    /// AUC inside each group (user), averaged: Σ w_g AUC_g / Σ w_g over the groups with both classes; the others are skipped and counted.
    /// It ignores differences between groups, which a ranking within one never uses. O(n log n).
    /// </summary>
    /// <param name="scores">Higher means more likely positive.</param>
    /// <param name="labels">0 or 1, one for each score.</param>
    /// <param name="groups">The group of each row: any numbers of at least 0, in any order.</param>
    /// <param name="weight">By rows (impressions) by default.</param>
    /// <exception cref="ArgumentException">As <see cref="Auc"/>; or no group has both classes.</exception>
    public static GroupAucResult GroupAuc(
        ReadOnlySpan<float> scores, ReadOnlySpan<float> labels, ReadOnlySpan<int> groups, GroupWeight weight = GroupWeight.Impressions)
        => TryGroupAuc(scores, labels, groups, out var result, weight)
            ? result
            : throw new ArgumentException(
                $"None of the {result.SkippedGroups} groups has both classes, so the grouped AUC is undefined.", nameof(labels));

    /// <summary>As <see cref="GroupAuc"/>, but returns false, and the counts with a value of 0, where no group has both classes.</summary>
    public static bool TryGroupAuc(
        ReadOnlySpan<float> scores, ReadOnlySpan<float> labels, ReadOnlySpan<int> groups, out GroupAucResult result,
        GroupWeight weight = GroupWeight.Impressions)
    {
        ScoreOrder.CheckRows(scores.Length, labels, default);
        var parts = new GroupedRows(groups, scores.Length);
        double sum = 0, total = 0;
        int used = 0, skipped = 0;
        long skippedRows = 0;
        for (var group = 0; group < parts.Count; group++)
        {
            var rows = parts.Rows(group);
            var (auc, clicks) = parts.Auc(group, scores, labels);
            if (auc is null)
            {
                (skipped, skippedRows) = (skipped + 1, skippedRows + rows.Length);
                continue;
            }
            var w = Weight(weight, rows.Length, clicks);
            (sum, total, used) = (sum + w * auc.Value, total + w, used + 1);
        }
        result = new GroupAucResult(used == 0 ? 0 : sum / total, used, skipped, skippedRows);
        return used > 0;
    }

    /// <summary>
    /// Cost-sensitive AUC: of every pair of rows, the share of the higher value that the order earns: Σ earned / Σ higher value. A pair in
    /// the right order earns the higher value, in the wrong order the lower one, tied scores their mean. A positive is worth its bid, a
    /// negative 0; two positives form a pair too, two negatives do not. Range [0, 1]: to misplace a dear click costs more than a cheap
    /// one. A pair thus earns the value of whichever row stands higher, so the sum over pairs is a rank sum, O(n log n): Σ v (rank by
    /// score - 1) / Σ v (rank by value - 1). Liu and Yin, arXiv 1904.10272, 2019.
    /// </summary>
    /// <param name="scores">Higher means more likely positive.</param>
    /// <param name="labels">0 or 1, one for each score.</param>
    /// <param name="bids">What a click on each row earns; positive and finite for the positive rows, ignored for the others.</param>
    /// <exception cref="ArgumentException">As <see cref="Auc"/>; a bid that is not positive; or no pair at all.</exception>
    public static double CostSensitiveAuc(ReadOnlySpan<float> scores, ReadOnlySpan<float> labels, ReadOnlySpan<float> bids)
    {
        ScoreOrder.CheckRows(scores.Length, labels, default);
        if (bids.Length != scores.Length)
            throw new ArgumentException($"There are {bids.Length} bids for {scores.Length} scores: give one for each.", nameof(bids));
        var values = new float[scores.Length];
        for (var i = 0; i < values.Length; i++)
        {
            if (labels[i] == 0) continue;
            values[i] = bids[i] > 0 && !float.IsInfinity(bids[i])
                ? bids[i]
                : throw new ArgumentException(
                    $"bids[{i}] is {bids[i]}; the bid of a positive row must be positive and finite.", nameof(bids));
        }
        var earned = RankSum(scores, values, nameof(scores));
        var best = RankSum(values, values, nameof(bids));
        return best > 0
            ? Math.Min(1, earned / best)
            : throw new ArgumentException("There is no pair with a positive row, so the cost-sensitive AUC is undefined.", nameof(labels));
    }

    // Σ value × (rank - 1), rank by score from 1, tied scores sharing their mean rank.
    private static double RankSum(ReadOnlySpan<float> scores, ReadOnlySpan<float> values, string name)
    {
        var order = ScoreOrder.Ascending(scores, name);
        double sum = 0;
        for (var start = 0; start < order.Length;)
        {
            var end = start;
            double tied = 0;
            for (; end < order.Length && scores[order[end]] == scores[order[start]]; end++) tied += values[order[end]];
            sum += tied * 0.5 * ((double)start + end - 1);
            start = end;
        }
        return sum;
    }

    internal static double Weight(GroupWeight weight, int rows, int clicks) => weight switch
    {
        GroupWeight.Impressions => rows,
        GroupWeight.Clicks => clicks,
        _ => 1,
    };

    /// <summary>AUC of rows already in ascending order of score.</summary>
    internal static bool Ordered(
        ReadOnlySpan<int> order, ReadOnlySpan<float> scores, ReadOnlySpan<float> labels, ReadOnlySpan<float> weights, out double auc)
    {
        if (!weights.IsEmpty) return OrderedWeighted(order, scores, labels, weights, out auc);
        // Twice the number of pairs won, so that a tie is a whole number.
        long won = 0, negatives = 0, positives = 0;
        for (var start = 0; start < order.Length;)
        {
            var score = scores[order[start]];
            long tiedPositives = 0, tiedNegatives = 0;
            for (; start < order.Length && scores[order[start]] == score; start++)
            {
                if (labels[order[start]] != 0) tiedPositives++;
                else tiedNegatives++;
            }
            won += tiedPositives * (2 * negatives + tiedNegatives);
            positives += tiedPositives;
            negatives += tiedNegatives;
        }
        var pairs = positives * negatives;
        auc = pairs == 0 ? 0 : won / (2.0 * pairs);
        return pairs > 0;
    }

    private static bool OrderedWeighted(
        ReadOnlySpan<int> order, ReadOnlySpan<float> scores, ReadOnlySpan<float> labels, ReadOnlySpan<float> weights, out double auc)
    {
        double won = 0, negatives = 0, positives = 0;
        for (var start = 0; start < order.Length;)
        {
            var score = scores[order[start]];
            double tiedPositives = 0, tiedNegatives = 0;
            for (; start < order.Length && scores[order[start]] == score; start++)
            {
                if (labels[order[start]] != 0) tiedPositives += weights[order[start]];
                else tiedNegatives += weights[order[start]];
            }
            won += tiedPositives * (negatives + 0.5 * tiedNegatives);
            positives += tiedPositives;
            negatives += tiedNegatives;
        }
        var pairs = positives * negatives;
        auc = pairs > 0 ? Math.Clamp(won / pairs, 0, 1) : 0;
        return pairs > 0;
    }
}
