using Recsys.Benchmarks.Kernels;
using Recsys.Benchmarks.Peers;
using Recsys.Nn;
using Recsys.Numerics;

namespace Recsys.Benchmarks.Comparisons;

/// <summary>
/// GRU and LSTM, 64 wide, over 256 sequences of 50 events of 32 numbers: forward and back, in the shards of a training step.
/// </summary>
internal sealed class RecurrentComparison : Comparison
{
    private const int Batch = 256, Steps = 50, Inputs = 32, Width = 64, Cuts = 16;

    public override string Name => "recurrent";

    public override string Script => "recurrent.py";

    public override IEnumerable<ComparisonCase> Cases()
    {
        foreach (var kind in (string[])["gru", "lstm"])
        {
            for (var threads = 1; threads <= 2; threads++)
            {
                var count = threads;
                yield return new ComparisonCase(
                    $"{kind}, {threads} thread{(threads == 1 ? "" : "s")}", 1.5,
                    new()
                    {
                        ["kind"] = kind,
                        ["threads"] = threads,
                        ["batch"] = Batch,
                        ["steps"] = Steps,
                        ["inputs"] = Inputs,
                        ["width"] = Width,
                    },
                    () => Work(kind, count))
                { Repeats = 10 };
            }
        }
    }

    private static Func<double> Work(string kind, int threads)
    {
        var layer = new RecurrentLayer(kind, Batch, Steps, Inputs, Width);
        var tapes = new Tape[Cuts];
        var gradients = new ShardGradients[Cuts];
        for (var i = 0; i < Cuts; i++) (tapes[i], gradients[i]) = (new Tape(TapeMode.Train), new ShardGradients(layer.Parameters));
        return () =>
        {
            Shards.Run(Cuts, threads, shard =>
            {
                var (start, end) = Shards.Range(Batch, Cuts, shard);
                gradients[shard].Reset();
                tapes[shard].Sink = gradients[shard];
                tapes[shard].Backward(layer.Of(tapes[shard], start, end));
                tapes[shard].Reset();
            });
            foreach (var parameter in layer.Parameters.Dense)
            {
                var sum = gradients[0].Dense(parameter, out _).Span;
                for (var shard = 1; shard < Cuts; shard++) Elementwise.Add(sum, gradients[shard].Dense(parameter, out _).Span, sum);
            }
            return double.NaN;
        };
    }
}
