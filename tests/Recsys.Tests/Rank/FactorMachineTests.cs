using Recsys.Data;
using Recsys.Features;
using Recsys.Numerics;
using Recsys.Rank;
using Recsys.Tests.Reference;

namespace Recsys.Tests.Rank;

public sealed class FmTests : FactorMachineContract<Fm>
{
    protected override Fm Train(FeatureSet features, Examples examples, Run run) => Fm.Train(features, examples, new FmOptions
    {
        Factors = run.Factors,
        Epochs = run.Epochs,
        BatchSize = run.BatchSize,
        Threads = run.Threads,
        EarlyStoppingRounds = run.EarlyStoppingRounds,
        Step = run.Step,
        LearningRate = run.LearningRate ?? 0.1f,
        InitialScale = 0.1f,
    }, run.Validation, run.WarmStart, run.Progress is null ? null : new Reports(run.Progress), run.Cancel);

    protected override (double, double?, int) Outcome(Fm model) => (model.TrainingLoss, model.BestValidation, model.Epochs);

    protected override IReadOnlyList<Action> InvalidOptions =>
    [
        () => _ = new FmOptions { Factors = 0 }, () => _ = new FmOptions { Epochs = 0 }, () => _ = new FmOptions { BatchSize = 0 },
        () => _ = new FmOptions { LearningRate = 0 }, () => _ = new FmOptions { LearningRate = float.NaN },
        () => _ = new FmOptions { InitialAccumulator = 0 }, () => _ = new FmOptions { FactorPenalty = -1 },
        () => _ = new FmOptions { WeightPenalty = -1 }, () => _ = new FmOptions { InitialScale = 0 },
        () => _ = new FmOptions { EarlyStoppingRounds = -1 }, () => _ = new FmOptions { Threads = 0 },
        () => _ = new FmOptions { Task = (FmTask)7 }, () => _ = new FmOptions { Step = (FactorStep)7 },
        () => _ = new FmOptions { ListWeight = (ListWeight)7 },
    ];

    [Theory]
    [InlineData(ListWeight.Mean)]
    [InlineData(ListWeight.One)]
    public void Scores_are_those_of_the_formula(ListWeight lists)
    {
        var features = ClickWorld.Features();
        var examples = ClickWorld.Examples(features, 100);
        var model = Fm.Train(features, examples, new() { Epochs = 2, ListWeight = lists, InitialScale = 0.5f, Factors = 5 });
        var scores = ClickWorld.Scores(model, features, examples);
        var (w, v) = Parameters(model);
        var x = Dense(new SparseLayout(features.Schema, new() { ListWeight = lists }).ToMatrix(features, examples));
        for (var i = 0; i < scores.Length; i++)
            Assert.Equal(1 / (1 + Math.Exp(-SlowFactorMachines.Fm(model.Bias, w, v, x[i]))), scores[i], 1e-5);
    }

