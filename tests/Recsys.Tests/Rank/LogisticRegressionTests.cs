using Recsys.Numerics;
using Recsys.Rank;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Rank;

public sealed class LogisticRegressionTests
{
    private const int Rows = 400, Columns = 6;

    private static (SparseMatrix X, float[] Labels, double[][] Dense) Data(ulong seed = 7)
    {
        var rng = new Rng(seed);
        var dense = new double[Rows][];
        var labels = new float[Rows];
        double[] truth = [1.5, -2, 0, 0.5, 0, 0];
        for (var i = 0; i < Rows; i++)
        {
            dense[i] = new double[Columns];
            var logit = -0.3;
            for (var j = 0; j < Columns; j++)
            {
                var at = (ulong)(i * Columns + j);
                if (rng.Stream(1).Uniform(at) < 0.5) dense[i][j] = (float)rng.Stream(2).Normal(at);
                logit += truth[j] * dense[i][j];
            }
            labels[i] = rng.Stream(3).UniformDouble((ulong)i) < 1 / (1 + Math.Exp(-logit)) ? 1 : 0;
        }
        var rows = dense.Select(row => row.Select((value, column) => (column, (float)value)).Where(cell => cell.Item2 != 0));
        return (SparseMatrix.FromRows(Columns, rows), labels, dense);
    }

    // The gradient of the summed loss and its L2 penalty, by the definition; the intercept last.
    private static double[] Gradient(LogisticRegression model, double[][] dense, float[] labels, double l2, float[]? weights = null)
    {
        var gradient = new double[Columns + 1];
        for (var i = 0; i < dense.Length; i++)
        {
            double logit = model.Intercept;
            for (var j = 0; j < Columns; j++) logit += model.Weights[j] * dense[i][j];
            var error = (weights?[i] ?? 1) * (1 / (1 + Math.Exp(-logit)) - labels[i]);
            for (var j = 0; j < Columns; j++) gradient[j] += error * dense[i][j];
            gradient[Columns] += error;
        }
        for (var j = 0; j < Columns; j++) gradient[j] += l2 * model.Weights[j];
        return gradient;
    }

    [Fact]
    public void At_the_optimum_the_gradient_vanishes()
    {
        var (x, labels, dense) = Data();
        var model = LogisticRegression.Train(x, labels, options: new() { L2 = 0.7, Tolerance = 1e-9 });
        Assert.All(Gradient(model, dense, labels, 0.7), g => Assert.Equal(0, g, 1e-3));
        Assert.InRange(model.Weights[0], 0.8, 2.2);
        Assert.InRange(model.Weights[1], -2.8, -1.2);
    }

    [Fact]
    public void With_example_weights_it_solves_the_weighted_problem()
    {
        var (x, labels, dense) = Data();
        var weights = Enumerable.Range(0, Rows).Select(i => (float)(i % 3)).ToArray();
        var model = LogisticRegression.Train(x, labels, weights, new() { L2 = 0.1, Tolerance = 1e-9 });
        Assert.All(Gradient(model, dense, labels, 0.1, weights), g => Assert.Equal(0, g, 1e-3));
    }

    [Fact]
    public void With_L1_the_optimality_conditions_hold_and_weights_become_zero()
    {
        const double l1 = 12;
        var (x, labels, dense) = Data();
        var model = LogisticRegression.Train(x, labels, options: new() { L1 = l1, L2 = 0.5, Tolerance = 1e-9, MaxIterations = 5000 });
        var gradient = Gradient(model, dense, labels, 0.5);
        for (var j = 0; j < Columns; j++)
        {
            if (model.Weights[j] == 0) Assert.InRange(Math.Abs(gradient[j]), 0, l1 + 1e-3);
            else Assert.Equal(-l1 * Math.Sign(model.Weights[j]), gradient[j], 1e-2);
        }
        Assert.Equal(0, gradient[Columns], 1e-3);
        Assert.Contains(0f, model.Weights.ToArray());
        Assert.Contains(model.Weights.ToArray(), w => w != 0);
    }

