using Recsys.Evaluation;
using Recsys.Nn;
using Recsys.Rank;

namespace Recsys.Quality.Suites;

internal sealed class DeepCtrSuite : Suite
{
    // Measured by this protocol, with these options, in PyTorch 1.13: our mean may be .002 below. What is above comes from the first weights
    // of the hidden layers: PyTorch draws them from ±√(1 / in), we, after Glorot and Bengio, from ±√(6 / (in + out)). Given the same ones it
    // is as good: peers/click_quality.py.
    private static readonly Dictionary<string, double> PyTorch = new() { ["FM"] = 0.8711, ["DeepFM"] = 0.8811, ["AutoInt"] = 0.8761 };

    private static readonly Entry[] Models =
    [
        Of("FM", (set, t) => DeepFm.Train(set.Features, set.Train, new() { Dimension = 16, Hidden = [], Training = t }, set.Validation)),
        Of("DNN", (set, t) => Dnn.Train(set.Features, set.Train, Deep(new DnnOptions(), t), set.Validation)),
        Of("Wide&Deep", (set, t) => WideDeep.Train(set.Features, set.Train, Deep(new WideDeepOptions(), t), set.Validation)),
        Of("DeepFM", (set, t) => DeepFm.Train(set.Features, set.Train, Deep(new DeepFmOptions(), t), set.Validation)),
        Of("NFM", (set, t) => Nfm.Train(set.Features, set.Train, Deep(new NfmOptions { InteractionDropout = 0.2f }, t), set.Validation)),
        Of("PNN inner", (set, t) => Products(set, t, PnnProduct.Inner)),
        Of("PNN outer", (set, t) => Products(set, t, PnnProduct.Outer)),
        Of("PNN both", (set, t) => Products(set, t, PnnProduct.Both)),
        Of("AFM", (set, t) => Afm.Train(
            set.Features, set.Train, new() { Dimension = 16, AttentionWidth = 16, Training = t }, set.Validation)),
        Of("AutoInt", (set, t) => AutoInt.Train(set.Features, set.Train, new() { Training = t }, set.Validation)),
        Of("AutoInt, authors'", (set, t) => AutoInt.Train(
            set.Features, set.Train, AutoIntOptions.Reference with { Training = t }, set.Validation)),
        Of("AutoInt+", (set, t) => AutoInt.Train(set.Features, set.Train, Deep(new AutoIntOptions(), t), set.Validation)),
        Of("DeepFFM", (set, t) => DeepFfm.Train(set.Features, set.Train, Aware(new DeepFfmOptions(), t), set.Validation)),
        Of("DeepFFM, inner", (set, t) => DeepFfm.Train(
            set.Features, set.Train, Aware(new DeepFfmOptions { Product = PairProduct.Inner }, t), set.Validation)),
        Of("FAT-DeepFFM", (set, t) => FatDeepFfm.Train(set.Features, set.Train, Aware(new FatDeepFfmOptions(), t), set.Validation)),
        Of("DCN V2", (set, t) => DcnV2.Train(set.Features, set.Train, Deep(new DcnV2Options(), t), set.Validation)),
    ];

    public override string Name => "ctr-deep";

    public override string Question
        => "The deep click models on ml-1m, criteo_10k and census-income? In pieces: RECSYS_MODELS='DeepFM;NFM', RECSYS_SETS='ml-1m', "
            + "RECSYS_SEEDS=1, RECSYS_CELLS=file, RECSYS_SECONDS=150.";

    public override bool Run(DataFolders data)
    {
        var cells = new Cells();
        var kept = true;
        foreach (var (name, folder, load) in new (string, string, Func<string, CtrSet>)[]
        {
            ("ml-1m", "ml-1m", f => CtrData.MovieLens1M(f)),
            ("ml-1m without ids", "ml-1m", f => CtrData.MovieLens1M(f, MovieLensFields.Profiles)),
            ("ml-1m without ids, genre sets", "ml-1m", f => CtrData.MovieLens1M(f, MovieLensFields.ProfilesGenreSets)),
            ("criteo_10k", "criteo", f => CtrData.Criteo10K(f)),
            ("census-income", "census-income-kdd", f => CtrData.CensusIncome(f)),
        })
        {
            if (!cells.Wants(name) || data.Find(folder) is not { } found) continue;
            var set = load(found);
            var table = new ResultTable($"{set}; means [lowest, highest]");
            foreach (var model in Models)
                Add(table, name, model.Name, cells.Of(name, model.Name, seed => Measure(set, name, model, seed)));
            table.Print();
            kept &= table.Kept;
        }
        return kept;
    }

    // One recipe for every model, PyTorch's; the small sets have smaller batches.
    private static Cell Measure(CtrSet set, string name, Entry model, int seed)
    {
        var large = set.Train.Count > 100_000;
        var (trained, history) = model.Train(set, new TrainerOptions
        {
            Epochs = large ? 6 : 12,
            BatchSize = large ? 4096 : 256,
            Optimizer = new Adam { LearningRate = 1e-3f, WeightDecay = 1e-5f },
            Metric = ValidationMetric.Higher("AUC", AucMetrics.Auc),
            Patience = 3,
            Seed = (ulong)seed,
        });
        var (auc, loss) = set.Measure(trained, set.Test);
        var best = history.MaxBy(epoch => epoch.Validation);
        return new Cell(name, model.Name, seed, best.Epoch, best.Validation ?? double.NaN, auc, loss);
    }

    private static void Add(ResultTable table, string set, string model, List<Cell> cells)
    {
        var asked = set == "ml-1m" && PyTorch.TryGetValue(model, out var auc) ? auc : (double?)null;
        Cells.Add(table, model, cells, asked is { } p ? FormattableString.Invariant($"{p:0.0000} (PyTorch)") : null, asked - 0.002);
    }

    private static Pnn Products(CtrSet set, TrainerOptions training, PnnProduct product)
        => Pnn.Train(set.Features, set.Train, Deep(new PnnOptions { Product = product }, training), set.Validation);

    private static T Deep<T>(T options, TrainerOptions training) where T : DeepOptions
        => (T)(options with { Dimension = 16, Hidden = [256, 128], Dropout = 0.2f, Training = training });

    // A vector for each other field: shorter ones.
    private static T Aware<T>(T options, TrainerOptions training) where T : DeepOptions
        => (T)(Deep(options, training) with { Dimension = 8 });

    private static Entry Of<TModel, TOptions>(string name, Func<CtrSet, TrainerOptions, NeuralRanker<TModel, TOptions>> train)
        where TModel : NeuralRanker<TModel, TOptions>, INetwork<TModel, TOptions>
        where TOptions : class, INetworkOptions<TOptions>, new()
        => new(name, (set, training) =>
        {
            var model = train(set, training);
            return (model, model.History);
        });

    private sealed record Entry(string Name, Func<CtrSet, TrainerOptions, (IRanker Model, IReadOnlyList<EpochResult> History)> Train);
}