    // A plain step of rate η moves a parameter by -η times the mean gradient, so the step tells the gradient.
    [Fact]
    public void Gradients_equal_central_differences_in_double()
    {
        const double H = 1e-5, Rate = 0.5, VectorPenalty = 0.03, WeightPenalty = 0.02;
        var schema = new FeatureSchema(
            Feature.Id("user", Side.User), Feature.Category("colour", Side.Item), Feature.MultiCategory("tags", Side.Item),
            Feature.Number("price", Side.Item), Feature.Cross("user × colour", "user", "colour"), Feature.Label("click"));
        var features = schema.Fit(
            Columns.From(Enumerable.Range(0, 3)).Text("none", _ => "").InIdOrder(),
            Columns.From(Enumerable.Range(0, 5)).Text("colour", i => i % 2 == 0 ? "red" : "blue")
                .List("tags", i => Enumerable.Range(0, i % 4).Select(t => $"{t}")).Number("price", i => 0.5 * i - 1).InIdOrder());
        var (users, items) = (Enumerable.Range(0, 24).Select(i => i % 3).ToArray(), Enumerable.Range(0, 24).Select(i => i % 5).ToArray());
        float[] labels = [.. Enumerable.Range(0, 24).Select(i => i % 7 < 3 ? 1f : 0f)];
        float[] weights = [.. Enumerable.Range(0, 24).Select(i => 0.5f + i % 3)];
        var examples = features.Examples(new ExampleData { Users = users, Items = items, Labels = [labels], Weights = weights });
        var options = new FmOptions
        {
            Factors = 3,
            Epochs = 1,
            BatchSize = 24,
            Step = FactorStep.Sgd,
            LearningRate = (float)Rate,
            InitialScale = 0.7f,
            WeightPenalty = (float)WeightPenalty,
            FactorPenalty = (float)VectorPenalty,
        };
        var start = Fm.Train(features, examples, options with { LearningRate = 1e-30f });
        var moved = Fm.Train(features, examples, options, warmStart: start);

        var x = Dense(new SparseLayout(features.Schema).ToMatrix(features, examples));
        var (w, v) = Parameters(start);
        double[] bias = [start.Bias];
        double Loss()
        {
            var sum = 0.0;
            for (var i = 0; i < x.Length; i++)
            {
                sum += weights[i] * SlowFactorMachines.LogLoss(SlowFactorMachines.Fm(bias[0], w, v, x[i]), labels[i]);
                for (var j = 0; j < w.Length; j++)
                    if (x[i][j] != 0)
                        sum += weights[i] / 2 * (WeightPenalty * w[j] * w[j] + VectorPenalty * v[j].Sum(f => f * f));
            }
            return sum;
        }
        void Check(double[] parameters, int at, double after, double mass)
        {
            var old = parameters[at];
            parameters[at] = old + H;
            var up = Loss();
            parameters[at] = old - H;
            var down = Loss();
            parameters[at] = old;
            Assert.Equal(old - (mass > 0 ? Rate * (up - down) / (2 * H) / mass : 0), after, 2e-5);
        }
        Check(bias, 0, moved.Bias, weights.Sum());
        for (var j = 0; j < w.Length; j++)
        {
            var mass = Enumerable.Range(0, 24).Where(i => x[i][j] != 0).Sum(i => weights[i]);
            Check(w, j, moved.Weights[j], mass);
            for (var f = 0; f < 3; f++) Check(v[j], f, moved.Vector(j)[f], mass);
        }
    }

    [Fact]
    public void Batches_of_one_are_the_printed_descent()
    {
        const double Rate = 0.1, WeightPenalty = 0.01, FactorPenalty = 0.02;
        var features = ClickWorld.Features();
        var examples = ClickWorld.Examples(features, 40);
        var options = new FmOptions
        {
            Factors = 4,
            Epochs = 3,
            BatchSize = 1,
            Step = FactorStep.Sgd,
            LearningRate = (float)Rate,
            WeightPenalty = (float)WeightPenalty,
            FactorPenalty = (float)FactorPenalty,
            InitialScale = 0.3f,
            Seed = 11,
        };
        var start = Fm.Train(features, examples, options with { LearningRate = 1e-30f });
        var model = Fm.Train(features, examples, options, warmStart: start);

        var (w, v) = Parameters(start);
        var bias = (double)start.Bias;
        var x = Dense(new SparseLayout(features.Schema).ToMatrix(features, examples));
        var order = Enumerable.Range(0, 40).ToArray();
        for (var epoch = 1; epoch <= 3; epoch++)
        {
            new Rng(11).Stream(1).Stream((ulong)epoch).Shuffle(0, order.AsSpan());
            foreach (var i in order)
            {
                var e = 1 / (1 + Math.Exp(-SlowFactorMachines.Fm(bias, w, v, x[i]))) - examples.Label()[i];
                var sums = Enumerable.Range(0, 4).Select(f => Enumerable.Range(0, w.Length).Sum(j => v[j][f] * x[i][j])).ToArray();
                for (var j = 0; j < w.Length; j++)
                {
                    if (x[i][j] == 0) continue;
                    w[j] -= Rate * (e * x[i][j] + WeightPenalty * w[j]);
                    for (var f = 0; f < 4; f++)
                        v[j][f] -= Rate * (e * x[i][j] * (sums[f] - v[j][f] * x[i][j]) + FactorPenalty * v[j][f]);
                }
                bias -= Rate * e;
            }
        }
        Assert.Equal(bias, model.Bias, 1e-4);
        for (var j = 0; j < w.Length; j++)
        {
            Assert.Equal(w[j], model.Weights[j], 1e-4);
            for (var f = 0; f < 4; f++) Assert.Equal(v[j][f], model.Vector(j)[f], 1e-4);
        }
    }

