using Recsys.Numerics;
using Recsys.Rank;

namespace Recsys.Tests.Rank;

/// <summary>What holds for every objective.</summary>
public sealed class GbdtPropertyTests
{
    private const int Rows = 400;

    public static TheoryData<string> Objectives =>
        ["logistic", "squared", "huber", "poisson", "quantile", "softmax", "lambdamart", "ranknet", "own"];

    private static float[] Raw(Gbdt model, float[] x)
    {
        var scores = new float[x.Length / model.Trees.ColumnCount * model.OutputCount];
        model.RawScores(x, scores);
        return scores;
    }

    // Derivatives at the base scores, which the trees of the first round were grown from.
    private static (float[] G, float[] H) Derivatives(GbdtRows rows, GbdtOptions options, Gbdt model, int output)
    {
        var targets = new GbdtTargets(rows.Labels, rows.Weights ?? [],
            rows.Groups is null ? null : QueryRows.OfSizes(rows.Groups, rows.Labels.Length, "groups"));
        var scores = model.BaseScores.ToArray().Select(start => Enumerable.Repeat(start, rows.Labels.Length).ToArray()).ToArray();
        var derivatives = options.Objective.Derivatives(targets, 1);
        derivatives.BeginRound(scores, default);
        var (g, h) = (new float[rows.Labels.Length], new float[rows.Labels.Length]);
        derivatives.Fill(output, scores, 0, g, h);
        for (var i = 0; i < g.Length; i++) (g[i], h[i]) = ((float)(g[i] * targets.Weight(i)), (float)(h[i] * targets.Weight(i)));
        return (g, h);
    }

    /// <summary>The least of G c + ½ (H + λ) c² + α |c| by thirds: no formula of the code under test.</summary>
    private static (double Value, double At) Least(double g, double h, double l2, double l1)
    {
        double Cost(double c) => (g * c) + ((h + l2) / 2 * c * c) + (l1 * Math.Abs(c));
        var (low, high) = (-(Math.Abs(g) + 1) / (h + l2), (Math.Abs(g) + 1) / (h + l2));
        for (var i = 0; i < 90; i++)
        {
            var (a, b) = (low + ((high - low) / 3), high - ((high - low) / 3));
            if (Cost(a) <= Cost(b)) high = b;
            else low = a;
        }
        return (Cost((low + high) / 2), (low + high) / 2);
    }

    [Theory]
    [MemberData(nameof(Objectives))]
    public void Gains_are_what_a_split_saves_and_leaves_are_the_best_values(string name)
    {
        // Fewer rows than bins: every threshold can be found.
        const int Few = 240;
        const double L2 = 0.7, L1 = 0.6, MinGain = 0.02;
        var (rows, options) = GbdtObjectiveTests.World(name, Few);
        rows = rows with { Weights = [.. Enumerable.Range(0, Few).Select(i => 0.5f + (i % 4))] };
        options = options with { Trees = 1, LearningRate = 1, L2 = L2, L1 = L1, MinGain = MinGain, MinChildWeight = 0, MaxLeaves = 12 };
        var model = Gbdt.Train(rows, options);
        Assert.True(model.Trees.LeafCount > 4 * model.OutputCount);
        for (var output = 0; output < model.OutputCount; output++)
        {
            var (g, h) = Derivatives(rows, options, model, output);
            var inside = new Dictionary<int, int[]> { [model.Trees.Root(output)] = [.. Enumerable.Range(0, Few)] };
            double Cost(int[] own) => Least(own.Sum(i => (double)g[i]), own.Sum(i => (double)h[i]), L2, L1).Value;
            double Saved(int[] own, Func<int, bool> left) => Cost(own) - Cost([.. own.Where(left)]) - Cost([.. own.Where(i => !left(i))]);
            foreach (var node in Enumerable.Range(model.Trees.Root(output), model.Trees.NodeCount - model.Trees.Root(output)))
            {
                if (!inside.TryGetValue(node, out var own)) break;
                var at = model.Trees[node];
                if (at.IsLeaf)
                {
                    if (name != "quantile")
                        Assert.Equal(Least(own.Sum(i => (double)g[i]), own.Sum(i => (double)h[i]), L2, L1).At, at.Value, 1e-4);
                    continue;
                }
                Assert.True(at.Gain > 0);
                bool Left(int i) => model.Trees.Next(node, rows.X.AsSpan(4 * i, 4)) == at.Left;
                Assert.Equal(Saved(own, Left) - MinGain, at.Gain, Math.Max(1e-3, 1e-4 * at.Gain));
                (inside[at.Left], inside[at.Right]) = ([.. own.Where(Left)], [.. own.Where(i => !Left(i))]);
            }
            // No other threshold saves more at the root.
            var root = model.Trees[model.Trees.Root(output)];
            foreach (var column in new[] { 0, 1, 2, 3 })
                foreach (var threshold in Enumerable.Range(0, Few / 4).Select(i => rows.X[(16 * i) + column]))
                    foreach (var missingLeft in new[] { true, false })
                    {
                        bool Left(int i) => float.IsNaN(rows.X[(4 * i) + column]) ? missingLeft : rows.X[(4 * i) + column] <= threshold;
                        Assert.True(Saved(inside[model.Trees.Root(output)], Left) - MinGain <= root.Gain + 1e-3);
                    }
        }
    }

