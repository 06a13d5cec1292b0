using Recsys.Numerics;
using Recsys.Rank;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Rank;

public sealed class GbdtObjectiveTests
{
    private static GbdtTargets Targets(float[] labels, float[]? weights = null, int[]? groups = null)
        => new(labels, weights ?? [], groups is null ? null : QueryRows.OfSizes(groups, labels.Length, "groups"));

    private static (float[] G, float[] H) Derivatives(GbdtObjective objective, GbdtTargets rows, float[][] scores, int output = 0)
    {
        var derivatives = objective.Derivatives(rows, 1);
        derivatives.BeginRound(scores, default);
        var (g, h) = (new float[rows.Count], new float[rows.Count]);
        derivatives.Fill(output, scores, 0, g, h);
        return (g, h);
    }

    public static TheoryData<string> RowObjectives => ["logistic", "squared", "huber", "poisson", "quantile"];

    internal static GbdtObjective Named(string name) => name switch
    {
        "logistic" => GbdtObjective.Logistic,
        "squared" => GbdtObjective.Squared,
        "huber" => GbdtObjective.Huber(0.8),
        "poisson" => GbdtObjective.Poisson(),
        "quantile" => GbdtObjective.Quantile(0.7),
        "softmax" => GbdtObjective.Softmax(3),
        "lambdamart" => GbdtObjective.LambdaMart(),
        "ranknet" => GbdtObjective.RankNet(),
        _ => GbdtObjective.Own((f, y, g, h) =>
        {
            for (var i = 0; i < f.Length; i++) (g[i], h[i]) = (MathF.Tanh(f[i] - y[i]), 1);
        }, 0.5),
    };

    /// <summary>Rows with labels that the objective takes.</summary>
    internal static (GbdtRows Rows, GbdtOptions Options) World(string name, int rows = 400, ulong seed = 5)
    {
        var (x, y) = GbdtTests.Clicks(rows, 4, seed);
        var rng = new Rng(seed + 1);
        for (var i = 0; i < rows; i++)
        {
            var signal = (float.IsNaN(x[4 * i]) ? 1 : x[4 * i]) + (0.5 * rng.Normal((ulong)i));
            y[i] = name switch
            {
                "logistic" => y[i],
                "softmax" => signal < -0.5 ? 0 : signal < 0.5 ? 1 : 2,
                "lambdamart" or "ranknet" => (float)Math.Clamp(Math.Round(signal + 1), 0, 4),
                "poisson" => (float)Math.Round(Math.Exp(signal)),
                _ => (float)signal,
            };
        }
        var groups = name is "lambdamart" or "ranknet" ? Enumerable.Repeat(20, rows / 20).ToArray() : null;
        return (new GbdtRows(x, 4, y) { Groups = groups },
            new GbdtOptions { Objective = Named(name), Trees = 6, MinChildWeight = 0.01, Threads = 1 });
    }

    [Theory]
    [MemberData(nameof(RowObjectives))]
    public void The_first_derivative_is_that_of_the_loss(string name)
    {
        var objective = Named(name);
        float[] f = [-2, -0.5f, 0.3f, 1.2f, 2.5f], y = name == "poisson" ? [0, 3, 1, 2, 7] : [1, 0, 1, 0, 1];
        var (g, h) = Derivatives(objective, Targets(y), [f]);
        for (var i = 0; i < f.Length; i++)
        {
            double Loss(double step) => objective.Loss(Targets([y[i]]), [[(float)(f[i] + step)]], 1)!.Value;
            Assert.Equal((Loss(0.01) - Loss(-0.01)) / 0.02, g[i], 2e-3);
            Assert.True(h[i] > 0);
        }
    }

    [Theory]
    [MemberData(nameof(RowObjectives))]
    public void The_start_is_the_best_constant(string name)
    {
        var objective = Named(name);
        var (rows, _) = World(name, 101);
        var targets = Targets(rows.Labels, [.. Enumerable.Range(0, 101).Select(i => (float)(i % 3))]);
        var start = objective.Start(targets)[0];
        double Loss(double f) => objective.Loss(targets, [[.. Enumerable.Repeat((float)f, 101)]], 1)!.Value;
        foreach (var step in new[] { -0.02, 0.02 }) Assert.True(Loss(start) <= Loss(start + step) + 1e-7, $"{start}, {step}");
    }

    [Fact]
    public void Softmax_derivatives_and_start_are_those_of_its_loss()
    {
        var objective = GbdtObjective.Softmax(3);
        float[][] scores = [[0.2f, -1], [1, 0.5f], [-0.3f, 2]];
        var rows = Targets([2, 1]);
        for (var k = 0; k < 3; k++)
        {
            var (g, h) = Derivatives(objective, rows, scores, k);
            for (var i = 0; i < 2; i++)
            {
                double Loss(float step) => objective.Loss(rows,
                    [.. scores.Select((s, at) => at == k ? s.Select((v, j) => j == i ? v + step : v).ToArray() : s)], 1)!.Value * 2;
                Assert.Equal((Loss(0.01f) - Loss(-0.01f)) / 0.02, g[i], 1e-3);
                Assert.Equal(1.5 * (Loss(0.05f) - (2 * Loss(0)) + Loss(-0.05f)) / 0.0025, h[i], 1e-2);
            }
        }
        Assert.Equal([Math.Log(0.5), Math.Log(0.25), Math.Log(0.25)], objective.Start(Targets([0, 0, 1, 2])).Select(s => Math.Round(s, 12)),
            (a, b) => Math.Abs(a - b) < 1e-9);
    }

