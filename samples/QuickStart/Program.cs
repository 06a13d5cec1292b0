// From an event log to a ranked list, in the order in which a team would go about it:
// read → split by time → train recall channels → train a ranker → evaluate → recommend → save → load.
//   dotnet run -c Release --project samples/QuickStart                       a synthetic world, no download
//   dotnet run -c Release --project samples/QuickStart -- --data <folder>    ml-100k, ml-1m or ml-latest-small

using System.Diagnostics;
using System.Globalization;
using QuickStart;
using Recsys;
using Recsys.Data;
using Recsys.Evaluation;
using Recsys.Rank;
using Recsys.Recall;
using Spectre.Console;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var folder = args switch
{
    [] => null,
    ["--data", var path] => path,
    _ => Usage(),
};
if (folder == "") return 2;

try
{
    Run(folder);
    return 0;
}
catch (Exception e) when (e is IOException or InvalidDataException)
{
    AnsiConsole.MarkupLineInterpolated($"[red]{e.Message}[/]");
    return 1;
}

static string Usage()
{
    Console.Error.WriteLine("Usage: QuickStart [--data <folder of ml-100k, ml-1m or ml-latest-small>]");
    return "";
}

static void Run(string? folder)
{
    Title("Read");
    var started = Stopwatch.GetTimestamp();
    var data = folder is null ? DataSet.Synthetic() : DataSet.MovieLens(folder);
    AnsiConsole.MarkupLineInterpolated(
        $"{data.Name}: {data.Log.Count:N0} events, {data.Log.UserCount:N0} users, {data.Log.ItemCount:N0} items in {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s");

    // The ranker must see the channels as they will be when serving: asked about a future that they were not trained on.
    // So the training part is itself split by time: channels learn from its past, the ranker from what they then proposed.
    var split = Splits.ByTime(data.Log, testRatio: 0.2);
    var inner = Splits.ByTime(split.Train, testRatio: 0.2);
    AnsiConsole.MarkupLineInterpolated($"Split: {split.Description}");

    Title("Train");
    Recommender recommender = null!;
    ItemCf itemCf = null!;
    UserCf userCf = null!;
    Lfm lfm = null!;
    var popular = Popularity.Train(split.Train);
    AnsiConsole.Progress().Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
        .Start(progress =>
        {
            var candidates = Channels(inner.Train, progress, "past: ").Builder.Build();
            var features = data.Schema(candidates.Channels).Fit(data.Users, data.Items, train: inner.Train);
            var examples = candidates.TrainingExamples(features, inner.Test);
            var ranker = LogisticRegression.Train(features, examples, new() { L2 = 10 }, progress: Bar(progress, $"ranker on {examples.Count:N0} examples"));

            RecommenderBuilder builder;
            (builder, itemCf, userCf, lfm) = Channels(split.Train, progress, "");
            recommender = builder.Rank("logistic regression", ranker, features).Fallback("popular (fallback)", popular).Build();
        });

    Title("Evaluate");
    RankingReport[] reports = [];
    AnsiConsole.Progress().Start(progress =>
    {
        // Each channel as it would be served alone: with popularity behind it for users that it does not know.
        IRecaller Served(string name, IRecaller recaller) => Recommender.For(split.Train).Recall(name, recaller).Fallback("popular", popular).Build();
        var protocol = new RankingProtocol { K = [10] };
        reports =
        [
            .. new (string Name, IRecaller Recaller)[]
            {
                ("popular", popular), ("lfm", Served("lfm", lfm)), ("user-cf", Served("user-cf", userCf)), ("item-cf", Served("item-cf", itemCf)),
                ("all + ranker", recommender),
            }.Select(model => RankingEvaluator.Evaluate(model.Name, model.Recaller, split, protocol, Bar(progress, model.Name))),
        ];
    });
    Console.WriteLine(EvaluationReport.Table(["Recall@10", "NDCG@10", "HitRate@10", "Coverage@10"], reports));
    foreach (var channel in reports[..^1]) Console.WriteLine(PairedTest.Compare(reports[^1], channel, "NDCG@10"));

    Title("Recommend");
    var known = Enumerable.Range(0, split.Train.UserCount).Where(u => split.Train.ItemsOf(u).Length >= 20).Take(3).Select(split.Train.Users.Name).ToList();
    foreach (var user in known) Show($"User {user}", recommender.Recommend(user), data);

    Show("A brand-new user, of whom nothing is known", recommender.Recommend("somebody new"), data);
    string[] history = [.. recommender.Recommend(known[0], 3).Select(r => r.Item)];
    Show($"A new user who liked {string.Join(", ", history.Select(data.Title))}", recommender.RecommendFor(history), data);

    Title("Save and load");
    var file = Path.Combine(Path.GetTempPath(), $"quickstart-{Environment.ProcessId}.recsys");
    try
    {
        recommender.Save(file);
        var loaded = Recommender.Load(file);
        var same = known.All(user => recommender.Recommend(user).Select(r => (r.Item, r.Score)).SequenceEqual(loaded.Recommend(user).Select(r => (r.Item, r.Score))));
        if (!same) throw new InvalidDataException("The loaded recommender answers differently.");
        AnsiConsole.MarkupLineInterpolated(
            $"One file of {new FileInfo(file).Length / 1e6:F1} MB. Loaded back, it gives the same lists and scores to {known.Count} users.");
        Show($"User {known[0]}, from the loaded file", loaded.Recommend(known[0]), data);
    }
    finally
    {
        File.Delete(file);
    }
}

static (RecommenderBuilder Builder, ItemCf ItemCf, UserCf UserCf, Lfm Lfm) Channels(Interactions log, ProgressContext progress, string prefix)
{
    var itemCf = ItemCf.Train(log, progress: Bar(progress, prefix + "item-cf"));
    var userCf = UserCf.Train(log, progress: Bar(progress, prefix + "user-cf"));
    var lfm = Lfm.Train(log, new() { Feedback = LfmFeedback.Implicit }, progress: Bar(progress, prefix + "lfm"));
    var builder = Recommender.For(log)
        .Recall("item-cf", itemCf, quota: 100)
        .Recall("user-cf", userCf, quota: 100)
        .Recall("lfm", lfm, quota: 50)
        .Recall("popular", Popularity.Train(log), quota: 50);
    return (builder, itemCf, userCf, lfm);
}

static void Title(string text) => AnsiConsole.Write(new Rule($"[bold]{text}[/]") { Justification = Justify.Left });

static IProgress<TrainProgress> Bar(ProgressContext progress, string name)
{
    var task = progress.AddTask(name);
    return new Bar(p =>
    {
        task.MaxValue = p.Steps;
        task.Value = p.Step;
    });
}

static void Show(string heading, RecommendationList list, DataSet data)
{
    var table = new Table().Title($"[bold]{heading.EscapeMarkup()}[/]").Border(TableBorder.Simple).AddColumns("#", "Title", "Score", "Where from (place in that list)");
    for (var i = 0; i < list.Count; i++)
    {
        var sources = string.Join(", ", list[i].Sources.Select(s => $"{s.Channel} {s.Rank}"));
        table.AddRow($"{i + 1}", data.Title(list[i].Item).EscapeMarkup(), $"{list[i].Score:F4}", sources.EscapeMarkup());
    }
    AnsiConsole.Write(table);
}

internal sealed class Bar(Action<TrainProgress> update) : IProgress<TrainProgress>
{
    public void Report(TrainProgress value) => update(value);
}
