using Recsys.Indexing;
using Recsys.Numerics;
using Recsys.Persistence;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Indexing;

public sealed class LshIndexTests
{
    private const int Count = 4000;
    private const int Dimensions = 12;

    private static readonly float[] Vectors = IndexCases.Normal(1, Count * Dimensions);

    public static TheoryData<string, VectorSimilarity> Kinds => new()
    {
        { "simhash", VectorSimilarity.Cosine },
        { "simhash", VectorSimilarity.DotProduct },
        { "pstable", VectorSimilarity.Cosine },
        { "pstable", VectorSimilarity.DotProduct },
        { "pstable", VectorSimilarity.Euclidean },
    };

    private static IVectorIndex Build(
        string kind, VectorSimilarity similarity, float[] vectors, int probes = 24, int threads = 2, int dimensions = Dimensions)
        => kind == "simhash"
            ? SimHashIndex.Build(
                vectors, dimensions,
                new SimHashOptions { Similarity = similarity, Bits = 8, Tables = 8, Probes = probes, Threads = threads })
            : PStableIndex.Build(
                vectors, dimensions,
                new PStableOptions { Similarity = similarity, Hashes = 5, Tables = 8, Probes = probes, Threads = threads });

    private static IVectorIndex Without(IVectorIndex index, params ReadOnlySpan<int> items)
        => index is SimHashIndex simHash ? simHash.Without(items) : ((PStableIndex)index).Without(items);

    private static IVectorIndex With(IVectorIndex index, ReadOnlySpan<float> vectors)
        => index is SimHashIndex simHash ? simHash.With(vectors) : ((PStableIndex)index).With(vectors);

    [Fact]
    public void Two_vectors_are_on_one_side_of_a_plane_as_often_as_their_angle_says()
    {
        const int Bits = 16 * 64;
        var index = SimHashIndex.Build(
            Vectors, Dimensions, new SimHashOptions { Similarity = VectorSimilarity.Cosine, Bits = 16, Tables = 64, Seed = 5 });
        var worst = 0.0;
        for (var pair = 0; pair < 300; pair++)
        {
            // From nearly the same to opposite.
            var (a, b) = (index.Vector(pair).ToArray(), new float[Dimensions]);
            var mix = pair / 150f - 1;
            for (var i = 0; i < Dimensions; i++) b[i] = mix * a[i] + (1 - Math.Abs(mix)) * Vectors[(pair + 1000) * Dimensions + i];
            var cosine = Dot.Product(a, b) / Math.Sqrt((double)Dot.Product(a, a) * Dot.Product(b, b));
            var expected = 1 - Math.Acos(Math.Clamp(cosine, -1, 1)) / Math.PI;
            var (x, y) = (index.Signature(a), index.Signature(b));
            var share = Enumerable.Range(0, Bits).Count(i => x[i] == y[i]) / (double)Bits;
            var deviation = Math.Sqrt(Math.Max(expected * (1 - expected), 1e-4) / Bits);
            worst = Math.Max(worst, Math.Abs(share - expected) / deviation);
        }
        Assert.InRange(worst, 1.5, 4.5);
    }

