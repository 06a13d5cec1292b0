using Recsys.Data;
using Recsys.Evaluation;

namespace Recsys.Tests.Evaluation;

/// <summary>The whole way, from the file to the report, against a script that shares no code: Oracles/popularity_ml100k.py.</summary>
public sealed class MovieLensOracleTests
{
    [DataFact("ml-100k")]
    public void Popular_items_on_real_data_score_what_an_independent_script_says()
    {
        var data = MovieLens.Load(TestData.Folder("ml-100k")!).Log;
        var split = Splits.LeaveLastOut(data, 5);
        var popularity = new int[data.ItemCount];
        foreach (var item in split.Train.ItemColumn) popularity[item]++;
        var recaller = new FunctionRecaller(data.ItemCount, (_, item) => popularity[item]);
        var protocol = new RankingProtocol { K = [20], Bootstrap = 0 };
        var report = RankingEvaluator.Evaluate("popularity", recaller, split, protocol);

        Assert.Equal(943, report.Counts.Users);
        Close(0.1200424, "Recall");
        Close(0.0300106, "Precision");
        Close(0.4316013, "HitRate");
        Close(0.0831577, "NDCG");
        Close(0.1287145, "MRR");
        Close(0.0341909, "MAP");
        Close(0.0897741, "Coverage");
        Close(0.5412353, "Personalization");
        Close(0.9756066, "Gini");
        Close(1.4252979, "Novelty");
        report = RankingEvaluator.Evaluate("popularity", recaller, split, protocol with { Gain = GainKind.Exponential });
        Close(0.0835720, "NDCG");

        void Close(double expected, string metric) => Assert.Equal(expected, report[metric + "@20"].Value!.Value, 2e-7);
    }
}
