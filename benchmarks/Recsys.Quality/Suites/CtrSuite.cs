using Recsys.Evaluation;
using Recsys.Rank;

namespace Recsys.Quality.Suites;

internal sealed class CtrSuite : Suite
{
    public override string Name => "ctr";

    public override string Question
        => "The family of factorisation machines on ml-1m, criteo_10k and census-income? In pieces: as ctr-deep.";

    public override bool Run(DataFolders data)
    {
        var cells = new Cells();
        var kept = true;
        foreach (var (name, folder, load, recipes) in new (string, string, Func<string, CtrSet>, Func<CtrSet, Recipes>)[]
        {
            ("ml-1m", "ml-1m", f => CtrData.MovieLens1M(f), _ => Ratings),
            ("ml-1m without ids", "ml-1m", f => CtrData.MovieLens1M(f, MovieLensFields.Profiles), _ => Profiles),
            ("ml-1m without ids, genre sets", "ml-1m", f => CtrData.MovieLens1M(f, MovieLensFields.ProfilesGenreSets), _ => Profiles),
            ("criteo_10k", "criteo", f => CtrData.Criteo10K(f), _ => Clicks),
            ("census-income", "census-income-kdd", f => CtrData.CensusIncome(f), Incomes),
        })
        {
            if (!cells.Wants(name) || data.Find(folder) is not { } found) continue;
            kept &= Run(cells, name, load(found), recipes);
        }
        return kept;
    }

    private static bool Run(Cells cells, string name, CtrSet set, Func<CtrSet, Recipes> recipesOf)
    {
        var recipes = recipesOf(set);
        var table = new ResultTable($"{set}; means [lowest, highest]");
        var lr = cells.Of(name, "LR, L2 = 1", seed => Measure(set, name, "LR, L2 = 1", seed,
            (LogisticRegression.Train(set.Features, set.Train, new() { L2 = 1 }), 0, null)), seeds: 1);
        Cells.Add(table, "LR, L2 = 1", lr, recipes.PublishedLr);
        Add("FM", recipes.Fm, recipes.PublishedFm, recipes.LeastFm, Train);
        Add("FFM", recipes.Ffm, null, null, Train);
        Add("SVDFeature", recipes.SvdFeature, null, null, Train);
        if (recipes.Pairs)
            Add("SVDFeature, pairs", recipes.SvdFeature.ConvertAll(o => o with { Task = SvdFeatureTask.Pairwise }), null, null, Train);
        table.Print();
        return table.Kept;

        // The recipe is the candidate of the best validation AUC at the first seed, the epoch that of the best validation AUC at each seed:
        // the test part has no say in either.
        void Add<T>(string model, List<T> candidates, string? published, double? least, Func<T, (IRanker, int, double?)> train)
            where T : FactorMachineOptions
        {
            var (best, chosen) = (double.NegativeInfinity, -1);
            for (var i = 0; i < candidates.Count; i++)
            {
                var first = Measured(i, 1);
                if (first.Count == 0) return;
                if (first[0].Validation > best) (best, chosen) = (first[0].Validation, i);
            }
            Cells.Add(table, Label(chosen), Measured(chosen, cells.Seeds), published, least);

            List<Cell> Measured(int i, int seeds)
                => cells.Of(name, Label(i), seed => Measure(set, name, Label(i), seed, train(Seeded(candidates[i], seed))), seeds, model);

            string Label(int i) => $"{model} ({Describe(candidates[i])})";
        }

        (IRanker, int, double?) Train(FactorMachineOptions options)
        {
            switch (options)
            {
                case FmOptions of:
                    var fm = Fm.Train(set.Features, set.Train, of, set.Validation);
                    return (fm, fm.Epochs, fm.BestValidation);
                case FfmOptions of:
                    var ffm = Ffm.Train(set.Features, set.Train, of, set.Validation);
                    return (ffm, ffm.Epochs, ffm.BestValidation);
                default:
                    var svd = SvdFeature.Train(set.Features, set.Train, (SvdFeatureOptions)options, set.Validation);
                    return (svd, svd.Epochs, svd.BestValidation);
            }
        }
    }

    private static T Seeded<T>(T options, int seed) where T : FactorMachineOptions => options with
    {
        Seed = (ulong)seed,
        Metric = ValidationMetric.Higher("AUC", AucMetrics.Auc),
        EarlyStoppingRounds = 2,
    };

