using Recsys.Features;
using Recsys.Numerics;
using Recsys.Rank;

namespace Recsys.Tests.Rank;

public sealed class GbdtRankingTests
{
    private static double Discount(int place) => 1 / Math.Log2(2 + place);

    /// <summary>LightGBM's loops over one query, as they stand in its source, for scores without ties.</summary>
    private static (double[] G, double[] H) Slow(float[] scores, float[] labels, int truncation, bool normalise, double sigma, bool ndcg)
    {
        var n = scores.Length;
        var order = Enumerable.Range(0, n).OrderByDescending(i => scores[i]).ToArray();
        var best = labels.OrderDescending().Take(truncation).Select((y, place) => (Math.Pow(2, y) - 1) * Discount(place)).Sum();
        var (g, h, sum) = (new double[n], new double[n], 0.0);
        for (var i = 0; i < n && (!ndcg || i < truncation); i++)
        {
            for (var j = i + 1; j < n; j++)
            {
                if (labels[order[i]] == labels[order[j]]) continue;
                var (high, low) = labels[order[i]] > labels[order[j]] ? (i, j) : (j, i);
                var gap = Math.Pow(2, labels[order[high]]) - Math.Pow(2, labels[order[low]]);
                var delta = scores[order[high]] - (double)scores[order[low]];
                var weight = ndcg ? gap * Math.Abs(Discount(high) - Discount(low)) / best : 1;
                if (ndcg && normalise) weight /= 0.01 + Math.Abs(delta);
                var rho = 1 / (1 + Math.Exp(sigma * delta));
                g[order[high]] -= sigma * weight * rho;
                g[order[low]] += sigma * weight * rho;
                h[order[high]] += sigma * sigma * weight * rho * (1 - rho);
                h[order[low]] += sigma * sigma * weight * rho * (1 - rho);
                sum += 2 * sigma * weight * rho;
            }
        }
        var factor = normalise && sum > 0 ? Math.Log2(1 + sum) / sum : 1;
        return (Array.ConvertAll(g, v => v * factor), Array.ConvertAll(h, v => v * factor));
    }

    private static (float[] G, float[] H) Derivatives(GbdtObjective objective, float[] scores, float[] labels, int[] groups)
    {
        var rows = new GbdtTargets(labels, [], QueryRows.OfSizes(groups, labels.Length, "groups"));
        var derivatives = objective.Derivatives(rows, 1);
        derivatives.BeginRound([scores], default);
        var (g, h) = (new float[labels.Length], new float[labels.Length]);
        derivatives.Fill(0, [scores], 0, g, h);
        return (g, h);
    }

