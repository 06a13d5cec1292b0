using Recsys.Evaluation;
using Recsys.Numerics;
using Recsys.Tests.Reference;

namespace Recsys.Tests.Evaluation;

public sealed class AucMetricsTests
{
    [Fact]
    public void Auc_worked_by_hand()
    {
        Assert.Equal(0.75, AucMetrics.Auc([0.1f, 0.4f, 0.35f, 0.8f], [0, 0, 1, 1]));
        Assert.Equal(0.5, AucMetrics.Auc([1, 1, 1], [0, 1, 1]));
        Assert.Equal(1, AucMetrics.Auc([float.NegativeInfinity, float.PositiveInfinity], [0, 1]));
        Assert.Equal(0.5, AucMetrics.Auc([-0f, 0f], [0, 1]));
        Assert.Equal(0, AucMetrics.Auc([-1, -2], [0, 1]));
        // The pair with the heavy negative is lost: 1 of 1 + 3.
        Assert.Equal(0.25, AucMetrics.Auc([1, 2, 3], [0, 1, 0], [1, 1, 3]), 1e-10);
    }

    [Fact]
    public void Auc_agrees_with_all_pairs()
    {
        for (ulong trial = 0; trial < 60; trial++)
        {
            var (scores, labels, weights) = Rows(trial, 2 + (int)trial);
            Assert.Equal(SlowClicks.Auc(scores, labels), AucMetrics.Auc(scores, labels), 1e-10);
            Assert.Equal(SlowClicks.Auc(scores, labels, weights), AucMetrics.Auc(scores, labels, weights), 1e-10);
        }
    }

    [Fact]
    public void Auc_does_not_change_under_an_increasing_transform()
    {
        var (scores, labels, _) = Rows(5, 400);
        var expected = AucMetrics.Auc(scores, labels);
        Assert.Equal(expected, AucMetrics.Auc(scores.Select(MathF.Exp).ToArray(), labels));
        Assert.Equal(expected, AucMetrics.Auc(scores.Select(s => 8 * s - 100).ToArray(), labels));
        Assert.Equal(1 - expected, AucMetrics.Auc(scores.Select(s => -s).ToArray(), labels), 1e-10);
    }

    [Fact]
    public void Auc_with_one_class_is_an_error_or_false()
    {
        Messages.Assert<ArgumentException>("same label", () => AucMetrics.Auc([1, 2], [1, 1]));
        Assert.False(AucMetrics.TryAuc([1, 2], [0, 0], out _));
        Assert.False(AucMetrics.TryAuc([1, 2], [0, 1], out _, [1, 0]));
        Messages.Assert<ArgumentException>("no rows", () => AucMetrics.Auc([], []));
        Messages.Assert<ArgumentException>("scores[1] is NaN", () => AucMetrics.Auc([1, float.NaN], [1, 0]));
        Messages.Assert<ArgumentException>("labels[0] is 2", () => AucMetrics.Auc([1, 1], [2, 0]));
        Messages.Assert<ArgumentException>("1 labels for 2 scores", () => AucMetrics.Auc([1, 1], [1]));
        Assert.Throws<ArgumentException>(() => AucMetrics.Auc([1, 1], [1, 0], [1, -1]));
        Assert.Throws<ArgumentException>(() => AucMetrics.Auc([1, 1], [1, 0], [0, 0]));
    }

