using Recsys.Indexing;
using Recsys.Persistence;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Indexing;

public sealed class HnswIndexTests
{
    private const int Count = 4000;
    private const int Dimensions = 12;

    private static readonly float[] Vectors = IndexCases.Normal(1, Count * Dimensions);
    private static readonly HnswOptions Small = new() { Links = 12, BuildBreadth = 60, SearchBreadth = 40 };

    // Shared: the index never changes.
    private static readonly HnswIndex Euclidean =
        HnswIndex.Build(Vectors, Dimensions, Small with { Similarity = VectorSimilarity.Euclidean });
    private static readonly HnswIndex Dot = HnswIndex.Build(Vectors, Dimensions, Small);
    private static readonly HnswIndex Cosine = HnswIndex.Build(Vectors, Dimensions, Small with { Similarity = VectorSimilarity.Cosine });

    private static HnswIndex Of(VectorSimilarity similarity) => similarity switch
    {
        VectorSimilarity.Euclidean => Euclidean,
        VectorSimilarity.Cosine => Cosine,
        _ => Dot,
    };

    [Theory]
    [InlineData(VectorSimilarity.DotProduct)]
    [InlineData(VectorSimilarity.Cosine)]
    [InlineData(VectorSimilarity.Euclidean)]
    public void Finds_nearly_what_the_exact_index_finds_and_more_with_breadth(VectorSimilarity similarity)
    {
        var index = Of(similarity);
        var narrow = IndexCases.Recall(index.WithSearchBreadth(10), Vectors, similarity, 10);
        var usual = IndexCases.Recall(index, Vectors, similarity, 10);
        var wide = IndexCases.Recall(index.WithSearchBreadth(120), Vectors, similarity, 10);
        Assert.InRange(narrow, 0.5, usual);
        Assert.InRange(usual, 0.93, wide);
        Assert.InRange(wide, 0.99, 1);
    }

    [Theory]
    [InlineData(VectorSimilarity.DotProduct)]
    [InlineData(VectorSimilarity.Cosine)]
    [InlineData(VectorSimilarity.Euclidean)]
    public void Threads_change_no_bit_of_the_file(VectorSimilarity similarity)
    {
        var options = Small with { Similarity = similarity };
        var (first, more) = (Vectors[..(1500 * Dimensions)], Vectors[(1500 * Dimensions)..(2500 * Dimensions)]);
        var expected = File(HnswIndex.Build(first, Dimensions, options with { Threads = 1 }).With(more));
        foreach (var threads in (int[])[2, 3, 8])
            Assert.Equal(expected, File(HnswIndex.Build(first, Dimensions, options with { Threads = threads }).With(more)));
    }

    [Fact]
    public void Vectors_inserted_later_are_found_as_well_and_the_older_index_stays()
    {
        var options = Small with { Similarity = VectorSimilarity.Euclidean };
        var first = HnswIndex.Build(Vectors.AsSpan(0, 1000 * Dimensions), Dimensions, options);
        var before = File(first);
        var grown = first.With(Vectors.AsSpan(1000 * Dimensions, 500 * Dimensions)).With(Vectors.AsSpan(1500 * Dimensions));
        Assert.Equal(Count, grown.Count);
        Assert.Equal(before, File(first));
        Assert.InRange(IndexCases.Recall(grown, Vectors, VectorSimilarity.Euclidean, 10), 0.93, 1);
        Assert.Equal(Vectors[^Dimensions..], grown.Vector(Count - 1).ToArray());
    }

    [Fact]
    public void A_cluster_inserted_at_once_is_found()
    {
        // The new vectors are far from all others and alike: within their batch they must link to each other.
        var cluster = IndexCases.Normal(5, 400 * Dimensions);
        for (var i = 0; i < cluster.Length; i++) cluster[i] = 20 + cluster[i] * 0.1f;
        var index = Euclidean.With(cluster);
        var query = new float[Dimensions];
        Array.Fill(query, 20);
        Assert.All(IndexCases.Search(index, query, 40), item => Assert.True(item.Item >= Count));
        float[] all = [.. Vectors, .. cluster];
        var exact = ExactIndex.Build(all, Dimensions, new ExactIndexOptions { Similarity = VectorSimilarity.Euclidean });
        var truth = IndexCases.Search(exact, query, 40).Select(x => x.Item).ToHashSet();
        Assert.InRange(IndexCases.Search(index, query, 40).Count(x => truth.Contains(x.Item)), 36, 40);
    }