    [Fact]
    public void Regression_learns_a_product()
    {
        var schema = new FeatureSchema(
            Feature.Number("a", Side.Context), Feature.Number("b", Side.Context), Feature.Label("y", binary: false));
        var rng = new Rng(5);
        var table = Columns.From(Enumerable.Range(0, 400)).Number("a", i => rng.Stream(0).Normal((ulong)i))
            .Number("b", i => rng.Stream(1).Normal((ulong)i))
            .Number("y", i => 3 + 2 * rng.Stream(0).Normal((ulong)i) * rng.Stream(1).Normal((ulong)i)).Build();
        var features = schema.Fit(contexts: table);
        var examples = features.Examples(table);
        var model = Fm.Train(features, examples, new()
        { Task = FmTask.Regression, Factors = 2, Epochs = 60, BatchSize = 16, InitialScale = 0.3f, FactorPenalty = 0, WeightPenalty = 0 });
        var scores = ClickWorld.Scores(model, features, examples);
        for (var i = 0; i < scores.Length; i++) Assert.Equal(examples.Label()[i], scores[i], 0.05f + 0.02f * Math.Abs(scores[i]));
        Assert.Equal(2, model.Vector(0)[0] * model.Vector(1)[0] + model.Vector(0)[1] * model.Vector(1)[1], 0.02f);
    }

    [Fact]
    public void An_item_that_a_sequence_holds_twice_counts_as_one_value()
    {
        var log = new InteractionsBuilder();
        foreach (var (item, time) in new[] { ("a", 1), ("b", 2), ("a", 3), ("c", 4) }) log.Add("u", item, 1, time);
        log.Add("v", "b", 1, 1);
        var data = log.Build();
        var schema = new FeatureSchema(Feature.Id("item", Side.Item), Feature.Sequence("history", "item"), Feature.Label("click"));
        var features = schema.Fit(train: data);
        var examples = features.Examples(new ExampleData
        { Users = [0, 0, 1], Items = [0, 2, 1], Labels = [[1, 0, 1]], Times = [10, 4, 10], History = data });
        var model = Fm.Train(features, examples, new() { ListWeight = ListWeight.One, InitialScale = 1, Factors = 3 });
        var (w, v) = Parameters(model);
        var x = Dense(model.Layout.ToMatrix(features, examples));
        var scores = ClickWorld.Scores(model, features, examples);
        Assert.Contains(2, x[0].Select(value => value * 2)); // two of four values, by the mean of the layout that the model shows
        x = Dense(new SparseLayout(features.Schema, new() { ListWeight = ListWeight.One }).ToMatrix(features, examples));
        for (var i = 0; i < 3; i++)
            Assert.Equal(1 / (1 + Math.Exp(-SlowFactorMachines.Fm(model.Bias, w, v, x[i]))), scores[i], 1e-5);
    }

    internal static (double[] W, double[][] V) Parameters(Fm model) => (
        Array.ConvertAll(model.Weights.ToArray(), w => (double)w),
        [.. Enumerable.Range(0, model.Weights.Length).Select(j => Array.ConvertAll(model.Vector(j).ToArray(), f => (double)f))]);

    internal static double[][] Dense(SparseMatrix matrix)
    {
        var dense = new double[matrix.RowCount][];
        for (var i = 0; i < dense.Length; i++)
        {
            dense[i] = new double[matrix.ColumnCount];
            var row = matrix.Row(i);
            for (var k = 0; k < row.Length; k++) dense[i][row.Columns[k]] = row.Values[k];
        }
        return dense;
    }

    internal sealed class Reports(Action<TrainProgress> then) : IProgress<TrainProgress>
    {
        public void Report(TrainProgress value) => then(value);
    }
}

