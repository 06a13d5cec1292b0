using Recsys.Indexing;
using Recsys.Numerics;
using Recsys.Persistence;
using Recsys.Recall;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Indexing;

public sealed class MappedIndexTests : IDisposable
{
    private const int Count = 3000, Dimensions = 19;
    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-map").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(VectorSimilarity.DotProduct)]
    [InlineData(VectorSimilarity.Cosine)]
    [InlineData(VectorSimilarity.Euclidean)]
    public void A_mapped_index_answers_as_the_saved_one(VectorSimilarity similarity)
    {
        var vectors = Vectors();
        var exact = ExactIndex.Build(vectors, Dimensions, new() { Similarity = similarity });
        var graph = HnswIndex.Build(vectors, Dimensions, new() { Similarity = similarity, Links = 8, SearchBreadth = 20 }).Without(5, 77);
        Check(exact, Save("exact", exact));
        Check(graph, Save("graph", graph));

        void Check(IVectorIndex index, string path)
        {
            using var mapped = MappedIndex.Open(path);
            Assert.Equal((Count, Dimensions, similarity), (mapped.Count, mapped.Dimensions, mapped.Similarity));
            ScoredItem[] a = new ScoredItem[12], b = new ScoredItem[12];
            var filter = new ItemFilter { Exclude = [1, 2, 3], Allow = new ItemSet(Enumerable.Range(0, 2500)) };
            for (var q = 0; q < 40; q++)
            {
                var query = vectors.AsSpan(q * 50 * Dimensions, Dimensions);
                Assert.Equal(index.Search(query, a), mapped.Search(query, b));
                Assert.Equal(a, b);
                var count = index is HnswIndex hnsw ? hnsw.Search(query, filter, a) : ((ExactIndex)index).Search(query, filter, a);
                Assert.Equal(count, mapped.Search(query, filter, b));
                Assert.Equal(a, b);
            }
            var vector = new float[Dimensions];
            mapped.CopyVector(7, vector);
            Assert.Equal((index is HnswIndex g ? g.Vector(7) : ((ExactIndex)index).Vector(7)).ToArray(), vector);
            Assert.Throws<ArgumentOutOfRangeException>(() => mapped.CopyVector(Count, vector));
            Assert.Throws<ArgumentException>(() => mapped.Search(new float[Dimensions + 1], a));
        }
    }

    [Fact]
    public void Vectors_stay_out_of_the_managed_heap()
    {
        const int Many = 200_000, Width = 16;
        var path = Save("large", ExactIndex.Build(new float[Many * Width], Width));
        using (MappedIndex.Open(path)) // warm-up
        {
        }
        var before = GC.GetAllocatedBytesForCurrentThread();
        using var mapped = MappedIndex.Open(path);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Many * Width * sizeof(float) / 4);
    }

    [Fact]
    public void A_search_allocates_nothing_after_warm_up()
    {
        var vectors = Vectors();
        using var mapped = MappedIndex.Open(Save("graph", HnswIndex.Build(vectors, Dimensions, new() { Links = 8, SearchBreadth = 20 })));
        var list = new ScoredItem[10];
        for (var i = 0; i < 5; i++) mapped.Search(vectors.AsSpan(0, Dimensions), list);
        Allocations.AssertNone(() => mapped.Search(vectors.AsSpan(0, Dimensions), list), calls: 20);
    }

    [Fact]
    public void A_disposed_index_refuses_searches_and_lets_go_of_the_file()
    {
        var path = Save("exact", ExactIndex.Build(Vectors(), Dimensions));
        var mapped = MappedIndex.Open(path);
        mapped.Dispose();
        mapped.Dispose();
        Assert.Throws<ObjectDisposedException>(() => mapped.Search(new float[Dimensions], new ScoredItem[3]));
        Assert.Throws<ObjectDisposedException>(() => mapped.CopyVector(0, new float[Dimensions]));
        File.Delete(path);
    }

    [Fact]
    public void Bad_files_are_refused_with_their_name()
    {
        var good = File.ReadAllBytes(Save("good", ExactIndex.Build(Vectors(), Dimensions)));
        foreach (var length in new[] { 0, 7, 100, good.Length / 2, good.Length - 1 }) Refused(good[..length]);
        foreach (var place in new[] { good.Length - 3, good.Length / 2, 30 })
        {
            var bad = good.ToArray();
            bad[place] ^= 4;
            Refused(bad);
        }
        Refused([.. good, 0]);
        var other = Path.Combine(_folder, "other");
        ModelFile.Save(other, Popularity.Train(ContractData.Communities()));
        Assert.Throws<InvalidDataException>(() => MappedIndex.Open(other));
        Assert.Throws<FileNotFoundException>(() => MappedIndex.Open(Path.Combine(_folder, "none")));

        void Refused(byte[] bytes)
        {
            var path = Path.Combine(_folder, "bad");
            File.WriteAllBytes(path, bytes);
            Assert.Contains("bad", Assert.Throws<InvalidDataException>(() => MappedIndex.Open(path)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void An_empty_index_can_be_mapped()
    {
        using var mapped = MappedIndex.Open(Save("empty", ExactIndex.Build([], 4)));
        Assert.Equal(0, mapped.Search(new float[4], new ScoredItem[3]));
    }

    private static float[] Vectors()
    {
        var vectors = new float[Count * Dimensions];
        new Rng(3).FillUniform(0, vectors, -1, 1);
        return vectors;
    }

    private string Save<T>(string name, T index) where T : IModel<T>
    {
        var path = Path.Combine(_folder, name);
        ModelFile.Save(path, index);
        return path;
    }
}
