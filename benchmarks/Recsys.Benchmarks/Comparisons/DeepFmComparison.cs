using Recsys.Benchmarks.Peers;
using Recsys.Features;
using Recsys.Nn;
using Recsys.Numerics;
using Recsys.Rank;

namespace Recsys.Benchmarks.Comparisons;

/// <summary>DeepFM over 26 categories of 100,000 codes and 13 numbers: 20 training steps, scoring, and one request.</summary>
internal sealed class DeepFmComparison : Comparison
{
    private const int Batch = 4096, Steps = 20;

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
        }
    }

    private static double Score(DeepFm model, FeatureSet features, Examples examples, int threads)
    {
        const int Block = 512;
        var scores = new float[examples.Count];
        var batches = new ScratchPool<ExampleBatch>(() => features.CreateBatch(Block));
        Shards.Run(examples.Count / Block, threads, block =>
        {
            var batch = batches.Rent();
            features.Assemble(examples, block * Block, Block, batch);
            model.Score(batch, scores.AsSpan(block * Block, Block));
            batches.Return(batch);
        });
        return double.NaN;
    }
}