public sealed class FfmTests : FactorMachineContract<Ffm>
{
    protected override Ffm Train(FeatureSet features, Examples examples, Run run) => Ffm.Train(features, examples, new FfmOptions
    {
        Factors = run.Factors,
        Epochs = run.Epochs,
        BatchSize = run.BatchSize,
        Threads = run.Threads,
        EarlyStoppingRounds = run.EarlyStoppingRounds,
        Step = run.Step,
        LearningRate = run.LearningRate ?? 0.2f,
        Normalise = run.Factors == 2 || run.Step == FactorStep.AdaGrad,
        Linear = run.Factors != 2,
    }, run.Validation, run.WarmStart, run.Progress is null ? null : new FmTests.Reports(run.Progress), run.Cancel);

    protected override (double, double?, int) Outcome(Ffm model) => (model.TrainingLoss, model.BestValidation, model.Epochs);

    protected override IReadOnlyList<Action> InvalidOptions =>
    [
        () => _ = new FfmOptions { Factors = 1025 }, () => _ = new FfmOptions { Penalty = -1 },
        () => _ = new FfmOptions { InitialScale = 0 },
        () => _ = new FfmOptions { LearningRate = -1 },
    ];

    [Fact]
    public void The_defaults_are_those_of_libffm()
    {
        var options = new FfmOptions();
        Assert.Equal((4, 0.2f, 2e-5f, 1f, true, false, FactorStep.AdaGrad),
            (options.Factors, options.LearningRate, options.Penalty, options.InitialAccumulator, options.Normalise, options.Linear,
                options.Step));
    }

    [Fact]
    public void Batches_of_one_are_the_algorithm_of_the_paper()
    {
        const double Rate = 0.2, Penalty = 0.01;
        var features = ClickWorld.Features();
        var examples = ClickWorld.Examples(features, 40);
        var options = new FfmOptions { Epochs = 2, BatchSize = 1, Penalty = (float)Penalty, Seed = 3 };
        var start = Ffm.Train(features, examples, options with { LearningRate = 1e-30f });
        var model = Ffm.Train(features, examples, options, warmStart: start);

        var fields = start.Layout.Fields.Count;
        var fieldOf = Enumerable.Range(0, start.Layout.ColumnCount).Select(start.Layout.FieldOf).ToArray();
        var w = fieldOf.Select((_, j) => Enumerable.Range(0, fields)
            .Select(f => Array.ConvertAll(start.Vector(j, f).ToArray(), p => (double)p)).ToArray()).ToArray();
        var squares = w.Select(row => row.Select(vector => vector.Select(_ => 1.0).ToArray()).ToArray()).ToArray();
        var x = FmTests.Dense(start.Layout.ToMatrix(features, examples));
        var order = Enumerable.Range(0, 40).ToArray();
        for (var epoch = 1; epoch <= 2; epoch++)
        {
            new Rng(3).Stream(1).Stream((ulong)epoch).Shuffle(0, order.AsSpan());
            foreach (var i in order)
            {
                var norm = x[i].Sum(value => value * value);
                var phi = SlowFactorMachines.FieldAwarePairs(w, fieldOf, x[i]) / norm;
                var kappa = (1 / (1 + Math.Exp(-phi)) - examples.Label()[i]) / norm;
                var g = w.Select(row => row.Select(vector => new double[4]).ToArray()).ToArray();
                for (var a = 0; a < fieldOf.Length; a++)
                {
                    for (var b = 0; b < fieldOf.Length; b++)
                    {
                        if (a == b || x[i][a] * x[i][b] == 0) continue;
                        for (var k = 0; k < 4; k++)
                            g[a][fieldOf[b]][k] += Penalty * w[a][fieldOf[b]][k] + kappa * w[b][fieldOf[a]][k] * x[i][a] * x[i][b];
                    }
                }
                for (var a = 0; a < fieldOf.Length; a++)
                    for (var f = 0; f < fields; f++)
                        for (var k = 0; k < 4; k++)
                        {
                            squares[a][f][k] += g[a][f][k] * g[a][f][k];
                            w[a][f][k] -= Rate * g[a][f][k] / Math.Sqrt(squares[a][f][k]);
                        }
            }
        }
        for (var a = 0; a < fieldOf.Length; a++)
            for (var f = 0; f < fields; f++)
                for (var k = 0; k < 4; k++) Assert.Equal(w[a][f][k], model.Vector(a, f)[k], 1e-4);
        Assert.NotEqual(start.Vector(1, 1)[0], model.Vector(1, 1)[0]);
    }

