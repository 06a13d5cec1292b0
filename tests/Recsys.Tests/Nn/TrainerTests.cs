using Recsys.Evaluation;
using Recsys.Features;
using Recsys.Nn;
using Recsys.Persistence;
using Recsys.Rank;

namespace Recsys.Tests.Nn;

public sealed class TrainerTests : IDisposable
{
    private static readonly PlantedClicks Clicks = new(700);
    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-trainer").FullName;

    private string File => Path.Combine(_folder, "training.checkpoint");

    private static TrainerOptions Short => new() { Epochs = 4, BatchSize = 64, Seed = 5, Optimizer = new Adam { LearningRate = 0.01f } };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static DeepFmOptions Options(TrainerOptions training) => new() { Dimension = 4, Hidden = [8], Training = training };

    private static DeepFm Train(TrainerOptions training, bool validated = false, IProgress<TrainProgress>? progress = null,
        DeepFm? warmStart = null, CancellationToken cancel = default)
        => DeepFm.Train(Clicks.Features, Clicks.Examples.Slice(0, 500), Options(training),
            validated ? Clicks.Examples.Slice(500, 200) : null, warmStart, progress, cancel);

    private static float[] Weights(DeepFm model)
        => [.. model.Parameters.Dense.SelectMany(p => p.Values.ToArray()), .. model.Parameters.Tables.SelectMany(t => t.Mutable.ToArray())];

    private static float[] Scores(DeepFm model) => Scores(model, Clicks.Features, Clicks.Examples);

    private static float[] Scores(IRanker model, FeatureSet features, Examples examples)
    {
        var batch = features.CreateBatch(examples.Count);
        features.Assemble(examples, 0, examples.Count, batch);
        var scores = new float[batch.Count];
        model.Score(batch, scores);
        return scores;
    }

    [Fact]
    public void The_threads_do_not_change_a_bit()
    {
        var one = Weights(Train(Short with { Threads = 1 }));
        Assert.Equal(one, Weights(Train(Short with { Threads = 2 })));
        Assert.Equal(one, Weights(Train(Short with { Threads = 5 })));
        Assert.NotEqual(one, Weights(Train(Short with { Seed = 6 })));
    }

