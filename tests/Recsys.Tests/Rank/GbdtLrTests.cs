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