    [Fact]
    public void Softmax_gives_probabilities_of_each_class()
    {
        var (rows, options) = World("softmax", 900);
        var model = Gbdt.Train(rows, options with { Trees = 30, LearningRate = 0.2 });
        Assert.Equal(3, model.OutputCount);
        Assert.Equal(30, model.RoundCount);
        Assert.Equal(90, model.Trees.TreeCount);
        var p = new float[900 * 3];
        model.Predict(rows.X, p);
        var right = 0;
        for (var i = 0; i < 900; i++)
        {
            var own = p.AsSpan(3 * i, 3);
            Assert.Equal(1, own[0] + own[1] + own[2], 1e-5);
            var best = own[0] > own[1] ? own[0] > own[2] ? 0 : 2 : own[1] > own[2] ? 1 : 2;
            if (best == rows.Labels[i]) right++;
        }
        Assert.InRange(right, 720, 900);
        // Blocks of rows and single rows agree, bit for bit.
        var one = new float[3];
        for (var i = 0; i < 900; i += 37)
        {
            model.Predict(rows.X.AsSpan(4 * i, 4), one);
            Assert.Equal(p[(3 * i)..((3 * i) + 3)], one);
        }
        Assert.Throws<ArgumentException>(() => model.Predict(rows.X, new float[900]));
    }

    [Fact]
    public void Two_classes_by_softmax_are_near_the_logistic_ones()
    {
        var (x, y) = GbdtTests.Clicks(1500, 4);
        var logistic = GbdtTests.Predict(Gbdt.Train(x, 4, y, options: new() { Trees = 40 }), x);
        var softmax = new float[3000];
        Gbdt.Train(x, 4, y, options: new() { Trees = 40, Objective = GbdtObjective.Softmax(2) }).Predict(x, softmax);
        Assert.InRange(logistic.Select((p, i) => Math.Abs(p - softmax[(2 * i) + 1])).Average(), 0, 0.03);
    }

    [Theory]
    [InlineData(0.2)]
    [InlineData(0.9)]
    public void Quantiles_split_the_labels(double level)
    {
        var (rows, options) = World("quantile", 4_000);
        options = options with { Objective = GbdtObjective.Quantile(level) };
        var model = Gbdt.Train(rows, options with { Trees = 40, LearningRate = 0.3, MinLeafRows = 200 });
        var scores = GbdtTests.Predict(model, rows.X);
        Assert.InRange(scores.Zip(rows.Labels, (f, y) => y <= f ? 1.0 : 0).Average(), level - 0.03, level + 0.03);
        // Each leaf of a single tree holds the quantile of what reaches it, weights and all.
        var weights = Enumerable.Range(0, 4_000).Select(i => (float)(1 + (i % 4))).ToArray();
        var one = Gbdt.Train(rows with { Weights = weights }, options with
        {
            Trees = 1,
            LearningRate = 1,
        });
        var leaves = new int[4_000];
        one.Trees.Leaves(rows.X, 4_000, leaves);
        var raw = GbdtTests.Predict(one, rows.X);
        foreach (var leaf in Enumerable.Range(0, 4_000).GroupBy(i => leaves[i]))
        {
            double Loss(double f) => leaf.Sum(i => weights[i] * (rows.Labels[i] > f ? level : level - 1) * (rows.Labels[i] - f));
            var value = raw[leaf.First()];
            foreach (var step in new[] { -1e-3, 1e-3 }) Assert.True(Loss(value) <= Loss(value + step) + 1e-4);
        }
    }

    [Fact]
    public void Huber_is_not_moved_by_outliers_and_poisson_predicts_counts()
    {
        var (rows, options) = World("huber", 1_000);
        var spoilt = rows with { Labels = [.. rows.Labels.Select((y, i) => i % 50 == 0 ? 1000 : y)] };
        double Error(GbdtObjective objective) => GbdtTests.Predict(Gbdt.Train(spoilt, options with { Objective = objective, Trees = 50 }),
            rows.X).Zip(rows.Labels, (f, y) => (double)Math.Abs(f - y)).Order().ElementAt(500);
        Assert.True(Error(GbdtObjective.Huber()) < 0.2 * Error(GbdtObjective.Squared));

        var (counts, poisson) = World("poisson", 2_000);
        var scores = GbdtTests.Predict(Gbdt.Train(counts, poisson with { Trees = 100 }), counts.X);
        Assert.All(scores, s => Assert.True(s > 0));
        Assert.Equal(counts.Labels.Average(), scores.Average(), 0.05);
    }

