using Recsys.Features;
using Recsys.Rank;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Rank;

public sealed class BoostingTreeTests
{
    private static float[] Predict(BoostingTree model, float[] x, int rows)
    {
        var scores = new float[rows];
        model.Predict(x, scores);
        return scores;
    }

    [Fact]
    public void The_worked_table_comes_out_as_printed()
    {
        var one = BoostingTree.Train(CartTests.X, 1, CartTests.Y, options: new() { Trees = 1 });
        Assert.Equal(6.5f, one.Trees[0].Threshold);
        var first = Predict(one, CartTests.X, 10);
        Assert.Equal([6.24, 8.91], new[] { first[0], first[9] }.Select(s => Math.Round((double)s, 2)));
        // The book subtracts the rounded leaves.
        double[] residuals = [.. CartTests.Y.Zip(first, (y, f) => Math.Round(y - Math.Round((double)f, 2), 2))];
        Assert.Equal([-0.68, -0.54, -0.33, 0.16, 0.56, 0.81, -0.01, -0.21, 0.09, 0.14], residuals);

        var two = BoostingTree.Train(CartTests.X, 1, CartTests.Y, options: new() { Trees = 2 });
        var root = two.Trees[two.Trees.Root(1)];
        Assert.Equal(3.5f, root.Threshold);
        var second = Cart.Train(CartTests.X, 1, Array.ConvertAll(residuals, r => (float)r), options: new() { MaxDepth = 1 }).Tree;
        Assert.Equal(3.5f, second[0].Threshold);
        Assert.Equal([-0.52, 0.22], new[] { second[0].Left, second[0].Right }.Select(n => Math.Round((double)second[n].Value, 2)));
        Assert.Equal([-0.52, 0.22], new[] { root.Left, root.Right }.Select(n => (double)two.Trees[n].Value),
            (a, b) => Math.Abs(a - b) < 0.01);
        // 1.93 after one tree, .79 after two, .17 after six: the book.
        Assert.Equal(1.93, one.TrainingError, 0.005);
        Assert.Equal(0.79, two.TrainingError, 0.011);
        Assert.Equal(0.17, BoostingTree.Train(CartTests.X, 1, CartTests.Y, options: new() { Trees = 6 }).TrainingError, 0.006);
    }

    [Fact]
    public void Each_tree_lowers_the_error_and_many_fit_the_data()
    {
        var (x, y) = CartTests.Noise(50, 3);
        var errors = new List<double>();
        var model = BoostingTree.Train(x, 3, y, options: new() { Trees = 60, MaxDepth = 3, LearningRate = 0.5, StartFromMean = true },
            progress: new Reports(p => errors.Add(p.Loss!.Value)));
        Assert.Equal(60, errors.Count);
        for (var i = 1; i < errors.Count; i++) Assert.True(errors[i] <= errors[i - 1] + 1e-12);
        Assert.True(errors[^1] < 0.01 * errors[0]);
        var scores = Predict(model, x, 50);
        Assert.Equal(model.TrainingError, scores.Zip(y, (s, v) => (double)(s - v) * (s - v)).Sum(), 1e-3);
    }

    [Fact]
    public void Weights_are_repetitions_and_limits_are_kept()
    {
        var (x, y) = CartTests.Noise(30, 2);
        var weights = Enumerable.Range(0, 30).Select(i => (float)(i % 4)).ToArray();
        int[] repeated = [.. Enumerable.Range(0, 30).SelectMany(i => Enumerable.Repeat(i, i % 4))];
        var options = new BoostingTreeOptions { Trees = 5, MaxDepth = 2, LearningRate = 0.5, StartFromMean = true };
        var weighted = BoostingTree.Train(x, 2, y, weights, options);
        var plain = BoostingTree.Train(
            [.. repeated.SelectMany(i => new[] { x[2 * i], x[(2 * i) + 1] })], 2, [.. repeated.Select(i => y[i])], options: options);
        Assert.Equal(plain.Start, weighted.Start, 1e-6f);
        Assert.Equal(plain.TrainingError, weighted.TrainingError, 1e-4);
        var (expected, actual) = (Predict(plain, x, 30), Predict(weighted, x, 30));
        for (var i = 0; i < 30; i++) Assert.Equal(expected[i], actual[i], 1e-5);
        Assert.Equal(CartTests.Nodes(plain.Trees).Select(n => n.Threshold), CartTests.Nodes(weighted.Trees).Select(n => n.Threshold));

        var wide = BoostingTree.Train(x, 2, y, options: options with { MinLeafRows = 9 }).Trees;
        Assert.All(CartTests.Nodes(wide).Where(n => n.IsLeaf), n => Assert.InRange(n.Cover, 9, 30));
        Assert.Equal(2, BoostingTree.Train(x, 2, y, options: options).Trees.Depth(0));
    }

    [Theory]
    [InlineData(float.NaN, 1, "row 1, column 0")]
    [InlineData(2, float.PositiveInfinity, "label of row 1")]
    public void Bad_input_is_named(float value, float label, string said)
        => Assert.Contains(said, Assert.Throws<ArgumentException>(
            () => BoostingTree.Train([1, value], 1, [0, label])).Message, StringComparison.Ordinal);

    [Fact]
    public void A_single_row_gives_its_label()
        => Assert.Equal([3], Predict(BoostingTree.Train([1, 2], 2, [3], options: new() { Trees = 2 }), [9, 9], 1));

    [Fact]
    public void Its_file_is_safe()
        => ModelFileContract.Check(BoostingTree.Train(CartTests.X, 1, CartTests.Y, options: new() { Trees = 3 }),
            model => Predict(model, CartTests.Grid(model.Trees), 7));

    [Fact]
    public void As_rankers_both_score_batches_as_they_score_rows_and_allocate_nothing()
    {
        var (features, examples) = Clicks();
        var cart = Cart.Train(features, examples, new() { Task = CartTask.Classification });
        var boosted = BoostingTree.Train(features, examples, new() { Trees = 5 });
        var batch = features.CreateBatch(examples.Count);
        features.Assemble(examples, 0, examples.Count, batch);
        var scores = new float[examples.Count];
        foreach (IRanker ranker in new IRanker[] { cart, boosted })
        {
            ranker.Score(batch, scores);
            ranker.Score(batch, scores);
            var before = GC.GetAllocatedBytesForCurrentThread();
            ranker.Score(batch, scores);
            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
            var labels = examples.Label();
            for (var i = 0; i < scores.Length; i++) Assert.Equal(labels[i] > 0.5, scores[i] > 0.5);
        }
        Assert.Same(features.Schema, cart.Schema);
        Assert.Throws<InvalidOperationException>(() => Cart.Train([1], 1, [1]).Score(batch, scores));
        Assert.Throws<InvalidOperationException>(() => BoostingTree.Train([1], 1, [1]).Score(batch, scores));
    }

    /// <summary>A click is a matter of colour alone; some sizes are missing.</summary>
    internal static (FeatureSet Features, Examples Examples) Clicks()
    {
        var table = Columns.From(Enumerable.Range(0, 90)).Text("colour", i => "rgb"[i % 3].ToString())
            .Number("size", i => i % 7 == 0 ? null : i % 10).Number("click", i => i % 3 == 1 ? 1 : 0).Build();
        var features = new FeatureSchema(
            Feature.Category("colour", Side.Context), Feature.Number("size", Side.Context, indicator: true), Feature.Label("click"))
            .Fit(contexts: table);
        return (features, features.Examples(table));
    }

    private sealed class Reports(Action<TrainProgress> report) : IProgress<TrainProgress>
    {
        public void Report(TrainProgress value) => report(value);
    }
}
