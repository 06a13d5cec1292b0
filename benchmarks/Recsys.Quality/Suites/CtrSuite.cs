using Recsys.Evaluation;
using Recsys.Rank;

namespace Recsys.Quality.Suites;

internal sealed class CtrSuite : Suite
{
    private static readonly ulong[] Seeds = [1, 2, 3];

    public override string Name => "ctr";

    public override string Question => "The family of factorisation machines on ml-1m, criteo_10k and census-income?";

    public override bool Run(DataFolders data)
    {
        var kept = true;
        if (data.Find("ml-1m") is { } films)
        {
            kept &= Run(CtrData.MovieLens1M(films), new Recipe(
                new() { BatchSize = 1024, FactorPenalty = 0.02f, Epochs = 15, EarlyStoppingRounds = 2 },
                new()
                {
                    Normalise = false,
                    Linear = true,
                    LearningRate = 0.1f,
                    InitialScale = 0.3f,
                    Penalty = 1e-3f,
                    Epochs = 10,
                    EarlyStoppingRounds = 2,
                },
                new() { BatchSize = 1024, FactorPenalty = 0.03f, Epochs = 15, EarlyStoppingRounds = 2 })
            { Pairs = true, Linear = "0.8402 (PyTorch)", Fm = "0.8711 (PyTorch)", LeastFm = 0.8691 });
            kept &= Run(CtrData.MovieLens1M(films, MovieLensFields.Profiles), new Recipe(
                new() { LearningRate = 0.1f, FactorPenalty = 1e-3f, EarlyStoppingRounds = 2 },
                new() { EarlyStoppingRounds = 2 },
                new() { FactorPenalty = 1e-3f, EarlyStoppingRounds = 2 })
            { Linear = "0.7716 (AutoInt's paper, other fields)", Fm = "0.8252 (AutoInt's paper, other fields)" });
        }
        // Neither has users and items: the sides of the product are the counts and the categories, or the first and the second half.
        if (data.Find("criteo") is { } clicks)
        {
            kept &= Run(CtrData.Criteo10K(clicks), new Recipe(
                new() { BatchSize = 64, LearningRate = 0.01f, FactorPenalty = 0.01f, WeightPenalty = 0.01f, EarlyStoppingRounds = 2 },
                new() { BatchSize = 64, LearningRate = 0.1f, Linear = true, EarlyStoppingRounds = 2 },
                new()
                {
                    BatchSize = 64,
                    LearningRate = 0.01f,
                    FactorPenalty = 0.01f,
                    WeightPenalty = 0.01f,
                    InitialScale = 0.01f,
                    EarlyStoppingRounds = 2,
                    UserFeatures = [.. Enumerable.Range(1, 13).Select(i => $"I{i}")],
                    ItemFeatures = [.. Enumerable.Range(1, 26).Select(i => $"C{i}")],
                }));
        }
        if (data.Find("census-income-kdd") is { } people)
        {
            var set = CtrData.CensusIncome(people);
            var names = set.Features.Schema.Inputs.Select(feature => feature.Name).ToArray();
            kept &= Run(set, new Recipe(
                new() { LearningRate = 0.01f, FactorPenalty = 1e-4f, EarlyStoppingRounds = 2 },
                new() { LearningRate = 0.1f, Linear = true, EarlyStoppingRounds = 2 },
                new() { LearningRate = 0.01f, FactorPenalty = 1e-4f, EarlyStoppingRounds = 2, UserFeatures = names[..20], ItemFeatures = names[20..] }));
        }
        return kept;
    }

    // Options were chosen by the validation loss; the test part is scored once for each seed, at the best validation epoch.
    private static bool Run(CtrSet set, Recipe recipe)
    {
        var table = new ResultTable($"{set}; means of {Seeds.Length} seeds [lowest, highest]");
        Add(table, set, "LR, L2 = 1", [LogisticRegression.Train(set.Features, set.Train, new() { L2 = 1 })], recipe.Linear, null);
        Add(table, set, "FM", Seeds.Select(seed => Fm.Train(
            set.Features, set.Train, recipe.OfFm with { Seed = seed }, set.Validation)), recipe.Fm, recipe.LeastFm);
        Add(table, set, "FFM", Seeds.Select(seed => Ffm.Train(
            set.Features, set.Train, recipe.OfFfm with { Seed = seed }, set.Validation)), null, null);
        Add(table, set, "SVDFeature", Seeds.Select(seed => SvdFeature.Train(
            set.Features, set.Train, recipe.OfSvdFeature with { Seed = seed }, set.Validation)), null, null);
        if (recipe.Pairs)
        {
            Add(table, set, "SVDFeature, pairs", Seeds.Select(seed => SvdFeature.Train(set.Features, set.Train,
                recipe.OfSvdFeature with { Seed = seed, Task = SvdFeatureTask.Pairwise }, set.Validation)), null, null);
        }
        table.Print();
        return table.Kept;
    }

    private static void Add(
        ResultTable table, CtrSet set, string name, IEnumerable<IRanker> models, string? published, double? atLeast)
    {
        var labels = set.Test.Label().ToArray();
        var (aucs, losses, groups) = (new List<double>(), new List<double>(), new List<double>());
        foreach (var model in models)
        {
            var scores = set.Score(model, set.Test);
            aucs.Add(AucMetrics.Auc(scores, labels));
            if (model is not SvdFeature { Task: SvdFeatureTask.Pairwise }) losses.Add(ProbabilityMetrics.LogLoss(scores, labels));
            if (set.Features.Schema.Inputs.Any(feature => feature.Name == "user"))
                groups.Add(AucMetrics.GroupAuc(scores, labels, set.Test.Users).Value);
        }
        Row("test AUC", aucs, published, atLeast);
        Row("test LogLoss", losses, null, null);
        Row("test AUC within users", groups, null, null);

        void Row(string metric, List<double> values, string? other, double? least)
        {
            if (values.Count > 0) table.Add(name, metric, values.Average(), (values.Min(), values.Max()), other, least);
        }
    }

    /// <summary>The options for one set.</summary>
    private sealed record Recipe(FmOptions OfFm, FfmOptions OfFfm, SvdFeatureOptions OfSvdFeature)
    {
        public bool Pairs { get; init; }

        public string? Linear { get; init; }

        public string? Fm { get; init; }

        public double? LeastFm { get; init; }
    }
}
