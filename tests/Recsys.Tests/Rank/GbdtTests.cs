using Recsys.Numerics;
using Recsys.Rank;
using Recsys.Tests.Reference;
using Recsys.Trees;

namespace Recsys.Tests.Rank;

public sealed class GbdtTests
{
    private static readonly GbdtOptions OneTree = new() { Trees = 1, LearningRate = 1, MaxLeaves = 8, Threads = 1 };

    internal static (float[] X, float[] Y) Clicks(int rows, int columns = 5, ulong seed = 5, double missing = 0.1)
    {
        var rng = new Rng(seed);
        var (x, y) = (new float[rows * columns], new float[rows]);
        for (var i = 0; i < x.Length; i++)
            x[i] = rng.Stream(1).UniformDouble((ulong)i) < missing ? float.NaN : (float)rng.Normal((ulong)i);
        for (var i = 0; i < rows; i++)
        {
            var f = float.IsNaN(x[i * columns]) ? 1.5 : Math.Sin(2 * x[i * columns]) + (x[(i * columns) + 1] > 0.3f ? 1.0 : -1.0);
            y[i] = rng.Stream(2).UniformDouble((ulong)i) < 1 / (1 + Math.Exp(-2 * f)) ? 1 : 0;
        }
        return (x, y);
    }

    internal static float[] Predict(Gbdt model, float[] x)
    {
        var scores = new float[x.Length / model.Trees.ColumnCount];
        model.Predict(x, scores);
        return scores;
    }

    private static double Loss(Gbdt model, float[] x, float[] y)
        => Predict(model, x).Zip(y, (p, label) => -Math.Log(Math.Max(1e-9, label == 1 ? p : 1 - p))).Average();

    [Theory]
    [InlineData(1, 0, 0, 1, 1, 0)]
    [InlineData(0, 0, 0, 0, 1, 0)]
    [InlineData(0.5, 2, 0.3, 0, 1, 0)]
    [InlineData(3, 0, 0, 4, 1, 3)]
    [InlineData(1, 0, 0, 0, 9, 2)]
    public void On_small_data_a_tree_is_that_of_the_exact_search(
        double l2, double l1, double minGain, double minWeight, int minRows, int depth)
    {
        var (x, y) = Clicks(120, 3);
        var options = OneTree with
        {
            L2 = l2,
            L1 = l1,
            MinGain = minGain,
            MinChildWeight = minWeight,
            MinLeafRows = minRows,
            MaxDepth = depth,
            BaseScore = 0.25,
        };
        var model = Gbdt.Train(x, 3, y, options: options);
        var p = 1 / (1 + Math.Exp(-0.25));
        double[][] rows = [.. Enumerable.Range(0, 120).Select(i => Array.ConvertAll(x[(3 * i)..((3 * i) + 3)], v => (double)v))];
        var slow = new SlowBoosting(rows, Array.ConvertAll(y, label => p - label), Array.ConvertAll(y, _ => p * (1 - p)),
            new SplitRules(l2, l1, minGain, minWeight, minRows));
        var root = slow.Grow(8, depth == 0 ? -1 : depth);
        Assert.True(model.Trees.LeafCount > 2);
        Assert.Equal(root.Column, model.Trees[0].Column);
        Assert.Equal(root.Gain, model.Trees[0].Gain, 1e-4);
        var raw = new float[120];
        model.RawScores(x, raw);
        for (var i = 0; i < 120; i++) Assert.Equal(0.25 + slow.Score(rows[i], root), raw[i], 1e-5);
    }

