using System.Diagnostics;
using Recsys.Data;
using Recsys.Evaluation;
using Recsys.Features;
using Recsys.Recall;

namespace Recsys.Quality.Suites;

/// <summary>Recall models with their default options (and a larger Lfm), full ranking over the whole catalogue, seen items left
/// out.</summary>
internal sealed class RecallSuite : Suite
{
    public override string Name => "recall";

    public override string Question
        => "How well does each recall model rank all of ml-100k, ml-1m, Last.fm and Amazon Beauty? (RECSYS_SETS=ml-1m for one.)";

    // A model is one line here.
    private static readonly (string Name, Func<Interactions, IRecaller> Train)[] s_models =
    [
        ("Popularity", train => Popularity.Train(train)),
        ("ItemCf", train => ItemCf.Train(train)),
        ("UserCf", train => UserCf.Train(train)),
        ("Ease", train => Ease.Train(train)),
        ("Swing", train => Swing.Train(train)),
        ("PersonalRank", train => PersonalRank.Train(train, new PersonalRankOptions { Precompute = 50 })),
        ("Lfm", train => Lfm.Train(train)),
        ("Lfm 64", train => Lfm.Train(train, new LfmOptions { Factors = 64, NegativeRatio = 4 })),
        ("Als", train => Als.Train(Ones(train))),
        ("Als values", train => Als.Train(train, new AlsOptions { Confidence = AlsConfidence.Logarithmic })),
        ("Bpr", train => Bpr.Train(train)),
        ("Warp", train => Warp.Train(train)),
        ("Item2Vec", train => Item2Vec.Train(train)),
        ("DeepWalk, 10 walks", train => DeepWalk.Train(train, new DeepWalkOptions { Walks = 10 })),
        ("BGE", train => Eges.Train(train, options: new EgesOptions { SessionGap = null })),
    ];

    // What these know of items helps above all items without interactions, which this protocol leaves out.
    private static readonly (string Name, Func<Interactions, string[][], IRecaller> Train)[] s_contentModels =
    [
        ("EGES", (train, about) => Eges.Train(train, RecallSets.Features(about, train), new EgesOptions { SessionGap = null })),
        ("ContentBased", (train, about) => ContentBased.Train(train, TermVectors.FromLists(about))),
        ("ContentBased quotas", (train, about) => ContentBased.Train(train, TermVectors.FromLists(about),
            new ContentBasedOptions { Scoring = ContentScoring.Quotas, Topics = 10 })),
    ];

    public override bool Run(DataFolders data)
    {
        var kept = true;
        foreach (var (set, name, load, ordered) in RecallSets.All)
        {
            if (!Cells.IsNamed("RECSYS_SETS", set) || data.Find(name) is not { } folder) continue;
            var log = load(folder);
            var about = RecallSets.About(folder, log);
            if (ordered) kept &= Run(set, ordered, Splits.LeaveLastOut(log), about);
            kept &= Run(set, ordered, Splits.RandomPerUser(log, 0.2), about);
        }
        return kept;
    }

    // Ratings are not counts: that a film was rated at all says that it was seen.
    private static Interactions Ones(Interactions log)
    {
        var builder = new InteractionsBuilder(log.Users, log.Items);
        foreach (var row in log.Rows()) builder.AddDense(row.User, row.Item, 1, row.Time);
        return builder.Build();
    }

    private static bool Run(string set, bool ordered, Split split, string[][]? about)
    {
        var train = split.Train;
        Console.WriteLine($"{set}, {split.Description}: {train.UserCount} users, {train.ItemCount} items, {train.Count} training rows");
        var reports = new List<RankingReport>();
        var models = s_models.ToList();
        if (about is not null) models.AddRange(s_contentModels.Select(m => (m.Name, (Func<Interactions, IRecaller>)(log => m.Train(log, about)))));
        foreach (var (name, create) in models)
        {
            var start = Stopwatch.GetTimestamp();
            var model = create(train);
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
            // What was taken after what says nothing where rows have no order.
            var isExempt = s_contentModels.Any(m => m.Name == report.Name) || (report.Name == "BGE" && !ordered);
            var ratio = report["NDCG@10"].Value!.Value / reports[0]["NDCG@10"].Value!.Value;
            table.Add(report.Name, "NDCG@10 / popularity", ratio, atLeast: isExempt ? null : 1);
        }
        table.Print();
        return table.Kept;
    }
}
