using Recsys.Evaluation;
using Recsys.Numerics;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Evaluation;

public sealed class IntervalTests
{
    [Fact]
    public void A_95_percent_interval_holds_the_true_mean_about_95_times_of_100()
    {
        var rng = new Rng(31);
        var protocol = new RankingProtocol { Bootstrap = 200, Threads = 1 };
        int held = 0, trials = 400;
        for (var trial = 0; trial < trials; trial++)
        {
            var values = Enumerable.Range(0, 80).Select(i => rng.Stream((ulong)trial).Uniform((ulong)i) < 0.3f ? 1f : 0).ToArray();
            var result = Bootstrap.Means(["x"], values, 80, protocol with { Seed = (ulong)trial }, default)[0];
            if (result.Low <= 0.3 && 0.3 <= result.High) held++;
        }
        Assert.InRange((double)held / trials, 0.91, 0.98);
    }

    [Fact]
    public void An_interval_matches_the_normal_one_where_that_is_right()
    {
        var rng = new Rng(32);
        var values = Enumerable.Range(0, 2000).Select(i => (float)rng.Normal((ulong)i)).ToArray();
        var result = Bootstrap.Means(["x"], values, 2000, new RankingProtocol { Bootstrap = 2000 }, default)[0];
        var error = 1.96 * Math.Sqrt(values.Select(v => (v - result.Value!.Value) * (v - result.Value.Value)).Average() / 2000);
        Assert.Equal(result.Value!.Value - error, result.Low!.Value, error * 0.1);
        Assert.Equal(result.Value!.Value + error, result.High!.Value, error * 0.1);
    }

    [Fact]
    public void Missing_values_are_left_out_and_one_user_has_no_interval()
    {
        var protocol = new RankingProtocol { Bootstrap = 100 };
        var results = Bootstrap.Means(["a", "b"], [1, float.NaN, 3, 5], 2, protocol, default);
        Assert.Equal(2, results[0].Value);
        Assert.Equal((5.0, 1L), (results[1].Value!.Value, results[1].Count));
        Assert.Equal((5.0, 5.0), (results[1].Low!.Value, results[1].High!.Value));
        var one = Bootstrap.Means(["a"], [1], 1, protocol, default)[0];
        Assert.Equal((1.0, null, null), (one.Value!.Value, one.Low, one.High));
        Assert.Equal((null, null), Bootstrap.Interval([double.NaN, double.NaN], 0.95));
        Assert.Equal((1.5, 2.5), Bootstrap.Interval([double.NaN, 3, 1, 2], 0.5));
    }

    [Fact]
    public void The_randomisation_test_of_few_users_is_near_the_exact_one()
    {
        // Of the 32 sign patterns of 1..5, those with |sum| >= 13: sums 15 and 13, both ways: 4 of 32.
        var (_, _, p) = PairedTest.Test([1, 2, 3, 4, 5, -1 + 1], 40_000, 0.95, 1, 2);
        Assert.Equal(2.0 / 32, p, 0.006); // |sum| >= 15
        (_, _, p) = PairedTest.Test([-1, 2, 3, 4, 5], 40_000, 0.95, 1, 2);
        Assert.Equal(4.0 / 32, p, 0.008);
        (_, _, p) = PairedTest.Test([0, 0, 0], 1000, 0.95, 1, 1);
        Assert.Equal(1, p);
    }

    [Fact]
    public void P_values_are_uniform_where_nothing_differs()
    {
        var rng = new Rng(41);
        var below = 0;
        for (ulong trial = 0; trial < 300; trial++)
        {
            var differences = Enumerable.Range(0, 50).Select(i => rng.Stream(trial).Normal((ulong)i)).ToArray();
            if (PairedTest.Test(differences, 200, 0.95, trial, 1).PValue <= 0.1) below++;
        }
        Assert.InRange(below, 15, 48); // 30 expected
    }

    [Fact]
    public void A_better_model_is_found_and_the_same_one_is_not()
    {
        var data = ContractData.Skewed();
        var split = Recsys.Data.Splits.RandomPerUser(data, 0.3);
        var oracle = RankingEvaluator.Evaluate("oracle", FunctionRecaller.Oracle(split.Test), split);
        var random = RankingEvaluator.Evaluate("random", FunctionRecaller.Random(160, 1), split);
        var result = PairedTest.Compare(oracle, random, "NDCG@10", threads: 1);
        Assert.Equal(result, PairedTest.Compare(oracle, random, "NDCG@10", threads: 3));
        Assert.Equal(oracle["NDCG@10"].Value!.Value - random["NDCG@10"].Value!.Value, result.Difference, 1e-6);
        Assert.InRange(result.Difference, result.Low, result.High);
        Assert.Equal(1.0 / 10_001, result.PValue, 1e-10);
        Assert.Equal(
            result.Users,
            result.Wins + result.Losses + oracle.PerUser("NDCG@10").Zip(random.PerUser("NDCG@10")).Count(x => x.First == x.Second));
        Assert.StartsWith("NDCG@10: oracle - random = +0.", result.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, PairedTest.Compare(random, random, "NDCG@10").PValue);

        var other = RankingEvaluator.Evaluate(
            "oracle", FunctionRecaller.Oracle(split.Test), split, new RankingProtocol { ExcludeTrainItems = false });
        Messages.Assert<ArgumentException>("protocols", () => PairedTest.Compare(oracle, other, "NDCG@10"));
        Assert.Throws<KeyNotFoundException>(() => PairedTest.Compare(oracle, random, "NDCG@11"));
        Assert.Throws<ArgumentOutOfRangeException>(() => PairedTest.Compare(oracle, random, "NDCG@10", resamples: 10));
    }
}