    [Fact]
    public void It_learns_an_interaction_that_no_sum_of_terms_can()
    {
        var clicks = new PlantedClicks(4000);
        var (train, test) = clicks.Examples.Split(0.8);
        var model = DeepFm.Train(clicks.Features, train, Options(Short with { Epochs = 30 }));
        var linear = LogisticRegression.Train(clicks.Features, train);
        Assert.InRange(AucMetrics.Auc(Scores(model, clicks.Features, test), test.Label()), 0.8, 0.95);
        Assert.InRange(AucMetrics.Auc(Scores(linear, clicks.Features, test), test.Label()), 0.4, 0.6);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void A_training_that_was_stopped_goes_on_to_the_same_bits(int everySteps)
    {
        var whole = Train(Short, validated: true);
        var kept = Short with { Checkpoint = new(File) { EverySteps = everySteps } };
        using (var stop = new CancellationTokenSource())
        {
            var progress = new Reports(report =>
            {
                if (report.Step == 2) stop.Cancel();
            });
            Assert.Throws<OperationCanceledException>(() => Train(kept, validated: true, progress, cancel: stop.Token));
        }
        Assert.True(System.IO.File.Exists(File));
        var epochs = new List<int>();
        var resumed = Train(kept, validated: true, new Reports(report => epochs.Add(report.Step)));
        // A checkpoint at a step of the second epoch trains the rest of that epoch again.
        Assert.Equal(everySteps == 0 ? [3, 4] : [2, 3, 4], epochs);
        Assert.Equal(Weights(whole), Weights(resumed));
        Assert.Equal(whole.History, resumed.History);
        Assert.False(System.IO.File.Exists(File));
    }

    [Fact]
    public void A_training_that_was_killed_goes_on_to_the_same_bits()
    {
        var whole = Weights(Train(Long(null)));
        using (var child = ChildProcess.Start(["train-until-killed", File]))
        {
            Assert.Equal("epoch", child.StandardOutput.ReadLine());
            child.Kill();
            child.WaitForExit();
        }
        Assert.Equal(whole, Weights(Train(Long(File))));
    }

    /// <summary>Runs in the child: trains, telling of each epoch, until killed.</summary>
    internal static void TrainUntilKilled(string file) => Train(Long(file), progress: new Reports(_ => Console.WriteLine("epoch")));

    private static TrainerOptions Long(string? file)
        => Short with { Epochs = 60, Checkpoint = file is null ? null : new(file) { EverySteps = 1 } };

    [Fact]
    public void The_checkpoint_of_another_training_is_refused()
    {
        using var stop = new CancellationTokenSource();
        var kept = Short with { Checkpoint = new(File) };
        Assert.Throws<OperationCanceledException>(() => Train(kept, false, new Reports(_ => stop.Cancel()), cancel: stop.Token));
        var error = Assert.Throws<InvalidDataException>(() => Train(kept with { BatchSize = 32 }));
        Assert.Contains(File, error.Message, StringComparison.Ordinal);
        Assert.Contains("batch 32", error.Message, StringComparison.Ordinal);
        var bytes = System.IO.File.ReadAllBytes(File);
        System.IO.File.WriteAllBytes(File, bytes[..(bytes.Length / 2)]);
        Assert.Throws<InvalidDataException>(() => Train(kept));
    }

    [Fact]
    public void The_weights_of_the_best_epoch_are_kept_and_patience_ends_the_training()
    {
        var judged = 0;
        double[] values = [1, 3, 2, 2.5];
        var metric = ValidationMetric.Higher("planned", (_, _, _) => values[judged++]);
        var model = Train(Short with { Epochs = 20, Metric = metric, Patience = 2 }, validated: true);
        Assert.Equal([1, 3, 2, 2.5], model.History.Select(h => h.Validation!.Value));
        Assert.Equal(Weights(Train(Short with { Epochs = 2 })), Weights(model));
    }

    [Fact]
    public void Validation_by_the_area_under_the_curve()
    {
        var model = Train(Short with { Metric = ValidationMetric.Higher("AUC", AucMetrics.Auc) }, validated: true);
        var scores = Scores(model)[500..];
        var labels = Clicks.Examples.Slice(500, 200).Label();
        Assert.Equal(model.History.Max(h => h.Validation), AucMetrics.Auc(scores, labels));
    }

    [Fact]
    public void A_warm_start_begins_where_the_other_ended()
    {
        var first = Train(Short);
        var still = Train(Short with { Epochs = 1, Optimizer = new Sgd { LearningRate = 1e-30f } }, warmStart: first);
        Assert.Equal(Weights(first), Weights(still));
        var error = Assert.Throws<ArgumentException>(() => DeepFm.Train(Clicks.Features, Clicks.Examples,
            new DeepFmOptions { Dimension = 5, Hidden = [8], Training = Short }, warmStart: first));
        Assert.Contains("fields.table", error.Message, StringComparison.Ordinal);
        var other = new PlantedClicks(50, seed: 9);
        Assert.Throws<SchemaMismatchException>(() => DeepFm.Train(other.Features, other.Examples, Options(Short), warmStart: first));
    }

    [Fact]
    public void A_training_that_diverges_names_the_op_and_the_step()
    {
        var error = Assert.Throws<NonFiniteException>(() => Train(Short with { Optimizer = new Sgd { LearningRate = 1e30f } }));
        Assert.Matches("(op|parameter|gradient of) '", error.Message);
        Assert.Contains("step 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_validation_metric_that_is_not_defined_stops_the_training()
    {
        var metric = ValidationMetric.Lower("my metric", (_, _, _) => double.NaN);
        var error = Assert.Throws<NonFiniteException>(() => Train(Short with { Metric = metric }, validated: true));
        Assert.Contains("'my metric' is NaN after epoch 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_gradient_is_clipped_to_its_norm()
    {
        var start = Train(Short with { Epochs = 1, Optimizer = new Sgd { LearningRate = 1e-30f } });
        var all = Short with { Epochs = 1, BatchSize = 500, ClipNorm = 0.001f, Optimizer = new Sgd { LearningRate = 1 } };
        var moved = Weights(Train(all, warmStart: start)).Zip(Weights(start), (after, before) => (double)after - before);
        Assert.Equal(0.001, Math.Sqrt(moved.Sum(d => d * d)), 1e-6);
    }

    [Fact]
    public void A_step_allocates_nothing_once_warm()
    {
        var model = Train(Short with { Epochs = 1 });
        var trainer = DeepFm.TrainerOf(DeepFm.Create(ParameterScope.CopyOf(model.Parameters), model.Schema,
            Options(Short with { Threads = 1 })), Clicks.Features, Clicks.Examples);
        var epoch = 0;
        Allocations.AssertNone(() => trainer.RunEpoch(epoch++, default), calls: 2);
    }

    [Fact]
    public void Tables_in_fewer_bits_score_nearly_alike_and_survive_a_file()
    {
        var model = Train(Short);
        var exact = Scores(model);
        foreach (var (precision, error) in new[] { (TablePrecision.Half, 1e-3), (TablePrecision.Int8, 2e-2) })
        {
            var packed = model.Freeze(precision);
            var scores = Scores(packed);
            Assert.NotEqual(exact, scores);
            Assert.All(exact.Zip(scores), pair => Assert.Equal(pair.First, pair.Second, error));
            var path = Path.Combine(_folder, "model");
            ModelFile.Save(path, packed);
            Assert.Equal(scores, Scores(ModelFile.Load<DeepFm>(path)));
            Assert.Throws<ArgumentException>(() => packed.Freeze(TablePrecision.Single));
        }
    }

    [Fact]
    public void The_schedule_scales_the_rate()
    {
        Assert.Equal([1f, 1f, 1f], Factors(LearningSchedule.Constant));
        Assert.Equal([1f, 0.75f, 0.5f, 0.25f], Factors(LearningSchedule.Linear));
        Assert.Equal([0.5f, 1f, 1f, 0.5f], Factors(LearningSchedule.Linear with { WarmUpSteps = 2 }));
        Assert.Equal(0.5f, LearningSchedule.Cosine.Factor(2, 4, 2), 1e-6f);
        Assert.Equal([1f, 1f, 0.5f, 0.5f], Factors(LearningSchedule.Exponential(0.5)));
        Assert.Throws<ArgumentOutOfRangeException>(() => LearningSchedule.Exponential(1.5));

        static float[] Factors(LearningSchedule schedule)
            => [.. Enumerable.Range(0, schedule == LearningSchedule.Constant ? 3 : 4).Select(step => schedule.Factor(step, 4, 2))];
    }

    private sealed class Reports(Action<TrainProgress> report) : IProgress<TrainProgress>
    {
        public void Report(TrainProgress value) => report(value);
    }
}
