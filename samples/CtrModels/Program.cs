// Which click model suits my data? Trains the family on one split, prints a table, draws how each learned and what attention looks at.
//   dotnet run -c Release --project samples/CtrModels                                        a synthetic world, no download
//   dotnet run -c Release --project samples/CtrModels -- --data <folder> --out report.html   ml-100k, ml-1m or ml-latest-small

using Recsys;
using Recsys.Evaluation;
using Recsys.Nn;
using Recsys.Samples;
using Recsys.Samples.CtrModels;
using Spectre.Console;

return Sample.Run(args, "CtrModels", "folder of ml-100k, ml-1m or ml-latest-small", "ctr-models.html", (folder, output) =>
{
    var clicks = folder is null ? Clicks.Synthetic() : Clicks.MovieLens(folder);
    Console.WriteLine(
        $"{clicks.Name}: {clicks.Train.Count:N0} training, {clicks.Validation.Count:N0} validation, {clicks.Test.Count:N0} test examples");
    var training = new TrainerOptions
    {
        Epochs = 4,
        BatchSize = 2048,
        Optimizer = new Adam { LearningRate = 2e-3f, WeightDecay = 1e-5f },
        Metric = ValidationMetric.Higher("AUC", AucMetrics.Auc),
    };

    var results = new List<Result>();
    Sample.WithBars(bars =>
    {
        foreach (var (name, train) in Models.All())
        {
            var (trained, seconds) = bars.Train(name, bar => train(clicks, training, bar));
            results.Add(Result.Of(name, trained, clicks, seconds));
        }
    });

    var table = new Table().AddColumns("model", "test AUC", "log loss", "seconds");
    foreach (var result in results) table.AddRow(result.Name, $"{result.Auc:F4}", $"{result.LogLoss:F4}", $"{result.Seconds:F1}");
    AnsiConsole.Write(table);
    File.WriteAllText(output, Page.Html(clicks, results));
    Console.WriteLine($"Learning curves and attention as a picture: {Path.GetFullPath(output)}");
});
