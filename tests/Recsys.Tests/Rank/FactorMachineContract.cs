using Recsys.Evaluation;
using Recsys.Features;
using Recsys.Persistence;
using Recsys.Rank;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Rank;

/// <summary>What <see cref="Fm"/>, <see cref="Ffm"/> and <see cref="SvdFeature"/> promise alike.</summary>
public abstract class FactorMachineContract<TModel> where TModel : class, IRanker, IFeatureModel, IModel<TModel>
{
    /// <summary>How a test wants to train.</summary>
    public sealed record Run
    {
        public int Threads { get; init; } = 2;
        public int Epochs { get; init; } = 8;
        public int BatchSize { get; init; } = 64;
        public int Factors { get; init; } = 8;
        public int EarlyStoppingRounds { get; init; }
        public FactorStep Step { get; init; }
        public float? LearningRate { get; init; }
        public Examples? Validation { get; init; }
        public TModel? WarmStart { get; init; }
        public Action<TrainProgress>? Progress { get; init; }
        public CancellationToken Cancel { get; init; }
    }

    private static readonly FeatureSet Features = ClickWorld.Features();
    private static readonly Examples Data = ClickWorld.Examples(Features);
    private static readonly Examples Test = ClickWorld.Examples(Features, 600, 2);

    protected abstract TModel Train(FeatureSet features, Examples examples, Run run);

    protected abstract (double TrainingLoss, double? ValidationLoss, int Epochs) Outcome(TModel model);

    protected abstract IReadOnlyList<Action> InvalidOptions { get; }

    [Fact]
    public void It_learns_an_interaction_that_a_linear_model_cannot()
    {
        var linear = ClickWorld.Scores(LogisticRegression.Train(Features, Data), Features, Test);
        var ours = ClickWorld.Scores(Train(Features, Data, new Run { Epochs = 20 }), Features, Test);
        Assert.InRange(AucMetrics.Auc(linear, Test.Label()), 0.35, 0.65);
        Assert.InRange(AucMetrics.Auc(ours, Test.Label()), 0.9, 1);
    }

    [Theory]
    [InlineData(FactorStep.AdaGrad)]
    [InlineData(FactorStep.Sgd)]
    public void Same_bits_for_any_number_of_threads(FactorStep step)
    {
        // Batches large enough that threads are used at all.
        var run = new Run { Threads = 1, BatchSize = 500, Epochs = 2, Step = step, Validation = Test };
        var one = ModelBytes(Train(Features, Data, run));
        foreach (var threads in new[] { 2, 5 }) Assert.Equal(one, ModelBytes(Train(Features, Data, run with { Threads = threads })));
    }

