using Recsys.Benchmarks.Peers;
using Recsys.Quality;
using Recsys.Recall;

namespace Recsys.Benchmarks.Comparisons;

/// <summary>
/// BlogCatalog, 128 dimensions, window 10, 5 negatives, walks of 40 nodes; 4 walks from each node, and, the long case, the paper's 80. Our
/// time holds the walking, the peer's doesn't.
/// </summary>
internal sealed class DeepWalkComparison : Comparison
{
    public override string Name => "deepwalk";

    public override string Script => "deepwalk.py";

    public override IEnumerable<ComparisonCase> Cases()
    {
        if (Data("graphs") is not { } folder) yield break;
        var graph = BlogCatalog.Graph(folder);
        yield return Case("4 walks, 1 thread", 4, 1);
        yield return Case("4 walks, 2 threads", 4, 2);
        yield return Case("80 walks, 2 threads", 80, 2) with { IsLong = true };

        ComparisonCase Case(string name, int walks, int threads) => new(
            name, 1 / 0.33, new() { ["folder"] = folder, ["threads"] = threads, ["walks"] = walks },
            () => () =>
            {
                DeepWalk.Train(graph, options: new() { Walks = walks, Threads = threads });
                return double.NaN;
            });
    }
}
