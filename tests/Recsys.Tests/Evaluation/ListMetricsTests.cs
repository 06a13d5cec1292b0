using Recsys.Evaluation;
using Recsys.Numerics;
using Recsys.Tests.Reference;

namespace Recsys.Tests.Evaluation;

public sealed class ListMetricsTests
{
    [Fact]
    public void Coverage_counts_items_that_are_shown()
    {
        Assert.Equal(0.5, ListMetrics.Coverage([3, 0, 1, 0]));
        Assert.Equal(0, ListMetrics.Coverage([0, 0]));
        Assert.Throws<ArgumentException>(() => ListMetrics.Coverage([]));
        Messages.Assert<ArgumentException>("counts[1]", () => ListMetrics.Coverage([1, -1]));
    }

    [Fact]
    public void Gini_is_0_for_equal_and_highest_for_one()
    {
        Assert.Equal(0, ListMetrics.Gini([4, 4, 4]), 1e-10);
        Assert.Equal(3.0 / 4, ListMetrics.Gini([0, 0, 9, 0]), 1e-10);
        Assert.Throws<ArgumentException>(() => ListMetrics.Gini([0, 0]));
        var rng = new Rng(3);
        for (ulong trial = 0; trial < 50; trial++)
        {
            var counts = Enumerable.Range(0, 30).Select(i => rng.Stream(trial).Below((ulong)i, 20)).ToArray();
            Assert.Equal(SlowRanking.Gini(counts), ListMetrics.Gini(counts), 1e-10);
        }
    }

    [Fact]
    public void Novelty_is_the_mean_information_of_the_popularity()
    {
        // 8 users: known to 8, 2 and 1 of them -> 0, 2 and 3 bits; known to none counts as known to one.
        Assert.Equal(5.0 / 3, ListMetrics.Novelty([0, 1, 2], [8, 2, 1], 8), 1e-10);
        Assert.Equal(3, ListMetrics.Novelty([0], [0], 8), 1e-10);
        Assert.Equal(3, ListMetrics.Novelty([99], [1], 8), 1e-10);
        Assert.Throws<ArgumentException>(() => ListMetrics.Novelty([], [1], 8));
    }

    [Fact]
    public void Diversity_is_one_minus_the_mean_similarity_of_pairs()
    {
        Func<int, int, float> similarity = (a, b) => a + b == 3 ? 1 : 0; // only the pair (1, 2)
        Assert.Equal(1 - 1.0 / 3, ListMetrics.IntraListDiversity([1, 2, 5], similarity), 1e-10);
        Assert.Equal(0, ListMetrics.IntraListDiversity([1], similarity));
        Assert.Throws<ArithmeticException>(() => ListMetrics.IntraListDiversity([1, 2], (_, _) => float.NaN));
    }

    [Fact]
    public void Ready_similarities_worked_by_hand()
    {
        var cosine = ItemSimilarities.Cosine([1, 0, 1, 1, 0, 0], 2);
        Assert.Equal(MathF.Sqrt(0.5f), cosine(0, 1), 1e-6);
        Assert.Equal(0, cosine(0, 2));
        Assert.Equal(0, cosine(0, 7));
        Assert.Throws<ArgumentException>(() => ItemSimilarities.Cosine([1, 2, 3], 2));

        var jaccard = ItemSimilarities.Jaccard([[1, 2, 3], [2, 3, 4, 5], []]);
        Assert.Equal(0.4f, jaccard(0, 1), 1e-6);
        Assert.Equal(0, jaccard(2, 2));
        Assert.Equal(0, jaccard(0, 9));
        Messages.Assert<ArgumentException>("item 1", () => ItemSimilarities.Jaccard([[1], [3, 2]]));
    }

    [Fact]
    public void Personalization_by_counts_equals_all_pairs_of_users()
    {
        var rng = new Rng(5);
        for (ulong trial = 0; trial < 30; trial++)
        {
            var lists = Enumerable.Range(0, 12).Select(u =>
            {
                var draw = rng.Stream(trial).Stream((ulong)u);
                return Enumerable.Range(0, 25).OrderBy(i => draw.Bits((ulong)i) + (i < 4 ? 0UL : 1UL << 60)).Take(5).ToArray();
            }).ToArray();
            var counts = new int[25];
            foreach (var item in lists.SelectMany(l => l)) counts[item]++;
            Assert.Equal(SlowRanking.Personalization(lists, 5), ListMetrics.Personalization(counts, 12, 5), 1e-10);
        }
        Assert.Equal(0, ListMetrics.Personalization([3, 3], 3, 2));
        Assert.Equal(1, ListMetrics.Personalization([1, 1, 1, 1], 2, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => ListMetrics.Personalization([1], 1, 1));
    }

    [Fact]
    public void Footrule_adds_up_how_far_items_moved()
    {
        Assert.Equal(0, ListMetrics.SpearmanFootrule([4, 5], [4, 5, 6]));
        Assert.Equal(2 + 0 + 2, ListMetrics.SpearmanFootrule([1, 2, 3], [3, 2, 1]));
        // 9 is not in the other list of two: it counts as third.
        Assert.Equal(2 + 1, ListMetrics.SpearmanFootrule([9, 1], [1, 2]));
    }

    [Fact]
    public void Edit_distance_agrees_with_its_recursion()
    {
        Assert.Equal(0, ListMetrics.NormalisedEditDistance([], []));
        Assert.Equal(1, ListMetrics.NormalisedEditDistance([], [1, 2]));
        Assert.Equal(1, ListMetrics.NormalisedEditDistance([1, 2], [3, 4]));
        var rng = new Rng(9);
        for (ulong trial = 0; trial < 60; trial++)
        {
            var a = Enumerable.Range(0, rng.Below(trial * 100, 7)).Select(i => rng.Below(trial * 100 + 1 + (ulong)i, 4)).ToArray();
            var b = Enumerable.Range(0, rng.Below(trial * 100 + 50, 7)).Select(i => rng.Below(trial * 100 + 51 + (ulong)i, 4)).ToArray();
            if (a.Length + b.Length == 0) continue;
            Assert.Equal(
                (double)SlowRanking.EditDistance(a, b) / Math.Max(a.Length, b.Length), ListMetrics.NormalisedEditDistance(a, b), 1e-10);
        }
    }

    [Fact]
    public void Discovery_is_the_share_of_new_categories()
    {
        Assert.Equal(2.0 / 3, ListMetrics.Discovery([1, 2, 2, 3], [1, 7]));
        Assert.Equal(1, ListMetrics.Discovery([1], []));
        Assert.Null(ListMetrics.Discovery([], [1]));
    }
}
