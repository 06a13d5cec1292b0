using Recsys.Numerics;
using Recsys.Rank;

namespace Recsys.Tests.Rank;

public sealed class GbdtContinuationTests
{
    [Theory]
    [InlineData("logistic")]
    [InlineData("quantile")]
    [InlineData("softmax")]
    [InlineData("lambdamart")]
    public void Training_in_two_parts_is_training_in_one(string name)
    {
        var (rows, options) = GbdtObjectiveTests.World(name, 600);
        options = options with { RowSample = 0.8, ColumnSample = 0.7 };
        var whole = Gbdt.Train(rows, options with { Trees = 9 });
        var first = Gbdt.Train(rows, options with { Trees = 4 });
        var second = Gbdt.Train(rows, options with { Trees = 5, WarmStart = first });
        Assert.Equal(4, first.RoundCount);
        Assert.Equal(9, second.RoundCount);
        Assert.Equal(CartTests.Nodes(whole.Trees), CartTests.Nodes(second.Trees));
        Assert.Equal(whole.BaseScores.ToArray(), second.BaseScores.ToArray());
    }

    [Fact]
    public void New_data_and_options_only_add_trees()
    {
        var (x, y) = GbdtTests.Clicks(800);
        var old = Gbdt.Train(x, 5, y, options: new() { Trees = 5 });
        var (fresh, labels) = GbdtTests.Clicks(900, seed: 31);
        var validation = new GbdtValidation(fresh, labels);
        var model = Gbdt.Train(fresh, 5, labels, options: new()
        {
            Trees = 20,
            MaxBins = 16,
            MaxLeaves = 5,
            LearningRate = 0.3,
            Seed = 9,
            WarmStart = old,
        });
        Assert.Equal(25, model.Trees.TreeCount);
        for (var node = 0; node < old.Trees.NodeCount; node++) Assert.Equal(old.Trees[node], model.Trees[node]);
        // Trees that make it worse are dropped: the old model is what is left.
        var noise = Array.ConvertAll(labels, label => 1 - label);
        var kept = Gbdt.Train(fresh, 5, noise, options: new() { Trees = 20, EarlyStoppingRounds = 3, WarmStart = old },
            validation: validation);
        Assert.Equal(5, kept.Trees.TreeCount);
        Assert.Equal(GbdtTests.Predict(old, fresh), GbdtTests.Predict(kept, fresh));
    }

    [Fact]
    public void A_model_of_something_else_cannot_be_continued()
    {
        var (x, y) = GbdtTests.Clicks(100);
        var old = Gbdt.Train(x, 5, y, options: new() { Trees = 2 });
        string Message(Action train) => Assert.Throws<ArgumentException>(train).Message;
        Assert.Contains("minimises logistic, not squared", Message(() => Gbdt.Train(x, 5, y, options: new()
        {
            WarmStart = old,
            Objective = GbdtObjective.Squared,
        })), StringComparison.Ordinal);
        Assert.Contains("5 columns, the data 1", Message(() => Gbdt.Train([1, 2], 1, [0, 1], options: new() { WarmStart = old })),
            StringComparison.Ordinal);
        Assert.Contains("BaseScore", Message(() => Gbdt.Train(x, 5, y, options: new() { WarmStart = old, BaseScore = 0.5 })),
            StringComparison.Ordinal);
        var three = Gbdt.Train(x, 5, y, options: new() { Trees = 1, Objective = GbdtObjective.Softmax(3) });
        Assert.Contains("softmax(3), not softmax(2)", Message(() => Gbdt.Train(x, 5, y, options: new()
        {
            WarmStart = three,
            Objective = GbdtObjective.Softmax(2),
        })), StringComparison.Ordinal);

        var (features, examples) = BoostingTreeTests.Clicks();
        Assert.Contains("on a matrix", Message(() => Gbdt.Train(features, examples, new() { WarmStart = old })), StringComparison.Ordinal);
        var layout = new Recsys.Features.DenseLayoutOptions { OneHotUpTo = 0 };
        var narrow = Gbdt.Train(features, examples, new() { Trees = 2, Layout = layout });
        var more = Gbdt.Train(features, examples, new() { Trees = 2, WarmStart = narrow });
        Assert.Equal(4, more.Trees.TreeCount);
        Assert.Equal(narrow.Layout!.ColumnCount, more.Layout!.ColumnCount);
        Assert.Contains("Layout", Message(() => Gbdt.Train(features, examples, new()
        {
            WarmStart = narrow,
            Layout = layout with { MissingAsNaN = true },
        })), StringComparison.Ordinal);
    }

