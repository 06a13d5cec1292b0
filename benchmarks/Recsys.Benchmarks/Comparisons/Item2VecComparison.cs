using Recsys.Benchmarks.Peers;
using Recsys.Data;
using Recsys.Recall;

namespace Recsys.Benchmarks.Comparisons;

/// <summary>Two epochs of skip-gram over ml-1m, 64 dimensions, window 5, 5 negatives: 2,000,418 tokens. The peer's vocabulary is built
/// before.</summary>
internal sealed class Item2VecComparison : Comparison
{
    private const int Epochs = 2;

    public override string Name => "item2vec";

    public override string Script => "item2vec.py";

    public override IEnumerable<ComparisonCase> Cases()
    {
        if (Data("ml-1m") is not { } folder) yield break;
        var log = MovieLens.Load(folder).Log;
        foreach (var threads in new[] { 1, 2 })
        {
            var options = new Item2VecOptions { Epochs = Epochs, Threads = threads };
            yield return new ComparisonCase(
                $"ml-1m, {threads} thread{(threads == 1 ? "" : "s")}", 3.0,
                new() { ["folder"] = folder, ["threads"] = threads, ["epochs"] = Epochs },
                () => () =>
                {
                    Item2Vec.Train(log, options);
                    return double.NaN;
                });
        }
    }
}
