using Recsys.Features;
using Recsys.Rank;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Rank;

public sealed class GbdtLrTests
{
    private static readonly GbdtOptions Trees = new() { Trees = 6, MaxLeaves = 5 };

    private static float[] Scores(GbdtLr model, FeatureSet features, Examples examples)
    {
        var batch = features.CreateBatch(examples.Count);
        features.Assemble(examples, 0, examples.Count, batch);
        var scores = new float[examples.Count];
        model.Score(batch, scores);
        var before = GC.GetAllocatedBytesForCurrentThread();
        model.Score(batch, scores);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        return scores;
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0.6)]
    public void It_is_the_regression_on_the_leaves(double? part)
    {
        var (features, examples) = BoostingTreeTests.Clicks();
        var model = GbdtLr.Train(features, examples, new() { Trees = Trees, TreePart = part, Seed = 3 });
        var (forTrees, forLinear) = part is { } p ? examples.Split(p, 3) : (examples, examples);
        var trees = Gbdt.Train(features, forTrees, Trees);
        var linear = LogisticRegression.Train(
            GbdtLr.Leaves(trees, trees.Matrix(features, forLinear), forLinear.Count), forLinear.Label().ToArray());
        var expected = new float[examples.Count];
        linear.Probabilities(GbdtLr.Leaves(trees, trees.Matrix(features, examples), examples.Count), expected);
        var actual = Scores(model, features, examples);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-5);
        Assert.Equal(linear.Intercept, (float)model.Trees.BaseScore);
        Assert.True(actual.Zip(examples.Label().ToArray(), (s, y) => s > 0.5f == y > 0.5f ? 1 : 0).Sum() > 80);
        Assert.Same(features.Schema, model.Schema);
    }

    [Fact]
    public void Its_parts_get_their_options_weights_and_validation()
    {
        var (features, examples) = BoostingTreeTests.Clicks();
        var flat = GbdtLr.Train(features, examples, new() { Trees = Trees, Linear = new() { L2 = 1e9 } });
        Assert.All(CartTests.Nodes(flat.Trees.Trees).Where(n => n.IsLeaf), n => Assert.Equal(0, n.Value, 1e-4f));

        var stopping = Trees with { Trees = 200, LearningRate = 1, EarlyStoppingRounds = 2 };
        var stopped = GbdtLr.Train(features, examples, new() { Trees = stopping }, validation: examples);
        Assert.InRange(stopped.Trees.Trees.TreeCount, 1, 199);
        Assert.Throws<ArgumentException>(() => GbdtLr.Train(features, examples, new() { Trees = stopping }));

        // Rows of weight 0 are as good as absent, for the trees and for the regression.
        var table = Columns.From(Enumerable.Range(0, 90)).Text("colour", i => "rgb"[i % 3].ToString())
            .Number("click", i => i % 3 == 1 ? 1 : 0).Number("weight", i => i < 60 ? 2 : 0).Build();
        var schema = new FeatureSchema(Feature.Category("colour", Side.Context), Feature.Label("click"), Feature.Weight()).Fit(contexts: table);
        var weighted = schema.Examples(table);
        var (all, part) = (GbdtLr.Train(schema, weighted, new() { Trees = Trees }),
            GbdtLr.Train(schema, weighted.Slice(0, 60), new() { Trees = Trees }));
        var (expected, actual) = (Scores(part, schema, weighted), Scores(all, schema, weighted));
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-5);
    }

    [Fact]
    public void Threads_do_not_change_a_bit_and_its_scores_are_explained()
    {
        var (features, examples) = BoostingTreeTests.Clicks();
        GbdtLr Train(int threads) => GbdtLr.Train(features, examples, new()
        {
            Trees = Trees with { Threads = threads },
            Linear = new() { Threads = threads },
            TreePart = 0.5,
        });
        var model = Train(1);
        Assert.Equal(Scores(model, features, examples), Scores(Train(3), features, examples));

        var batch = features.CreateBatch(examples.Count);
        features.Assemble(examples, 0, examples.Count, batch);
        var scores = Scores(model, features, examples);
        var width = model.Layout!.ColumnCount + 1;
        var contributions = new double[examples.Count * width];
        model.Explain(batch, contributions);
        for (var i = 0; i < scores.Length; i++)
        {
            var raw = contributions.AsSpan(i * width, width).ToArray().Sum();
            Assert.Equal(scores[i], 1 / (1 + Math.Exp(-raw)), 1e-5);
        }
    }

    [Fact]
    public void Bad_options_and_cancelling_are_errors()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new GbdtLrOptions { TreePart = 1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new GbdtLrOptions { TreePart = double.NaN });
        Assert.Throws<ArgumentNullException>(() => new GbdtLrOptions { Trees = null! });
        var (features, examples) = BoostingTreeTests.Clicks();
        Assert.Throws<OperationCanceledException>(() => GbdtLr.Train(features, examples, cancel: new CancellationToken(true)));
    }

    [Fact]
    public void Its_file_is_safe()
    {
        var (features, examples) = BoostingTreeTests.Clicks();
        ModelFileContract.Check(GbdtLr.Train(features, examples, new() { Trees = Trees with { Trees = 2 } }),
            model => GbdtTests.Predict(model.Trees, CartTests.Grid(model.Trees.Trees)));
    }
}
