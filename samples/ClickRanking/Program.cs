// Which ranker suits my clicks: logistic regression, boosted trees, or both? And what do the trees go by?
//   dotnet run -c Release --project samples/ClickRanking                                        synthetic people, no download
//   dotnet run -c Release --project samples/ClickRanking -- --data <folder> --out report.html   UCI Adult: adult.data, adult.test

using Recsys;
using Recsys.Evaluation;
using Recsys.Features;
using Recsys.Rank;
using Recsys.Samples;
using Recsys.Samples.ClickRanking;
using Spectre.Console;

return Sample.Run(args, "ClickRanking", "folder of adult.data and adult.test", "click-ranking.html",
    (folder, output) => Run(folder is null ? People.Synthetic() : People.Read(folder), output));

static void Run(People people, string output)
{
    // A linear model needs numbers cut into bins; trees cut them themselves.
    string[] texts = ["workclass", "education", "marital_status", "occupation", "relationship", "race", "sex", "country"];
    string[] numbers = ["age", "education_years", "capital_gain", "capital_loss", "hours_per_week"];
    var label = Feature.Label("earns_50k");
    var categories = texts.Select(name => Feature.Category(name, Side.Context)).ToArray();
    // Closed bins tell "no gain on capital", which most have, from any gain.
    var buckets = numbers.Select(name => Feature.Buckets(name, Side.Context, quantiles: 10, rule: BinRule.FirstClosed));
    var binned = new FeatureSchema([.. categories, .. buckets, label]).Fit(contexts: people.Train);
    var raw = new FeatureSchema([.. categories, .. numbers.Select(name => Feature.Number(name, Side.Context)), label])
        .Fit(contexts: people.Train);
    var (binnedTrain, binnedTest) = (binned.Examples(people.Train), binned.Examples(people.Test));
    var (all, test) = (raw.Examples(people.Train), raw.Examples(people.Test));
    var (train, validation) = all.Split(0.85);
    Console.WriteLine($"{people.Name}: {all.Count:N0} rows to train on, {test.Count:N0} to test on");

    var results = new List<Result>();
    Gbdt trees = null!;
    Sample.WithBars(bars =>
    {
        var options = new GbdtOptions { Trees = 500, LearningRate = 0.08, MaxLeaves = 15, EarlyStoppingRounds = 25 };
        results.Add(Judge("LR", bars, bar => LogisticRegression.Train(binned, binnedTrain, progress: bar), binned, binnedTest));
        results.Add(Judge("GBDT", bars, bar => trees = Gbdt.Train(raw, train, options, validation, bar), raw, test));
        // Trees from one half, the regression from the other: it then weighs leaves by labels that did not make them.
        results.Add(Judge("GBDT + LR", bars, bar => GbdtLr.Train(
            raw, train, new() { Trees = options with { MaxLeaves = 12 }, Linear = new() { L2 = 20 }, TreePart = 0.6 }, validation, bar),
            raw, test));
    });
    Console.WriteLine(EvaluationReport.Table(["AUC", "LogLoss", "ECE"], [.. results.Select(r => r.Report)]));

    var importance = PermutationImportance.Measure(
        trees, raw, test.Slice(0, Math.Min(4_000, test.Count)), ValidationMetric.Higher("AUC", AucMetrics.Auc), new() { Repeats = 4 });
    Explain(trees, raw, test, results.Single(r => r.Model is Gbdt).Scores);

    File.WriteAllText(output, Page.Html(people.Name, results, trees.Importance(), importance));
    Console.WriteLine($"Metrics, importance and calibration as a picture: {Path.GetFullPath(output)}");
}

static Result Judge(string name, Bars bars, Func<IProgress<TrainProgress>, IRanker> train, FeatureSet features, Examples test)
{
    var (model, _) = bars.Train(name, train);
    var batch = features.CreateBatch(test.Count);
    features.Assemble(test, 0, test.Count, batch);
    var scores = new float[test.Count];
    model.Score(batch, scores);
    return new Result(name, model, scores, batch.Label().ToArray(), ClickEvaluator.Evaluate(name, scores, batch.Label()));
}

// Why does this one score so high?
static void Explain(Gbdt trees, FeatureSet features, Examples test, float[] scores)
{
    var best = Array.IndexOf(scores, scores.Max());
    var batch = features.CreateBatch(1);
    features.Assemble(test, best, 1, batch);
    var layout = trees.Layout!;
    var contributions = new double[layout.ColumnCount + 1];
    trees.Explain(batch, contributions);
    var row = new float[layout.ColumnCount];
    layout.Fill(batch, row);
    var table = new Table().Title($"Why test row {best} scores {scores[best]:F3}").Border(TableBorder.Simple)
        .AddColumns("Column", "Value", "Log-odds");
    table.AddRow("(everybody)", "", $"{contributions[^1]:+0.00;-0.00}");
    foreach (var column in Enumerable.Range(0, row.Length).OrderByDescending(c => Math.Abs(contributions[c])).Take(5))
        table.AddRow(layout.NameOf(features, column).EscapeMarkup(), $"{row[column]}", $"{contributions[column]:+0.00;-0.00}");
    AnsiConsole.Write(table);
}
