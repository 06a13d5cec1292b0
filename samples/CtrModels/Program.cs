// Which click model suits my data? Trains the family on one split, prints a table, draws how each learned and what attention looks at.
//   dotnet run -c Release --project samples/CtrModels                                        a synthetic world, no download
//   dotnet run -c Release --project samples/CtrModels -- --data <folder> --out report.html   ml-100k, ml-1m or ml-latest-small

using System.Diagnostics;
using System.Globalization;
using Recsys;
using Recsys.Evaluation;
using Recsys.Nn;
using Recsys.Samples.CtrModels;
using Spectre.Console;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
string? folder = null;
var output = "ctr-models.html";
for (var i = 0; i < args.Length; i++)
{
    if (args[i] == "--data" && i + 1 < args.Length) folder = args[++i];
    else if (args[i] == "--out" && i + 1 < args.Length) output = args[++i];
    else return Usage(args[i]);
}

try
{
    var clicks = folder is null ? Clicks.Synthetic() : Clicks.MovieLens(folder);
    Console.WriteLine($"{clicks.Name}: {clicks.Train.Count:N0} training, {clicks.Validation.Count:N0} validation, {clicks.Test.Count:N0} test examples");
    var training = new TrainerOptions
    {
        Epochs = 4,
        BatchSize = 2048,
        Optimizer = new Adam { LearningRate = 2e-3f, WeightDecay = 1e-5f },
        Metric = ValidationMetric.Higher("AUC", AucMetrics.Auc),
    };

    var results = new List<Result>();
    AnsiConsole.Progress()
        .Columns(
            new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
        .Start(progress =>
        {
            foreach (var (name, train) in Models.All())
            {
                var task = progress.AddTask(name);
                var started = Stopwatch.GetTimestamp();
                var trained = train(clicks, training, new Bar(task));
                var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
                task.Value = task.MaxValue;
                results.Add(Result.Of(name, trained, clicks, seconds));
            }
        });

    var table = new Table().AddColumns("model", "test AUC", "log loss", "seconds");
    foreach (var result in results) table.AddRow(result.Name, $"{result.Auc:F4}", $"{result.LogLoss:F4}", $"{result.Seconds:F1}");
    AnsiConsole.Write(table);
    File.WriteAllText(output, Page.Html(clicks, results));
    Console.WriteLine($"Learning curves and attention as a picture: {Path.GetFullPath(output)}");
    return 0;
}
catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}

static int Usage(string argument)
{
    Console.Error.WriteLine($"'{argument}' is not understood.");
    Console.Error.WriteLine("Usage: CtrModels [--data <folder of ml-100k, ml-1m or ml-latest-small>] [--out <file.html>]");
    return 2;
}

internal sealed class Bar(ProgressTask task) : IProgress<TrainProgress>
{
    public void Report(TrainProgress value)
    {
        task.MaxValue = value.Steps;
        task.Value = value.Step;
    }
}