    private static Cell Measure(CtrSet set, string name, string model, int seed, (IRanker Model, int Epoch, double? Validation) trained)
    {
        var labels = set.Test.Label().ToArray();
        var scores = set.Score(trained.Model, set.Test);
        var probabilities = trained.Model is not SvdFeature { Task: SvdFeatureTask.Pairwise };
        var users = set.Features.Schema.Inputs.Any(feature => feature.Name == "user");
        return new Cell(name, model, seed, trained.Epoch, trained.Validation ?? double.NaN, AucMetrics.Auc(scores, labels),
            probabilities ? ProbabilityMetrics.LogLoss(scores, labels) : double.NaN,
            users ? AucMetrics.GroupAuc(scores, labels, set.Test.Users).Value : double.NaN);
    }

    private static string Describe(FactorMachineOptions options) => options switch
    {
        FmOptions o => FormattableString.Invariant($"η {o.LearningRate}, λ {o.FactorPenalty}"),
        FfmOptions o => FormattableString.Invariant($"η {o.LearningRate}, λ {o.Penalty}"),
        SvdFeatureOptions o => FormattableString.Invariant($"η {o.LearningRate}, λ {o.FactorPenalty}"),
        _ => "",
    };

    private static List<T> Grid<T>(T of, float[] rates, float[] penalties, Func<T, float, float, T> with)
        => [.. rates.SelectMany(rate => penalties.Select(penalty => with(of, rate, penalty)))];

    private static FmOptions With(FmOptions of, float rate, float penalty) => of with { LearningRate = rate, FactorPenalty = penalty };

    private static FfmOptions With(FfmOptions of, float rate, float penalty) => of with { LearningRate = rate, Penalty = penalty };

    private static SvdFeatureOptions With(SvdFeatureOptions of, float rate, float penalty)
        => of with { LearningRate = rate, FactorPenalty = penalty };

    private static Recipes Ratings => new(
        Grid(new FmOptions { BatchSize = 1024, Epochs = 15 }, [0.05f], [0.01f, 0.02f, 0.03f], With),
        Grid(new FfmOptions { Normalise = false, Linear = true, InitialScale = 0.3f, Epochs = 10 }, [0.1f], [5e-4f, 1e-3f, 2e-3f], With),
        Grid(new SvdFeatureOptions { BatchSize = 1024, Epochs = 15 }, [0.05f], [0.02f, 0.03f, 0.05f], With))
    { Pairs = true, PublishedLr = "0.8402 (PyTorch)", PublishedFm = "0.8711 (PyTorch)", LeastFm = 0.8691 };

    private static Recipes Profiles => new(
        Grid(new FmOptions { BatchSize = 1024, Epochs = 15 }, [0.05f, 0.1f], [1e-4f, 1e-3f], With),
        Grid(new FfmOptions { Epochs = 10 }, [0.1f, 0.2f], [2e-5f, 2e-4f], With),
        Grid(new SvdFeatureOptions { BatchSize = 1024, Epochs = 15 }, [0.05f], [1e-4f, 1e-3f], With))
    { PublishedLr = "0.7716 (AutoInt's paper, other fields)", PublishedFm = "0.8252 (AutoInt's paper, other fields)" };

    // Neither of the others has users and items: the sides of the product are the counts and the categories, or the first and second half.
    private static Recipes Clicks => new(
        Grid(new FmOptions { BatchSize = 64, WeightPenalty = 0.01f }, [0.01f], [0.003f, 0.01f, 0.03f], With),
        Grid(new FfmOptions { BatchSize = 64, Linear = true }, [0.05f, 0.1f], [2e-5f, 2e-4f], With),
        Grid(
            new SvdFeatureOptions
            {
                BatchSize = 64,
                WeightPenalty = 0.01f,
                InitialScale = 0.01f,
                UserFeatures = [.. Enumerable.Range(1, 13).Select(i => $"I{i}")],
                ItemFeatures = [.. Enumerable.Range(1, 26).Select(i => $"C{i}")],
            },
            [0.01f], [0.003f, 0.01f, 0.03f], With));

    private static Recipes Incomes(CtrSet set)
    {
        var names = set.Features.Schema.Inputs.Select(feature => feature.Name).ToArray();
        return new(
            Grid(new FmOptions(), [0.01f, 0.03f], [1e-4f, 1e-3f], With),
            Grid(new FfmOptions { Linear = true, Epochs = 10 }, [0.1f], [2e-5f, 2e-4f], With),
            Grid(new SvdFeatureOptions { UserFeatures = names[..20], ItemFeatures = names[20..] }, [0.01f, 0.03f], [1e-4f, 1e-3f], With));
    }

    /// <summary>The candidates for one set.</summary>
    private sealed record Recipes(List<FmOptions> Fm, List<FfmOptions> Ffm, List<SvdFeatureOptions> SvdFeature)
    {
        public bool Pairs { get; init; }

        public string? PublishedLr { get; init; }

        public string? PublishedFm { get; init; }

        public double? LeastFm { get; init; }
    }
}