    [Fact]
    public void Squared_loss_without_penalties_is_the_regression_tree()
    {
        var (x, y) = CartTests.Noise(80, 3);
        var options = OneTree with
        {
            Objective = GbdtObjective.Squared,
            L2 = 0,
            Growth = GbdtGrowth.DepthWise,
            MaxDepth = 3,
            MaxLeaves = 100,
            BaseScore = 0,
        };
        var cart = Cart.Train(x, 3, y, options: new() { MaxDepth = 3 });
        var expected = new float[80];
        cart.Predict(x, expected);
        var actual = Predict(Gbdt.Train(x, 3, y, options: options), x);
        for (var i = 0; i < 80; i++) Assert.Equal(expected[i], actual[i], 1e-5);
    }

    [Fact]
    public void Gains_are_positive_and_leaves_minimise_the_objective()
    {
        var (x, y) = Clicks(600);
        var weights = Enumerable.Range(0, 600).Select(i => 0.5f + (i % 4)).ToArray();
        const double L2 = 0.7, L1 = 0.4;
        var model = Gbdt.Train(x, 5, y, weights, OneTree with { L2 = L2, L1 = L1, MaxLeaves = 16, BaseScore = 0 });
        Assert.All(CartTests.Nodes(model.Trees).Where(n => !n.IsLeaf), n => Assert.True(n.Gain > 0));
        var leaves = new int[600];
        model.Trees.Leaves(x, 600, leaves);
        var raw = new float[600];
        model.RawScores(x, raw);
        foreach (var group in Enumerable.Range(0, 600).GroupBy(i => leaves[i]))
        {
            double Objective(double c) => group.Sum(i => weights[i] * (((0.5 - y[i]) * c) + (0.25 * c * c / 2)))
                + (L2 / 2 * c * c) + (L1 * Math.Abs(c));
            double c = raw[group.First()];
            Assert.All(group, i => Assert.Equal(c, raw[i]));
            foreach (var step in new[] { -1e-2, 1e-2 }) Assert.True(Objective(c) <= Objective(c + step) + 1e-9);
        }
    }

