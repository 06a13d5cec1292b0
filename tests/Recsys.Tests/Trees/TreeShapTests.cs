using Recsys.Numerics;
using Recsys.Rank;
using Recsys.Tests.Rank;
using Recsys.Tests.Reference;
using Recsys.Trees;

namespace Recsys.Tests.Trees;

public sealed class TreeShapTests
{
    /// <summary>A random tree: any column may split again on the same path; some covers are 0.</summary>
    internal static TreeEnsemble RandomTrees(int columns, int trees, int splits, ulong seed, double empty = 0.1)
    {
        var builder = new TreeBuilder();
        var (rng, draw) = (new Rng(seed), 0ul);
        for (var tree = 0; tree < trees; tree++)
        {
            var leaves = new List<int> { builder.BeginTree() };
            for (var split = 0; split < splits; split++)
            {
                var at = rng.Below(draw++, leaves.Count);
                var threshold = rng.Below(draw++, 9) - 0.5f;
                var left = builder.Split(leaves[at], rng.Below(draw++, columns), threshold, rng.Below(draw++, 2) == 0, 1);
                leaves[at] = left;
                leaves.Add(left + 1);
                foreach (var child in new[] { left, left + 1 })
                    builder.SetCover(child, rng.UniformDouble(draw++) < empty ? 0 : rng.UniformDouble(draw++));
            }
            foreach (var leaf in leaves) builder.SetValue(leaf, rng.Normal(draw++));
        }
        return builder.Build(columns);
    }

    private static float[] Row(int columns, ulong seed)
        => [.. Enumerable.Range(0, columns).Select(c => new Rng(seed).Stream(9).Below((ulong)c, 10)).Select(v => v == 9 ? float.NaN : v)];

    private static double[] Fast(TreeEnsemble trees, float[] rows)
    {
        var contributions = new double[rows.Length / trees.ColumnCount * (trees.ColumnCount + 1)];
        trees.Contributions(rows, contributions);
        return contributions;
    }

    [Theory]
    [InlineData(1, 1, 10)]
    [InlineData(1, 12, 20)]
    [InlineData(3, 8, 30)]
    [InlineData(6, 25, 20)]
    [InlineData(10, 60, 3)]
    public void They_are_the_Shapley_values_of_the_definition(int columns, int splits, ulong seeds)
    {
        for (var seed = 0ul; seed < seeds; seed++)
        {
            var trees = RandomTrees(columns, 2, splits, seed);
            var row = Row(columns, seed);
            var expected = SlowShapley.Values(trees, row);
            var actual = Fast(trees, row);
            for (var i = 0; i <= columns; i++) Assert.Equal(expected[i], actual[i], 1e-10);
            // Any number of rows together, in any lane.
            var others = Row(columns, seed + 100);
            var many = Fast(trees, [.. others, .. others, .. others, .. row, .. others, .. others, .. others, .. others, .. row, .. others]);
            Assert.Equal(actual, many[(3 * (columns + 1))..(4 * (columns + 1))]);
            Assert.Equal(actual, many[(8 * (columns + 1))..(9 * (columns + 1))]);
        }
    }

    [Theory]
    [InlineData(5, 40)]
    [InlineData(40, 400)]
    [InlineData(300, 3000)]
    public void They_add_up_to_the_score(int columns, int splits)
    {
        for (var seed = 0ul; seed < 10; seed++)
        {
            var trees = RandomTrees(columns, 3, splits, seed);
            var row = Row(columns, seed);
            var score = new float[1];
            trees.AddTo(row, score);
            Assert.Equal(score[0], Fast(trees, row).Sum(), 1e-5);
        }
    }

    [Fact]
    public void A_path_with_more_columns_than_quadrature_is_exact_for_still_adds_up()
    {
        // One long chain: every right child splits the next column.
        const int Columns = 400;
        var builder = new TreeBuilder();
        var at = builder.BeginTree();
        for (var column = 0; column < Columns; column++)
        {
            var left = builder.Split(at, column, 0.5f, true, 1);
            builder.SetCover(left, 1 + column % 3);
            builder.SetCover(left + 1, 5 + column % 7);
            builder.SetValue(left, column % 5);
            at = left + 1;
        }
        builder.SetValue(at, 100);
        var trees = builder.Build(Columns);
        var ones = Enumerable.Repeat(1f, Columns).ToArray();
        var contributions = Fast(trees, ones);
        Assert.Equal(100, contributions.Sum(), 1e-9);
        Assert.All(contributions, c => Assert.True(double.IsFinite(c)));
    }

