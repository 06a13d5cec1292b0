// Which recall model suits my data? Trains every one of them on the same split, prints one table and draws it.
//   dotnet run -c Release --project samples/Recall                                     a synthetic world, no download
//   dotnet run -c Release --project samples/Recall -- --data <folder> --out chart.html   ml-100k, ml-1m or ml-latest-small

using Recsys.Data;
using Recsys.Evaluation;
using Recsys.Samples;
using Recsys.Samples.Recall;

return Sample.Run(args, "Recall", "folder of ml-100k, ml-1m or ml-latest-small", "recall.html", (folder, output) =>
{
    var catalogue = folder is null ? Catalogue.Synthetic() : Catalogue.MovieLens(folder);
    var split = Splits.LeaveLastOut(catalogue.Log);
    var log = catalogue.Log;
    Console.WriteLine($"{catalogue.Name}: {log.Count:N0} events, {log.UserCount:N0} users, {log.ItemCount:N0} items");

    var results = new List<Result>();
    Sample.WithBars(bars =>
    {
        foreach (var (name, train) in Models.For(catalogue))
        {
            var (model, seconds) = bars.Train(name, bar => train(split.Train, bar));
            results.Add(new Result(name, seconds, RankingEvaluator.Evaluate(name, model, split, new RankingProtocol { K = [20] })));
        }
    });

    Console.WriteLine(EvaluationReport.Table(["Recall@20", "NDCG@20", "Coverage@20"], [.. results.Select(r => r.Report)]));
    File.WriteAllText(output, Chart.Html(catalogue.Name, results));
    Console.WriteLine($"The same as a picture: {Path.GetFullPath(output)}");
});