    [Fact]
    public void Sampling_by_gradients_keeps_the_large_and_stands_for_the_rest()
    {
        const int Rows = 20_000;
        var rng = new Rng(2);
        var pairs = Enumerable.Range(0, Rows).SelectMany(i => new[] { 1, (float)rng.Normal((ulong)i) }).ToArray();
        float G(int row) => pairs[(2 * row) + 1];
        float H(int row) => pairs[2 * row];
        var all = Enumerable.Range(0, Rows);
        var (g, h) = (all.Select(G).ToArray(), all.Select(H).ToArray());
        var order = new int[Rows];
        var count = GradientSampling.Draw(order, pairs, [], new() { Top = 0.2, Other = 0.1 }, new Rng(3));
        Assert.InRange(count, 0.29 * Rows, 0.31 * Rows);
        var least = g.Select(Math.Abs).OrderDescending().ElementAt((int)(0.2 * Rows));
        var drawn = order[..count];
        Assert.Equal(drawn.Order(), drawn);
        Assert.Empty(Enumerable.Range(0, Rows).Where(i => Math.Abs(g[i]) > least).Except(drawn));
        foreach (var i in drawn)
        {
            var factor = Math.Abs(g[i]) > least ? 1 : 8;
            Assert.Equal(factor * g[i], G(i), 1e-2);
            Assert.Equal(factor * h[i], H(i), 1e-2);
        }
        Assert.Equal(Rows, drawn.Sum(i => (double)H(i)), tolerance: Rows * 0.02);
        Assert.Equal(g.Sum(v => (double)v), drawn.Sum(i => (double)G(i)), tolerance: 300);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(100)]
    public void A_place_of_the_descending_order_is_found(int count)
    {
        var rng = new Rng(5);
        for (var place = 0; place < count; place++)
        {
            var values = Enumerable.Range(0, count).Select(i => (float)rng.Stream((ulong)place).Below((ulong)i, 20)).ToArray();
            Assert.Equal(values.OrderDescending().ElementAt(place), GradientSampling.Descending([.. values], place));
        }
    }

    [Fact]
    public void Trees_of_sampled_gradients_are_nearly_as_good_and_the_same_for_any_threads()
    {
        var (x, y) = GbdtTests.Clicks(8_000);
        var options = new GbdtOptions { Trees = 30, LearningRate = 0.2, GradientSampling = new(), Threads = 1 };
        var model = Gbdt.Train(x, 5, y, options: options);
        Assert.Equal(CartTests.Nodes(model.Trees), CartTests.Nodes(Gbdt.Train(x, 5, y, options: options with { Threads = 3 }).Trees));
        var (fresh, labels) = GbdtTests.Clicks(4_000, seed: 44);
        double Loss(Gbdt by) => GbdtTests.Predict(by, fresh).Zip(labels, (p, l) => -Math.Log(Math.Max(1e-9, l == 1 ? p : 1 - p))).Average();
        var full = Gbdt.Train(x, 5, y, options: options with { GradientSampling = null });
        Assert.InRange(Loss(model), 0, Loss(full) + 0.02);
        // The first 1 / η rounds see all rows.
        Assert.Equal(CartTests.Nodes(Gbdt.Train(x, 5, y, options: options with { Trees = 5 }).Trees),
            CartTests.Nodes(Gbdt.Train(x, 5, y, options: options with { Trees = 5, GradientSampling = null }).Trees));
        Assert.NotEqual(model.Trees[model.Trees.Root(6)], full.Trees[full.Trees.Root(6)]);
        foreach (var bad in new[]
        {
            options with { RowSample = 0.5 },
            options with { GradientSampling = new() { Top = 0.6, Other = 0.6 } },
            options with { Objective = GbdtObjective.Quantile(0.5) },
        }) Assert.Throws<ArgumentException>(() => Gbdt.Train(x, 5, y, options: bad));
        Assert.Throws<ArgumentOutOfRangeException>(() => new GbdtGradientSampling { Top = 0 });
    }
}