    [Fact]
    public void Deleted_items_are_in_no_list()
    {
        var index = Euclidean;
        var gone = new HashSet<int>();
        var query = IndexCases.Normal(7, Dimensions);
        for (var round = 0; round < 8; round++)
        {
            var list = IndexCases.Search(index, query, 10);
            Assert.DoesNotContain(list, x => gone.Contains(x.Item));
            Assert.Equal(10, list.Length);
            foreach (var item in list) gone.Add(item.Item);
            index = index.Without([.. gone]);
            Assert.Equal(gone.Count, index.DeletedCount);
        }
        Assert.Equal(0, Euclidean.DeletedCount);
        var both = IndexCases.Search(index, query, 30, new ItemFilter { Exclude = [0, 1, 2] });
        Assert.DoesNotContain(both, x => gone.Contains(x.Item) || x.Item < 3);
        Assert.True(index.IsDeleted(gone.First()));
        var kept = Enumerable.Range(0, Count).Where(i => i % 3 == 0).ToArray();
        var third = Euclidean.Without([.. Enumerable.Range(0, Count).Except(kept)]);
        Assert.InRange(IndexCases.Recall(new Passing(third), Vectors, VectorSimilarity.Euclidean, 10, passes: i => i % 3 == 0), 0.93, 1);
        Assert.Equal(kept.Length, IndexCases.Search(third, query, Count).Length);
        Assert.Empty(IndexCases.Search(third.Without(kept), query, 10));
    }

    [Fact]
    public void The_deletions_stay_when_vectors_are_added()
    {
        var grown = Euclidean.Without(3, 5).With(Vectors.AsSpan(0, 10 * Dimensions));
        Assert.True(grown.IsDeleted(3));
        Assert.Equal(2, grown.DeletedCount);
        Assert.Equal(Count, IndexCases.Search(grown, Vectors.AsSpan(3 * Dimensions, Dimensions), 1)[0].Item - 3);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(10)]
    [InlineData(60)]
    [InlineData(700)]
    public void A_filtered_search_still_returns_k(int modulus)
    {
        var allow = new ItemSet(Enumerable.Range(0, Count + 500).Where(i => i % modulus == 0));
        foreach (var similarity in Enum.GetValues<VectorSimilarity>())
        {
            Assert.InRange(IndexCases.Recall(Of(similarity), Vectors, similarity, 10, 20, i => i % modulus == 0), 0.9, 1);
            Assert.InRange(IndexCases.Recall(Of(similarity), Vectors, similarity, 10, 20, allow: allow), 0.9, 1);
        }
    }

    [Fact]
    public void A_filter_that_passes_only_what_is_far_away_is_searched_exactly()
    {
        var query = Vectors.AsSpan(0, Dimensions).ToArray();
        var exact = ExactIndex.Build(Vectors, Dimensions, new ExactIndexOptions { Similarity = VectorSimilarity.Euclidean });
        int[] order = [.. IndexCases.Search(exact, query, Count).Select(x => x.Item)];
        var far = order[^30..].ToHashSet();
        Assert.Equal(order[^30..], Found(new ItemFilter { Predicate = far.Contains }));
        Assert.Equal(order[^30..], Found(new ItemFilter { Allow = new ItemSet(far) }));
        Assert.Equal(order[^30..], Found(new ItemFilter { Exclude = order.AsSpan(0, Count - 30) }));

        int[] Found(in ItemFilter filter) => [.. IndexCases.Search(Euclidean, query, 40, filter).Select(x => x.Item)];
    }

    [Fact]
    public void Excluded_items_make_room_for_the_next_ones()
    {
        var query = IndexCases.Normal(8, Dimensions);
        var wide = Euclidean.WithSearchBreadth(100);
        var full = IndexCases.Search(wide, query, 60);
        foreach (var count in (int[])[1, 20, 50])
        {
            int[] seen = [-1, .. full[..count].Select(x => x.Item), int.MaxValue];
            Assert.Equal(full[count..(count + 10)], IndexCases.Search(wide, query, 10, new ItemFilter { Exclude = seen }));
        }
        Assert.Empty(IndexCases.Search(wide, query, 10, new ItemFilter { Predicate = _ => false }));
        Assert.Empty(IndexCases.Search(wide, query, 10, new ItemFilter { Allow = new ItemSet() }));
        Assert.Empty(IndexCases.Search(wide, query, 0));
        Assert.Equal(Count, IndexCases.Search(wide, query, Count + 5).Length);
    }

