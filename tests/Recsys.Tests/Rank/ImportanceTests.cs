using Recsys.Evaluation;
using Recsys.Features;
using Recsys.Rank;

namespace Recsys.Tests.Rank;

public sealed class ImportanceTests
{
    private static readonly ValidationMetric Auc = ValidationMetric.Higher("AUC", AucMetrics.Auc);

    [Fact]
    public void Gains_and_splits_are_those_of_the_nodes_by_feature_and_by_value()
    {
        var (features, examples) = BoostingTreeTests.Clicks();
        var model = Gbdt.Train(features, examples, new() { Trees = 12, MinChildWeight = 0 });
        var byFeature = model.Importance();
        Assert.Equal(["colour", "size"], byFeature.Select(f => f.Feature));
        var inner = CartTests.Nodes(model.Trees).Where(n => !n.IsLeaf).ToList();
        Assert.Equal(inner.Count, byFeature.Sum(f => f.Splits));
        var size = model.Layout!.FirstColumn(1);
        Assert.Equal(inner.Count(n => n.Column == size), byFeature[1].Splits);
        Assert.Equal(inner.Where(n => n.Column < size).Sum(n => (double)n.Gain), byFeature[0].Gain, 1e-6);

        var byValue = FeatureImportance.ByColumn(model.Trees, model.Layout, features);
        Assert.Equal("colour=g", byValue[0].Feature);
        Assert.Equal(model.Layout.ColumnCount, byValue.Count);
        Assert.Equal(byFeature[0].Gain,
            byValue.Where(f => f.Feature.StartsWith("colour=", StringComparison.Ordinal)).Sum(f => f.Gain), 1e-6);
        Assert.Equal(byValue.Select(f => f.Gain).OrderDescending(), byValue.Select(f => f.Gain));

        Assert.Equal("column 1", Gbdt.Train([9, 1, 9, 2], 2, [0, 1], options: new() { MinChildWeight = 0 }).Importance()[0].Feature);
        Assert.Throws<ArgumentException>(() => FeatureImportance.ByColumn(model.Trees, ["one"]));
        Assert.Throws<ArgumentException>(
            () => FeatureImportance.ByFeature(Gbdt.Train([1, 2], 1, [0, 1]).Trees, model.Layout));
    }

    [Fact]
    public void Shuffling_what_matters_costs_and_shuffling_the_rest_does_not()
    {
        var (x, y) = GbdtTests.Clicks(2_000);
        var model = Gbdt.Train(x, 5, y, options: new() { Trees = 20 });
        var (fresh, labels) = GbdtTests.Clicks(2_000, seed: 6);
        var found = PermutationImportance.Measure((rows, scores) => model.Predict(rows, scores), fresh, 5, labels, Auc,
            ["a", "b", "c", "d", "e"], new() { Repeats = 4 });
        Assert.Equal(["a", "b"], found.Take(2).Select(f => f.Feature).Order());
        Assert.True(found[1].Mean > 5 * Math.Abs(found[2].Mean));
        Assert.All(found, f =>
        {
            Assert.Equal(4, f.Losses.Count);
            Assert.Equal(f.Losses.Average(), f.Mean, 1e-12);
            Assert.Equal(Math.Sqrt(f.Losses.Sum(l => Math.Pow(l - f.Mean, 2)) / 3), f.Deviation, 1e-12);
        });
        Assert.True(found[0].Deviation > 0);
        Assert.True(found[0].Losses.Distinct().Count() > 1);
    }

    [Fact]
    public void Seeds_decide_and_threads_do_not()
    {
        var (x, y) = GbdtTests.Clicks(300);
        var model = Gbdt.Train(x, 5, y, options: new() { Trees = 5 });
        double[] Means(PermutationOptions options) => [.. PermutationImportance.Measure(
            (rows, scores) => model.Predict(rows, scores), x, 5, y, Auc, options: options).SelectMany(p => p.Losses)];
        Assert.Equal(Means(new() { Threads = 1 }), Means(new() { Threads = 4 }));
        Assert.NotEqual(Means(new()), Means(new() { Seed = 2 }));
    }