    [Fact]
    public void By_dot_product_a_query_and_a_vector_agree_as_the_product_over_the_longest_vector_says()
    {
        const int Bits = 16 * 64;
        var index = SimHashIndex.Build(Vectors, Dimensions, new SimHashOptions { Bits = 16, Tables = 64, Seed = 5 });
        var most = Enumerable.Range(0, Count).Max(i => Dot.Product(index.Vector(i), index.Vector(i)));
        var (worst, plain) = (0.0, 0.0);
        for (var pair = 0; pair < 200; pair++)
        {
            var item = index.Vector(pair);
            var query = index.Vector(pair / 2 + 1000);
            if (pair % 2 == 0) query = item; // so that some products are large
            var product = Dot.Product(item, query);
            var expected = 1 - Math.Acos(Math.Clamp(product / Math.Sqrt((double)Dot.Product(query, query) * most), -1, 1)) / Math.PI;
            var direction = 1 - Math.Acos(
                Math.Clamp(product / Math.Sqrt((double)Dot.Product(query, query) * Dot.Product(item, item)), -1, 1)) / Math.PI;
            var (x, y) = (index.Signature(item), index.Signature(query, isQuery: true));
            var share = Enumerable.Range(0, Bits).Count(i => x[i] == y[i]) / (double)Bits;
            var deviation = Math.Sqrt(Math.Max(expected * (1 - expected), 1e-4) / Bits);
            worst = Math.Max(worst, Math.Abs(share - expected) / deviation);
            plain = Math.Max(plain, Math.Abs(share - direction) / deviation);
        }
        Assert.InRange(worst, 1.5, 4.5);
        Assert.True(plain > 10);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1.5f)]
    public void Buckets_are_visited_in_the_order_of_their_distance_each_once(float width)
    {
        const int Hashes = 4;
        var rows = VectorRows.Own([.. Vectors[..(50 * Dimensions)]], Dimensions, VectorSimilarity.Euclidean);
        var tables = new LshTables(rows, 2, Hashes, width, seed: 1, threads: 1, CancellationToken.None);
        var probes = new LshProbes(Hashes);
        var (projections, changes) = (new float[2 * Hashes], new LshChange[2 * Hashes]);
        for (var row = 0; row < 20; row++)
        {
            tables.ProjectQuery(rows.Vector(row), projections);
            var count = tables.Changes(projections, 1, changes);
            var costs = new Dictionary<ulong, float>();
            for (var members = 0; members < 1 << count; members++)
            {
                var chosen = Enumerable.Range(0, count).Where(i => (members >> i & 1) != 0).Select(i => changes[i]).ToArray();
                if (chosen.DistinctBy(change => change.Hash).Count() < chosen.Length) continue;
                var key = tables.Key(projections, 1);
                foreach (var change in chosen) key += change.Step;
                costs.Add(key, chosen.Sum(change => change.Cost));
            }
            Assert.Equal(width == 0 ? 16 : 81, costs.Count);
            Assert.Contains(row, tables.Items(1, tables.Key(projections, 1)).ToArray());

            probes.Start(tables, projections, 1);
            var (visited, last) = (new HashSet<ulong>(), 0f);
            while (probes.Next(out var key))
            {
                Assert.True(visited.Add(key));
                Assert.True(costs[key] >= last - 1e-4f, $"A bucket at {costs[key]} comes after one at {last}.");
                last = costs[key];
            }
            Assert.Equal(costs.Count, visited.Count);

            // A change is as dear as the other cell is far.
            for (var i = 0; i < count; i++)
            {
                var hash = Hashes + System.Numerics.BitOperations.TrailingZeroCount(changes[i].Hash);
                var cell = tables.Cell(hash, projections[hash], out _);
                var step = width == 0 ? -2 * projections[hash] : MathF.Sqrt(changes[i].Cost) * width;
                Assert.True(
                    tables.Cell(hash, projections[hash] + step * 1.001f + 1e-4f * MathF.Sign(step), out _) != cell
                    || tables.Cell(hash, projections[hash] - step * 1.001f - 1e-4f, out _) != cell);
                if (width == 0) Assert.Equal(projections[hash] * projections[hash], changes[i].Cost);
            }
        }
    }

    [Fact]
    public void Two_vectors_share_a_cell_as_often_as_their_distance_says()
    {
        const int Hashes = 16 * 60;
        foreach (var width in (float[])[1, 4])
        {
            var index = PStableIndex.Build(
                Vectors, Dimensions,
                new PStableOptions { Similarity = VectorSimilarity.Euclidean, Hashes = 16, Tables = 60, Width = width, Seed = 3 });
            var worst = 0.0;
            for (var pair = 0; pair < 100; pair++)
            {
                var (a, b) = (Vectors[(pair * Dimensions)..((pair + 1) * Dimensions)], new float[Dimensions]);
                for (var i = 0; i < Dimensions; i++) b[i] = a[i] + Vectors[(pair + 2000) * Dimensions + i] * pair / 100f;
                var squared = 0.0;
                for (var i = 0; i < Dimensions; i++) squared += (a[i] - b[i]) * (double)(a[i] - b[i]);
                var expected = CellShare(width / Math.Sqrt(squared));
                var (x, y) = (index.Signature(a), index.Signature(b));
                var share = Enumerable.Range(0, Hashes).Count(i => x[i] == y[i]) / (double)Hashes;
                worst = Math.Max(worst, Math.Abs(share - expected) / Math.Sqrt(Math.Max(expected * (1 - expected), 1e-4) / Hashes));
            }
            Assert.InRange(worst, 1, 4.5);
        }
    }

    // ∫_0^w 2 φ(t) (1 - t / w) dt with c = 1, by the midpoint rule.
    private static double CellShare(double width)
    {
        if (double.IsInfinity(width)) return 1;
        var (sum, step) = (0.0, Math.Min(width, 10) / 20_000);
        for (var t = step / 2; t < Math.Min(width, 10); t += step)
            sum += 2 / Math.Sqrt(2 * Math.PI) * Math.Exp(-t * t / 2) * (1 - t / width) * step;
        return sum;
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Finds_most_of_what_the_exact_index_finds_and_more_with_probes(string kind, VectorSimilarity similarity)
    {
        var few = IndexCases.Recall(Build(kind, similarity, Vectors, probes: 1), Vectors, similarity, 10);
        var some = IndexCases.Recall(Build(kind, similarity, Vectors, probes: 8), Vectors, similarity, 10);
        var many = IndexCases.Recall(Build(kind, similarity, Vectors, probes: 60), Vectors, similarity, 10);
        Assert.InRange(some, few + 0.01, many);
        Assert.InRange(many, 0.85, 1);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Threads_change_no_list(string kind, VectorSimilarity similarity)
    {
        var (one, many) = (Build(kind, similarity, Vectors, 3, 1), Build(kind, similarity, Vectors, 3, 5));
        for (var q = 0; q < 20; q++)
        {
            var query = IndexCases.Normal((ulong)(300 + q), Dimensions);
            Assert.Equal(IndexCases.Search(one, query, 20), IndexCases.Search(many, query, 20));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_filtered_search_still_returns_k(string kind, VectorSimilarity similarity)
    {
        var index = Build(kind, similarity, Vectors);
        foreach (var modulus in (int[])[2, 30, 900])
        {
            var allow = new ItemSet(Enumerable.Range(0, Count + 500).Where(i => i % modulus == 0));
            IndexCases.Recall(index, Vectors, similarity, 10, 10, i => i % modulus == 0);
            IndexCases.Recall(index, Vectors, similarity, 10, 10, allow: allow);
        }
        var query = IndexCases.Normal(8, Dimensions);
        Assert.Equal(Count, IndexCases.Search(index, query, Count + 5).Length);
        Assert.Empty(IndexCases.Search(index, query, 5, new ItemFilter { Allow = new ItemSet() }));
        Assert.Empty(IndexCases.Search(index, query, 5, new ItemFilter { Predicate = _ => false }));
        Assert.Empty(IndexCases.Search(index, query, 0));
        var first = IndexCases.Search(index, query, 1)[0].Item;
        Assert.DoesNotContain(IndexCases.Search(index, query, 50, new ItemFilter { Exclude = [first] }), x => x.Item == first);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Deleted_items_are_in_no_list_and_later_ones_are(string kind, VectorSimilarity similarity)
    {
        var index = Build(kind, similarity, Vectors);
        var query = IndexCases.Normal(8, Dimensions);
        var list = IndexCases.Search(index, query, 10);
        var less = Without(index, [.. list.Select(x => x.Item)]);
        Assert.DoesNotContain(IndexCases.Search(less, query, 10), x => list.Any(y => y.Item == x.Item));
        Assert.Equal(list, IndexCases.Search(index, query, 10));
        float[] longer = [.. query.Select(x => x * 3)];
        var more = With(less, similarity == VectorSimilarity.Euclidean ? query : longer);
        Assert.Equal(Count, IndexCases.Search(more, query, 1)[0].Item);
        Assert.DoesNotContain(IndexCases.Search(more, query, 10), x => list.Any(y => y.Item == x.Item));
        Assert.Throws<ArgumentOutOfRangeException>(() => Without(index, Count));
    }

    [Fact]
    public void Long_vectors_win_by_dot_product_though_tables_compare_directions()
    {
        // Norms from 0.1 to 10: the cosine would give other lists.
        var vectors = Vectors.ToArray();
        for (var item = 0; item < Count; item++)
            for (var i = 0; i < Dimensions; i++) vectors[item * Dimensions + i] *= MathF.Pow(10, item % 21 / 10f - 1);
        var directions = ExactIndex.Build(vectors, Dimensions, new ExactIndexOptions { Similarity = VectorSimilarity.Cosine });
        var query = IndexCases.Normal(3, Dimensions);
        foreach (var kind in (string[])["simhash", "pstable"])
        {
            var index = Build(kind, VectorSimilarity.DotProduct, vectors, probes: 40);
            Assert.InRange(IndexCases.Recall(index, vectors, VectorSimilarity.DotProduct, 10), 0.6, 1);
            var near = IndexCases.Search(directions, query, 10).Select(x => x.Item).ToHashSet();
            Assert.InRange(IndexCases.Search(index, query, 10).Count(x => near.Contains(x.Item)), 0, 4);
        }
    }

    [Theory]
    [InlineData("simhash")]
    [InlineData("pstable")]
    public void Zero_vectors_have_the_cosine_0_and_lie_in_no_bucket(string kind)
    {
        var vectors = Vectors.ToArray();
        vectors.AsSpan(100 * Dimensions, 900 * Dimensions).Clear();
        var index = Build(kind, VectorSimilarity.Cosine, vectors);
        var exact = ExactIndex.Build(vectors, Dimensions, new ExactIndexOptions { Similarity = VectorSimilarity.Cosine });
        var zero = new float[Dimensions];
        Assert.Equal(IndexCases.Search(exact, zero, 5), IndexCases.Search(index, zero, 5));
        var query = IndexCases.Normal(3, Dimensions);
        var positive = IndexCases.Search(exact, query, Count).Where(x => x.Score > 0).Select(x => x.Item).ToArray();
        Assert.Equal(100, IndexCases.Search(index, query, 1, new ItemFilter { Exclude = positive })[0].Item);
        var none = Build(kind, VectorSimilarity.Cosine, new float[20 * Dimensions]);
        Assert.Equal([new(0, 0), new(1, 0)], IndexCases.Search(none, query, 2));
    }

    [Fact]
    public void What_cannot_be_indexed_or_searched_is_named()
    {
        var distance = new SimHashOptions { Similarity = VectorSimilarity.Euclidean };
        Assert.Contains("PStableOptions", IndexCases.Message(() => SimHashIndex.Build(Vectors, Dimensions, distance)));
        Assert.Contains("far larger", IndexCases.Message(() => SimHashIndex.Build(Vectors, Dimensions, new() { Tables = 1024 })));
        foreach (var kind in (string[])["simhash", "pstable"])
        {
            Assert.Contains("holds 5 floats", IndexCases.Message(() => Build(kind, default, new float[5])));
            Assert.Contains("vector 1 holds NaN at 0", IndexCases.Message(() => Build(kind, default, [1, 2, float.NaN, 4], dimensions: 2)));
            var index = Build(kind, default, Vectors);
            var list = new ScoredItem[1];
            Assert.Contains("query holds 3 floats", IndexCases.Message(() => index.Search([1, 2, 3], new ScoredItem[1])));
            Assert.Contains("the query holds NaN", IndexCases.Message(() => index.Search([.. new float[11], float.NaN], list)));
            Assert.Contains("holds Infinity", IndexCases.Message(() => With(index, [.. new float[11], 1 / 0f])));
            Assert.Equal(0, Build(kind, default, [], dimensions: 3).Search([1, 2, 3], new ScoredItem[2]));
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => new SimHashOptions { Bits = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new SimHashOptions { Tables = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new SimHashOptions { Probes = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new PStableOptions { Hashes = 31 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new PStableOptions { Width = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new PStableOptions { Tables = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new PStableOptions { Probes = 0 });
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Allocates_nothing_after_warm_up(string kind, VectorSimilarity similarity)
    {
        var index = Build(kind, similarity, Vectors);
        var query = IndexCases.Normal(4, Dimensions);
        var list = new ScoredItem[20];
        int[] seen = [.. Enumerable.Range(0, 50)];
        for (var i = 0; i < 30; i++) Search();
        Allocations.AssertNone(Search, calls: 10);

        void Search()
        {
            index.Search(query, list);
            index.Search(query, new ItemFilter { Exclude = seen }, list);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Its_file_is_safe(string kind, VectorSimilarity similarity)
    {
        var vectors = IndexCases.Normal(2, 70 * 3);
        if (kind == "simhash")
        {
            var options = new SimHashOptions { Similarity = similarity, Bits = 3, Tables = 2, Probes = 3 };
            ModelFileContract.Check(SimHashIndex.Build(vectors, 3, options).Without(4), Answers, ModelKinds.Standard);
        }
        else
        {
            var options = new PStableOptions { Similarity = similarity, Hashes = 3, Tables = 2, Probes = 3 };
            ModelFileContract.Check(PStableIndex.Build(vectors, 3, options).Without(4), Answers, ModelKinds.Standard);
        }
    }

    private static float[] Answers(IVectorIndex model)
    {
        var answers = new List<float>();
        foreach (var k in (int[])[1, 3, 80]) // one item is searched in the tables, more exactly
        {
            var query = new float[model.Dimensions];
            query[k % query.Length] = 1;
            var list = new ScoredItem[k];
            list.AsSpan(model.Search(query, new ItemFilter { Exclude = [1] }, list)).Clear();
            answers.AddRange(list.SelectMany(item => (float[])[item.Item, item.Score]));
        }
        return [.. answers];
    }
}