    [Fact]
    public void The_best_epoch_is_kept_and_a_worse_one_can_end_the_training()
    {
        var run = new Run { Epochs = 60, LearningRate = 1, Validation = Test, BatchSize = 16 };
        var reports = 0;
        var stopped = Train(Features, Data, run with { EarlyStoppingRounds = 3, Progress = _ => reports++ });
        var (_, best, epochs) = Outcome(stopped);
        Assert.True(epochs < 57, $"The training went on for {epochs} epochs.");
        Assert.Equal(epochs + 3, reports);
        Assert.Equal(ModelParameters(Train(Features, Data, run with { Validation = null, Epochs = epochs })), ModelParameters(stopped));
        for (var epoch = 1; epoch <= epochs + 3; epoch++)
            Assert.True(best <= Outcome(Train(Features, Data, run with { Epochs = epoch })).ValidationLoss);
        var error = Assert.Throws<ArgumentException>(() => Train(Features, Data, new Run { EarlyStoppingRounds = 1 }));
        Assert.Contains("no validation examples", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Progress_is_reported_and_cancelling_stops()
    {
        var losses = new List<double>();
        Train(Features, Data, new Run { Progress = p => losses.Add(p.Loss!.Value) });
        Assert.Equal(8, losses.Count);
        Assert.True(losses[^1] < losses[0]);
        Assert.Throws<OperationCanceledException>(() => Train(Features, Data, new Run { Cancel = new CancellationToken(true) }));
        using var source = new CancellationTokenSource();
        var epochs = 0;
        Assert.Throws<OperationCanceledException>(() => Train(Features, Data, new Run
        {
            Cancel = source.Token,
            Progress = _ =>
            {
                if (++epochs == 2) source.Cancel();
            },
        }));
        Assert.Equal(2, epochs);
    }

    [Fact]
    public void A_warm_start_goes_on_and_admits_new_ids()
    {
        var first = Train(Features, Data, new Run { Epochs = 4 });
        var second = Train(Features, Data, new Run { Epochs = 1, WarmStart = first });
        Assert.True(Outcome(second).TrainingLoss < Outcome(Train(Features, Data, new Run { Epochs = 1 })).TrainingLoss);

        var few = ClickWorld.Features(tags: false);
        var more = ClickWorld.Features(ClickWorld.Users + 2, ClickWorld.Items + 4, tags: false);
        var old = Train(few, ClickWorld.Examples(few), new Run { Epochs = 2 });
        var grown = Train(more, ClickWorld.Examples(more), new Run { Epochs = 1, WarmStart = old, LearningRate = 1e-12f });
        var before = ClickWorld.Scores(old, few, ClickWorld.Examples(few, 600, 2));
        var after = ClickWorld.Scores(grown, more, ClickWorld.Examples(more, 600, 2));
        for (var i = 0; i < before.Length; i++) Assert.Equal(before[i], after[i], 1e-5f);

        string Message(Action act) => Assert.ThrowsAny<ArgumentException>(act).Message;
        Assert.Contains("factors", Message(() => Train(
            Features, Data, new Run { Factors = 3, WarmStart = first })), StringComparison.Ordinal);
        Assert.Contains("'user'", Message(() => Train(
            ClickWorld.Features(ClickWorld.Users - 1), Data, new Run { WarmStart = first })), StringComparison.Ordinal);
        var narrow = new FeatureSchema(Feature.Id("user", Side.User), Feature.Label("click"))
            .Fit(Columns.From(Enumerable.Range(0, ClickWorld.Users)).Text("x", _ => "").InIdOrder());
        Assert.Contains("fields", Message(() => Train(narrow, narrow.Examples(new ExampleData
        { Users = [0, 1], Items = [0, 1], Labels = [[0, 1]] }), new Run { WarmStart = first })), StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_id_or_value_adds_nothing()
    {
        var model = Train(Features, Data, new Run());
        var batch = Features.CreateBatch(4);
        var scores = new float[4];
        Features.Assemble(-1, [-1, int.MaxValue, 0, 1], batch);
        model.Score(batch, scores);
        Assert.All(scores, score => Assert.True(float.IsFinite(score)));
        Assert.Equal(scores[0], scores[1]);
        // Nothing is known but numbers of 0: what is left is the bias.
        var bias = ModelBias(model);
        Assert.Equal(model is SvdFeature { Task: SvdFeatureTask.Pairwise } ? bias : 1 / (1 + MathF.Exp(-bias)), scores[0], 1e-5f);
    }

    [Fact]
    public void A_scoring_call_allocates_nothing_once_warm()
    {
        var model = Train(Features, Data, new Run { Epochs = 1 });
        var batch = Features.CreateBatch(200);
        Features.Assemble(Test, 0, 200, batch);
        var scores = new float[200];
        Allocations.AssertNone(() => model.Score(batch, scores));
        Assert.Contains("scores", Assert.Throws<ArgumentOutOfRangeException>(() => model.Score(batch, new float[199])).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Later_steps_of_a_training_allocate_nothing()
    {
        // What more epochs allocate, apart from the first ones' working memory.
        Train(Features, Data, new Run { Epochs = 2, Threads = 1 });
        long Bytes(int epochs)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            Train(Features, Data, new Run { Epochs = epochs, Threads = 1 });
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
        var least = long.MaxValue;
        for (var round = 0; round < 10 && least > 0; round++) least = Math.Min(least, Math.Abs(Bytes(40) - Bytes(20)));
        Assert.Equal(0, least);
    }

    [Fact]
    public void Another_schema_is_refused_by_name()
    {
        var other = ClickWorld.Features(ClickWorld.Users, ClickWorld.Items - 1);
        var error = Assert.Throws<SchemaMismatchException>(() => Train(Features, Data, new Run { Epochs = 1 })
            .Score(other.CreateBatch(4), new float[4]));
        Assert.Contains("'item'", error.Message, StringComparison.Ordinal);
        Assert.Throws<SchemaMismatchException>(() => Train(Features, ClickWorld.Examples(other), new Run()));
        Assert.Throws<SchemaMismatchException>(() => Train(Features, Data, new Run { Validation = ClickWorld.Examples(other) }));
    }

    [Fact]
    public void Bad_input_is_named()
    {
        var real = new FeatureSchema(Feature.Id("user", Side.User), Feature.Label("click", binary: false))
            .Fit(Columns.From(Enumerable.Range(0, 4)).Text("x", _ => "").InIdOrder());
        Examples With(params float[] labels) => real.Examples(new ExampleData
        { Users = new int[labels.Length], Items = new int[labels.Length], Labels = [labels] });
        string Message(Action act) => Assert.ThrowsAny<ArgumentException>(act).Message;
        Assert.Contains("label of example 2 is 0.5", Message(() => Train(real, With(0, 1, 0.5f), new Run())), StringComparison.Ordinal);
        Assert.Contains("NaN", Message(() => Train(real, With(0, float.NaN), new Run())), StringComparison.Ordinal);
        Assert.Contains("All 2 labels are 1", Message(() => Train(real, With(1, 1), new Run())), StringComparison.Ordinal);
        Assert.Contains("no examples", Message(() => Train(real, With(), new Run())), StringComparison.Ordinal);
        Assert.Contains("weights are 0", Message(() => Train(
            Features, ClickWorld.Examples(Features, 20, 1, new float[20]), new Run())), StringComparison.Ordinal);
        Assert.Contains("label of example 1 is 3", Message(() => Train(
            real, With(0, 1), new Run { Validation = With(0, 3) })), StringComparison.Ordinal);
        var mute = new FeatureSchema(Feature.Id("user", Side.User))
            .Fit(Columns.From(Enumerable.Range(0, 4)).Text("x", _ => "").InIdOrder());
        Assert.Contains("no label", Message(() => Train(
            mute, mute.Examples(new ExampleData { Users = [0], Items = [0] }), new Run())), StringComparison.Ordinal);
        foreach (var option in InvalidOptions) Assert.ThrowsAny<ArgumentException>(option);
    }

    [Fact]
    public void A_training_that_diverges_says_so()
    {
        var wild = new FeatureSchema(Feature.Number("huge", Side.Context), Feature.Number("more", Side.Context), Feature.Label("click"));
        var table = Columns.From(Enumerable.Range(0, 20)).Number("huge", i => 1e18 * (i - 10)).Number("more", i => 1e18 * (i % 3))
            .Number("click", i => i % 2).Build();
        var features = wild.Fit(contexts: table);
        var error = Assert.Throws<ArithmeticException>(() => Train(
            features, features.Examples(table), new Run { Step = FactorStep.Sgd, LearningRate = 1e10f }));
        Assert.Contains("LearningRate", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Its_file_is_safe()
    {
        var model = Train(Features, ClickWorld.Examples(Features, 60), new Run { Epochs = 1, Factors = 2, Validation = Test });
        var batch = Features.CreateBatch(50);
        Features.Assemble(Test, 0, 50, batch);
        ModelFileContract.Check(model, loaded =>
        {
            var scores = new float[50];
            if (loaded.Schema!.Fingerprint == Features.Schema.Fingerprint) loaded.Score(batch, scores);
            return [.. scores, ModelBias(loaded), (float)Outcome(loaded).TrainingLoss];
        });
    }

    [Fact]
    public void A_file_that_claims_more_columns_than_it_has_bytes_is_refused_before_they_are_allocated()
    {
        const int Many = 50_000_000;
        var file = Persistence.EditableModelFile.Parse(ModelBytes(Train(Features, Data, new Run { Epochs = 1 })));
        file.Set("features.cardinalities", tensor => tensor with { Data = [.. BitConverter.GetBytes(Many), .. tensor.Data[4..]] });
        using var stream = new MemoryStream(file.ToBytes());
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<InvalidDataException>(() => ModelFile.Load<TModel>(stream));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Many);
    }

    protected static byte[] ModelBytes(TModel model)
    {
        using var stream = new MemoryStream();
        ModelFile.Save(stream, model);
        return stream.ToArray();
    }

    // The tensors of the file, without what is told of the training.
    private static byte[] ModelParameters(TModel model) => Persistence.EditableModelFile.Parse(ModelBytes(model)).Data();

    private static float ModelBias(TModel model) => model switch
    {
        Fm fm => fm.Bias,
        Ffm ffm => ffm.Bias,
        SvdFeature svd => svd.Bias,
        _ => throw new NotSupportedException(),
    };
}
