using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Recsys.Benchmarks.Peers;
using Recsys.Indexing;
using Recsys.Numerics;

namespace Recsys.Benchmarks.Comparisons;

/// <summary>
/// A graph over 100,000 normal vectors of 64 dimensions (hard data: they have no structure) against faiss IndexHNSWFlat: building, and
/// 2,000 queries with each library at the least ef that finds 93 % of the true ten nearest. HNSW_ITEMS sets another number of vectors.
/// </summary>
internal sealed class HnswComparison : Comparison
{
    private const int Dimensions = 64;
    private const int Queries = 2000;
    private const int K = 10;
    private const double Recall = 0.93;

    private HnswIndex? _index;

    public override string Name => "hnsw";

    public override string Script => "hnsw.py";

    public override IEnumerable<ComparisonCase> Cases()
    {
        var items = int.TryParse(Environment.GetEnvironmentVariable("HNSW_ITEMS"), out var given) ? given : 100_000;
        var folder = Directory.CreateTempSubdirectory("recsys-compare");
        try
        {
            var (vectors, queries) = (Normal(1, items), Normal(2, Queries));
            var truth = Truth(vectors, queries);
            string Save<T>(string name, T[] values) where T : unmanaged
            {
                var path = Path.Combine(folder.FullName, name);
                File.WriteAllBytes(path, MemoryMarshal.AsBytes<T>(values));
                return path;
            }
            var arguments = new JsonObject
            {
                ["vectors"] = Save("vectors", vectors),
                ["queries"] = Save("queries", queries),
                ["truth"] = Save("truth", truth),
                ["dimensions"] = Dimensions,
                ["recall"] = Recall,
            };
            foreach (var threads in (int[])[2, 1])
            {
                var options = new HnswOptions
                {
                    Similarity = VectorSimilarity.Euclidean,
                    Links = 32,
                    BuildBreadth = 200,
                    Threads = threads,
                };
                (arguments["threads"], arguments["links"], arguments["build"]) = (threads, options.Links, options.BuildBreadth);
                if (threads == 2)
                {
                    arguments["kind"] = "build";
                    yield return new($"build, {threads} threads", 2, (JsonObject)arguments.DeepClone(), () => () =>
                    {
                        _index = HnswIndex.Build(vectors, Dimensions, options);
                        return double.NaN;
                    })
                    { WarmUps = 0 };
                }
                arguments["kind"] = "search";
                yield return new(
                    $"{Queries} queries, {threads} threads", 1.5, (JsonObject)arguments.DeepClone(),
                    () => Search(options, vectors, queries, truth))
                { Tolerance = 0.01 };
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private Func<double> Search(HnswOptions options, float[] vectors, float[] queries, int[] truth)
    {
        var index = (_index ??= HnswIndex.Build(vectors, Dimensions, options)).WithThreads(options.Threads);
        var (lists, counts) = (new ScoredItem[truth.Length], new int[Queries]);
        double recall;
        for (var ef = K; ; ef += 5)
        {
            index = index.WithSearchBreadth(ef);
            index.SearchBatch(queries, default, lists, counts);
            var hits = 0;
            for (var i = 0; i < lists.Length; i++)
                if (truth.AsSpan(i / K * K, K).Contains(lists[i].Item)) hits++;
            recall = hits / (double)truth.Length;
            if (recall >= Recall)
            {
                Console.WriteLine($"  recall@{K} {recall:F3} at ef {ef}; the index takes {index.Bytes / 1e6:F0} MB");
                break;
            }
        }
        return () =>
        {
            index.SearchBatch(queries, default, lists, counts);
            return recall;
        };
    }

    private static int[] Truth(float[] vectors, float[] queries)
    {
        var index = ExactIndex.Build(vectors, Dimensions, new ExactIndexOptions { Similarity = VectorSimilarity.Euclidean });
        var lists = new ScoredItem[Queries * K];
        index.SearchBatch(queries, default, lists, new int[Queries]);
        return [.. lists.Select(item => item.Item)];
    }

    private static float[] Normal(ulong seed, int rows)
    {
        var values = new float[rows * Dimensions];
        new Rng(seed).FillNormal(0, values);
        return values;
    }
}