    [Fact]
    public void Grouped_auc_skips_groups_of_one_class()
    {
        float[] scores = [1, 2, 5, 1, 2, 3, 9];
        float[] labels = [0, 1, 1, 1, 0, 0, 1];
        int[] groups = [7, 7, 7, 2, 2, 2, 4];
        // Group 7: AUC 1, 3 rows, 2 clicks. Group 2: AUC 0, 3 rows, 1 click. Group 4: one class.
        var result = AucMetrics.GroupAuc(scores, labels, groups);
        Assert.Equal(new GroupAucResult(0.5, 2, 1, 1), result);
        Assert.Equal(2.0 / 3, AucMetrics.GroupAuc(scores, labels, groups, GroupWeight.Clicks).Value, 1e-10);
        Assert.Equal(0.5, AucMetrics.GroupAuc(scores, labels, groups, GroupWeight.Equal).Value);
        Assert.False(AucMetrics.TryGroupAuc([1, 2], [1, 1], [0, 0], out var none));
        Assert.Equal(new GroupAucResult(0, 0, 1, 2), none);
        Assert.Throws<ArgumentException>(() => AucMetrics.GroupAuc([1, 2], [1, 1], [0, 0]));
        Assert.Throws<ArgumentException>(() => AucMetrics.GroupAuc([1, 2], [1, 0], [0, -1]));
        Assert.Throws<ArgumentException>(() => AucMetrics.GroupAuc([1, 2], [1, 0], [0]));
    }

    [Fact]
    public void Grouped_auc_agrees_with_the_auc_of_each_group()
    {
        var (scores, labels, _) = Rows(8, 500);
        var groups = Enumerable.Range(0, 500).Select(i => new Rng(4).Below((ulong)i, 60)).ToArray();
        double sum = 0, total = 0;
        foreach (var group in Enumerable.Range(0, 500).GroupBy(i => groups[i]))
        {
            var y = group.Select(i => labels[i]).ToArray();
            if (y.Distinct().Count() < 2) continue;
            sum += y.Length * SlowClicks.Auc(group.Select(i => scores[i]).ToArray(), y);
            total += y.Length;
        }
        Assert.Equal(sum / total, AucMetrics.GroupAuc(scores, labels, groups).Value, 1e-10);
    }

    // Bids A = 100, B = 4, C = 3, D = 2; E is not clicked.
    [Theory]
    [InlineData("DCBAE", 0.29762)]
    [InlineData("ABCDE", 1)]
    [InlineData("ABCED", 0.99524)]
    [InlineData("ACBDE", 0.99762)]
    [InlineData("EABCD", 0.74048)]
    public void Cost_sensitive_auc_of_the_worked_example(string order, double expected)
    {
        float[] bids = [100, 4, 3, 2, 1000];
        float[] labels = [1, 1, 1, 1, 0];
        var scores = "ABCDE".Select(c => (float)(5 - order.IndexOf(c, StringComparison.Ordinal))).ToArray();
        Assert.Equal(expected, AucMetrics.CostSensitiveAuc(scores, labels, bids), 0.000005);
    }

    [Fact]
    public void Cost_sensitive_auc_agrees_with_all_pairs()
    {
        for (ulong trial = 0; trial < 60; trial++)
        {
            var (scores, labels, bids) = Rows(100 + trial, 2 + (int)trial);
            Assert.Equal(SlowClicks.CostSensitiveAuc(scores, labels, bids), AucMetrics.CostSensitiveAuc(scores, labels, bids), 1e-10);
        }
        Assert.Throws<ArgumentException>(() => AucMetrics.CostSensitiveAuc([1, 2], [0, 0], [1, 1]));
        Assert.Throws<ArgumentException>(() => AucMetrics.CostSensitiveAuc([1], [1], [1]));
        Messages.Assert<ArgumentException>("bids[0]", () => AucMetrics.CostSensitiveAuc([1, 2], [1, 0], [0, 1]));
    }

    // Coarse scores make ties; at least one row of each class.
    internal static (float[] Scores, float[] Labels, float[] Weights) Rows(ulong seed, int count)
    {
        var rng = new Rng(seed);
        var scores = Enumerable.Range(0, count).Select(i => rng.Stream(0).Below((ulong)i, 12) / 4f - 1).ToArray();
        var labels = Enumerable.Range(0, count)
            .Select(i => i < 2 ? i : rng.Stream(1).Uniform((ulong)i) < 0.2 + 0.1 * scores[i] ? 1f : 0f).ToArray();
        var weights = Enumerable.Range(0, count).Select(i => i < 2 ? 1 : (float)(0.5 + rng.Stream(2).Below((ulong)i, 4))).ToArray();
        return (scores, labels, weights);
    }
}
