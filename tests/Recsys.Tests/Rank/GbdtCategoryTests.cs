using Recsys.Features;
using Recsys.Numerics;
using Recsys.Rank;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Rank;

public sealed class GbdtCategoryTests
{
    // Without rules of its own a category split is the best of all splits into two sets.
    private static readonly GbdtCategoryOptions Free = new() { Smoothing = 0, L2 = 0, MinGroupRows = 1, MaxListed = int.MaxValue };

    private static readonly GbdtOptions OneTree = new()
    {
        Objective = GbdtObjective.Squared,
        Trees = 1,
        LearningRate = 1,
        L2 = 0,
        MinChildWeight = 0,
        CategoricalColumns = [0],
        Categories = Free,
        Threads = 1,
    };

    private static (float[] X, float[] Y) World(int rows, int categories, ulong seed = 3, double missing = 0.1)
    {
        var rng = new Rng(seed);
        var (x, y) = (new float[rows], new float[rows]);
        for (var i = 0; i < rows; i++)
        {
            var c = rng.Below((ulong)i, categories);
            x[i] = rng.Stream(1).UniformDouble((ulong)i) < missing ? float.NaN : 3 * c;
            y[i] = (float)((float.IsNaN(x[i]) ? 0.3 : rng.Stream(2).Normal((ulong)c)) + (0.1 * rng.Stream(3).Normal((ulong)i)));
        }
        return (x, y);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(7)]
    public void The_first_split_is_the_best_of_all_sets(int categories)
    {
        var (x, y) = World(200, categories);
        var model = Gbdt.Train(x, 1, y, options: OneTree with { MaxLeaves = 2, Categories = Free with { OneByOneUpTo = 0 } });
        var mean = y.Average(v => (double)v);
        double Gain(IEnumerable<int> rows) => rows.ToArray() is { Length: > 0 } own
            ? Math.Pow(own.Sum(i => y[i] - mean), 2) / own.Length / 2
            : 0;
        var best = 0.0;
        for (var set = 1; set < 1 << (categories + 1); set++)
        {
            var own = set;
            bool Left(int i) => (own >> (float.IsNaN(x[i]) ? categories : (int)x[i] / 3) & 1) == 1;
            best = Math.Max(best, Gain(Enumerable.Range(0, 200).Where(Left)) + Gain(Enumerable.Range(0, 200).Where(i => !Left(i))));
        }
        Assert.True(model.Trees[0].IsCategorical);
        Assert.Equal(best, model.Trees[0].Gain, 1e-3);
    }

    [Fact]
    public void Each_category_alone_is_tried_where_they_are_few()
    {
        float[] x = [1, 1, 2, 2, 3, 3, 4, 4], y = [0, 0, 5, 5, 2, 2, 0, 0];
        var model = Gbdt.Train(x, 1, y, options: OneTree with { MaxLeaves = 2 });
        Assert.Equal([2], model.Trees.Categories(0).ToArray());
        Assert.Equal([5, 5, 2 / 3f], GbdtTests.Predict(model, [2, 2, 3]), (a, b) => Math.Abs(a - b) < 1e-5);
    }

    [Fact]
    public void A_deep_tree_tells_all_categories_apart_and_missing_from_them()
    {
        var (x, y) = World(2_000, 40);
        var model = Gbdt.Train(x, 1, y, options: OneTree with { MaxLeaves = 100 });
        var scores = GbdtTests.Predict(model, x);
        foreach (var group in Enumerable.Range(0, 2_000).GroupBy(i => x[i]))
        {
            var mean = group.Average(i => y[i]);
            Assert.All(group, i => Assert.Equal(mean, scores[i], 1e-3));
        }
    }

    [Fact]
    public void What_training_did_not_see_goes_right_at_every_set()
    {
        var (x, y) = World(600, 12);
        var model = Gbdt.Train(x, 1, y, options: OneTree with { Trees = 3, LearningRate = 0.5, MaxLeaves = 8 });
        var expected = 0f;
        for (var tree = 0; tree < 3; tree++)
        {
            var node = model.Trees.Root(tree);
            while (!model.Trees[node].IsLeaf) node = model.Trees[node].Right;
            expected += model.Trees[node].Value;
        }
        foreach (var unseen in new[] { 1, 1000, -3, 0.5f, 3e9f, float.PositiveInfinity, float.NegativeInfinity })
            Assert.Equal((float)model.BaseScore + expected, GbdtTests.Predict(model, [unseen])[0], 1e-5);
    }

    [Fact]
    public void The_rules_of_category_splits_are_kept()
    {
        var (x, y) = World(3_000, 60, missing: 0);
        var sizes = x.GroupBy(v => v).ToDictionary(g => (int)g.Key, g => g.Count());
        var options = OneTree with
        {
            Trees = 4,
            MaxLeaves = 12,
            Categories = new() { MaxListed = 5, MinGroupRows = 150, Smoothing = 45, L2 = 1, OneByOneUpTo = 0 },
        };
        var model = Gbdt.Train(x, 1, y, options: options);
        Assert.True(model.Trees.HasCategories);
        for (var node = 0; node < model.Trees.NodeCount; node++)
        {
            if (!model.Trees[node].IsCategorical) continue;
            var listed = model.Trees.Categories(node).ToArray();
            Assert.InRange(listed.Length, 1, 5);
            Assert.InRange(listed.Sum(c => sizes[c]), 150, 3_000);
            Assert.All(listed, c => Assert.True(sizes[c] >= 45));
            Assert.True(model.Trees[node].Gain > 0);
        }
    }

