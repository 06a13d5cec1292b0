using Recsys.Data;
using Recsys.Features;
using Recsys.Recall;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Recall;

public sealed class ContentTests
{
    // Item i is about group i / 10 and, in the larger catalogues, about one of four colours.
    internal static TermVectors Described(int items) => TermVectors.FromLists(Enumerable.Range(0, items).Select(
        item => items <= 30 ? new[] { $"group {item / 10}" } : item == 7 ? [] : [$"group {item / 10}", $"colour {item % 4}"]));

    // Items: 0 a, 1 a|b, 2 b, 3 a, 4 b, 5 c, 6 nothing. Items 3..6 have no users.
    private static readonly TermVectors Items = TermVectors.FromLists([["a"], ["a", "b"], ["b"], ["a"], ["b"], ["c"], []]);

    private static Interactions Log() => ContractData.Build(4, 7, add =>
    {
        add(0, 0, 5, 0);
        add(0, 1, 4, 86_400);
        add(0, 2, 1, 2 * 86_400);
        add(1, 6, 5, 0);
    });

    [Fact]
    public void Each_of_thousands_of_users_has_the_profile_of_their_own_items_by_any_number_of_threads()
    {
        var builder = new InteractionsBuilder();
        for (var user = 0; user < 2500; user++) builder.Add(user, user % 11 == 0 ? 7 : user % 7);
        var log = builder.Build();
        var items = TermVectors.FromLists(Enumerable.Range(0, log.ItemCount).Select(item => new[] { $"t{item}" }));
        foreach (var threads in new[] { 1, 3 })
        {
            var model = ContentBased.Train(log, items, new() { Threads = threads });
            for (var user = 0; user < log.UserCount; user++)
            {
                var profile = model.Profile(user);
                Assert.Equal($"t{log.ItemsOf(user)[0]}", model.Term(profile.Columns[0]));
                Assert.Equal([1f], profile.Values.ToArray());
            }
        }
    }

    [Fact]
    public void A_profile_by_hand()
    {
        // One each: a = 1 + ½, b = ½ + 1.
        Check(new ContentBasedOptions(), ("a", 0.5), ("b", 0.5));
        // Values: a = 5 + 2, b = 2 + 1.
        Check(new ContentBasedOptions { UseValues = true }, ("a", 0.7), ("b", 0.3));
        // 1 / (1 + days): a = 1/3 + ½ · ½, b = ½ · ½ + 1.
        Check(new ContentBasedOptions { DecayPerDay = 1 }, ("a", 7 / 22.0), ("b", 15 / 22.0));
        Check(new ContentBasedOptions { DecayPerDay = 1, Topics = 1 }, ("b", 1));
        var (a, b) = (Math.Exp(-2) + Math.Exp(-1) / 2, Math.Exp(-1) / 2 + 1);
        Check(new ContentBasedOptions { DecayPerDay = 1, Decay = ContentDecay.Exponential }, ("a", a / (a + b)), ("b", b / (a + b)));

        static void Check(ContentBasedOptions options, params (string Term, double Weight)[] expected)
        {
            var model = ContentBased.Train(Log(), Items, options);
            var profile = model.Profile(0);
            Assert.Equal(expected.Length, profile.Length);
            for (var k = 0; k < expected.Length; k++)
            {
                Assert.Equal(expected[k].Term, model.Term(profile.Columns[k]));
                Assert.Equal(expected[k].Weight, profile.Values[k], 1e-6);
            }
            Assert.Equal(0, model.Profile(1).Length);
            Assert.Equal(0, model.Profile(-1).Length);
        }
    }