    [Fact]
    public void With_one_field_it_is_a_factorisation_machine()
    {
        var (features, examples) = OneField();
        var options = new FfmOptions { Factors = 5, Epochs = 4, Normalise = false, Linear = true, Penalty = 0, BatchSize = 7 };
        // Uniform first factors are those of no Fm, so both start from the same ones by way of the file.
        var plain = new FmOptions
        {
            Factors = 5,
            Epochs = 4,
            FactorPenalty = 0,
            WeightPenalty = 0,
            BatchSize = 7,
            LearningRate = options.LearningRate,
            InitialAccumulator = options.InitialAccumulator,
        };
        var fm = Fm.Train(features, examples, plain);
        var first = Ffm.Train(features, examples, options with { LearningRate = 1e-30f });
        var same = Oracles.FactorMachineOracleTests.With(fm, first.Bias, first.Weights.ToArray(),
            [.. Enumerable.Range(0, first.Layout.ColumnCount).SelectMany(j => first.Vector(j, 0).ToArray())]);
        var expected = ClickWorld.Scores(first, features, examples);
        var actual = ClickWorld.Scores(same, features, examples);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-5f);

        fm = Fm.Train(features, examples, plain, warmStart: same);
        var ffm = Ffm.Train(features, examples, options, warmStart: first);
        (expected, actual) = (ClickWorld.Scores(ffm, features, examples), ClickWorld.Scores(fm, features, examples));
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-4f);
        Assert.True(ffm.TrainingLoss < 0.69);
    }

    private static (FeatureSet, Examples) OneField()
    {
        var schema = new FeatureSchema(Feature.MultiCategory("tags", Side.Item), Feature.Label("click"));
        var features = schema.Fit(items: Columns.From(Enumerable.Range(0, 40))
            .List("tags", i => Enumerable.Range(0, 5).Where(t => (i * 7 >> t) % 2 == 0).Select(t => $"{t}")).InIdOrder());
        return (features, features.Examples(new ExampleData
        {
            Users = new int[40],
            Items = [.. Enumerable.Range(0, 40)],
            Labels = [[.. Enumerable.Range(0, 40).Select(i => (i * 7 & 3) == 0 || i % 9 == 0 ? 1f : 0f)]],
        }));
    }
}

public sealed class SvdFeatureTests : FactorMachineContract<SvdFeature>
{
    protected override SvdFeature Train(FeatureSet features, Examples examples, Run run)
        => Train(features, examples, run, SvdFeatureTask.Classification);

    private static SvdFeature Train(FeatureSet features, Examples examples, Run run, SvdFeatureTask task)
        => SvdFeature.Train(features, examples, new SvdFeatureOptions
        {
            Task = task,
            Factors = run.Factors,
            Epochs = run.Epochs,
            BatchSize = run.BatchSize,
            Threads = run.Threads,
            EarlyStoppingRounds = run.EarlyStoppingRounds,
            Step = run.Step,
            LearningRate = run.LearningRate ?? 0.1f,
        }, run.Validation, run.WarmStart, run.Progress is null ? null : new FmTests.Reports(run.Progress), run.Cancel);

    protected override (double, double?, int) Outcome(SvdFeature model) => (model.TrainingLoss, model.BestValidation, model.Epochs);

    protected override IReadOnlyList<Action> InvalidOptions =>
    [
        () => _ = new SvdFeatureOptions { Task = (SvdFeatureTask)9 }, () => _ = new SvdFeatureOptions { FactorPenalty = float.NaN },
        () => _ = new SvdFeatureOptions { WeightPenalty = 1001 }, () => _ = new SvdFeatureOptions { InitialScale = -1 },
        () => SvdFeature.Train(ClickWorld.Features(), ClickWorld.Examples(ClickWorld.Features()), new() { UserFeatures = ["nobody"] }),
        () => SvdFeature.Train(
            ClickWorld.Features(), ClickWorld.Examples(ClickWorld.Features()), new() { UserFeatures = ["user"], ItemFeatures = ["user"] }),
    ];