    // Codes, order and score; half a byte is left for histograms and pieces.
    [Fact]
    public void Training_takes_the_codes_and_eight_bytes_for_each_row()
    {
        const int Rows = 100_000;
        var (x, y) = Clicks(Rows, 8);
        var weights = Enumerable.Range(0, Rows).Select(i => 1f + (i % 3)).ToArray();
        var options = OneTree with { Trees = 2, MaxLeaves = 4, BinSampleRows = 1_000 };
        Gbdt.Train(x[..800], 8, y[..100], weights[..100], options);
        foreach (var objective in new[] { GbdtObjective.Logistic, GbdtObjective.Squared, GbdtObjective.Poisson() })
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            Gbdt.Train(x, 8, y, weights, options with { Objective = objective });
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (8 + 8 + 6) * Rows);
        }
    }

    [Fact]
    public void Threads_do_not_change_a_bit()
    {
        var (x, y) = Clicks(30_000);
        var options = new GbdtOptions { Trees = 4, RowSample = 0.9, ColumnSample = 0.7, BinSampleRows = 5_000, MinLeafRows = 3 };
        var one = Gbdt.Train(x, 5, y, options: options with { Threads = 1 });
        foreach (var threads in new[] { 2, 5 })
            Assert.Equal(CartTests.Nodes(one.Trees),
                CartTests.Nodes(Gbdt.Train(x, 5, y, options: options with { Threads = threads }).Trees));
    }

    [Fact]
    public void The_order_of_the_rows_does_not_matter()
    {
        var (x, y) = Clicks(500);
        var order = new int[500];
        new Permutation(500, new Rng(1)).Fill(0, order);
        var shuffled = Gbdt.Train([.. order.SelectMany(i => x[(5 * i)..((5 * i) + 5)])], 5, [.. order.Select(i => y[i])],
            options: new() { Trees = 5 });
        Assert.Equal(Predict(Gbdt.Train(x, 5, y, options: new() { Trees = 5 }), x), Predict(shuffled, x));
    }

    [Fact]
    public void Monotone_transforms_of_the_columns_do_not_matter()
    {
        var (x, y) = Clicks(500);
        var cubed = Array.ConvertAll(x, v => v * v * v);
        var expected = Predict(Gbdt.Train(x, 5, y, options: new() { Trees = 5 }), x);
        Assert.Equal(expected, Predict(Gbdt.Train(cubed, 5, y, options: new() { Trees = 5 }), cubed));
    }

    [Fact]
    public void Scores_of_training_are_scores_of_the_model()
    {
        var (x, y) = Clicks(2_000);
        foreach (var sample in new[] { 1, 0.6 })
        {
            var reported = 0.0;
            var model = Gbdt.Train(x, 5, y, options: new() { Trees = 8, RowSample = sample },
                progress: new Reports(p => reported = p.Loss!.Value));
            Assert.Equal(reported, Loss(model, x, y), 1e-5);
        }
    }

    [Theory]
    [InlineData(GbdtGrowth.LeafWise)]
    [InlineData(GbdtGrowth.DepthWise)]
    public void Trees_keep_their_limits(GbdtGrowth growth)
    {
        var (x, y) = Clicks(2_000);
        var model = Gbdt.Train(x, 5, y, options: new() { Trees = 3, Growth = growth, MaxLeaves = 11, MaxDepth = 5, MinLeafRows = 20 });
        var leaves = new int[2_000 * 3];
        model.Trees.Leaves(x, 2_000, leaves);
        Assert.All(leaves.GroupBy(l => l), g => Assert.InRange(g.Count(), 20, 2_000));
        for (var tree = 0; tree < 3; tree++)
        {
            Assert.InRange(model.Trees.Depth(tree), 2, growth == GbdtGrowth.DepthWise ? 4 : 5);
            Assert.InRange(model.Trees.FirstLeaf(tree + 1) - model.Trees.FirstLeaf(tree), 2, 11);
        }
    }

    [Fact]
    public void More_trees_fit_better_and_the_informative_columns_matter()
    {
        var (x, y) = Clicks(3_000);
        var few = Gbdt.Train(x, 5, y, options: new() { Trees = 3 });
        var many = Gbdt.Train(x, 5, y, options: new() { Trees = 40 });
        Assert.True(Loss(many, x, y) < Loss(few, x, y));
        var (fresh, labels) = Clicks(3_000, seed: 6);
        Assert.True(Loss(many, fresh, labels) < 0.45);
        var gains = many.Trees.GainByColumn();
        Assert.True(gains[0] + gains[1] > 3 * (gains[2] + gains[3] + gains[4]));
        Assert.Equal(many.Trees.NodeCount - many.Trees.LeafCount, many.Trees.SplitsByColumn().Sum());
    }

    [Fact]
    public void Training_stops_early_and_keeps_the_best()
    {
        var (x, y) = Clicks(400);
        var (vx, vy) = Clicks(400, seed: 9);
        var losses = new List<double>();
        var options = new GbdtOptions { Trees = 300, LearningRate = 0.5, EarlyStoppingRounds = 5 };
        var model = Gbdt.Train(x, 5, y, options: options, validation: new GbdtValidation(vx, vy),
            progress: new Reports(p => losses.Add(p.Loss!.Value)));
        Assert.Equal(losses.IndexOf(losses.Min()) + 1, model.Trees.TreeCount);
        Assert.Equal(model.Trees.TreeCount + 5, losses.Count);
        Assert.Equal(losses.Min(), model.BestValidation);
        Assert.Equal(losses.Min(), Loss(model, vx, vy), 1e-5);

        var own = Gbdt.Train(x, 5, y, options: options with { Metric = ValidationMetric.Lower("own", (scores, _, _) => Math.Abs(scores[0] - 0.5)) },
            validation: new GbdtValidation(vx, vy));
        Assert.Equal(Math.Abs(Predict(own, vx)[0] - 0.5), own.BestValidation!.Value, 1e-6);
        Assert.Throws<ArgumentException>(() => Gbdt.Train(x, 5, y, options: options));
    }

    [Fact]
    public void Without_anything_to_split_the_score_is_the_mean()
    {
        Assert.All(Predict(Gbdt.Train([1, 1, 1, 1], 1, [0, 1, 1, 1]), [1, 9, float.NaN]), p => Assert.Equal(0.75, p, 1e-6));
        float[] missing = [float.NaN, float.NaN, float.NaN, float.NaN];
        Assert.All(Predict(Gbdt.Train(missing, 1, [0, 1, 1, 1]), [1, float.NaN]), p => Assert.Equal(0.75, p, 1e-6));
        Assert.All(Predict(Gbdt.Train([5], 1, [1]), [5, -5]), p => Assert.InRange(p, 0.999f, 1));
        Assert.All(Predict(Gbdt.Train([1, 2, 3], 1, [0, 0, 0]), [1, 2]), p => Assert.InRange(p, 0, 0.001f));
        Assert.Equal([7], Predict(Gbdt.Train([1, 2], 2, [7], options: new() { Objective = GbdtObjective.Squared }), [0, 0]));
    }

    [Fact]
    public void Missing_and_infinite_values_are_values()
    {
        var options = new GbdtOptions { Trees = 20, L2 = 0, MinChildWeight = 0, Objective = GbdtObjective.Squared, LearningRate = 1 };
        float[] x = [float.NegativeInfinity, -1, 0, 1, float.PositiveInfinity, float.NaN];
        float[] y = [3, 1, 4, 1, 5, 9];
        var scores = Predict(Gbdt.Train(x, 1, y, options: options), x);
        for (var i = 0; i < y.Length; i++) Assert.Equal(y[i], scores[i], 1e-4);
        // Only missing or not: every value goes one way, the largest too.
        var split = Gbdt.Train([1, 1, float.NaN, float.NaN], 1, [0, 0, 1, 1], options: options);
        Assert.Equal([0, 0, 0, 1],
            Predict(split, [1, float.PositiveInfinity, float.NegativeInfinity, float.NaN]).Select(s => MathF.Round(s)));
    }

    [Fact]
    public void Rows_of_weight_zero_do_not_count()
    {
        var (x, y) = Clicks(250);
        var weights = Enumerable.Range(0, 250).Select(i => i < 150 ? 1f : 0f).ToArray();
        var options = new GbdtOptions { Trees = 3 };
        // Every value has a bin, so the others only move thresholds within gaps.
        var part = Predict(Gbdt.Train(x[..750], 5, y[..150], options: options), x[..750]);
        var weighted = Predict(Gbdt.Train(x, 5, y, weights, options), x[..750]);
        for (var i = 0; i < 150; i++) Assert.Equal(part[i], weighted[i], 1e-6);
    }

    [Theory]
    [InlineData(0.5f)]
    [InlineData(2)]
    [InlineData(float.NaN)]
    public void Labels_outside_the_domain_are_named(float label)
        => Assert.Contains("row 1", Assert.Throws<ArgumentException>(() => Gbdt.Train([1, 2], 1, [0, label])).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Labels_too_large_are_an_error_not_a_NaN()
        => Assert.Throws<ArithmeticException>(() => Gbdt.Train(
            [1, 2, 3], 1, [float.MaxValue, float.MinValue, float.MaxValue], options: new() { Objective = GbdtObjective.Squared }));

    [Fact]
    public void Cancelling_stops_it()
    {
        using var cancel = new CancellationTokenSource();
        var (x, y) = Clicks(300);
        Assert.Throws<OperationCanceledException>(() => Gbdt.Train(x, 5, y, options: new() { Trees = 1000 },
            progress: new Reports(p => cancel.Cancel()), cancel: cancel.Token));
    }

    internal sealed class Reports(Action<TrainProgress> report) : IProgress<TrainProgress>
    {
        public void Report(TrainProgress value) => report(value);
    }
}
