using System.Diagnostics;
using Recsys.Data;
using Recsys.Evaluation;
using Recsys.Recall;

namespace Recsys.Quality.Suites;

/// <summary>Recall models with their default options (and a larger Lfm), full ranking over the whole catalogue, seen items left
/// out.</summary>
internal sealed class RecallSuite : Suite
{
    public override string Name => "recall";

    public override string Question => "How well does each recall model rank all of ml-100k and ml-1m?";

    public override bool Run(DataFolders data)
    {
        var kept = true;
        foreach (var set in (string[])["ml-100k", "ml-1m"])
        {
            if (data.Find(set) is not { } folder) continue;
            var log = MovieLens.Load(folder).Log;
            kept &= Run(set, Splits.LeaveLastOut(log));
            kept &= Run(set, Splits.RandomPerUser(log, 0.2));
        }
        return kept;
    }

    private static bool Run(string set, Split split)
    {
        var train = split.Train;
        Console.WriteLine($"{set}, {split.Description}: {train.UserCount} users, {train.ItemCount} items, {train.Count} training rows");
        List<(string Name, Func<IRecaller> Train)> models =
        [
            ("Popularity", () => Popularity.Train(split.Train)),
            ("ItemCf", () => ItemCf.Train(split.Train)),
            ("UserCf", () => UserCf.Train(split.Train)),
            ("Ease", () => Ease.Train(split.Train)),
            ("Swing", () => Swing.Train(split.Train)),
            ("PersonalRank", () => PersonalRank.Train(split.Train, new PersonalRankOptions { Precompute = 50 })),
            ("Lfm", () => Lfm.Train(split.Train)),
            ("Lfm 64", () => Lfm.Train(split.Train, new LfmOptions { Factors = 64, NegativeRatio = 4 })),
        ];
        var reports = new List<RankingReport>();
        foreach (var (name, create) in models)
        {
            var start = Stopwatch.GetTimestamp();
            var model = create();
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            var report = RankingEvaluator.Evaluate(name, model, split, new RankingProtocol { K = [10, 20] });
            Console.WriteLine($"  {name}: trained in {seconds:0.00} s, evaluated in {report.Elapsed.TotalSeconds:0.00} s");
            reports.Add(report);
        }
        Console.WriteLine(EvaluationReport.Table(["Recall@10", "Recall@20", "NDCG@10", "NDCG@20", "Coverage@10", "Coverage@20"],
            [.. reports]));
        var table = new ResultTable("Better than popularity?");
        foreach (var report in reports.Skip(1))
        {
            table.Add(report.Name, "NDCG@10 / popularity", report["NDCG@10"].Value!.Value / reports[0]["NDCG@10"].Value!.Value, atLeast: 1);
        }
        table.Print();
        return table.Kept;
    }
}
