using System.Text.Json.Nodes;
using Recsys.Benchmarks.Peers;
using Recsys.Data;
using Recsys.Recall;

namespace Recsys.Benchmarks.Comparisons;

/// <summary>ItemCf on ml-1m, plain cosine, 50 neighbours of each item, against scipy's sparse XᵀX and argpartition.</summary>
internal sealed class ItemCfComparison : Comparison
{
    public override string Name => "itemcf";

    public override string Script => "item_cf.py";

    public override IEnumerable<ComparisonCase> Cases()
    {
        if (Data("ml-1m") is not { } folder) yield break;
        var log = MovieLens.Load(folder).Log;
        for (var threads = 1; threads <= 2; threads++)
        {
            var options = new ItemCfOptions { InverseFrequency = false, Neighbours = 50, Threads = threads };
            var arguments = new JsonObject
            {
                ["file"] = Path.Combine(folder, "ratings.csv.gz"),
                ["neighbours"] = 50,
                ["threads"] = threads,
            };
            yield return new($"ml-1m, {threads} thread(s)", 2, arguments, () => () => Sum(ItemCf.Train(log, options)));
        }
    }

    // The sum of all kept similarities: the same whatever the order of ties.
    private static double Sum(ItemCf model)
    {
        var sum = 0.0;
        Span<ScoredItem> list = stackalloc ScoredItem[50];
        for (var item = 0; item < model.ItemCount; item++)
            foreach (var (_, similarity) in list[..model.SimilarItems(item, default, list)]) sum += similarity;
        return sum;
    }
}
