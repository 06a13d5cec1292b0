using Recsys.Indexing;
using Recsys.Persistence;
using Recsys.Tests.Contracts;
using Recsys.Tests.Reference;

namespace Recsys.Tests.Indexing;

public sealed class ExactIndexTests
{
    [Theory]
    [InlineData(VectorSimilarity.DotProduct)]
    [InlineData(VectorSimilarity.Cosine)]
    [InlineData(VectorSimilarity.Euclidean)]
    public void Finds_what_a_full_sort_finds(VectorSimilarity similarity)
    {
        foreach (var (count, dimensions) in ((int, int)[])[(1, 1), (7, 3), (1500, 17), (900, 64)])
        {
            var vectors = RandomFloats.Create(1, count * dimensions);
            var index = ExactIndex.Build(vectors, dimensions, new ExactIndexOptions { Similarity = similarity, Threads = 1 });
            for (var q = 0; q < 5; q++)
            {
                var query = RandomFloats.Create((ulong)(100 + q), dimensions);
                foreach (var k in (int[])[0, 1, 10, count, count + 5])
                {
                    var list = new ScoredItem[k];
                    var found = index.Search(query, list);
                    Assert.Equal(Math.Min(k, count), found);
                    AssertExact(vectors, dimensions, similarity, query, list.AsSpan(0, found));
                }
            }
        }
    }

