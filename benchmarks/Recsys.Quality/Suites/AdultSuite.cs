using Recsys.Evaluation;
using Recsys.Rank;

namespace Recsys.Quality.Suites;

internal sealed class AdultSuite : Suite
{
    public override string Name => "adult";

    public override string Question => "Logistic regression on UCI Adult by the course's recipe: the AUC it published?";

    public override bool Run(DataFolders data)
    {
        if (data.Find("adult") is not { } folder) return true;
        var trainTable = AdultRecipe.Train(folder);
        var features = AdultRecipe.Binned().Fit(contexts: trainTable);
        var train = features.Examples(trainTable);
        var test = features.Examples(AdultRecipe.Test(folder));

        var table = new ResultTable($"{train.Count} training rows, {test.Count} test rows");
        foreach (var (name, options) in new (string, LogisticRegressionOptions)[]
        {
            ("L2 = 1, L-BFGS", new() { L2 = 1 }),
            ("L1 = 1, proximal gradient", new() { L1 = 1, L2 = 0, MaxIterations = 2000 }),
            ("FTRL-proximal, 5 epochs", new() { Solver = LogisticSolver.Ftrl, L2 = 0 }),
        })
        {
            var model = LogisticRegression.Train(features, train, options);
            var batch = features.CreateBatch(test.Count);
            features.Assemble(test, 0, test.Count, batch);
            var scores = new float[test.Count];
            model.Score(batch, scores);
            var report = ClickEvaluator.Evaluate(name, scores, test.Label());
            var auc = report["AUC"];
            var asked = options is { Solver: LogisticSolver.Batch, L1: 0 };
            table.Add(name, "test AUC", auc.Value!.Value, (auc.Low!.Value, auc.High!.Value),
                asked ? "0.89734 (course); 0.89738 (scikit-learn, measured)" : null, asked ? 0.896 : null, asked ? 0.898 : null);
            table.Add(name, "test LogLoss", report["LogLoss"].Value!.Value);
        }
        table.Print();
        return table.Kept;
    }
}