    [Fact]
    public void A_factorisation_machine_is_it_with_the_pairs_inside_the_sides()
    {
        var features = ClickWorld.Features();
        var examples = ClickWorld.Examples(features, 100);
        var svd = SvdFeature.Train(features, examples, new() { Epochs = 2, Factors = 4, InitialScale = 0.5f });
        var fields = svd.Layout.Fields.Select(field => field.Name).ToArray();
        var fm = Fm.Train(features, examples, new() { Epochs = 1, Factors = 4, Features = fields });
        var columns = svd.Layout.ColumnCount;
        fm = Oracles.FactorMachineOracleTests.With(
            fm, svd.Bias, svd.Weights.ToArray(), [.. Enumerable.Range(0, columns).SelectMany(j => svd.Vector(j).ToArray())]);

        var (_, v) = FmTests.Parameters(fm);
        var userEnd = svd.Layout.FirstColumn(fields.IndexOf("item"));
        var x = FmTests.Dense(svd.Layout.ToMatrix(features, examples));
        var (ours, theirs) = (ClickWorld.Scores(svd, features, examples), ClickWorld.Scores(fm, features, examples));
        for (var i = 0; i < ours.Length; i++)
        {
            var inside = SlowFactorMachines.Pairs(v, [.. x[i].Select((value, j) => j < userEnd ? value : 0)])
                + SlowFactorMachines.Pairs(v, [.. x[i].Select((value, j) => j >= userEnd ? value : 0)]);
            Assert.Equal(Logit(theirs[i]) - inside, Logit(ours[i]), 1e-3);
        }
        static double Logit(float p) => Math.Log(p / (1.0 - p));
    }

    [Fact]
    public void Pairs_learn_to_order_and_threads_do_not_change_them()
    {
        var features = ClickWorld.Features();
        var (data, test) = (ClickWorld.Examples(features), ClickWorld.Examples(features, 600, 2));
        var run = new Run { Epochs = 10, BatchSize = 500, Validation = test };
        var model = Train(features, data, run with { Threads = 1 }, SvdFeatureTask.Pairwise);
        Assert.Equal(0, model.Bias);
        Assert.InRange(model.BestValidation!.Value, 0.01, 0.5);
        Assert.Equal(ModelBytes(model), ModelBytes(Train(features, data, run with { Threads = 5 }, SvdFeatureTask.Pairwise)));
        var scores = ClickWorld.Scores(model, features, test);
        var (right, pairs) = (0, 0);
        for (var i = 0; i < test.Count; i++)
        {
            for (var j = 0; j < test.Count; j++)
            {
                if (test.Users[i] != test.Users[j] || test.Label()[i] <= test.Label()[j]) continue;
                pairs++;
                right += scores[i] > scores[j] ? 1 : 0;
            }
        }
        Assert.InRange(right / (double)pairs, 0.85, 1);
        var nobody = features.Examples(new ExampleData { Users = [0, 1], Items = [0, 1], Labels = [[0, 1]] });
        Assert.Contains("there is no pair", Assert.Throws<ArgumentException>(
            () => Train(features, nobody, new Run(), SvdFeatureTask.Pairwise)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Global_features_have_weights_but_no_factors()
    {
        var features = ClickWorld.Features();
        var model = SvdFeature.Train(features, ClickWorld.Examples(features), new()
        { UserFeatures = ["tribe"], ItemFeatures = ["kind"], Epochs = 20, LearningRate = 0.2f, Factors = 2 });
        Assert.Equal(["tribe", "kind", "user", "item", "tags", "price"], model.Layout.Fields.Select(field => field.Name));
        Assert.Equal(2, model.Vector(model.Layout.FirstColumn(2) - 1).Length);
        Assert.True(model.Vector(model.Layout.FirstColumn(2)).IsEmpty);
        Assert.True(model.TrainingLoss < 0.4);
    }
}