    [Fact]
    public void Of_a_trained_model_they_add_up_to_the_raw_score_and_idle_columns_get_nothing()
    {
        var (x, y) = GbdtTests.Clicks(800);
        var wide = new float[800 * 6];
        for (var i = 0; i < 800; i++) x.AsSpan(5 * i, 5).CopyTo(wide.AsSpan(6 * i));
        var model = Gbdt.Train(wide, 6, y, options: new() { Trees = 30 });
        var (contributions, raw) = (new double[800 * 7], new float[800]);
        model.Contributions(wide, contributions);
        model.RawScores(wide, raw);
        var magnitudes = new double[6];
        for (var i = 0; i < 800; i++)
        {
            Assert.Equal(raw[i], contributions[(7 * i)..((7 * i) + 7)].Sum(), 1e-5);
            for (var c = 0; c < 6; c++) magnitudes[c] += Math.Abs(contributions[(7 * i) + c]);
        }
        Assert.Equal(0, magnitudes[5]);
        Assert.True(magnitudes[0] > magnitudes[2] && magnitudes[1] > magnitudes[2]);
        // The base is the mean score, seen through the weights of the second derivatives.
        Assert.InRange(contributions[6], raw.Min(), raw.Max());
    }

    [Fact]
    public void Splits_by_sets_of_categories_and_several_classes_are_explained()
    {
        var rng = new Rng(4);
        const int Rows = 300;
        var (x, y) = (new float[2 * Rows], new float[Rows]);
        for (var i = 0; i < Rows; i++)
        {
            (x[2 * i], x[(2 * i) + 1]) = (rng.Below((ulong)(2 * i), 12), (float)rng.Normal((ulong)((2 * i) + 1)));
            y[i] = x[2 * i] % 3 == 1 ? 2 : x[(2 * i) + 1] > 0 ? 1 : 0;
        }
        var model = Gbdt.Train(x, 2, y, options: new()
        {
            Trees = 4,
            Objective = GbdtObjective.Softmax(3),
            CategoricalColumns = [0],
            Categories = new() { Smoothing = 1, MinGroupRows = 10 },
        });
        Assert.True(model.Trees.HasCategories);
        var (contributions, raw) = (new double[Rows * 9], new float[Rows * 3]);
        model.Contributions(x, contributions);
        model.RawScores(x, raw);
        for (var i = 0; i < 3 * Rows; i++) Assert.Equal(raw[i], contributions.AsSpan(3 * i, 3).ToArray().Sum(), 1e-5);
        for (var i = 0; i < 5; i++)
        {
            // All classes together are one game, too.
            var expected = SlowShapley.Values(model.Trees, x[(2 * i)..((2 * i) + 2)]);
            for (var c = 0; c < 2; c++)
                Assert.Equal(expected[c], Enumerable.Range(0, 3).Sum(k => contributions[(9 * i) + (3 * k) + c]), 1e-9);
        }
    }

    [Fact]
    public void The_base_is_the_mean_of_the_training_scores_for_squared_loss()
    {
        var (x, y) = CartTests.Noise(200, 3);
        var model = Gbdt.Train(x, 3, y, options: new() { Trees = 5, Objective = GbdtObjective.Squared });
        var contributions = new double[200 * 4];
        model.Contributions(x, contributions);
        Assert.Equal(GbdtTests.Predict(model, x).Average(), contributions[3], 1e-4);
    }

    [Fact]
    public void A_batch_is_explained_as_its_rows_are_and_without_allocating()
    {
        var (features, examples) = BoostingTreeTests.Clicks();
        var model = Gbdt.Train(features, examples, new() { Trees = 10, MinChildWeight = 0 });
        var batch = features.CreateBatch(examples.Count);
        features.Assemble(examples, 0, examples.Count, batch);
        var rows = new float[examples.Count * model.Layout!.ColumnCount];
        model.Layout.Fill(batch, rows);
        var width = model.Layout.ColumnCount + 1;
        var (expected, actual) = (new double[examples.Count * width], new double[(examples.Count * width) + 3]);
        model.Contributions(rows, expected);
        var explainer = Assert.IsAssignableFrom<IScoreExplainer>(model);
        explainer.Explain(batch, actual);
        Assert.Equal([.. expected, 0, 0, 0], actual);
        Allocations.AssertNone(() => explainer.Explain(batch, actual));
        // What pays for the score of a green one is that it is green.
        var green = actual.AsSpan(width, width - 1);
        Assert.Equal("colour=g", model.Layout.NameOf(features, green.IndexOf(green.ToArray().Max())));
        Assert.Throws<ArgumentOutOfRangeException>(() => explainer.Explain(batch, new double[5]));
        Assert.Throws<InvalidOperationException>(() => Gbdt.Train([1, 2], 1, [0, 1]).Explain(batch, actual));
    }

    [Fact]
    public void Lengths_that_do_not_fit_are_errors()
    {
        var trees = RandomTrees(3, 1, 4, 1);
        Assert.Throws<ArgumentException>(() => trees.Contributions(new float[3], new double[3]));
        Assert.Throws<ArgumentException>(() => trees.Contributions(new float[3], new double[8]));
        trees.Contributions([], []);
    }

    [Fact]
    public void Quadrature_integrates_polynomials_exactly()
    {
        foreach (var n in new[] { 1, 2, 3, 7, 20, 64 })
        {
            var rule = TreeShap.Quadrature.GaussLegendre(n);
            for (var degree = 0; degree < 2 * n; degree++)
                Assert.Equal(1.0 / (degree + 1), rule.Points.Zip(rule.Weights, (t, w) => w * Math.Pow(t, degree)).Sum(), 1e-13);
        }
    }
}
