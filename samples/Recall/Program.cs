// Which recall model suits my data? Trains every one of them on the same split, prints one table and draws it.
//   dotnet run -c Release --project samples/Recall                                     a synthetic world, no download
//   dotnet run -c Release --project samples/Recall -- --data <folder> --out chart.html   ml-100k, ml-1m or ml-latest-small

using System.Diagnostics;
using System.Globalization;
using Recsys;
using Recsys.Data;
using Recsys.Evaluation;
using Recsys.Samples.Recall;
using Spectre.Console;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
string? folder = null;
var output = "recall.html";
for (var i = 0; i < args.Length; i++)
{
    if (args[i] == "--data" && i + 1 < args.Length) folder = args[++i];
    else if (args[i] == "--out" && i + 1 < args.Length) output = args[++i];
    else return Usage(args[i]);
}

try
{
    var catalogue = folder is null ? Catalogue.Synthetic() : Catalogue.MovieLens(folder);
    var split = Splits.LeaveLastOut(catalogue.Log);
    var log = catalogue.Log;
    Console.WriteLine($"{catalogue.Name}: {log.Count:N0} events, {log.UserCount:N0} users, {log.ItemCount:N0} items");

    var results = new List<Result>();
    AnsiConsole.Progress()
        .Columns(
            new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
        .Start(progress =>
        {
            foreach (var (name, train) in Models.For(catalogue))
            {
                var task = progress.AddTask(name);
                var started = Stopwatch.GetTimestamp();
                var model = train(split.Train, new Bar(task));
                var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
                task.Value = task.MaxValue;
                results.Add(new Result(name, seconds, RankingEvaluator.Evaluate(name, model, split, new RankingProtocol { K = [20] })));
            }
        });

    Console.WriteLine(EvaluationReport.Table(["Recall@20", "NDCG@20", "Coverage@20"], [.. results.Select(r => r.Report)]));
    File.WriteAllText(output, Chart.Html(catalogue.Name, results));
    Console.WriteLine($"The same as a picture: {Path.GetFullPath(output)}");
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
    Console.Error.WriteLine("Usage: Recall [--data <folder of ml-100k, ml-1m or ml-latest-small>] [--out <file.html>]");
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
