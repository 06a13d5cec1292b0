using Recsys.Data;
using Recsys.Features;
using Recsys.Graphs;
using Recsys.Numerics;
using Recsys.Recall;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Recall;

/// <summary>Item2Vec, DeepWalk and EGES beyond the contract.</summary>
public sealed class EmbeddingTests
{
    private static readonly DeepWalkOptions Walks = new() { Dimensions = 16, Walks = 10, WalkLength = 20, Window = 3 };

    [Fact]
    public void Many_blocks_give_the_same_bits_for_any_number_of_threads()
    {
        var graph = Planted(500, 0.06, 0.02);
        var one = DeepWalk.Train(graph, options: Walks with { Threads = 1 });
        var more = DeepWalk.Train(graph, options: Walks with { Threads = 3 });
        for (var node = 0; node < graph.NodeCount; node++) Assert.Equal(one.ItemVector(node).ToArray(), more.ItemVector(node).ToArray());
    }

    [Fact]
    public void Two_planted_blocks_come_apart_and_labels_part_them_more()
    {
        const int Nodes = 200;
        var graph = Planted(Nodes, 0.10, 0.05);
        var options = Walks with { Window = 2, Walks = 20 };
        var plain = Separation(DeepWalk.Train(graph, options: options), Nodes);
        // Half of the nodes are labelled. What that does for the others, the suite "graphs" measures on real graphs.
        var labels = NodeLabels.From([.. Enumerable.Range(0, Nodes).Select(node => node % 4 < 2 ? new[] { node % 2 } : null)]);
        var labelled = DeepWalk.Train(graph, labels, options);
        Assert.True(plain > 0.03, $"Plain walks separate by {plain}.");
        Assert.True(Separation(labelled, Nodes) > plain * 2, $"Labels separate by {Separation(labelled, Nodes)}, plain walks by {plain}.");
        Assert.Equal(2, labelled.LabelCount);
        Assert.Equal(16, labelled.LabelVector(1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => labelled.LabelVector(2));
    }

    [Fact]
    public void Graphs_of_one_node_without_edges_or_in_pieces_train()
    {
        var lonely = DeepWalk.Train(Graph.FromEdges(1, [], []), options: Walks);
        Assert.Equal(0, lonely.SimilarItems(0, default, new ScoredItem[3]));
        Assert.Empty(Lists.Recall(lonely, -1, 3, history: [0]));
        Assert.Equal(0, DeepWalk.Train(Graph.FromEdges(0, [], []), options: Walks).ItemCount);

        var loop = DeepWalk.Train(Graph.FromEdges(1, [0], [0]), options: Walks);
        Assert.True(float.IsFinite(loop.ItemVector(0)[0]));

        // Two triangles, a node that edges only lead to, and one that none does.
        var pieces = Graph.FromEdges(8, [0, 1, 2, 3, 4, 5, 0], [1, 2, 0, 4, 5, 3, 6], directed: true);
        var model = DeepWalk.Train(pieces, options: Walks);
        Assert.False(model.ItemVector(7).ContainsAnyExcept(0f));
        Assert.True(model.ItemVector(6).ContainsAnyExcept(0f));
        var list = new ScoredItem[9];
        Assert.Equal(6, model.SimilarItems(4, default, list));
        Assert.All(list[..6], item => Assert.NotEqual(7, item.Item));
    }

    [Fact]
    public void A_warm_start_goes_on_and_takes_new_nodes()
    {
        var graph = Planted(150, 0.2, 0.02);
        var first = DeepWalk.Train(graph, options: Walks);
        var larger = Graph.FromEdges(152, [.. Ends(graph).From, 150, 151], [.. Ends(graph).To, 0, 1]);
        var second = DeepWalk.Train(larger, options: Walks with { Walks = 1, LearningRate = 1e-6f, WarmStart = first });
        for (var f = 0; f < 16; f++) Assert.Equal(first.ItemVector(3)[f], second.ItemVector(3)[f], 1e-3);
        Assert.True(second.ItemVector(151).ContainsAnyExcept(0f));
        Assert.Throws<ArgumentException>(() => DeepWalk.Train(graph, options: Walks with { WarmStart = second }));

        var data = ContractData.Communities();
        var items = Item2Vec.Train(data, new Item2VecOptions { Dimensions = 8, Epochs = 30, LearningRate = 0.1f });
        var on = Item2Vec.Train(data, new Item2VecOptions { Dimensions = 8, Epochs = 1, LearningRate = 1e-6f, WarmStart = items });
        for (var f = 0; f < 8; f++) Assert.Equal(items.ItemVector(3)[f], on.ItemVector(3)[f], 1e-3);

        var features = EgesData.Features(data);
        var options = new EgesOptions { Dimensions = 8, Walks = 5, LearningRate = 0.1f };
        var eges = Eges.Train(data, features, options);
        var again = Eges.Train(data, features, options with { Walks = 1, LearningRate = 1e-6f, WarmStart = eges });
        for (var f = 0; f < 8; f++) Assert.Equal(eges.ItemVector(3)[f], again.ItemVector(3)[f], 1e-3);
    }

    [Fact]
    public void Rare_items_get_no_vector()
    {
        var data = ContractData.Build(3, 4, add =>
        {
            for (var user = 0; user < 3; user++)
            {
                add(user, 0, 1, 1);
                add(user, 1, 1, 2);
            }
            add(0, 2, 1, 3);
        });
        var model = Item2Vec.Train(data, new Item2VecOptions { Dimensions = 4, MinCount = 2 });
        Assert.True(model.ItemVector(1).ContainsAnyExcept(0f));
        Assert.False(model.ItemVector(2).ContainsAnyExcept(0f));
        Assert.False(model.ItemVector(3).ContainsAnyExcept(0f));
        Assert.Equal(2, Lists.Recall(model, 0, 9).Length);
    }

    [Fact]
    public void A_history_counts_by_value_and_by_age()
    {
        var data = ContractData.Communities();
        var options = new Item2VecOptions { Dimensions = 12, Epochs = 40, LearningRate = 0.1f, Scoring = EmbeddingScoring.Cosine };
        var model = Item2Vec.Train(data, options);
        Assert.Equal(0, Lists.Recall(model, -1, 1, history: [0, 10], values: [2, 1])[0].Item);
        Assert.Equal(10, Lists.Recall(model, -1, 1, history: [0, 10], values: [1, 2])[0].Item);
        Assert.Equal(10, Lists.Recall(Item2Vec.Train(data, options with { HistoryDecay = 0.5f }), -1, 1, history: [0, 10])[0].Item);
        Assert.Throws<ArgumentException>(() => Lists.Recall(model, -1, 1, history: [0, 10], values: [1]));
        Assert.Throws<ArgumentException>(() => Lists.Recall(model, -1, 1, history: [0, 10], values: [1, float.NaN]));
        Assert.Empty(Lists.Recall(model, -1, 1, history: [0, 0], values: [1, -1]));
        Assert.Empty(Lists.Recall(model, -1, 1, history: [99, -5]));
    }

    [Fact]
    public void Training_that_diverges_says_so()
    {
        var error = Assert.Throws<ArithmeticException>(
            () => Item2Vec.Train(ContractData.Skewed(), new Item2VecOptions { LearningRate = 1e30f, Dimensions = 8 }));
        Assert.Contains("LearningRate", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cold_items_are_found_by_their_side_information()
    {
        var data = ContractData.Build(60, 33, add =>
        {
            foreach (var row in ContractData.Communities().Rows()) add(row.User, row.Item, 1, row.Time);
        });
        var features = Genres(data, 33);
        var model = Eges.Train(data, features, new EgesOptions { Dimensions = 12, LearningRate = 0.1f });
        Assert.Equal(["genre"], model.Features);
        for (var cold = 30; cold < 33; cold++)
        {
            var list = new ScoredItem[10];
            Assert.Equal(10, model.SimilarItems(cold, default, list));
            Assert.All(list, item => Assert.Equal(cold - 30, item.Item / 10));
            Assert.Contains(Lists.Recall(model, 20 * (cold - 30), 10), item => item.Item == cold);
            Assert.Equal([0f, 0], model.AttentionOf(cold).ToArray());
        }
        Assert.NotEqual([0f, 0], model.AttentionOf(3).ToArray());

        // An item that comes later gets the same vector without a training.
        var later = Eges.Train(ContractData.Communities(), Genres(ContractData.Communities(), 30),
            new EgesOptions { Dimensions = 12, LearningRate = 0.1f });
        var extended = later.WithItems(Genres(ContractData.Communities(), 30).WithItems(GenreColumns(31)));
        Assert.Equal(31, extended.ItemCount);
        Assert.Equal(0, extended.SimilarItems(30, default, new ScoredItem[10]) - 10);
        Assert.Equal(later.ItemVector(5).ToArray(), extended.ItemVector(5).ToArray());
        Assert.Throws<ArgumentException>(() => extended.WithItems(Genres(ContractData.Communities(), 30)));
    }

    [Fact]
    public void Links_inside_a_community_score_above_links_between()
    {
        var data = ContractData.Communities();
        var model = Eges.Train(data, Genres(data, 30), new EgesOptions { Dimensions = 12, LearningRate = 0.1f });
        for (var item = 0; item < 10; item++)
        {
            for (var other = 10; other < 30; other++) Assert.True(model.LinkScore(item, (item + 1) % 10) > model.LinkScore(item, other));
            // A list of one item as the history is ranked by the same score.
            var first = Lists.Recall(model, -1, 1, history: [item])[0];
            Assert.Equal(model.LinkScore(item, first.Item), first.Score, 1e-4f);
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => model.LinkScore(0, 30));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.LinkScore(-1, 0));
        Assert.Equal(float.NegativeInfinity, Eges.Train(ContractData.NoRows()).LinkScore(0, 1));
    }

    [Fact]
    public void Side_information_must_be_coded_and_of_items()
    {
        var data = ContractData.Communities();
        var features = new FeatureSchema(Feature.Id("user", Side.User), Feature.Category("genre", Side.Item), Feature.Label("taken"))
            .Fit(items: GenreColumns(30), train: data);
        Assert.Throws<ArgumentException>(() => Eges.Train(data, features, new EgesOptions { Features = ["user"] }));
        Assert.Throws<ArgumentException>(() => Eges.Train(data, features, new EgesOptions { Features = ["taken"] }));
        Assert.ThrowsAny<ArgumentException>(() => Eges.Train(data, features, new EgesOptions { Features = ["colour"] }));
    }

    private static Columns GenreColumns(int items)
        => Columns.From(Enumerable.Range(0, items)).Text("genre", item => $"g{(item < 30 ? item / 10 : item - 30)}").Build().InIdOrder();

    private static FeatureSet Genres(Interactions data, int items)
        => new FeatureSchema(Feature.Category("genre", Side.Item)).Fit(items: GenreColumns(items), train: data);

    // Two blocks, even and odd nodes, with edges more likely inside.
    private static Graph Planted(int nodes, double inside, double between)
    {
        var rng = new Rng(4);
        var (from, to) = (new List<int>(), new List<int>());
        for (var i = 0; i < nodes; i++)
            for (var j = i + 1; j < nodes; j++)
                if (rng.UniformDouble((ulong)(i * nodes + j)) < (i % 2 == j % 2 ? inside : between))
                {
                    from.Add(i);
                    to.Add(j);
                }
        return Graph.FromEdges(nodes, from.ToArray(), to.ToArray());
    }

    private static (int[] From, int[] To) Ends(Graph graph)
    {
        var (from, to) = (new List<int>(), new List<int>());
        for (var node = 0; node < graph.NodeCount; node++)
            foreach (var other in graph.NeighboursOf(node))
                if (other > node)
                {
                    from.Add(node);
                    to.Add(other);
                }
        return (from.ToArray(), to.ToArray());
    }

    // The mean cosine inside a block less that between blocks.
    private static double Separation(DeepWalk model, int nodes)
    {
        var (inside, between, insides, betweens) = (0.0, 0.0, 0, 0);
        for (var i = 0; i < nodes; i++)
            for (var j = i + 1; j < nodes; j++)
            {
                var cosine = System.Numerics.Tensors.TensorPrimitives.CosineSimilarity(model.ItemVector(i), model.ItemVector(j));
                if (i % 2 == j % 2) (inside, insides) = (inside + cosine, insides + 1);
                else (between, betweens) = (between + cosine, betweens + 1);
            }
        return inside / insides - between / betweens;
    }
}
