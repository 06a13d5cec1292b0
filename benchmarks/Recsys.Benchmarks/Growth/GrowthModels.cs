using Recsys.Data;
using Recsys.Features;
using Recsys.Indexing;
using Recsys.Numerics;
using Recsys.Recall;

namespace Recsys.Benchmarks.Growth;

/// <summary>What grows, how its time should grow, and how far it is followed.</summary>
/// <param name="Name">What to type after "growth".</param>
/// <param name="Expected">Time by the formulas of the model.</param>
/// <param name="Prepare">Makes what the training needs beside the log and returns the training.</param>
/// <param name="Most">Interactions beyond which it isn't run.</param>
internal sealed record GrowthModel(string Name, string Expected, Func<Interactions, Func<object>> Prepare, long Most = long.MaxValue)
{
    private const int Factors = 16;

    // Few passes: it is growth that is measured, and each pass costs the same.
    public static IReadOnlyList<GrowthModel> All { get; } =
    [
        new("ItemCf", "Σ_u |I(u)|²", log => () => ItemCf.Train(log)),
        new("UserCf", "Σ_i |U(i)|²", log => () => UserCf.Train(log)),
        new("Swing", "≤ items M²/2 pairs", log => () => Swing.Train(log, new SwingOptions { UsersPerItem = 30 })),
        new("Ease", "items³", log => () => Ease.Train(log), 1_000_000),
        new("Lfm", "n F", log => () => Lfm.Train(log, new LfmOptions { Factors = Factors, Epochs = 2 })),
        new("Als", "n F", log => () => Als.Train(log, new AlsOptions { Factors = Factors, Iterations = 2 })),
        new("Bpr", "n F", log => () => Bpr.Train(log, new BprOptions { Factors = Factors, Epochs = 2 })),
        new("Warp", "≤ n F tries", log => () => Warp.Train(log, new WarpOptions { Factors = Factors, Epochs = 2, Tries = 10 })),
        new("Item2Vec", "n F", log => () => Item2Vec.Train(log, new Item2VecOptions { Dimensions = Factors, Epochs = 1 })),
        new("DeepWalk", "nodes F", log => () => DeepWalk.Train(
            log, new DeepWalkOptions { Dimensions = Factors, Walks = 1, WalkLength = 10, Window = 2 })),
        new("Eges", "n + items F", log => () => Eges.Train(
            log, null, new EgesOptions { Dimensions = Factors, Walks = 2, WalkLength = 10, Window = 2 })),
        new("PersonalRank", "n", log => () => PersonalRank.Train(log)),
        new("ContentBased", "n", log =>
        {
            var items = Terms(log.ItemCount);
            return () => ContentBased.Train(log, items);
        }),
        new("Hnsw", "items log items", log =>
        {
            var vectors = new float[log.ItemCount * Factors];
            new Rng(7).FillNormal(0, vectors);
            return () => HnswIndex.Build(vectors, Factors, new HnswOptions { Links = 8, BuildBreadth = 64 });
        }),
    ];

    /// <summary>
    /// A log of that many rows: 20 for each user, a minute apart, and 100 for each item on average, with the popularity of a square of a
    /// uniform number, so that the users of the best known item grow with the root of the rows.
    /// </summary>
    public static Interactions Log(long rows)
    {
        var items = Math.Max(1, rows / 100);
        var builder = new InteractionsBuilder();
        var rng = new Rng(1);
        for (var row = 0L; row < rows; row++)
        {
            var share = rng.UniformDouble((ulong)row);
            builder.Add(row / 20, (long)(share * share * items), 1, 1_000_000_000 + row % 20 * 60);
        }
        return builder.Build();
    }

    private static TermVectors Terms(int items)
    {
        var rng = new Rng(3);
        return TermVectors.FromLists(Enumerable.Range(0, items).Select(
            item => Enumerable.Range(0, 4).Select(k => $"t{rng.Below((ulong)(4L * item + k), 500)}").Distinct()));
    }
}