    [Fact]
    public void A_batch_gives_the_lists_of_single_queries()
    {
        var queries = IndexCases.Normal(9, 30 * Dimensions);
        var (lists, counts) = (new ScoredItem[30 * 7], new int[30]);
        Cosine.WithThreads(3).SearchBatch(queries, new ItemFilter { Exclude = [1, 2, 3] }, lists, counts);
        for (var q = 0; q < 30; q++)
        {
            var list = IndexCases.Search(Cosine, queries.AsSpan(q * Dimensions, Dimensions), 7, new ItemFilter { Exclude = [1, 2, 3] });
            Assert.Equal(list, lists[(q * 7)..(q * 7 + counts[q])]);
        }
    }

    [Fact]
    public void Zero_vectors_have_the_cosine_0_and_lie_outside_the_graph()
    {
        var vectors = Vectors.AsSpan(0, 3000 * Dimensions).ToArray();
        vectors.AsSpan(100 * Dimensions, 900 * Dimensions).Clear();
        var index = HnswIndex.Build(vectors, Dimensions, Small with { Similarity = VectorSimilarity.Cosine });
        var exact = ExactIndex.Build(vectors, Dimensions, new ExactIndexOptions { Similarity = VectorSimilarity.Cosine });
        Assert.InRange(IndexCases.Recall(index, vectors, VectorSimilarity.Cosine, 10), 0.93, 1);
        var zero = new float[Dimensions];
        Assert.Equal(IndexCases.Search(exact, zero, 5), IndexCases.Search(index, zero, 5));

        var against = IndexCases.Normal(3, Dimensions);
        var positive = IndexCases.Search(exact, against, 3000).Where(x => x.Score > 0).Select(x => x.Item).ToArray();
        var filter = new ItemFilter { Exclude = positive };
        Assert.Equal(IndexCases.Search(exact, against, 950, filter), IndexCases.Search(index, against, 950, filter));
        Assert.Equal(100, IndexCases.Search(index, against, 1, filter)[0].Item);
        var allZero = HnswIndex.Build(new float[3000 * 2], 2, Small with { Similarity = VectorSimilarity.Cosine });
        Assert.Equal([new(0, 0), new(1, 0)], IndexCases.Search(allZero, [1, 1], 2));
    }

    [Fact]
    public void Many_copies_of_one_vector_do_not_hide_the_others()
    {
        var vectors = Vectors.ToArray();
        for (var i = 1000; i < 1600; i++) vectors.AsSpan(0, Dimensions).CopyTo(vectors.AsSpan(i * Dimensions));
        var index = HnswIndex.Build(vectors, Dimensions, Small with { Similarity = VectorSimilarity.Euclidean });
        Assert.InRange(IndexCases.Recall(index, vectors, VectorSimilarity.Euclidean, 10), 0.9, 1);
        int[] copies = [0, .. Enumerable.Range(1000, 600)];
        Assert.Equal(copies[..30], IndexCases.Search(index, vectors.AsSpan(0, Dimensions), 30).Select(x => x.Item));
        var odd = new ItemFilter { Predicate = i => i % 2 > 0 };
        var rest = IndexCases.Search(index.Without(0, 1001), vectors.AsSpan(0, Dimensions), 5, odd);
        Assert.Equal([1003, 1005, 1007, 1009, 1011], rest.Select(x => x.Item));
        var grown = index.With(vectors.AsSpan(0, Dimensions)).Without(copies);
        Assert.Equal(Count, IndexCases.Search(grown, vectors.AsSpan(0, Dimensions), 3)[0].Item);
        var equal = HnswIndex.Build(new float[2000 * 3], 3, Small with { Similarity = VectorSimilarity.Euclidean });
        Assert.Equal(20, IndexCases.Search(equal, [1, 2, 2], 20).Length);
    }