    [Fact]
    public void A_penalty_of_absolute_values_decides_which_split_is_best()
    {
        // Column 0 parts gradients evenly, column 1 cuts off a few large ones: α takes more from two shrunk sides than from one.
        float[] x = [0, 0, 0, 0, 1, 1, 1, 1], other = [0, 0, 0, 0, 0, 0, 0, 1];
        float[] y = [1, 1, 1, 1, -1, -1, -1, -2.3f];
        var both = x.Zip(other).SelectMany(p => new[] { p.First, p.Second }).ToArray();
        var options = new GbdtOptions
        {
            Objective = GbdtObjective.Squared,
            Trees = 1,
            LearningRate = 1,
            MaxLeaves = 2,
            L2 = 0,
            BaseScore = 0,
            MinChildWeight = 0,
        };
        foreach (var l1 in new[] { 0, 1.0, 2.5, 3.5 })
        {
            double Cost(IEnumerable<float> own) => Least(-own.Sum(v => (double)v), own.Count(), 0, l1).Value;
            double Saved(int column) => Cost(y) - Cost(y.Where((_, i) => both[(2 * i) + column] == 0))
                - Cost(y.Where((_, i) => both[(2 * i) + column] == 1));
            var root = Gbdt.Train(both, 2, y, options: options with { L1 = l1 }).Trees[0];
            Assert.Equal(Saved(0) >= Saved(1) ? 0 : 1, root.Column);
            Assert.Equal(Math.Max(Saved(0), Saved(1)), root.Gain, 1e-4);
        }
        // As much as the gradients of both sides: nothing is left to gain.
        Assert.True(Gbdt.Train(both, 2, y, options: options with { L1 = 5.3 }).Trees[0].IsLeaf);
    }

    [Theory]
    [MemberData(nameof(Objectives))]
    public void Rising_transforms_of_columns_do_not_matter(string name)
    {
        var (rows, options) = GbdtObjectiveTests.World(name, Rows);
        var expected = Raw(Gbdt.Train(rows, options), rows.X);
        var bent = Array.ConvertAll(rows.X, v => v * v * v);
        Assert.Equal(expected, Raw(Gbdt.Train(rows with { X = bent }, options), bent));
        var steep = Array.ConvertAll(rows.X, v => MathF.Exp(2 * v));
        Assert.Equal(expected, Raw(Gbdt.Train(rows with { X = steep }, options), steep));
    }

    [Theory]
    [MemberData(nameof(Objectives))]
    public void The_order_of_rows_does_not_matter(string name)
    {
        var (rows, options) = GbdtObjectiveTests.World(name, Rows);
        var expected = Raw(Gbdt.Train(rows, options), rows.X);
        var rng = new Rng(12);
        // Rows of a query stay together; queries and the rows within them move.
        var order = Enumerable.Range(0, Rows).OrderBy(i => rows.Groups is null ? 0 : rng.UniformDouble((ulong)(i / 20)))
            .ThenBy(i => rng.Stream(1).UniformDouble((ulong)i)).ToArray();
        var moved = rows with
        {
            X = [.. order.SelectMany(i => rows.X[(4 * i)..((4 * i) + 4)])],
            Labels = [.. order.Select(i => rows.Labels[i])],
        };
        Assert.Equal(expected, Raw(Gbdt.Train(moved, options), rows.X));
    }

    [Theory]
    [MemberData(nameof(Objectives))]
    public void Threads_do_not_change_a_bit(string name)
    {
        var (rows, options) = GbdtObjectiveTests.World(name, 6_000);
        options = options with { Trees = 3, RowSample = 0.9, ColumnSample = 0.8 };
        var one = Gbdt.Train(rows, options with { Threads = 1 });
        var more = Gbdt.Train(rows, options with { Threads = 4 });
        Assert.Equal(CartTests.Nodes(one.Trees), CartTests.Nodes(more.Trees));
        Assert.Equal(one.BaseScores.ToArray(), more.BaseScores.ToArray());
    }

