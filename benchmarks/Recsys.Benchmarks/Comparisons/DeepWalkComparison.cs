using Recsys.Benchmarks.Peers;
using Recsys.Quality;
using Recsys.Recall;

namespace Recsys.Benchmarks.Comparisons;

/// <summary>
/// BlogCatalog, 128 dimensions, window 10, 5 negatives, walks of 40 nodes; 4 walks from each node, a twentieth of the paper's. Our time
/// holds the
/// walking, the peer's doesn't.
/// </summary>
internal sealed class DeepWalkComparison : Comparison
{
    private const int Walks = 4;

    public override string Name => "deepwalk";

    public override string Script => "deepwalk.py";

    public override IEnumerable<ComparisonCase> Cases()
    {
        if (Data("graphs") is not { } folder) yield break;
        var graph = BlogCatalog.Graph(folder);
        foreach (var threads in new[] { 1, 2 })
        {
            foreach (var racy in new[] { false, true })
            {
                var options = new DeepWalkOptions { Walks = Walks, Threads = threads, Racy = racy };
                yield return new ComparisonCase(
                    $"BlogCatalog, {threads} thread{(threads == 1 ? "" : "s")}{(racy ? ", racy" : "")}", 3.0,
                    new() { ["folder"] = folder, ["threads"] = threads, ["walks"] = Walks },
                    () => () =>
                    {
                        DeepWalk.Train(graph, options: options);
                        return double.NaN;
                    });
            }
        }
    }
}
