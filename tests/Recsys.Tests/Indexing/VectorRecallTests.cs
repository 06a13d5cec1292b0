using Recsys.Indexing;

namespace Recsys.Tests.Indexing;

public sealed class VectorRecallTests
{
    private const int Count = 3000;
    private const int Dimensions = 10;

    private static readonly float[] Vectors = WithZeros(IndexCases.Normal(1, Count * Dimensions));
    private static readonly float[] Biases = IndexCases.Normal(2, Count);

    public static TheoryData<string, VectorSimilarity, bool> Cases
    {
        get
        {
            var data = new TheoryData<string, VectorSimilarity, bool>();
            foreach (var index in (string[])["hnsw", "simhash", "pstable"])
            {
                foreach (var similarity in Enum.GetValues<VectorSimilarity>())
                    if (index != "simhash" || similarity != VectorSimilarity.Euclidean) data.Add(index, similarity, false);
                data.Add(index, VectorSimilarity.DotProduct, true);
            }
            return data;
        }
    }

    private static IndexOptions Options(string name) => name switch
    {
        "hnsw" => new HnswOptions { Links = 12, BuildBreadth = 60, SearchBreadth = 60 },
        "simhash" => new SimHashOptions { Bits = 8, Probes = 60 },
        "pstable" => new PStableOptions { Hashes = 5, Probes = 60 },
        _ => new ExactIndexOptions(),
    };

    private static VectorRecall Build(string index, VectorSimilarity similarity, bool biases)
        => VectorRecall.Build(Vectors, Dimensions, Options(index), 2, biases ? Biases : null, similarity);

    [Theory]
    [MemberData(nameof(Cases))]
    public void An_approximate_index_gives_nearly_the_exact_lists(string index, VectorSimilarity similarity, bool biases)
    {
        var (exact, fast) = (Build("exact", similarity, biases), Build(index, similarity, biases));
        var (hits, asked) = (0, 0);
        for (var q = 0; q < 30; q++)
        {
            var query = IndexCases.Normal((ulong)(50 + q), Dimensions);
            Compare((source, filter, list) => source.Recall(query, filter, list, 3));
            Compare((source, filter, list) => source.SimilarItems(q * 7, filter, list));
        }
        Assert.InRange(hits / (double)asked, 0.9, 1);

        void Compare(Ask ask)
        {
            var (truth, found) = (new ScoredItem[10], new ScoredItem[10]);
            var filter = new ItemFilter { Exclude = [11, 12] };
            var count = ask(exact, filter, truth);
            Assert.Equal(count, ask(fast, filter, found));
            for (var i = 0; i < count; i++)
            {
                if (i > 0) Assert.True(found[i - 1].Before(found[i]));
                asked++;
                foreach (var item in truth[..count])
                {
                    if (item.Item != found[i].Item) continue;
                    hits++;
                    Assert.Equal(item.Score, found[i].Score, 1e-4f * (1 + Math.Abs(item.Score)));
                }
            }
        }
    }

    private delegate int Ask(VectorRecall source, ItemFilter filter, Span<ScoredItem> list);

    [Theory]
    [InlineData("exact")]
    [InlineData("hnsw")]
    [InlineData("pstable")]
    public void Zero_vectors_are_recalled_by_product_but_are_similar_to_nothing(string index)
    {
        var list = new ScoredItem[Count + 1];
        var query = IndexCases.Normal(3, Dimensions);
        Assert.Equal(Count, Build(index, VectorSimilarity.DotProduct, true).Recall(query, default, list));
        Assert.Equal(Count, Build(index, VectorSimilarity.Euclidean, false).Recall(query, default, list));
        var cosine = Build(index, VectorSimilarity.Cosine, false);
        Assert.Equal(Count - Zeros, cosine.Recall(query, default, list));
        Assert.False(cosine.Has(7));
        Assert.Equal(0, cosine.SimilarItems(7, default, list));
        Assert.Equal(0, cosine.SimilarItems(-1, default, list));
        Assert.Equal(0, cosine.SimilarItems(Count, default, list));
        Assert.Equal(Count - Zeros - 1, cosine.SimilarItems(1, default, list));
        Assert.DoesNotContain(list[..(Count - Zeros - 1)], x => x.Item == 1 || x.Item % 100 == 7);
    }

    [Theory]
    [InlineData("exact")]
    [InlineData("hnsw")]
    [InlineData("simhash")]
    [InlineData("pstable")]
    public void Allocates_nothing_after_warm_up(string index)
    {
        var source = Build(index, VectorSimilarity.DotProduct, true);
        var query = IndexCases.Normal(3, Dimensions);
        var list = new ScoredItem[20];
        for (var i = 0; i < 30; i++) Search();
        Allocations.AssertNone(Search, calls: 10);

        void Search()
        {
            source.Recall(query, default, list, 1);
            source.SimilarItems(1, default, list);
        }
    }

    private const int Zeros = Count / 100;

    private static float[] WithZeros(float[] vectors)
    {
        for (var item = 7; item < Count; item += 100) vectors.AsSpan(item * Dimensions, Dimensions).Clear();
        return vectors;
    }
}