    [Theory]
    [InlineData(VectorSimilarity.DotProduct)]
    [InlineData(VectorSimilarity.Cosine)]
    [InlineData(VectorSimilarity.Euclidean)]
    public void Threads_change_no_bit(VectorSimilarity similarity)
    {
        var index = ExactIndex.Build(Grid(40_000 * 40), 40, new ExactIndexOptions { Similarity = similarity, Threads = 1 });
        var queries = Grid(300 * 40).AsSpan(0, 9 * 40).ToArray();
        var expected = new ScoredItem[9 * 30];
        var counts = new int[9];
        int[] exclude = [0, 5, 77];
        index.SearchBatch(queries, new ItemFilter { Exclude = exclude }, expected, counts);
        foreach (var threads in (int[])[2, 3, 8])
        {
            var lists = new ScoredItem[expected.Length];
            index.WithThreads(threads).SearchBatch(queries, new ItemFilter { Exclude = exclude }, lists, counts);
            Assert.Equal(expected, lists);
            var (one, many) = (new ScoredItem[30], new ScoredItem[30]);
            index.Search(queries.AsSpan(0, 40), new ItemFilter { Exclude = exclude }, one);
            index.WithThreads(threads).Search(queries.AsSpan(0, 40), new ItemFilter { Exclude = exclude }, many);
            Assert.Equal(one, many);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(64)]
    [InlineData(300)]
    public void A_batch_finds_what_single_queries_find(int count)
    {
        // Small whole numbers: every sum is exact, so the two agree to the bit, and ties abound.
        var index = ExactIndex.Build(Grid(3000 * 12), 12, new ExactIndexOptions { Threads = 2 });
        var queries = Grid(400 * 12).AsSpan(12, count * 12).ToArray();
        var allow = new ItemSet(Enumerable.Range(0, 2000));
        var filter = new ItemFilter { Exclude = [1, 2, 3], Allow = allow, Predicate = item => item % 2 == 0 };
        var lists = new ScoredItem[count * 25];
        var counts = new int[count];
        index.SearchBatch(queries, filter, lists, counts);
        for (var q = 0; q < count; q++)
        {
            var list = new ScoredItem[25];
            Assert.Equal(counts[q], index.Search(queries.AsSpan(q * 12, 12), filter, list));
            Assert.Equal(list, lists[(q * 25)..(q * 25 + 25)]);
            Assert.All(list, item => Assert.True(item.Item % 2 == 0 && item.Item is not 2 and < 2000));
        }
    }

    [Fact]
    public void A_filter_that_leaves_nothing_gives_an_empty_list()
    {
        var index = ExactIndex.Build([1, 2, 3], 1);
        Assert.Equal(0, index.Search([1], new ItemFilter { Allow = new ItemSet() }, new ScoredItem[3]));
        var counts = new int[5];
        index.SearchBatch([1, 2, 3, 4, 5], new ItemFilter { Exclude = [0, 1, 2] }, new ScoredItem[10], counts);
        Assert.All(counts, count => Assert.Equal(0, count));
    }

    [Fact]
    public void An_index_without_vectors_finds_nothing()
    {
        var index = ExactIndex.Build([], 4);
        Assert.Equal(0, index.Search([1, 2, 3, 4], new ScoredItem[3]));
    }

    [Fact]
    public void The_cosine_of_a_zero_vector_is_zero_and_of_a_tiny_one_is_not()
    {
        var index = ExactIndex.Build([0, 0, 1e-30f, 0, 0, -2], 2, new ExactIndexOptions { Similarity = VectorSimilarity.Cosine });
        var list = new ScoredItem[3];
        index.Search([3, 0], list);
        Assert.Equal([new(0, 0), new(2, 0)], list[1..]);
        Assert.Equal(1, list[0].Score, 1e-6f);
        index.Search([0, 0], list);
        Assert.All(list, item => Assert.Equal(0, item.Score));
    }

    [Fact]
    public void The_largest_vectors_that_it_takes_give_finite_scores()
    {
        const float Long = 9.2e18f;
        foreach (var similarity in Enum.GetValues<VectorSimilarity>())
        {
            var index = ExactIndex.Build([Long, -Long], 1, new ExactIndexOptions { Similarity = similarity });
            var list = new ScoredItem[2];
            Assert.Equal(2, index.Search([Long], list));
            Assert.All(list, item => Assert.True(float.IsFinite(item.Score)));
        }
    }

    [Fact]
    public void What_cannot_be_searched_is_named()
    {
        Assert.Contains("vectors holds 5 floats", Message(() => ExactIndex.Build(new float[5], 2)));
        Assert.Contains("vector 1 holds NaN at 0", Message(() => ExactIndex.Build([1, 2, float.NaN, 4], 2)));
        Assert.Contains("squared length of vector 0", Message(() => ExactIndex.Build([1e19f, 0], 2)));
        var index = ExactIndex.Build([1, 2, 3, 4], 2);
        Assert.Contains("query holds 3 floats", Message(() => index.Search([1, 2, 3], new ScoredItem[1])));
        Assert.Contains("the query holds Infinity at 1", Message(() => index.Search([1, float.PositiveInfinity], new ScoredItem[1])));
        Assert.Contains("queries holds 3 floats", Message(() => index.SearchBatch(new float[3], default, new ScoredItem[2], new int[2])));
        Assert.Contains("holds 3 items", Message(() => index.SearchBatch(new float[4], default, new ScoredItem[3], new int[2])));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ExactIndexOptions { Threads = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => index.Vector(2));
    }

    [Theory]
    [InlineData(VectorSimilarity.DotProduct, 1)]
    [InlineData(VectorSimilarity.DotProduct, 2)]
    [InlineData(VectorSimilarity.Cosine, 2)]
    [InlineData(VectorSimilarity.Euclidean, 2)]
    public void Allocates_nothing_after_warm_up(VectorSimilarity similarity, int threads)
    {
        var vectors = RandomFloats.Create(1, 20_000 * 64);
        var index = ExactIndex.Build(vectors, 64, new ExactIndexOptions { Similarity = similarity, Threads = threads });
        var queries = vectors.AsSpan(0, 8 * 64).ToArray();
        var list = new ScoredItem[8 * 50];
        var counts = new int[8];
        int[] exclude = [1, 2];
        for (var i = 0; i < 3; i++) Search();
        Allocations.AssertNone(Search, calls: 10);

        void Search()
        {
            index.Search(queries.AsSpan(0, 64), new ItemFilter { Exclude = exclude }, list.AsSpan(0, 50));
            index.SearchBatch(queries, new ItemFilter { Exclude = exclude }, list, counts);
        }
    }

    [Theory]
    [InlineData(VectorSimilarity.DotProduct)]
    [InlineData(VectorSimilarity.Cosine)]
    public void Its_file_is_safe(VectorSimilarity similarity)
    {
        var index = ExactIndex.Build(RandomFloats.Create(1, 20 * 4), 4, new ExactIndexOptions { Similarity = similarity });
        ModelFileContract.Check(index, model =>
        {
            var list = new ScoredItem[8];
            var query = new float[model.Dimensions];
            query[0] = 1;
            list.AsSpan(model.Search(query, list)).Clear();
            return [.. list.SelectMany(item => (float[])[item.Item, item.Score])];
        }, ModelKinds.Standard);
    }

    private static string Message(Action action) => Assert.ThrowsAny<ArgumentException>(action).Message;

    private static float[] Grid(int count) => [.. RandomFloats.Create(9, count).Select(x => MathF.Round(x * 4))];

    // Each score is right, the list is in order, and nothing that was left out is better than the last.
    private static void AssertExact(
        float[] vectors, int dimensions, VectorSimilarity similarity, float[] query, ReadOnlySpan<ScoredItem> list)
    {
        var exact = new double[vectors.Length / dimensions];
        for (var i = 0; i < exact.Length; i++)
        {
            var vector = vectors.AsSpan(i * dimensions, dimensions);
            exact[i] = similarity switch
            {
                VectorSimilarity.DotProduct => SlowKernels.Dot(query, vector).Value,
                VectorSimilarity.Euclidean => -SlowKernels.SquaredDistance(query, vector).Value,
                _ => SlowKernels.Dot(query, vector).Value
                    / Math.Sqrt(SlowKernels.Dot(query, query).Value * SlowKernels.Dot(vector, vector).Value),
            };
        }
        var kept = new HashSet<int>();
        for (var i = 0; i < list.Length; i++)
        {
            Assert.Equal(exact[list[i].Item], list[i].Score, 1e-5);
            Assert.True(kept.Add(list[i].Item));
            if (i > 0) Assert.True(list[i - 1].Before(list[i]));
        }
        if (list.IsEmpty) return;
        for (var i = 0; i < exact.Length; i++)
            if (!kept.Contains(i)) Assert.True(exact[i] <= list[^1].Score + 1e-5, $"item {i} is missing");
    }
}
