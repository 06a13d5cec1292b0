using Recsys.Rank;

namespace Recsys.Quality.Suites;

internal sealed class CtrSuite : Suite
{
    public override string Name => "ctr";

    public override string Question => "The family of factorisation machines on ml-1m, criteo_10k and census-income?";

    public override bool Run(DataFolders data)
    {
        var kept = true;
        foreach (var (folder, load) in new (string, Func<string, CtrSet>)[]
        {
            ("ml-1m", f => CtrData.MovieLens1M(f)),
            ("ml-1m", f => CtrData.MovieLens1M(f, MovieLensFields.Profiles)),
            ("criteo", f => CtrData.Criteo10K(f)),
            ("census-income-kdd", f => CtrData.CensusIncome(f)),
        })
        {
            if (data.Find(folder) is not { } found) continue;
            var set = load(found);
            var table = new ResultTable(set.ToString());
            var model = LogisticRegression.Train(set.Features, set.Train, new() { L2 = 1 });
            var (auc, loss) = set.Measure(model, set.Test);
            table.Add("LR, L2 = 1", "test AUC", auc, null, set.Name.EndsWith("8 fields", StringComparison.Ordinal) ? "0.8402 (PyTorch)" : null);
            table.Add("LR, L2 = 1", "test LogLoss", loss);
            table.Print();
            kept &= table.Kept;
        }
        return kept;
    }
}
