using Recsys.Evaluation;
using Recsys.Nn;
using Recsys.Rank;

namespace Recsys.Quality.Suites;

internal sealed class WideDeepAdultSuite : Suite
{
    public override string Name => "adult-deep";

    public override string Question => "Wide & Deep on UCI Adult by the course's recipe: the AUC it published?";

    public override bool Run(DataFolders data)
    {
        if (data.Find("adult") is not { } folder) return true;
        var trainTable = AdultRecipe.Train(folder);
        var features = AdultRecipe.WideAndDeep().Fit(contexts: trainTable);
        var train = features.Examples(trainTable);
        var test = features.Examples(AdultRecipe.Test(folder));
        var table = new ResultTable($"{train.Count} training rows, {test.Count} test rows");
        var aucs = new double[3];
        for (var seed = 0; seed < aucs.Length; seed++)
        {
            var model = WideDeep.Train(features, train, new()
            {
                Dimension = 8,
                Hidden = [100, 50],
                Training = new() { Epochs = 10, BatchSize = 128, Optimizer = new Adagrad { LearningRate = 0.05f }, Seed = (ulong)seed + 1 },
            });
            var batch = features.CreateBatch(test.Count);
            features.Assemble(test, 0, test.Count, batch);
            var scores = new float[test.Count];
            model.Score(batch, scores);
            aucs[seed] = AucMetrics.Auc(scores, test.Label());
        }
        table.Add("Wide & Deep, 3 seeds", "test AUC", aucs.Average(), (aucs.Min(), aucs.Max()), "0.90888 (course)", 0.904);
        table.Print();
        return table.Kept;
    }
}
