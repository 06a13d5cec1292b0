using Recsys.Benchmarks.Peers;
using Recsys.Features;
using Recsys.Nn;
using Recsys.Numerics;
using Recsys.Rank;

namespace Recsys.Benchmarks.Comparisons;

/// <summary>DeepFM over 26 categories of 100,000 codes and 13 numbers: training steps, scoring, and one request of 500 candidates.</summary>
internal sealed class DeepFmComparison : Comparison
{
    private const int Batch = 4096, Steps = 20, Candidates = 500;

    public override string Name => "deepfm";

    public override string Script => "deepfm.py";

    public override IEnumerable<ComparisonCase> Cases()
    {
        var (features, examples) = CtrData.Make(Batch * Steps, 26, 100_000, 13);
        foreach (var threads in new[] { 1, 2 })
        {
            var options = new DeepFmOptions
            {
                Dimension = 16,
                Hidden = [256, 128, 64],
                Training = new() { BatchSize = Batch, Threads = threads },
            };
            var model = DeepFm.Create(ParameterScope.Initialise(1), features.Schema, options);
            yield return new ComparisonCase($"train {Steps} steps of {Batch}, {threads} thread{(threads == 1 ? "" : "s")}",
                threads == 1 ? 1.8 : 3.0,
                new() { ["work"] = "train", ["batch"] = Batch, ["steps"] = Steps, ["threads"] = threads },
                () =>
                {
                    var trainer = DeepFm.TrainerOf(model, features, examples);
                    var epoch = 0;
                    return () =>
                    {
                        trainer.RunEpoch(epoch++, default);
                        return double.NaN;
                    };
                });
            yield return new ComparisonCase($"score {Steps} × {Batch}, {threads} thread{(threads == 1 ? "" : "s")}", 2.0,
                new() { ["work"] = "score", ["batch"] = Batch, ["steps"] = Steps, ["threads"] = threads },
                () => () => Score(model, features, examples, threads));
            foreach (var kept in new[] { false, true })
            {
                yield return new ComparisonCase(
                    $"{(kept ? "the same, items kept" : $"one request of {Candidates} candidates")}, {threads} thread{(threads == 1 ? "" : "s")}",
                    1 / 0.3, new() { ["work"] = "request", ["batch"] = Candidates, ["steps"] = 1, ["threads"] = threads },
                    () => Request(threads, kept))
                { Repeats = 50 };
            }
        }
    }

    private static double Score(DeepFm model, FeatureSet features, Examples examples, int threads)
    {
        var scores = new float[examples.Count];
        var batches = new ScratchPool<ExampleBatch>(() => features.CreateBatch(Batch));
        Shards.Run(examples.Count / Batch, threads, block =>
        {
            var batch = batches.Rent();
            features.Assemble(examples, block * Batch, Batch, batch);
            model.Score(batch, scores.AsSpan(block * Batch, Batch));
            batches.Return(batch);
        });
        return double.NaN;
    }

    // One user's candidates: 16 categories and 7 numbers are the user's. Assembly is in our time; the peer is given its rows. What the
    // model makes of the items may be computed before; the peer computes it each time.
    private static Func<double> Request(int threads, bool kept)
    {
        var features = CtrData.MakeRequests(10_000, 26, 10, 100_000, 13, 6);
        var model = DeepFm.Create(ParameterScope.Initialise(1), features.Schema, new DeepFmOptions { Dimension = 16, Hidden = [256, 128, 64] });
        if (kept) model = model.Freeze(features);
        var batch = features.CreateBatch(Candidates);
        var scores = new float[Candidates];
        var items = new int[Candidates];
        var request = 0;
        return () =>
        {
            for (var i = 0; i < Candidates; i++) items[i] = (request * 31 + i * 17) % 10_000;
            request++;
            features.Assemble(0, items, batch);
            model.Score(batch, scores, threads);
            return double.NaN;
        };
    }
}