    [Fact]
    public void Each_feature_has_shuffles_of_its_own()
    {
        float[] x = [.. Enumerable.Range(0, 60).SelectMany(i => new float[] { i, i })];
        float[] y = [.. Enumerable.Range(0, 60).Select(i => (float)i)];
        var found = PermutationImportance.Measure((rows, scores) =>
        {
            for (var i = 0; i < scores.Length; i++) scores[i] = (rows[2 * i] + rows[(2 * i) + 1]) / 2;
        }, x, 2, y, ValidationMetric.SquaredError);
        Assert.NotEqual(found[0].Losses, found[1].Losses);
    }

    [Fact]
    public void Lower_is_better_for_losses_and_a_model_that_ignores_a_column_loses_nothing()
    {
        float[] x = [.. Enumerable.Range(0, 60).SelectMany(i => new float[] { i, 7 * i % 60 })];
        float[] y = [.. Enumerable.Range(0, 60).Select(i => (float)i)];
        var found = PermutationImportance.Measure((rows, scores) =>
        {
            for (var i = 0; i < scores.Length; i++) scores[i] = rows[2 * i];
        }, x, 2, y, ValidationMetric.SquaredError);
        Assert.Equal(["column 0", "column 1"], found.Select(f => f.Feature));
        // Shuffled, the mean squared difference is about twice the variance: (60² - 1) / 12.
        Assert.InRange(found[0].Mean, 0.6 * 2 * 3599 / 12, 1.4 * 2 * 3599 / 12);
        Assert.All(found[1].Losses, loss => Assert.Equal(0, loss));
    }

    [Fact]
    public void Every_shape_of_feature_is_shuffled_alone()
    {
        const int Rows = 500;
        var table = Columns.From(Enumerable.Range(0, Rows)).Text("colour", i => "rgb"[i % 3].ToString())
            .Text("tags", i => i % 2 == 0 ? "x|y" : "z").Number("size", i => i % 5 == 0 ? null : i % 7)
            .Number("click", i => i % 3 == 1 || i % 5 == 0 ? 1 : 0).Build();
        var features = new FeatureSchema(
            Feature.Category("colour", Side.Context), Feature.MultiCategory("tags", Side.Context, '|'),
            Feature.Number("size", Side.Context, indicator: true), Feature.Label("click")).Fit(contexts: table);
        var examples = features.Examples(table);
        var model = Gbdt.Train(features, examples, new() { Trees = 20, MinChildWeight = 0 });
        var found = PermutationImportance.Measure(model, features, examples, Auc, new() { Repeats = 2 });
        Assert.Equal(["colour", "size", "tags"], found.Select(f => f.Feature).Order(StringComparer.Ordinal));
        var of = found.ToDictionary(f => f.Feature, f => f.Mean);
        Assert.True(of["colour"] > 0.1 && of["size"] > 0.05, $"{of["colour"]} {of["size"]}");
        Assert.Equal(0, of["tags"], 1e-3);
        // What a row is asked about is the only thing that changes: two rankers of one column each.
        var tags = PermutationImportance.Measure(new FirstTag(), features, examples, Auc, new() { Repeats = 2 });
        Assert.Equal(0, tags.Single(f => f.Feature == "colour").Mean);
        Assert.NotEqual(0, tags.Single(f => f.Feature == "tags").Mean);
    }

    [Fact]
    public void Bad_input_is_named()
    {
        var (features, examples) = BoostingTreeTests.Clicks();
        var model = Gbdt.Train(features, examples, new() { Trees = 1 });
        Assert.Throws<ArgumentException>(() => PermutationImportance.Measure(model, features, examples.Slice(0, 0), Auc));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PermutationOptions { Repeats = 0 });
        Assert.Throws<ArgumentException>(() => PermutationImportance.Measure((_, _) => { }, [1, 2], 1, [1, 2], Auc, ["a", "b"]));
        Assert.Throws<OperationCanceledException>(
            () => PermutationImportance.Measure(model, features, examples, Auc, cancel: new CancellationToken(true)));
    }

    private sealed class FirstTag : IRanker
    {
        public void Score(ExampleBatch batch, Span<float> scores)
        {
            for (var i = 0; i < batch.Count; i++) scores[i] = batch.MultiCategory("tags")[i][0];
        }
    }
}