    [Fact]
    public void Ftrl_follows_the_printed_algorithm()
    {
        // One feature, α = 0.5, β = 1, λ₁ = 0.1, λ₂ = 0.2; two examples: (x = 2, y = 1), (x = 1, y = 0). Worked with the formula at the top of the model.
        var x = SparseMatrix.FromRows(1, new (int, float)[][] { [(0, 2f)], [(0, 1f)] });
        var model = LogisticRegression.Train(x, [1, 0], options: new()
        { Solver = LogisticSolver.Ftrl, LearningRate = 0.5, Beta = 1, L1 = 0.1, L2 = 0.2, Epochs = 1 });

        double z = 0, n = 0, zb = 0, nb = 0;
        foreach (var (value, label) in new[] { (2.0, 1.0), (1.0, 0.0) })
        {
            var w = Math.Abs(z) <= 0.1 ? 0 : -(z - Math.Sign(z) * 0.1) / ((1 + Math.Sqrt(n)) / 0.5 + 0.2);
            var b = -zb / ((1 + Math.Sqrt(nb)) / 0.5);
            var error = 1 / (1 + Math.Exp(-(w * value + b))) - label;
            var g = error * value;
            z += g - (Math.Sqrt(n + g * g) - Math.Sqrt(n)) / 0.5 * w;
            n += g * g;
            zb += error - (Math.Sqrt(nb + error * error) - Math.Sqrt(nb)) / 0.5 * b;
            nb += error * error;
        }
        Assert.Equal(-(z - Math.Sign(z) * 0.1) / ((1 + Math.Sqrt(n)) / 0.5 + 0.2), model.Weights[0], 1e-6);
        Assert.Equal(-zb / ((1 + Math.Sqrt(nb)) / 0.5), model.Intercept, 1e-6);
    }

    [Fact]
    public void Ftrl_comes_near_the_optimum_and_resumes_where_it_stopped()
    {
        var (x, labels, _) = Data();
        var best = LogisticRegression.Train(x, labels, options: new() { L2 = 0.01 });
        var options = new LogisticRegressionOptions { Solver = LogisticSolver.Ftrl, L2 = 0, LearningRate = 0.3, Epochs = 20 };
        var ftrl = LogisticRegression.Train(x, labels, options: options);
        for (var j = 0; j < Columns; j++) Assert.Equal(best.Weights[j], ftrl.Weights[j], 0.35);

        var once = options with { Epochs = 1 };
        var half = LogisticRegression.Train(x, labels, options: once);
        var whole = LogisticRegression.Train(x, labels, options: once, warmStart: half);
        var again = LogisticRegression.Train(x, labels, options: once, warmStart: half);
        Assert.Equal(whole.Weights.ToArray(), again.Weights.ToArray());
        Assert.True(whole.TrainingLoss < half.TrainingLoss);
    }

