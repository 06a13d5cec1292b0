using Recsys.Graphs;
using Recsys.Indexing;
using Recsys.Recall;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Recall;

/// <summary>Tastes and scores of embeddings against their formulas.</summary>
public sealed class EmbeddingListsTests
{
    // Item 3 has no vector.
    private static readonly ItemVectors Vectors = new(
        2, [1, 0, 0, 2, 3, 4, 0, 0], [1, 1, 2, -1, 0, 3, 9, 9], [-1f, -2, -3, 0]);

    private static EmbeddingLists Build(TasteSettings settings, IndexOptions? index = null)
        => EmbeddingLists.Build(settings, Vectors, null, index ?? new ExactIndexOptions(), 1, default);

    [Theory]
    [InlineData(0.75)]
    [InlineData(0.0)]
    [InlineData(1.0)]
    public void A_prediction_is_the_sum_of_the_history_by_its_power_times_the_outputs_and_the_bias(double exponent)
    {
        var lists = Build(new TasteSettings(EmbeddingScoring.Prediction, 1, (float)exponent));
        var found = new ScoredItem[4];
        var count = lists.Recall(new RecallRequest(-1) { History = [0, 1, 3, -7, 2] }, found);
        var u = (4 * Math.Pow(3, -exponent), 6 * Math.Pow(3, -exponent));
        var expected = new Dictionary<int, double> { [0] = u.Item1 + u.Item2 - 1, [1] = 2 * u.Item1 - u.Item2 - 2, [2] = 3 * u.Item2 - 3 };
        Assert.Equal(3, count); // nothing of the item without a vector
        foreach (var (item, score) in found[..count]) Assert.Equal(expected[item], score, 1e-4);
        Assert.Equal(expected.OrderByDescending(pair => pair.Value).Select(pair => pair.Key), found[..count].Select(pair => pair.Item));
    }

    [Fact]
    public void Age_and_value_are_weights_whose_proportions_alone_count()
    {
        var settings = new TasteSettings(EmbeddingScoring.Prediction, 0.5f, 0.75f);
        float[] taste = new float[2], scaled = new float[2];
        Assert.True(EmbeddingLists.Write(Vectors.Input, [0, 1], [3, 1], settings, taste));
        // w = (3 · 0.5, 1): m = 2.5² / 3.25, u = m^0.25 (1.5 u_0 + u_1) / 2.5
        var m = Math.Pow(2.5 * 2.5 / 3.25, 0.25);
        Assert.Equal(m * 1.5 / 2.5, taste[0], 1e-5);
        Assert.Equal(m * 2 / 2.5, taste[1], 1e-5);
        Assert.True(EmbeddingLists.Write(Vectors.Input, [0, 1], [3e20f, 1e20f], settings with { Decay = 1 }, scaled));
        Assert.True(float.IsFinite(scaled[0]) && float.IsFinite(scaled[1]));
        Assert.True(EmbeddingLists.Write(Vectors.Input, [0, 1], [300, 100], settings, scaled));
        Assert.Equal(taste[0], scaled[0], 1e-5);
        Assert.False(EmbeddingLists.Write(Vectors.Input, [0, 0], [1, -1], settings with { Decay = 1 }, taste));
        Assert.False(EmbeddingLists.Write(Vectors.Input, [3, 99], default, settings, taste));
    }

    [Fact]
    public void An_index_gives_the_same_lists_and_leaves_out_items_without_a_vector()
    {
        var settings = new TasteSettings(EmbeddingScoring.Prediction, 1, 0.75f);
        var (exact, graph) = (Build(settings), Build(settings, new HnswOptions()));
        foreach (var history in new int[][] { [0], [1, 2], [2], [0, 1, 2] })
        {
            ScoredItem[] a = new ScoredItem[4], b = new ScoredItem[4];
            var count = exact.Recall(new RecallRequest(-1) { History = history }, a);
            Assert.Equal(count, graph.Recall(new RecallRequest(-1) { History = history }, b));
            Assert.Equal(a.Select(item => item.Item), b.Select(item => item.Item));
        }
    }

    [Fact]
    public void What_everybody_takes_comes_before_what_few_take_where_nothing_else_differs()
    {
        // Items 0..9 are taken together at random; item 9 by a twentieth of the users.
        var data = ContractData.Build(200, 10, add =>
        {
            for (var user = 0; user < 200; user++)
                for (var item = 0; item < 10; item++)
                    if (item < 9 ? (user * 7 + item * 13) % 10 < 6 : user % 20 == 0) add(user, item, 1, 1);
        });
        var model = Item2Vec.Train(data, new Item2VecOptions { Dimensions = 8 });
        var places = Enumerable.Range(0, 50).Average(user => Array.FindIndex(Lists.Recall(model, user, 10), found => found.Item == 9));
        Assert.True(places > 8, $"The rare item stands at place {places} of 10.");
    }

    [Fact]
    public void The_bias_of_a_token_is_the_power_times_the_logarithm_of_its_share()
    {
        var tokens = TokenBlocks.Create([6, 0, 2, 1], 2, 1, 1);
        Assert.Equal(
            [0.75f * MathF.Log(6 / 8f), 0.75f * MathF.Log(1 / 8f), 0.75f * MathF.Log(2 / 8f), 0.75f * MathF.Log(1 / 8f)],
            tokens.LogShares(0.75), (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.All(tokens.LogShares(0), bias => Assert.Equal(0, bias));
    }

    [Fact]
    public void Rows_without_times_are_shuffled_unless_told_otherwise()
    {
        var timed = ContractData.Communities();
        var untimed = ContractData.Build(timed.UserCount, timed.ItemCount, add =>
        {
            foreach (var row in timed.Rows()) add(row.User, row.Item, 1, Recsys.Data.Interactions.NoTime);
        });
        var options = new Item2VecOptions { Dimensions = 4, Epochs = 2, Window = 2 };
        Assert.True(Same(timed, options, options with { Shuffle = false }));
        Assert.False(Same(timed, options, options with { Shuffle = true }));
        Assert.False(Same(untimed, options, options with { Shuffle = false }));
        Assert.True(Same(untimed, options, options with { Shuffle = true }));

        static bool Same(Recsys.Data.Interactions data, Item2VecOptions a, Item2VecOptions b)
            => Item2Vec.Train(data, a).ItemVector(3).SequenceEqual(Item2Vec.Train(data, b).ItemVector(3));
    }
}