    [Theory]
    [InlineData(true, 30, true, 1)]
    [InlineData(true, 3, true, 1)]
    [InlineData(true, 3, false, 2)]
    [InlineData(false, 30, true, 1)]
    [InlineData(false, 30, false, 0.5)]
    public void Gradients_are_those_of_the_slow_loops(bool ndcg, int truncation, bool normalise, double sigma)
    {
        var rng = new Rng(3);
        var (scores, labels) = (new float[37], new float[37]);
        for (var i = 0; i < 37; i++) (scores[i], labels[i]) = ((float)rng.Normal((ulong)i), rng.Stream(1).Below((ulong)i, 4));
        var options = new GbdtRankingOptions { Truncation = truncation, Normalise = normalise, Sigma = sigma };
        var (g, h) = Derivatives(
            ndcg ? GbdtObjective.LambdaMart(options) : GbdtObjective.RankNet(options), scores, labels, [12, 1, 24]);
        var start = 0;
        foreach (var size in new[] { 12, 1, 24 })
        {
            var (slowG, slowH) = Slow(scores[start..(start + size)], labels[start..(start + size)], truncation, normalise, sigma, ndcg);
            for (var i = 0; i < size; i++)
            {
                Assert.Equal(slowG[i], g[start + i], 1e-5);
                Assert.Equal(slowH[i], h[start + i], 1e-5);
            }
            start += size;
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    public void Rows_of_equal_scores_get_the_mean_over_their_orders(int truncation)
    {
        // Scores that differ by next to nothing stand in a given order; their mean over all orders is what equals get.
        float[] scores = [1, 0, 0, 0, -1], labels = [0, 2, 1, 0, 1];
        var objective = GbdtObjective.LambdaMart(new() { Truncation = truncation, Normalise = false });
        var expected = new double[5];
        int[][] orders = [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]];
        foreach (var order in orders)
        {
            float[] apart = [.. scores];
            for (var i = 0; i < 3; i++) apart[order[i]] = 1e-6f * (1 - i);
            var (slow, _) = Slow(apart, labels, truncation, false, 1, true);
            for (var i = 0; i < 5; i++) expected[i] += slow[i] / 6;
        }
        var (g, _) = Derivatives(objective, scores, labels, [5]);
        for (var i = 0; i < 5; i++) Assert.Equal(expected[i], g[i], 1e-5);
    }

    [Fact]
    public void Queries_with_nothing_to_order_have_no_gradient()
    {
        var (g, h) = Derivatives(GbdtObjective.LambdaMart(), [1, 2, 3, 4], [0, 0, 2, 2], [2, 2]);
        Assert.All(g.Concat(h), v => Assert.Equal(0, v));
        Assert.Equal(0, GbdtLosses.Ndcg([2, 2], 3).Measure([4, 3, 2, 1], [0, 0, 1, 0]));
    }

    [Fact]
    public void Ndcg_is_the_formula_and_ties_share_places()
    {
        float[] labels = [3, 2, 0, 1];
        var best = 7 + (3 * Discount(1));
        Assert.Equal(1 - ((1 + (7 * Discount(1))) / best), GbdtLosses.Ndcg([4], 2).Measure([0.5f, 0, -1, 2], labels), 1e-12);
        Assert.Equal(1 - ((3 + (1 * Discount(1))) / (3 + (2 * Discount(1)))),
            GbdtLosses.Ndcg([4], 2, exponentialGains: false).Measure([3, 0, -1, 2], labels), 1e-12);
        Assert.Equal(1 - ((7 + 3) / 2.0 * (1 + Discount(1)) / best), GbdtLosses.Ndcg([4], 2).Measure([2, 2, 0, 1], labels), 1e-12);
        Assert.Equal(GbdtLosses.Ndcg([2, 2], 5).Measure([1, 2, 3, 4], [1, 0, 0, 1]), (1 - Discount(1)) / 2, 1e-12);
    }

    [Theory]
    [InlineData("lambdamart")]
    [InlineData("ranknet")]
    public void Training_learns_to_rank_and_stops_by_its_measure(string name)
    {
        var (rows, options) = GbdtObjectiveTests.World(name, 2_000);
        var (fresh, _) = GbdtObjectiveTests.World(name, 1_000, seed: 77);
        var judged = GbdtLosses.Ndcg(fresh.Groups!, 5);
        var model = Gbdt.Train(rows, options with { Trees = 200, EarlyStoppingRounds = 10, Metric = judged },
            new GbdtValidation(fresh.X, fresh.Labels, null, fresh.Groups));
        Assert.Equal(model.BestValidation!.Value, judged.Measure(GbdtTests.Predict(model, fresh.X), fresh.Labels), 1e-4);
        Assert.True(model.BestValidation < 0.3, $"{model.BestValidation}");
        Assert.InRange(model.RoundCount, 2, 190);
        // The objective's own measure.
        var losses = new List<double>();
        var byItself = Gbdt.Train(rows, options with { Trees = 30, EarlyStoppingRounds = 5 },
            new GbdtValidation(fresh.X, fresh.Labels, null, fresh.Groups), new GbdtTests.Reports(p => losses.Add(p.Loss!.Value)));
        Assert.Equal(losses.Min(), byItself.BestValidation);
        if (name == "lambdamart")
            Assert.Equal(losses.Min(), GbdtLosses.Ndcg(fresh.Groups!, 10).Measure(GbdtTests.Predict(byItself, fresh.X), fresh.Labels), 1e-4);
    }

    [Fact]
    public void The_order_of_rows_within_a_query_and_of_queries_does_not_matter()
    {
        var (rows, options) = GbdtObjectiveTests.World("lambdamart", 400);
        var expected = GbdtTests.Predict(Gbdt.Train(rows, options), rows.X);
        var rng = new Rng(9);
        var order = Enumerable.Range(0, 400).OrderBy(i => rng.UniformDouble((ulong)(i / 20)))
            .ThenBy(i => rng.Stream(1).UniformDouble((ulong)i)).ToArray();
        var shuffled = new GbdtRows([.. order.SelectMany(i => rows.X[(4 * i)..((4 * i) + 4)])], 4, [.. order.Select(i => rows.Labels[i])])
        {
            Groups = rows.Groups,
        };
        Assert.Equal(expected, GbdtTests.Predict(Gbdt.Train(shuffled, options), rows.X));
    }

    [Theory]
    [InlineData(new[] { 2, 1 }, "hold 3 rows, but there are 4")]
    [InlineData(new[] { 2, 3, 1 }, "The first 2 of 3 queries hold 5 rows")]
    [InlineData(new[] { 4, 0 }, "Query 1 has 0 rows")]
    [InlineData(new[] { 5, -1 }, "hold 5 rows")]
    [InlineData(null, "which rows belong to one query")]
    public void Groups_that_do_not_add_up_are_errors(int[]? groups, string message)
    {
        var rows = new GbdtRows([1, 2, 3, 4], 1, [0, 1, 0, 1]) { Groups = groups };
        Assert.Contains(message, Assert.Throws<ArgumentException>(
            () => Gbdt.Train(rows, new() { Objective = GbdtObjective.LambdaMart() })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Examples_are_ranked_within_their_queries()
    {
        var rng = new Rng(4);
        var label = new float[600];
        for (var i = 0; i < 600; i++) label[i] = rng.Normal((ulong)i) is var quality && quality > 0.5 ? 2 : quality > -0.5 ? 1 : 0;
        // Rows of a query lie apart.
        var data = Columns.From(Enumerable.Range(0, 600)).Text("query", i => $"q{i % 30}").Number("quality", i => rng.Normal((ulong)i))
            .Number("label", i => label[i]).Build();
        var schema = new FeatureSchema(Feature.Number("quality", Side.Context), Feature.Label("label", binary: false));
        var features = schema.Fit(contexts: data);
        var examples = features.Examples(data, new() { Query = "query" });
        var model = Gbdt.Train(features, examples, new() { Objective = GbdtObjective.LambdaMart(), Trees = 20, MinChildWeight = 1e-3 });
        var batch = features.CreateBatch(600);
        features.Assemble(examples, 0, 600, batch);
        var scores = new float[600];
        model.Score(batch, scores);
        for (var i = 1; i < 600; i++)
            if (label[i] > label[i - 1]) Assert.True(scores[i] > scores[i - 1]);
        var without = features.Examples(data);
        Assert.Contains("belong to one query", Assert.Throws<ArgumentException>(() => Gbdt.Train(features, without,
            new() { Objective = GbdtObjective.LambdaMart() })).Message, StringComparison.Ordinal);
    }
}
