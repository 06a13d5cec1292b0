using Recsys.Evaluation;
using Recsys.Features;
using Recsys.Rank;

namespace Recsys.Quality.Suites;

internal sealed class TreeSuite : Suite
{
    public override string Name => "trees";

    public override string Question => "Boosted trees on UCI Adult: the AUC that a course published, and the best on raw columns?";

    public override bool Run(DataFolders data)
    {
        if (data.Find("adult") is not { } folder) return true;
        var trainTable = AdultRecipe.Train(folder);
        var features = AdultRecipe.Raw().Fit(contexts: trainTable);
        var train = features.Examples(trainTable);
        var test = features.Examples(AdultRecipe.Test(folder));
        var table = new ResultTable($"{train.Count} training rows, {test.Count} test rows");

        var course = new GbdtOptions
        {
            Objective = GbdtObjective.Squared,
            Trees = 10,
            LearningRate = 0.3,
            Growth = GbdtGrowth.DepthWise,
            MaxDepth = 4,
            BaseScore = 0.5,
        };
        Add(table, "GBDT by the recipe: squared, 10 trees of depth 4, eta .3", Gbdt.Train(features, train, course), features, test,
            "0.91114 (course); 0.91117 (xgboost, measured)", 0.909, 0.913);

        Add(table, "GBDT+LR: the leaves of those trees, L2 = 1", GbdtLr.Train(features, train, new() { Trees = course }), features, test,
            "0.91254 (course); 0.91406 (xgboost + scikit-learn, measured)", 0.9125, null);

        // The number of rounds is chosen on a fifth of the training rows; the test rows are scored once.
        var budget = new GbdtOptions
        {
            Trees = 200,
            LearningRate = 0.1,
            Growth = GbdtGrowth.DepthWise,
            MaxDepth = 6,
            MaxLeaves = 64,
            Layout = new DenseLayoutOptions { OneHotUpTo = 0, MissingAsNaN = true },
            Categories = new() { SplitBySets = false },
        };
        Add(table, "200 rounds of depth 6, eta .1, ordinal codes", Gbdt.Train(features, train, budget), features, test,
            "0.92635 (xgboost, same budget)", 0.925, null);
        Add(table, "the same, categories split by sets", Gbdt.Train(features, train, budget with { Categories = new() }), features, test,
            "0.92635 (xgboost, same budget)", 0.925, null);
        var (fit, judge) = train.Split(0.8);
        foreach (var (name, candidate) in new (string, GbdtOptions)[]
        {
            ("one-hot, 31 leaves, eta .05, rows .8, columns .5, rounds by validation",
                new() { Trees = 1500, LearningRate = 0.05, RowSample = 0.8, ColumnSample = 0.5 }),
            ("sets, 31 leaves, eta .05, rows .8, columns .5, rounds by validation",
                new() { Trees = 1500, LearningRate = 0.05, RowSample = 0.8, ColumnSample = 0.5, Layout = budget.Layout }),
        })
        {
            var found = Gbdt.Train(features, fit, candidate with { EarlyStoppingRounds = 50 }, judge).Trees.TreeCount;
            Add(table, $"{name}: {found}", Gbdt.Train(features, train, candidate with { Trees = found }), features, test,
                "0.92635 (xgboost, 200 rounds)", null, null);
        }
        table.Print();
        return table.Kept;
    }

    private static void Add(
        ResultTable table, string name, IRanker model, FeatureSet features, Examples test, string? published,
        double? atLeast, double? atMost)
    {
        var batch = features.CreateBatch(test.Count);
        features.Assemble(test, 0, test.Count, batch);
        var scores = new float[test.Count];
        model.Score(batch, scores);
        table.Add(name, "test AUC", AucMetrics.Auc(scores, test.Label()), null, published, atLeast, atMost);
    }
}
