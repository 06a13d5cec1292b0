using Recsys.Persistence;

namespace Recsys.Tests.Contracts;

/// <summary>Threads, memory, files, progress, odd logs.</summary>
public abstract partial class RecallerContract<TModel>
{
    [Fact]
    public void Parallel_calls_give_the_serial_lists()
    {
        var users = Skewed.UserCount;
        var serial = new ScoredItem[users][];
        for (var user = 0; user < users; user++) serial[user] = Call(user);
        var parallel = new ScoredItem[users * 8][];
        Parallel.For(0, parallel.Length, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i => parallel[i] = Call(i % users));
        for (var i = 0; i < parallel.Length; i++) Assert.Equal(serial[i % users], parallel[i]);

        ScoredItem[] Call(int user) => (user & 1) == 0 || !FoldsIn
            ? Lists.Recall(SkewedModel, user, 15, exclude: Skewed.ItemsOf(user).ToArray())
            : Lists.Recall(SkewedModel, -1, 15, history: Skewed.ItemsOf(user).ToArray());
    }

    [Fact]
    public void A_call_allocates_nothing_after_warm_up()
    {
        var model = SkewedModel;
        var data = Skewed;
        var allow = new ItemSet(Enumerable.Range(0, 120));
        Func<int, bool> predicate = static item => item % 5 != 0;
        var list = new ScoredItem[25];
        for (var i = 0; i < 5; i++) Calls();
        Allocations.AssertNone(Calls, calls: 20);

        void Calls()
        {
            for (var user = 0; user < 61; user++)
            {
                var seen = data.ItemsOf(user);
                model.Recall(new RecallRequest(user), list);
                var filter = new ItemFilter { Exclude = seen, Allow = allow, Predicate = predicate };
                model.Recall(new RecallRequest(user) { Filter = filter }, list);
                model.Recall(new RecallRequest(-1) { Filter = filter, History = seen, HistoryValues = data.ValuesOf(user) }, list);
                if (model is ISimilarItems similar) similar.SimilarItems(user, filter, list);
            }
            model.Recall(new RecallRequest(-1), list);
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    public void Training_gives_the_same_bits_for_any_number_of_threads(int threads)
        => AssertSame(SkewedModel, Train(Skewed, new ContractRun(threads)));

    [Fact]
    public void A_saved_model_answers_as_before()
    {
        AssertSame(SkewedModel, RoundTrip(SkewedModel));
        Assert.Equal(Lists.Recall(KnownModel, 0, 30), Lists.Recall(RoundTrip(KnownModel), 0, 30));
    }

    [Fact]
    public void Options_out_of_range_are_refused_by_name()
    {
        foreach (var invalid in InvalidOptions)
        {
            var error = Assert.ThrowsAny<ArgumentException>(invalid);
            Assert.False(string.IsNullOrEmpty(error.ParamName), $"The error names no option: {error.Message}");
        }
    }

    [Fact]
    public void No_data_at_all_is_an_argument_error()
        => Assert.Throws<ArgumentNullException>(() => Train(null!, new ContractRun()));

    [Fact]
    public void Progress_runs_to_the_end()
    {
        if (!ReportsProgress) return;
        var reports = new ProgressLog();
        Train(Skewed, new ContractRun(Progress: reports));
        Assert.NotEmpty(reports.All);
        foreach (var stage in reports.All.GroupBy(x => x.Stage))
        {
            var steps = stage.Select(x => x.Step).ToArray();
            Assert.Equal(steps.Order(), steps);
            Assert.Equal(stage.Last().Steps, stage.Last().Step);
            Assert.All(stage, x => Assert.InRange(x.Step, 0, x.Steps));
        }
    }

    [Fact]
    public void A_cancelled_training_stops()
    {
        if (!ReportsProgress) return;
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => Train(Skewed, new ContractRun(Cancel: source.Token)));
    }

    [Theory]
    [InlineData("one user")]
    [InlineData("one item")]
    [InlineData("one row")]
    public void Odd_logs_train_and_serve(string name)
    {
        var data = name switch
        {
            "one user" => ContractData.OneUser(),
            "one item" => ContractData.OneItem(),
            _ => ContractData.OneRow(),
        };
        var model = Train(data, new ContractRun(2));
        for (var user = -1; user <= data.UserCount; user++)
        {
            var list = Lists.Recall(model, user, 10);
            Lists.AssertSound(list, data.ItemCount);
            if (ScoresEveryItem && user >= 0 && user < data.UserCount) Assert.Equal(Math.Min(10, data.ItemCount), list.Length);
            Lists.AssertSound(Lists.Recall(model, user, 10, exclude: [0], history: [0]), data.ItemCount);
        }
        Assert.Equal(Lists.Recall(model, 0, 5), Lists.Recall(RoundTrip(model), 0, 5));
    }

    [Fact]
    public void A_log_without_rows_is_refused_or_gives_a_model_that_serves_soundly()
    {
        var data = ContractData.NoRows();
        TModel model;
        try
        {
            model = Train(data, new ContractRun());
        }
        catch (ArgumentException e)
        {
            Assert.NotEmpty(e.Message);
            return;
        }
        for (var user = -1; user <= data.UserCount; user++)
        {
            Lists.AssertSound(Lists.Recall(model, user, 3), data.ItemCount);
            Lists.AssertSound(Lists.Recall(model, user, 3, history: [1, 2]), data.ItemCount);
        }
    }

    private void AssertSame(TModel expected, TModel actual)
    {
        for (var user = -1; user <= Skewed.UserCount; user++)
            Assert.Equal(Lists.Recall(expected, user, 50), Lists.Recall(actual, user, 50));
        if (FoldsIn)
            for (var user = 0; user < 30; user++)
            {
                var history = Skewed.ItemsOf(user).ToArray();
                var values = Skewed.ValuesOf(user).ToArray();
                Assert.Equal(
                    Lists.Recall(expected, -1, 50, history: history, values: values),
                    Lists.Recall(actual, -1, 50, history: history, values: values));
            }
        if (expected is not ISimilarItems similar) return;
        ScoredItem[] a = new ScoredItem[20], b = new ScoredItem[20];
        for (var item = 0; item < Skewed.ItemCount; item++)
        {
            var count = similar.SimilarItems(item, default, a);
            Assert.Equal(a[..count], b[..((ISimilarItems)actual).SimilarItems(item, default, b)]);
        }
    }

    private static TModel RoundTrip(TModel model)
    {
        using var stream = new MemoryStream();
        ModelFile.Save(stream, model);
        stream.Position = 0;
        return ModelFile.Load<TModel>(stream);
    }

    private sealed class ProgressLog : IProgress<TrainProgress>
    {
        public List<TrainProgress> All { get; } = [];

        public void Report(TrainProgress value)
        {
            lock (All) All.Add(value);
        }
    }
}