    [Fact]
    public void A_hundred_thousand_categories_work()
    {
        const int Rows = 120_000, Categories = 100_000;
        var rng = new Rng(8);
        var (x, y) = (new float[2 * Rows], new float[Rows]);
        for (var i = 0; i < Rows; i++)
        {
            // A few categories are common; the rest come up once or twice.
            var c = i % 3 == 0 ? rng.Below((ulong)i, 50) : 50 + rng.Below((ulong)i, Categories - 50);
            (x[2 * i], x[(2 * i) + 1]) = (c, (float)rng.Stream(1).Normal((ulong)i));
            y[i] = (c < 50 ? c % 2 : 0.5f) + (0.1f * x[(2 * i) + 1]);
        }
        var options = new GbdtOptions { Objective = GbdtObjective.Squared, Trees = 12, LearningRate = 0.5, CategoricalColumns = [0] };
        var model = Gbdt.Train(x, 2, y, options: options);
        var scores = GbdtTests.Predict(model, x);
        Assert.InRange(scores.Zip(y, (s, label) => (s - label) * (double)(s - label)).Average(), 0, 0.003);
        Assert.Equal(CartTests.Nodes(model.Trees), CartTests.Nodes(Gbdt.Train(x, 2, y, options: options with { Threads = 3 }).Trees));
        // The free rules list as many as they like.
        var free = Gbdt.Train(x, 2, y, options: options with { Trees = 1, Categories = Free });
        Assert.True(free.Trees.Categories(0).Length > 1000);
    }

    [Fact]
    public void Numbers_that_are_no_categories_are_named()
    {
        foreach (var bad in new[] { -1, 0.5f, float.PositiveInfinity, 2e7f })
        {
            var error = Assert.Throws<ArgumentException>(
                () => Gbdt.Train([1, 1, 2, bad], 2, [0, 1], options: new() { CategoricalColumns = [1] }));
            Assert.Contains("row 1, column 1", error.Message, StringComparison.Ordinal);
        }
        Assert.Throws<ArgumentException>(() => Gbdt.Train([1, 2], 1, [0, 1], options: new() { CategoricalColumns = [1] }));
        // One category, or only missing ones, have nothing to split.
        Assert.Equal(1, Gbdt.Train([7, 7, 7], 1, [0, 1, 0], options: OneTree).Trees.LeafCount);
        Assert.Equal(1, Gbdt.Train([float.NaN, float.NaN], 1, [0, 1], options: OneTree).Trees.LeafCount);
    }

    [Fact]
    public void Codes_of_a_schema_are_split_by_sets_unless_told_otherwise()
    {
        var rng = new Rng(2);
        var table = Columns.From(Enumerable.Range(0, 4_000)).Text("zip", i => $"z{rng.Below((ulong)i, 90)}")
            .Number("click", i => rng.Below((ulong)i, 90) * 7 % 5 < 2 ? 1 : 0).Build();
        var features = new FeatureSchema(Feature.Category("zip", Side.Context), Feature.Label("click")).Fit(contexts: table);
        var examples = features.Examples(table);
        var options = new GbdtOptions { Trees = 3, Categories = new() { MinGroupRows = 10 } };
        var model = Gbdt.Train(features, examples, options);
        Assert.True(model.Trees.HasCategories);
        var numbers = Gbdt.Train(features, examples, options with { Categories = new() { SplitBySets = false } });
        Assert.False(numbers.Trees.HasCategories);
        var batch = features.CreateBatch(examples.Count);
        features.Assemble(examples, 0, examples.Count, batch);
        float[] Scores(Gbdt from)
        {
            var scores = new float[examples.Count];
            from.Score(batch, scores);
            var before = GC.GetAllocatedBytesForCurrentThread();
            from.Score(batch, scores);
            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
            return scores;
        }
        double Loss(float[] p) => p.Zip(examples.Label().ToArray(), (s, y) => -Math.Log(y == 1 ? s : 1 - s)).Average();
        Assert.True(Loss(Scores(model)) < Loss(Scores(numbers)));
    }

    [Fact]
    public void Its_file_is_safe()
    {
        var (x, y) = World(200, 12);
        ModelFileContract.Check(Gbdt.Train(x, 1, y, options: OneTree with { Trees = 2, MaxLeaves = 4 }), model =>
        {
            float[] grid = [.. Enumerable.Range(0, 40).Select(i => (float)i), float.NaN, -1];
            return GbdtTests.Predict(model, model.Trees.ColumnCount == 1 ? grid : CartTests.Grid(model.Trees));
        });
    }
}
