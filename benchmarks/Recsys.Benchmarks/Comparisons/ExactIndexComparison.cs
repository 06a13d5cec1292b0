using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Recsys.Benchmarks.Peers;
using Recsys.Indexing;
using Recsys.Numerics;

namespace Recsys.Benchmarks.Comparisons;

/// <summary>Exact top-100 of a million vectors against faiss IndexFlatIP, which uses one thread for one query.</summary>
internal sealed class ExactIndexComparison : Comparison
{
    private const int Items = 1_000_000;
    private const int Dimensions = 64;
    private const int K = 100;

    public override string Name => "exact-index";

    public override string Script => "exact_index.py";

    public override IEnumerable<ComparisonCase> Cases()
    {
        var folder = Directory.CreateTempSubdirectory("recsys-compare");
        try
        {
            var (vectors, queries) = (Path.Combine(folder.FullName, "vectors"), Path.Combine(folder.FullName, "queries"));
            File.WriteAllBytes(vectors, MemoryMarshal.AsBytes<float>(Random(1, Items)));
            File.WriteAllBytes(queries, MemoryMarshal.AsBytes<float>(Random(2, 256)));
            yield return Case("1 query, 2 threads", 2.0, 1, 2);
            yield return Case("1 query, 1 thread", 1.0, 1, 1);
            yield return Case("256 queries, 2 threads", 1.2, 256, 2);
            yield return Case("256 queries, 1 thread", 1.2, 256, 1);

            ComparisonCase Case(string name, double target, int count, int threads) => new(
                name, target,
                new JsonObject
                {
                    ["vectors"] = vectors,
                    ["queries"] = queries,
                    ["dimensions"] = Dimensions,
                    ["count"] = count,
                    ["k"] = K,
                    ["threads"] = threads,
                },
                () =>
                {
                    var index = ExactIndex.Own(Random(1, Items), Dimensions, new ExactIndexOptions { Threads = threads });
                    var asked = Random(2, 256)[..(count * Dimensions)];
                    var lists = new ScoredItem[count * K];
                    var counts = new int[count];
                    return () =>
                    {
                        if (count == 1) index.Search(asked, lists);
                        else index.SearchBatch(asked, default, lists, counts);
                        var sum = 0.0;
                        foreach (var item in lists) sum += item.Score;
                        return sum;
                    };
                })
            { Tolerance = 1e-5 };
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static float[] Random(ulong seed, int rows)
    {
        var rng = new Rng(seed);
        var values = new float[rows * Dimensions];
        for (var i = 0; i < values.Length; i++) values[i] = rng.Uniform((ulong)i) - 0.5f;
        return values;
    }
}
