using System.Globalization;
using Recsys.Evaluation;
using Recsys.Nn;
using Recsys.Rank;

namespace Recsys.Quality.Suites;

internal sealed class DeepCtrSuite : Suite
{
    // Measured on exactly this split, with these options, in PyTorch 1.13: our mean may be .002 below.
    private static readonly Dictionary<string, double> PyTorch = new() { ["FM"] = 0.8711, ["DeepFM"] = 0.8811, ["AutoInt"] = 0.8761 };

    private static readonly (string Name, Func<CtrSet, TrainerOptions, IRanker> Train)[] Models =
    [
        ("FM", (set, t) => DeepFm.Train(set.Features, set.Train, new() { Dimension = 16, Hidden = [], Training = t }, set.Validation)),
        ("DNN", (set, t) => Dnn.Train(set.Features, set.Train, Deep(new DnnOptions(), t), set.Validation)),
        ("Wide&Deep", (set, t) => WideDeep.Train(set.Features, set.Train, Deep(new WideDeepOptions(), t), set.Validation)),
        ("DeepFM", (set, t) => DeepFm.Train(set.Features, set.Train, Deep(new DeepFmOptions(), t), set.Validation)),
        ("NFM", (set, t) => Nfm.Train(set.Features, set.Train, Deep(new NfmOptions { InteractionDropout = 0.2f }, t), set.Validation)),
        ("PNN inner", (set, t) => Products(set, t, PnnProduct.Inner)),
        ("PNN outer", (set, t) => Products(set, t, PnnProduct.Outer)),
        ("PNN both", (set, t) => Products(set, t, PnnProduct.Both)),
        ("AFM", (set, t) => Afm.Train(set.Features, set.Train, new() { Dimension = 16, AttentionWidth = 16, Training = t }, set.Validation)),
        ("AutoInt", (set, t) => AutoInt.Train(set.Features, set.Train, new() { Training = t }, set.Validation)),
        ("AutoInt, authors'", (set, t) => AutoInt.Train(
            set.Features, set.Train, AutoIntOptions.Reference with { Training = t }, set.Validation)),
        ("AutoInt+", (set, t) => AutoInt.Train(set.Features, set.Train, Deep(new AutoIntOptions(), t), set.Validation)),
        ("DeepFFM", (set, t) => DeepFfm.Train(set.Features, set.Train, Aware(new DeepFfmOptions(), t), set.Validation)),
        ("DeepFFM, inner", (set, t) => DeepFfm.Train(
            set.Features, set.Train, Aware(new DeepFfmOptions { Product = PairProduct.Inner }, t), set.Validation)),
        ("FAT-DeepFFM", (set, t) => FatDeepFfm.Train(set.Features, set.Train, Aware(new FatDeepFfmOptions(), t), set.Validation)),
        ("DCN V2", (set, t) => DcnV2.Train(set.Features, set.Train, Deep(new DcnV2Options(), t), set.Validation)),
    ];

    public override string Name => "ctr-deep";

    public override string Question => "The deep click models on ml-1m, criteo_10k and census-income? (RECSYS_SEEDS=1 for one seed.)";

    public override bool Run(DataFolders data)
    {
        var seeds = int.Parse(Environment.GetEnvironmentVariable("RECSYS_SEEDS") ?? "3", CultureInfo.InvariantCulture);
        var kept = true;
        foreach (var (folder, load, large) in new (string, Func<string, CtrSet>, bool)[]
        {
            ("ml-1m", f => CtrData.MovieLens1M(f), true),
            ("ml-1m", f => CtrData.MovieLens1M(f, MovieLensFields.Profiles), true),
            ("criteo", f => CtrData.Criteo10K(f), false),
            ("census-income-kdd", f => CtrData.CensusIncome(f), false),
        })
        {
            if (data.Find(folder) is not { } found) continue;
            var set = load(found);
            var table = new ResultTable(set.ToString());
            foreach (var (name, train) in Models) Measure(table, set, name, train, seeds, large);
            table.Print();
            kept &= table.Kept;
        }
        return kept;
    }

    private static void Measure(
        ResultTable table, CtrSet set, string name, Func<CtrSet, TrainerOptions, IRanker> train, int seeds, bool large)
    {
        var (aucs, losses) = (new double[seeds], new double[seeds]);
        for (var seed = 0; seed < seeds; seed++)
        {
            var model = train(set, new TrainerOptions
            {
                Epochs = large ? 6 : 12,
                BatchSize = large ? 4096 : 256,
                Optimizer = new Adam { LearningRate = 1e-3f, WeightDecay = 1e-5f },
                Metric = ValidationMetric.Higher("AUC", AucMetrics.Auc),
                Patience = 3,
                Seed = (ulong)seed + 1,
            });
            (aucs[seed], losses[seed]) = set.Measure(model, set.Test);
            Console.WriteLine(FormattableString.Invariant(
                $"  {set.Name}, {name}, seed {seed + 1}: test AUC {aucs[seed]:0.00000}, LogLoss {losses[seed]:0.00000}"));
        }
        var asked = set.Name.EndsWith("8 fields", StringComparison.Ordinal) && PyTorch.TryGetValue(name, out var auc) ? auc : (double?)null;
        var peer = asked is { } p ? FormattableString.Invariant($"{p:0.0000} (PyTorch)") : null;
        var what = $"{name}, {seeds} seed{(seeds == 1 ? "" : "s")}";
        table.Add(what, "test AUC", aucs.Average(), (aucs.Min(), aucs.Max()), peer, asked - 0.002);
        table.Add(what, "test LogLoss", losses.Average(), (losses.Min(), losses.Max()));
    }

    private static Pnn Products(CtrSet set, TrainerOptions training, PnnProduct product)
        => Pnn.Train(set.Features, set.Train, Deep(new PnnOptions { Product = product }, training), set.Validation);

    private static T Deep<T>(T options, TrainerOptions training) where T : DeepOptions
        => (T)(options with { Dimension = 16, Hidden = [256, 128], Dropout = 0.2f, Training = training });

    // A vector for each other field: shorter ones.
    private static T Aware<T>(T options, TrainerOptions training) where T : DeepOptions
        => (T)(Deep(options, training) with { Dimension = 8 });
}