    [Fact]
    public void Own_derivatives_of_a_known_loss_are_that_loss()
    {
        var (x, y) = GbdtTests.Clicks(500, 4);
        var own = GbdtObjective.Own((f, labels, g, h) =>
        {
            Elementwise.Sigmoid(f, g);
            for (var i = 0; i < f.Length; i++)
            {
                h[i] = MathF.Max(g[i] * (1 - g[i]), 1e-16f);
                g[i] -= labels[i];
            }
        }, start: 0.25);
        var weights = Enumerable.Range(0, 500).Select(i => 1f + (i % 2)).ToArray();
        var expected = Gbdt.Train(x, 4, y, weights, new() { Trees = 5, BaseScore = 0.25 });
        var actual = Gbdt.Train(x, 4, y, weights, new() { Trees = 5, Objective = own });
        Assert.Equal(CartTests.Nodes(expected.Trees), CartTests.Nodes(actual.Trees));
        Assert.Equal(0.25, actual.BaseScore);
        var raw = new float[500];
        expected.RawScores(x, raw);
        Assert.Equal(raw, GbdtTests.Predict(actual, x));
        Assert.Throws<ArgumentException>(() => Gbdt.Train(x, 4, y, options: new() { Objective = own },
            validation: new GbdtValidation(x, y)));
    }

    [Theory]
    [InlineData(float.NaN, 1)]
    [InlineData(1, -1)]
    [InlineData(1, float.PositiveInfinity)]
    public void Own_derivatives_that_are_not_finite_are_named(float first, float second)
    {
        var own = GbdtObjective.Own((f, y, g, h) =>
        {
            g.Fill(1);
            h.Fill(1);
            (g[2], h[2]) = (first, second);
        });
        Assert.Contains("row 2", Assert.Throws<ArithmeticException>(
            () => Gbdt.Train([1, 2, 3, 4], 1, [0, 0, 1, 1], options: new() { Objective = own })).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("logistic", 2)]
    [InlineData("poisson", -1)]
    [InlineData("softmax", 3)]
    [InlineData("softmax", 0.5f)]
    [InlineData("lambdamart", -1)]
    [InlineData("lambdamart", 1.5f)]
    [InlineData("lambdamart", 32)]
    [InlineData("squared", float.NaN)]
    [InlineData("ranknet", float.PositiveInfinity)]
    public void A_label_outside_the_domain_is_named_with_its_row_and_value(string name, float label)
    {
        var rows = new GbdtRows([1, 2, 3, 4], 1, [0, 1, label, 1]) { Groups = [4] };
        var error = Assert.Throws<ArgumentException>(() => Gbdt.Train(rows, new() { Objective = Named(name) }));
        Assert.Contains($"row 2 is {label}", error.Message, StringComparison.Ordinal);
        var good = rows with { Labels = [0, 1, 0, 1] };
        Assert.Contains("row 2", Assert.Throws<ArgumentException>(() => Gbdt.Train(good, new() { Objective = Named(name) },
            new GbdtValidation(rows.X, rows.Labels, null, [4]))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_out_of_range_are_errors()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => GbdtObjective.Huber(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => GbdtObjective.Quantile(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => GbdtObjective.Quantile(double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => GbdtObjective.Softmax(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => GbdtObjective.Poisson(-1));
        Assert.Throws<ArgumentNullException>(() => GbdtObjective.Own(null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => new GbdtRankingOptions { Sigma = 0 });
        Assert.Throws<ArgumentNullException>(() => new GbdtOptions { Objective = null! });
    }

    [Theory]
    [InlineData("huber")]
    [InlineData("softmax")]
    [InlineData("lambdamart")]
    public void Its_file_is_safe(string name)
    {
        var (rows, options) = World(name, 60);
        ModelFileContract.Check(Gbdt.Train(rows, options with { Trees = 2, MaxLeaves = 4 }), model =>
        {
            var grid = CartTests.Grid(model.Trees);
            var scores = new float[grid.Length / model.Trees.ColumnCount * model.OutputCount];
            model.Predict(grid, scores);
            return scores;
        });
    }

    [Fact]
    public void Every_objective_comes_back_from_its_file()
    {
        foreach (var name in new[] { "logistic", "squared", "huber", "poisson", "quantile", "softmax", "lambdamart", "ranknet", "own" })
        {
            var (rows, options) = World(name, 100);
            var model = Gbdt.Train(rows, options with { Trees = 1 });
            using var stream = new MemoryStream();
            Recsys.Persistence.ModelFile.Save(stream, model);
            stream.Position = 0;
            var copy = Recsys.Persistence.ModelFile.Load<Gbdt>(stream);
            Assert.Equal(options.Objective.ToString(), copy.Objective.ToString());
            if (name == "own") Assert.Throws<ArgumentException>(() => Gbdt.Train(rows, new() { Objective = copy.Objective }));
        }
    }
}