    [Fact]
    public void What_cannot_be_indexed_or_searched_is_named()
    {
        Assert.Contains("vectors holds 5 floats", IndexCases.Message(() => HnswIndex.Build(new float[5], 2)));
        Assert.Contains("vector 1 holds NaN at 0", IndexCases.Message(() => HnswIndex.Build([1, 2, float.NaN, 4], 2)));
        Assert.Contains("squared length of vector 0", IndexCases.Message(() => HnswIndex.Build([1e19f, 0], 2)));
        Assert.Contains("vector 0 holds Infinity at 1", IndexCases.Message(() => Dot.With([1, 1 / 0f, .. Vectors[..10]])));
        Assert.Contains("vectors holds 3 floats", IndexCases.Message(() => Dot.With([1, 2, 3])));
        Assert.Contains("query holds 3 floats", IndexCases.Message(() => Dot.Search([1, 2, 3], new ScoredItem[1])));
        var list = new ScoredItem[2];
        Assert.Contains("the query holds NaN at 11", IndexCases.Message(() => Dot.Search([.. new float[11], float.NaN], list)));
        Assert.Contains("queries holds 3 floats", IndexCases.Message(() => Dot.SearchBatch(new float[3], default, list, new int[2])));
        Assert.Throws<ArgumentOutOfRangeException>(() => Dot.Without(Count));
        Assert.Throws<ArgumentOutOfRangeException>(() => Dot.Vector(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new HnswOptions { Links = 1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new HnswOptions { BuildBreadth = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new HnswOptions { SearchBreadth = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new HnswOptions { Threads = 0 });
        Assert.Equal(0, HnswIndex.Build([], 3).Search([1, 2, 3], new ScoredItem[2]));
        Assert.Throws<OperationCanceledException>(() => HnswIndex.Build(Vectors, Dimensions, cancel: new CancellationToken(true)));
    }

    [Fact]
    public void Allocates_nothing_after_warm_up()
    {
        var query = IndexCases.Normal(4, Dimensions);
        var list = new ScoredItem[20];
        int[] seen = [.. Enumerable.Range(0, 50)];
        var allow = new ItemSet(Enumerable.Range(0, Count).Where(i => i % 2 == 0));
        Func<int, bool> predicate = item => item % 3 == 0;
        for (var i = 0; i < 30; i++) Search();
        Allocations.AssertNone(Search, calls: 10);

        void Search()
        {
            foreach (var index in (ReadOnlySpan<HnswIndex>)[Dot, Cosine, Euclidean])
            {
                index.Search(query, list);
                index.Search(query, new ItemFilter { Exclude = seen }, list);
                index.Search(query, new ItemFilter { Allow = allow, Predicate = predicate }, list);
                index.Search(query, new ItemFilter { Predicate = predicate }, list);
            }
        }
    }

    [Theory]
    [InlineData(VectorSimilarity.DotProduct)]
    [InlineData(VectorSimilarity.Cosine)]
    [InlineData(VectorSimilarity.Euclidean)]
    public void Its_file_is_safe(VectorSimilarity similarity)
    {
        var options = new HnswOptions { Similarity = similarity, Links = 2, BuildBreadth = 8, SearchBreadth = 1 };
        var index = HnswIndex.Build(IndexCases.Normal(2, 70 * 3), 3, options).Without(4);
        ModelFileContract.Check(index, model =>
        {
            var answers = new List<float>();
            for (var k = 1; k < 4; k++) // one item is searched through the graph, three exactly
            {
                var query = new float[model.Dimensions];
                query[k % query.Length] = 1;
                var list = new ScoredItem[k];
                list.AsSpan(model.Search(query, new ItemFilter { Exclude = [1] }, list)).Clear();
                answers.AddRange(list.SelectMany(item => (float[])[item.Item, item.Score]));
            }
            var zero = new float[model.Dimensions];
            answers.Add(model.With(zero).Search(zero, new ScoredItem[1]));
            return [.. answers];
        }, ModelKinds.Standard);
    }

    private static byte[] File(HnswIndex index)
    {
        using var stream = new MemoryStream();
        ModelFile.Save(stream, index);
        return stream.ToArray();
    }

    // The exact index of the comparison knows no deletions; here the filter says the same.
    private sealed class Passing(HnswIndex index) : IVectorIndex
    {
        public int Count => index.Count;

        public int Dimensions => index.Dimensions;

        public int Search(ReadOnlySpan<float> query, in ItemFilter filter, Span<ScoredItem> destination)
            => index.Search(query, default, destination);
    }
}
