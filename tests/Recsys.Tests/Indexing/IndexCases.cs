using Recsys.Indexing;
using Recsys.Numerics;

namespace Recsys.Tests.Indexing;

/// <summary>Vectors, and what the exact index says about them.</summary>
internal static class IndexCases
{
    public static float[] Normal(ulong seed, int count)
    {
        var values = new float[count];
        new Rng(seed).FillNormal(0, values);
        return values;
    }

    public static ScoredItem[] Search(IVectorIndex index, ReadOnlySpan<float> query, int k, in ItemFilter filter = default)
    {
        var list = new ScoredItem[k];
        var count = index.Search(query, filter, list);
        for (var i = 1; i < count; i++) Assert.True(list[i - 1].Before(list[i]), $"{list[i - 1]} stands before {list[i]}.");
        return list[..count];
    }

    /// <summary>
    /// The share of the exact lists that the index finds, over queries from the same source; and every score is the right one.
    /// </summary>
    public static double Recall(
        IVectorIndex index, float[] vectors, VectorSimilarity similarity, int k, int queries = 50, Func<int, bool>? passes = null,
        ItemSet? allow = null)
    {
        var exact = ExactIndex.Build(vectors, index.Dimensions, new ExactIndexOptions { Similarity = similarity, Threads = 1 });
        var all = Normal(999, queries * index.Dimensions);
        var (hits, asked) = (0, 0);
        for (var q = 0; q < queries; q++)
        {
            var query = all.AsSpan(q * index.Dimensions, index.Dimensions);
            var filter = new ItemFilter { Predicate = passes, Allow = allow };
            var truth = Search(exact, query, k, filter);
            var scores = truth.ToDictionary(x => x.Item, x => x.Score);
            var found = Search(index, query, k, filter);
            Assert.Equal(truth.Length, found.Length);
            foreach (var item in found)
            {
                Assert.True(passes is null || passes(item.Item));
                Assert.True(allow is null || allow.Contains(item.Item));
                if (!scores.TryGetValue(item.Item, out var score)) continue;
                hits++;
                Assert.Equal(score, item.Score, 1e-4f * (1 + Math.Abs(score)));
            }
            asked += truth.Length;
        }
        return hits / (double)asked;
    }

    public static string Message(Action action) => Assert.ThrowsAny<ArgumentException>(action).Message;
}