    [Fact]
    public void Cosine_finds_items_that_nobody_met()
    {
        var model = ContentBased.Train(Log(), Items, new ContentBasedOptions { UseValues = true });
        var list = Lists.Recall(model, 0, 10, exclude: [0, 1, 2]);
        Assert.Equal([3, 4], list.Select(x => x.Item));
        Assert.Equal(0.7 / Math.Sqrt(0.58), list[0].Score, 1e-6);
        Assert.Equal(0.3 / Math.Sqrt(0.58), list[1].Score, 1e-6);
        Assert.Empty(Lists.Recall(model, 1, 10));
        Assert.Equal([5], Lists.Recall(model, -1, 10, history: [5]).Select(x => x.Item));
        Assert.Empty(Lists.Recall(model, -1, 10, history: [6]));
        Assert.Empty(Lists.Recall(model, -1, 10, history: [0], values: [-1]));

        var similar = new ScoredItem[10];
        Assert.Equal(4, model.SimilarItems(1, default, similar));
        Assert.All(similar[..4], x => Assert.Equal(1 / Math.Sqrt(2), x.Score, 1e-6));
        Assert.Equal([0, 2, 3, 4], similar[..4].Select(x => x.Item));
        Assert.Equal(0, model.SimilarItems(6, default, similar));
    }

    [Fact]
    public void Quotas_share_a_list_in_proportion()
    {
        // 10 items of a, 10 of b, 2 of c; the profile is a 0.6, b 0.2, c 0.2.
        var items = TermVectors.FromLists(Enumerable.Range(0, 27).Select(
            i => new[] { i < 10 ? "a" : i < 20 ? "b" : i < 22 ? "c" : i < 25 ? "a" : i == 25 ? "b" : "c" }));
        var data = ContractData.Build(1, 27, add =>
        {
            for (var item = 22; item < 27; item++) add(0, item, 1, item);
        });
        var model = ContentBased.Train(data, items, new ContentBasedOptions { Scoring = ContentScoring.Quotas });
        Assert.Equal((6, 2, 2), Shares(10));
        Assert.Equal((3, 1, 1), Shares(5));
        Assert.Equal((2, 0, 0), Shares(2));
        Assert.Equal((10, 5, 2), Shares(17)); // a has 10 of its 11, c 2 of its 4: b takes what is left
        Assert.Equal((10, 10, 2), Shares(100));
        Assert.Equal(5, Lists.Recall(model, 0, 5, exclude: [22, 23, 24, 25, 26], predicate: item => item is >= 10 and < 20).Length);

        (int, int, int) Shares(int k)
        {
            var list = Lists.Recall(model, 0, k, exclude: [22, 23, 24, 25, 26]);
            Lists.AssertSound(list, 27);
            return (list.Count(x => x.Item < 10), list.Count(x => x.Item is >= 10 and < 20), list.Count(x => x.Item >= 20));
        }
    }

    [Fact]
    public void The_list_of_a_topic_is_led_by_the_best_smoothed_mean()
    {
        // Item 1: ten times 4.5; item 2: one 5; the overall mean is 45+5+10 over 16.
        var data = ContractData.Build(12, 5, add =>
        {
            for (var user = 0; user < 10; user++) add(user, 1, 4.5f, user);
            add(10, 2, 5, 0);
            for (var user = 0; user < 5; user++) add(user, 3, 2, 100 + user);
        });
        var items = TermVectors.FromLists([["x"], ["x"], ["x"], ["x"], ["x"]]);
        var options = new ContentBasedOptions { Scoring = ContentScoring.Quotas, UseValues = true, MeanSmoothing = 2 };
        Assert.Equal([1, 2, 0, 4, 3], List(options));
        Assert.Equal([2, 1, 0, 4, 3], List(options with { MeanSmoothing = 0 }));
        Assert.Equal([1, 3, 2, 0, 4], List(options with { UseValues = false }));

        int[] List(ContentBasedOptions o) => [.. Lists.Recall(ContentBased.Train(data, items, o), 10, 5).Select(x => x.Item)];
    }

    [Fact]
    public void Bad_input_is_refused()
    {
        var untimed = Interactions.From([("u", "i"), ("u", "j")]);
        var items = TermVectors.FromLists([["a"], ["b"]]);
        Assert.Throws<ArgumentException>(() => ContentBased.Train(untimed, items, new ContentBasedOptions { DecayPerDay = 1 }));
        Assert.Throws<ArgumentException>(() => ContentBased.Train(untimed, TermVectors.FromLists([["a"]])));
        Assert.Throws<ArgumentNullException>(() => ContentBased.Train(untimed, null!));
    }
}
