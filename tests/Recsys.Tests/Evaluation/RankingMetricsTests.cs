using Recsys.Evaluation;
using Recsys.Numerics;
using Recsys.Tests.Reference;

namespace Recsys.Tests.Evaluation;

public sealed class RankingMetricsTests
{
    // Hits at the ranks 1, 3 and 6; four relevant items.
    private static readonly bool[] Hits = [true, false, true, false, false, true];

    [Fact]
    public void A_list_worked_by_hand()
    {
        Assert.Equal(2.0 / 4, RankingMetrics.Recall(Hits, 5, 4));
        Assert.Equal(2.0 / 3, RankingMetrics.Recall(Hits, 3, 4, RecallDenominator.AtMostK), 1e-10);
        Assert.Equal(2.0 / 5, RankingMetrics.Precision(Hits, 5));
        Assert.Equal(3.0 / 10, RankingMetrics.Precision(Hits, 10));
        Assert.Equal(3.0 / 6, RankingMetrics.Precision(Hits, 10, PrecisionDenominator.ListLength));
        Assert.Equal(1, RankingMetrics.HitRate(Hits, 1));
        Assert.Equal(0, RankingMetrics.HitRate(Hits.AsSpan(1), 1));
        Assert.Equal(1.0 / 2, RankingMetrics.ReciprocalRank(Hits.AsSpan(1), 5));
        Assert.Equal(0, RankingMetrics.ReciprocalRank(Hits.AsSpan(3), 2));
        Assert.Equal((1 + 2.0 / 3 + 3.0 / 6) / 4, RankingMetrics.AveragePrecision(Hits, 6, 4), 1e-10);
        Assert.Equal((1 + 2.0 / 3) / 3, RankingMetrics.AveragePrecision(Hits, 3, 4), 1e-10);
        Assert.Equal((1 + 2.0 / 3) / 4, RankingMetrics.AveragePrecision(Hits, 3, 4, AveragePrecisionDenominator.Relevant), 1e-10);
        Assert.Equal((1 + 2.0 / 3 + 3.0 / 6) / 6, RankingMetrics.AveragePrecision(Hits, 6, 4, AveragePrecisionDenominator.K), 1e-10);
        Assert.Equal(2 * 0.4 * 0.5 / (0.4 + 0.5), RankingMetrics.F1(Hits, 5, 4), 1e-10);
        Assert.Equal((1 + 3 + 6) / 3.0, RankingMetrics.ClickPosition(Hits, 6));
        Assert.Null(RankingMetrics.ClickPosition(Hits.AsSpan(3), 2));

        var dcg = 1 + 1 / Math.Log2(4) + 1 / Math.Log2(7);
        var ideal = 1 + 1 / Math.Log2(3) + 1 / Math.Log2(4) + 1 / Math.Log2(5);
        Assert.Equal(dcg / ideal, RankingMetrics.Ndcg(Hits, 6, 4), 1e-10);
        // With k = 3 the ideal list has three hits, though four items are relevant.
        Assert.Equal((1 + 1 / Math.Log2(4)) / (1 + 1 / Math.Log2(3) + 1 / Math.Log2(4)), RankingMetrics.Ndcg(Hits, 3, 4), 1e-10);
    }

    [Fact]
    public void Graded_gains_worked_by_hand()
    {
        // Järvelin-Kekäläinen style: grades 3, 2, 3, 0, 1, 2 in this order; 2^g - 1 gains.
        double[] gains = [7, 3, 7, 0, 1, 3];
        double[] ideal = [7, 7, 3, 3, 1];
        var dcg = 7 + 3 / Math.Log2(3) + 7 / Math.Log2(4) + 1 / Math.Log2(6) + 3 / Math.Log2(7);
        var best = 7 + 7 / Math.Log2(3) + 3 / Math.Log2(4) + 3 / Math.Log2(5) + 1 / Math.Log2(6);
        Assert.Equal(dcg / best, RankingMetrics.Ndcg(gains, 6, ideal), 1e-10);
        Assert.Equal(7, RankingMetrics.Gain(3, GainKind.Exponential));
        Assert.Equal(3, RankingMetrics.Gain(3, GainKind.Linear));
        Assert.Equal(1, RankingMetrics.Gain(-3, GainKind.Binary));
    }