    [Fact]
    public void Strong_L1_in_ftrl_leaves_only_the_intercept()
    {
        var (x, labels, _) = Data();
        var model = LogisticRegression.Train(x, labels, options: new() { Solver = LogisticSolver.Ftrl, L1 = 1e6 });
        Assert.All(model.Weights.ToArray(), w => Assert.Equal(0, w));
        Assert.NotEqual(0, model.Intercept);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void Same_bits_for_any_number_of_threads(double l1)
    {
        var (x, labels, _) = Data();
        var one = LogisticRegression.Train(x, labels, options: new() { L1 = l1, Threads = 1 });
        foreach (var threads in new[] { 2, 5 })
        {
            var many = LogisticRegression.Train(x, labels, options: new() { L1 = l1, Threads = threads });
            Assert.Equal(one.Weights.ToArray(), many.Weights.ToArray());
            Assert.Equal(one.Intercept, many.Intercept);
        }
    }

    [Fact]
    public void A_warm_start_at_the_optimum_has_nothing_left_to_do()
    {
        var (x, labels, _) = Data();
        var model = LogisticRegression.Train(x, labels);
        var steps = 0;
        var again = LogisticRegression.Train(x, labels, warmStart: model, options: new() { Tolerance = 1e-5 }, progress: new Counter(() => steps++));
        Assert.InRange(steps, 0, 1);
        Assert.Equal(model.Weights[0], again.Weights[0], 1e-3);
    }

    [Fact]
    public void Probabilities_are_those_of_the_formula()
    {
        var (x, labels, dense) = Data();
        var model = LogisticRegression.Train(x, labels);
        var scores = new float[Rows];
        model.Probabilities(x, scores);
        for (var i = 0; i < Rows; i++)
        {
            double logit = model.Intercept;
            for (var j = 0; j < Columns; j++) logit += model.Weights[j] * dense[i][j];
            Assert.Equal(1 / (1 + Math.Exp(-logit)), scores[i], 1e-6);
        }
    }

    [Theory]
    [InlineData(LogisticSolver.Batch)]
    [InlineData(LogisticSolver.Ftrl)]
    public void Its_file_is_safe(LogisticSolver solver)
    {
        var (x, labels, _) = Data();
        ModelFileContract.Check(LogisticRegression.Train(x, labels, options: new() { Solver = solver }), model =>
        {
            if (model.Weights.Length != Columns) return [.. model.Weights, model.Intercept];
            var scores = new float[Rows];
            model.Probabilities(x, scores);
            return scores;
        });
    }

    [Fact]
    public void Progress_is_reported_and_cancelling_stops()
    {
        var (x, labels, _) = Data();
        var steps = 0;
        LogisticRegression.Train(x, labels, progress: new Counter(() => steps++));
        Assert.True(steps > 2);
        var cancelled = new CancellationToken(canceled: true);
        Assert.Throws<OperationCanceledException>(() => LogisticRegression.Train(x, labels, cancel: cancelled));
        Assert.Throws<OperationCanceledException>(
            () => LogisticRegression.Train(x, labels, options: new() { Solver = LogisticSolver.Ftrl }, cancel: cancelled));
    }

    [Fact]
    public void Bad_input_is_named()
    {
        var (x, labels, _) = Data();
        string Message(Action act) => Assert.ThrowsAny<ArgumentException>(act).Message;

        Assert.Contains("399 labels for 400 examples", Message(() => LogisticRegression.Train(x, labels[1..])), StringComparison.Ordinal);
        Assert.Contains("label of example 3 is 0.5", Message(() => LogisticRegression.Train(x, [.. labels.Select((l, i) => i == 3 ? 0.5f : l)])), StringComparison.Ordinal);
        Assert.Contains("label of example 0 is NaN", Message(() => LogisticRegression.Train(x, [.. labels.Select((l, i) => i == 0 ? float.NaN : l)])), StringComparison.Ordinal);
        Assert.Contains("All 400 labels are 1", Message(() => LogisticRegression.Train(x, [.. labels.Select(_ => 1f)])), StringComparison.Ordinal);
        Assert.Contains("weight of example 2 is -1", Message(() => LogisticRegression.Train(x, labels, [.. labels.Select((_, i) => i == 2 ? -1f : 1f)])), StringComparison.Ordinal);
        Assert.Contains("no examples", Message(() => LogisticRegression.Train(SparseMatrix.FromRows(2, []), [])), StringComparison.Ordinal);
        var model = LogisticRegression.Train(x, labels);
        var narrow = SparseMatrix.FromRows(2, new (int, float)[][] { [(0, 1f)], [(1, 1f)] });
        Assert.Contains("6 weights, the data 2 columns", Message(() => LogisticRegression.Train(narrow, [0, 1], warmStart: model)), StringComparison.Ordinal);
        Assert.Contains("2 columns; the model was trained on 6", Message(() => model.Probabilities(narrow, new float[2])), StringComparison.Ordinal);
        Assert.Contains("L2", Message(() => _ = new LogisticRegressionOptions { L2 = -1 }), StringComparison.Ordinal);
        Assert.Contains("LearningRate", Message(() => _ = new LogisticRegressionOptions { LearningRate = 0 }), StringComparison.Ordinal);
    }

    private sealed class Counter(Action count) : IProgress<TrainProgress>
    {
        public void Report(TrainProgress value) => count();
    }
}
