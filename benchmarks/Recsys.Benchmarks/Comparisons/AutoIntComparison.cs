using Recsys.Benchmarks.Peers;
using Recsys.Nn;
using Recsys.Rank;

namespace Recsys.Benchmarks.Comparisons;

/// <summary>AutoInt, 3 layers of 2 heads, d = 16, over 26 categories of 100,000 codes and 13 numbers: training steps.</summary>
internal sealed class AutoIntComparison : Comparison
{
    private const int Batch = 1024, Steps = 8;

    public override string Name => "autoint";

    public override string Script => "autoint.py";

    public override IEnumerable<ComparisonCase> Cases()
    {
        var (features, examples) = CtrData.Make(Batch * Steps, 26, 100_000, 13);
        foreach (var width in new[] { 32, 16 })
        {
            foreach (var threads in new[] { 1, 2 })
            {
                var options = new AutoIntOptions { HeadWidth = width, Training = new() { BatchSize = Batch, Threads = threads } };
                var model = AutoInt.Create(ParameterScope.Initialise(1), features.Schema, options);
                yield return new ComparisonCase(
                    $"train {Steps} steps of {Batch}, heads of {width}, {threads} thread{(threads == 1 ? "" : "s")}", 1.5,
                    new() { ["work"] = "train", ["batch"] = Batch, ["steps"] = Steps, ["threads"] = threads, ["width"] = width },
                    () =>
                    {
                        var trainer = AutoInt.TrainerOf(model, features, examples);
                        var epoch = 0;
                        return () =>
                        {
                            trainer.RunEpoch(epoch++, default);
                            return double.NaN;
                        };
                    });
            }
        }
    }
}