    [Theory]
    [MemberData(nameof(Objectives))]
    public void Poor_data_give_finite_scores(string name)
    {
        var options = new GbdtOptions { Objective = GbdtObjectiveTests.Named(name), Trees = 5, MinChildWeight = 0, Threads = 1 };
        void Check(float[] x, int columns, float[] y, string what)
        {
            var model = Gbdt.Train(new GbdtRows(x, columns, y) { Groups = [y.Length] }, options);
            var scores = new float[(x.Length / columns) * model.OutputCount];
            model.Predict(x, scores);
            Assert.All(scores, s => Assert.True(float.IsFinite(s), what));
            float[] row = [.. Enumerable.Repeat(float.NaN, columns)];
            var missing = new float[model.OutputCount];
            model.Predict(row, missing);
            Assert.All(missing, s => Assert.True(float.IsFinite(s), what));
        }
        float[] y = [0, 1, 1, 0, 1, 0];
        Check([3, 3, 3, 3, 3, 3], 1, y, "a constant feature");
        Check([.. Enumerable.Repeat(float.NaN, 12)], 2, y, "all missing");
        Check([1, float.PositiveInfinity, float.NegativeInfinity, 0, float.NaN, float.MaxValue], 1, y, "infinite values");
        Check([7], 1, [1], "one row");
        Check([1, 2, 3, 4, 5, 6], 1, [1, 1, 1, 1, 1, 1], "one class");
        Check([1, 2, 3, 4, 5, 6], 1, [0, 0, 0, 0, 0, 0], "zeros");
    }

    [Theory]
    [MemberData(nameof(Objectives))]
    public void Training_can_be_cancelled_in_the_middle(string name)
    {
        var (rows, options) = GbdtObjectiveTests.World(name, Rows);
        using var cancel = new CancellationTokenSource();
        var rounds = 0;
        Assert.Throws<OperationCanceledException>(() => Gbdt.Train(rows, options with { Trees = 1000 }, null, new GbdtTests.Reports(p =>
        {
            rounds = p.Step;
            if (p.Step == 3) cancel.Cancel();
        }), cancel.Token));
        Assert.Equal(3, rounds);
    }

    [Theory]
    [MemberData(nameof(Objectives))]
    public void The_best_round_on_validation_rows_is_kept(string name)
    {
        var (rows, options) = GbdtObjectiveTests.World(name, Rows);
        var (fresh, _) = GbdtObjectiveTests.World(name, Rows, seed: 50);
        var validation = new GbdtValidation(fresh.X, fresh.Labels, null, fresh.Groups);
        var losses = new List<double>();
        options = options with { Trees = 200, LearningRate = 0.5, EarlyStoppingRounds = 4 };
        if (name == "own")
        {
            options = options with
            {
                Metric = ValidationMetric.Lower(
                    "mean error", (scores, y, _) => scores.ToArray().Zip(y.ToArray(), (f, v) => Math.Abs(f - v)).Average()),
            };
        }
        var model = Gbdt.Train(rows, options, validation, new GbdtTests.Reports(p => losses.Add(p.Loss!.Value)));
        Assert.Equal(losses.IndexOf(losses.Min()) + 1, model.RoundCount);
        Assert.Equal(losses.Min(), model.BestValidation);
        Assert.InRange(losses.Count, model.RoundCount + 4, 199);
        // The loss is that of what the model predicts.
        if (name != "softmax") return;
        var p = new float[3 * Rows];
        model.Predict(fresh.X, p);
        Assert.Equal(Enumerable.Range(0, Rows).Average(i => -Math.Log(p[(3 * i) + (int)fresh.Labels[i]])), losses.Min(), 1e-4);
        var errors = Gbdt.Train(rows, options with
        {
            Metric = ValidationMetric.Lower("errors", (scores, y, _) =>
            {
                var all = scores.ToArray();
                return y.ToArray().Where((label, i) => all[(3 * i) + (int)label] < all.Skip(3 * i).Take(3).Max()).Count();
            }),
        }, validation);
        Assert.InRange(errors.BestValidation!.Value, 1, Rows / 2);
    }

    [Theory]
    [MemberData(nameof(Objectives))]
    public void More_rounds_fit_better(string name)
    {
        if (name == "own") return;
        var (rows, options) = GbdtObjectiveTests.World(name, Rows);
        var losses = new List<double>();
        Gbdt.Train(rows, options with { Trees = 25 }, null, new GbdtTests.Reports(p => losses.Add(p.Loss!.Value)));
        Assert.True(losses[^1] < 0.8 * losses[0], $"{losses[0]}, then {losses[^1]}");
    }
}
