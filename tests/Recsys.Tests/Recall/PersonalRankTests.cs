using Recsys.Graphs;
using Recsys.Recall;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Recall;

public sealed class PersonalRankTests
{
    [Fact]
    public void Lists_are_those_of_the_iteration()
    {
        var data = ContractData.Skewed();
        var model = PersonalRank.Train(data, new PersonalRankOptions { Tolerance = 1e-6 });
        var listed = PersonalRank.Train(data, new PersonalRankOptions { Precompute = 200 });
        var ranks = new double[model.Graph.NodeCount];
        foreach (var user in new[] { 0, 20, 59 })
        {
            RestartWalk.Iterate(model.Graph, user, 0.8, ranks, 1e-13, 2000);
            Check(Lists.Recall(model, user, 200), -1);
            var seen = data.ItemsOf(user).ToArray();
            var list = Lists.Recall(listed, user, 200);
            Check(list, -1);
            Assert.Equal(ranks[model.UserCount..].Count(x => x > 0) - seen.Distinct().Count(), list.Length);
            Assert.DoesNotContain(list, x => seen.Contains(x.Item));
        }
        RestartWalk.Iterate(model.Graph, model.Graph.NodeOfItem(4), 0.8, ranks, 1e-13, 2000);
        var similar = new ScoredItem[200];
        Check(similar[..model.SimilarItems(4, default, similar)], 4);

        void Check(ScoredItem[] list, int self)
        {
            Assert.NotEmpty(list);
            Assert.DoesNotContain(list, x => x.Item == self);
            foreach (var (item, score) in list) Assert.Equal(ranks[model.Graph.NodeOfItem(item)], score, 2e-6);
        }
    }

    [Fact]
    public void A_list_has_at_most_as_many_items_as_were_computed()
    {
        var model = PersonalRank.Train(ContractData.Skewed(), new PersonalRankOptions { Precompute = 7 });
        Assert.Equal(7, Lists.Recall(model, 0, 50).Length);
        Assert.Equal(50, Lists.Recall(model, -1, 50, history: [1, 2]).Length);
    }

    [Fact]
    public void Who_has_no_edges_gets_nothing_and_values_below_0_make_no_edges()
    {
        var data = ContractData.Build(2, 3, add =>
        {
            add(0, 0, 5, 0);
            add(0, 1, -5, 1);
            add(1, 1, 5, 2);
        });
        var model = PersonalRank.Train(data, new PersonalRankOptions { UseValues = true });
        Assert.Equal(0, Assert.Single(Lists.Recall(model, 0, 3)).Item);
        Assert.Empty(Lists.Recall(model, -1, 3, history: [1], values: [-1]));
        Assert.Empty(Lists.Recall(model, -1, 3, history: [1], values: [0]));
        Assert.Equal(0, model.SimilarItems(2, default, new ScoredItem[3]));
        Assert.Equal(2, Assert.Single(Lists.Recall(model, -1, 3, history: [2])).Item);
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(1e-9)]
    [InlineData(0)]
    [InlineData(double.NaN)]
    public void A_push_over_degrees_that_are_not_the_sums_of_their_edges_is_stopped(double factor)
    {
        var graph = PersonalRank.Train(ContractData.Skewed()).Graph;
        for (var item = 0; item < graph.ItemCount; item++) graph.ItemDegrees[item] *= factor;
        var push = new ForwardPush(graph);
        var error = Assert.Throws<ArithmeticException>(() => push.Run(3, 0.99, 1e-12));
        Assert.Contains("add up to its degree", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_push_over_degrees_that_are_too_large_ends()
    {
        var graph = PersonalRank.Train(ContractData.Skewed()).Graph;
        for (var item = 0; item < graph.ItemCount; item++) graph.ItemDegrees[item] *= 2;
        var push = new ForwardPush(graph);
        push.Run(3, 0.99, 1e-9);
        Assert.InRange(push.Residual(), 0, 1e-3);
    }

    [Fact]
    public void Values_of_a_history_that_add_up_to_infinity_are_refused()
    {
        var model = PersonalRank.Train(ContractData.Skewed(), new PersonalRankOptions { UseValues = true });
        var error = Assert.Throws<ArgumentException>(() => Lists.Recall(model, -1, 3, history: [1, 1], values: [3e38f, 3e38f]));
        Assert.Contains("item 1 add up", error.Message, StringComparison.Ordinal);
        Lists.AssertSound(Lists.Recall(model, -1, 3, history: [1, 2], values: [3e38f, 3e38f]), 160);
    }
}