    [Fact]
    public void Random_lists_agree_with_the_definitions()
    {
        var rng = new Rng(11);
        var hits = new bool[40];
        for (ulong trial = 0; trial < 500; trial++)
        {
            var draw = rng.Stream(trial);
            var list = Enumerable.Range(0, 60).OrderBy(i => draw.Bits((ulong)i)).Take(draw.Below(100, 40)).ToArray();
            var relevant = Enumerable.Range(0, 60).Where(i => draw.Uniform(200 + (ulong)i) < 0.2f).ToHashSet();
            if (relevant.Count == 0) continue;
            var k = 1 + draw.Below(101, 50);

            var count = RankingMetrics.Mark(list, relevant.Order().ToArray(), hits);
            var marked = hits.AsSpan(0, list.Length);
            Assert.Equal(SlowRanking.Hits(list, relevant, list.Length), count);
            var found = SlowRanking.Hits(list, relevant, k);
            Assert.Equal((double)found / relevant.Count, RankingMetrics.Recall(marked, k, relevant.Count), 1e-10);
            Assert.Equal((double)found / k, RankingMetrics.Precision(marked, k), 1e-10);
            Assert.Equal(Math.Min(1, found), RankingMetrics.HitRate(marked, k));
            Assert.Equal(2.0 * found / (k + relevant.Count), RankingMetrics.F1(marked, k, relevant.Count), 1e-10);
            Assert.Equal(SlowRanking.ReciprocalRank(list, relevant, k), RankingMetrics.ReciprocalRank(marked, k), 1e-10);
            Assert.Equal(
                SlowRanking.PrecisionSum(list, relevant, k) / Math.Min(k, relevant.Count),
                RankingMetrics.AveragePrecision(marked, k, relevant.Count), 1e-10);
            Assert.Equal(
                SlowRanking.Ndcg(list, relevant.ToDictionary(i => i, _ => 1.0), k), RankingMetrics.Ndcg(marked, k, relevant.Count), 1e-10);
            Assert.Equal(SlowRanking.ClickPosition(list, relevant, k), RankingMetrics.ClickPosition(marked, k));

            var grades = relevant.ToDictionary(i => i, i => RankingMetrics.Gain(1 + i % 5, GainKind.Exponential));
            Assert.Equal(
                SlowRanking.Ndcg(list, grades, k),
                RankingMetrics.Ndcg(
                    list.Select(i => grades.GetValueOrDefault(i)).ToArray(), k, grades.Values.OrderDescending().ToArray()), 1e-10);
        }
    }

    [Fact]
    public void An_empty_list_misses_everything()
    {
        Assert.Equal(0, RankingMetrics.Recall([], 10, 3));
        Assert.Equal(0, RankingMetrics.Precision([], 10));
        Assert.Equal(0, RankingMetrics.Precision([], 10, PrecisionDenominator.ListLength));
        Assert.Equal(0, RankingMetrics.Ndcg([], 10, 3));
        Assert.Equal(0, RankingMetrics.AveragePrecision([], 10, 3));
        Assert.Equal(0, RankingMetrics.F1([], 10, 3));
    }

    [Fact]
    public void A_perfect_list_longer_than_the_table_of_discounts_has_an_ndcg_of_1()
    {
        var hits = new bool[3000];
        Array.Fill(hits, true);
        Assert.Equal(1, RankingMetrics.Ndcg(hits, 3000, 3000), 1e-10);
    }

    [Fact]
    public void What_has_no_value_is_an_error()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => RankingMetrics.Recall(Hits, 0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => RankingMetrics.Recall(Hits, 1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => RankingMetrics.Ndcg(Hits, 1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => RankingMetrics.Gain(-1, GainKind.Linear));
        Assert.Throws<ArgumentOutOfRangeException>(() => RankingMetrics.Gain(float.NaN, GainKind.Exponential));
        Messages.Assert<ArgumentException>("no positive gain", () => RankingMetrics.Ndcg([0.0], 1, [0.0]));
        Messages.Assert<ArgumentException>("gains[1]", () => RankingMetrics.Ndcg([1, double.NaN], 2, [1.0]));
        Messages.Assert<ArgumentException>("greatest first", () => RankingMetrics.Ndcg([1.0], 1, [1, 2]));
        Assert.Throws<ArgumentException>(() => RankingMetrics.Mark([1, 2], [1], new bool[1]));
    }
}
