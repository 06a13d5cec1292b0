using Recsys.Data;
using Recsys.Features;
using Recsys.Indexing;
using Recsys.Recall;
using Recsys.Tests.Contracts;
using Recsys.Tests.Reference;

namespace Recsys.Tests.Recall;

/// <summary>Items that came after the training, without a new training.</summary>
public sealed class NewItemTests
{
    // Item 30 is met by all but the first two users of community 1 (users 20 to 39), item 31 by a user who came later, item 32 by nobody.
    private static readonly Interactions Log = ContractData.Communities();
    private static readonly Interactions Grown = Extend(Log, 33, add =>
    {
        for (var user = 22; user < 40; user++) add(user, 30, 1);
        add(60, 31, 1);
        add(60, 3, 1);
    });

    private static readonly BprOptions SmallBpr = new() { Factors = 8, Epochs = 60, LearningRate = 0.1f };
    private static readonly WarpOptions SmallWarp = new() { Factors = 8, Epochs = 60, LearningRate = 0.1f };

    [Fact]
    public void Als_solves_the_dense_normal_equations_of_the_users()
    {
        var log = ContractData.Skewed();
        var grown = Extend(log, 163, add =>
        {
            for (var user = 0; user < 40; user += 3) add(user, 160, 1 + user % 5);
            for (var user = 5; user < 60; user += 9) add(user, 161, user % 4);
            add(7, 161, 3);    // a pair that repeats
            add(7, 161, 1);
            add(65, 161, 5);   // who was not trained
            add(70, 161, 5);   // who is new
        });
        foreach (var loss in (IEnumerable<object[]>)AlsTests.Losses)
        {
            var options = (AlsOptions)loss[0];
            var old = Als.Train(log, options);
            var model = old.WithItems(grown);
            Assert.Equal((70, 163), (model.UserCount, model.ItemCount));
            var explicitly = options.Feedback == AlsFeedback.Explicit;
            var cells = InteractionRows.OfUsers(grown, explicitly ? RepeatedItems.Last : RepeatedItems.Sum).Transpose();
            foreach (var item in new[] { 160, 161 })
            {
                var row = cells.Row(item);
                var known = Enumerable.Range(0, row.Length).Where(k => cells.Row(item).Columns[k] < 60).ToArray();
                var (users, values) = (new int[known.Length], new float[known.Length]);
                for (var k = 0; k < known.Length; k++) (users[k], values[k]) = (row.Columns[known[k]], row.Values[known[k]]);
                var y = SlowAls.SolveItem(old, options, users, values);
                for (var f = 0; f < 3; f++) Assert.Equal(y[f], model.ItemFactors(item)[f], 2e-3);
                if (y.Length == 4) Assert.Equal(y[3], model.ItemBias(item), 2e-3);
            }
            Assert.Equal(0, model.ItemFactors(162).ToArray().Sum(Math.Abs));
        }
    }

    public static TheoryData<string> Models => ["als", "als of ratings", "lfm", "lfm of ratings", "bpr", "popular bpr", "warp"];

    [Theory]
    [MemberData(nameof(Models))]
    public void A_new_item_goes_to_those_who_are_like_its_users(string name)
    {
        // Ratings need a contrast: with the communities alone all are equal.
        var rated = name.EndsWith("of ratings", StringComparison.Ordinal);
        var (old, model) = rated ? Both(name, ContractData.RatedCommunities(), RatedGrowth()) : Both(name, Log, Grown);
        Assert.Equal((60, 33), (model.UserCount, model.ItemCount));
        foreach (var user in new[] { 20, 21 })
            Assert.Contains(Lists.Recall(model, user, 2, exclude: [.. Log.ItemsOf(user)]), x => x.Item == 30);
        foreach (var user in new[] { 0, 7, 45, 59 })
            Assert.DoesNotContain(Lists.Recall(model, user, 9), x => x.Item == 30);
        var similar = new ScoredItem[5];
        Assert.Equal(5, model.SimilarItems(30, default, similar));
        if (!rated) Assert.All(similar, x => Assert.InRange(x.Item, 10, 19));

        // What was known stays, and a history of the new item is one.
        for (var item = 0; item < 30; item++)
        {
            Assert.Equal(old.ItemFactors(item).ToArray(), model.ItemFactors(item).ToArray());
            Assert.Equal(old.ItemBias(item), model.ItemBias(item));
        }
        Assert.Equal(30, old.ItemCount);
        Assert.Empty(Lists.Recall(old, -1, 3, history: [30]));
        if (!rated) Assert.All(Lists.Recall(model, -1, 2, exclude: [30], history: [30]), x => Assert.InRange(x.Item, 10, 19));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void An_item_that_no_trained_user_has_met_is_like_one_without_interactions(string name)
    {
        var (_, model) = Both(name, Log, Grown);
        foreach (var item in new[] { 31, 32 })
        {
            Assert.Equal(0, model.ItemFactors(item).ToArray().Sum(Math.Abs));
            Assert.Equal(0, model.SimilarItems(item, default, new ScoredItem[3]));
        }
        Assert.Equal(model.ItemBias(31), model.ItemBias(32));
        if (name is "bpr" or "warp") Assert.Equal(Enumerable.Range(0, 33).Min(model.ItemBias), model.ItemBias(31));
        if (name == "lfm") Assert.Equal(-model.Mean, model.ItemBias(31));
        Lists.AssertSound(Lists.Recall(model, 0, 40), 33);
        Lists.AssertSound(Lists.Recall(model, 60, 40), 33);   // not a user of the model
        Assert.Empty(Lists.Recall(model, 60, 40));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void The_same_log_gives_the_same_item_and_a_smaller_one_is_refused(string name)
    {
        var (_, one) = Both(name, Log, Grown);
        var (_, two) = Both(name, Log, Grown);
        Assert.Equal(one.ItemFactors(30).ToArray(), two.ItemFactors(30).ToArray());
        Assert.Equal(one.ItemBias(30), two.ItemBias(30));
        var error = Assert.Throws<ArgumentException>(() => Both(name, Grown, Log));
        Assert.Contains("extend the id maps", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>(() => Both(name, Log, null!));
        Assert.Throws<OperationCanceledException>(() => Both(name, Log, Grown, new CancellationToken(true)));
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(1.0)]
    public void What_many_have_stands_above_what_few_have(double power)
    {
        // Two new items for the same kind of people: one has all of them, the other two.
        var grown = Extend(Log, 32, add =>
        {
            for (var user = 20; user < 40; user++) add(user, 30, 1);
            add(24, 31, 1);
            add(31, 31, 1);
        });
        var bpr = Bpr.Train(Log, SmallBpr with { NegativePower = power }).WithItems(grown);
        var warp = Warp.Train(Log, SmallWarp with { NegativePower = power }).WithItems(grown);
        foreach (var model in new FactorModel[] { bpr, warp })
        {
            var scores = Lists.Recall(model, 21, 32).ToDictionary(x => x.Item, x => x.Score);
            Assert.True(scores[30] > scores[31], $"{scores[30]} and {scores[31]}");
        }
    }

    [Fact]
    public void A_warm_start_goes_on_from_new_items_and_an_index_finds_them()
    {
        var options = new BprOptions { Factors = 8, Epochs = 30, LearningRate = 0.1f };
        var folded = Bpr.Train(Log, options).WithItems(Grown, new HnswOptions());
        Assert.Contains(Lists.Recall(folded, 20, 2, exclude: [.. Log.ItemsOf(20)]), x => x.Item == 30);
        var again = Bpr.Train(Grown, options with { Epochs = 1, WarmStart = folded });
        Assert.Equal(33, again.ItemCount);
        Assert.Contains(Lists.Recall(again, 20, 2, exclude: [.. Log.ItemsOf(20)]), x => x.Item == 30);
        var twice = folded.WithItems(Extend(Grown, 34, add => add(5, 33, 1)));
        Assert.Equal(folded.ItemFactors(30).ToArray(), twice.ItemFactors(30).ToArray());
        Assert.NotEqual(0, twice.ItemFactors(33).ToArray().Sum(Math.Abs));
    }

    [Fact]
    public void Content_finds_a_new_item_by_its_terms()
    {
        var data = ContractData.Build(3, 3, add =>
        {
            add(0, 0, 1, 0);
            add(1, 1, 1, 0);
            add(1, 2, 1, 0);
        });
        var model = ContentBased.Train(data, TermVectors.FromLists([["a"], ["b"], ["b", "c"]]));
        // Other rows of the known items are not read, terms come in another order, and one is new.
        var grown = model.WithItems(TermVectors.FromLists([["d"], [], [], ["c", "b"], ["a", "d"], ["d"]]));
        Assert.Equal((3, 6, 4, 3), (grown.UserCount, grown.ItemCount, grown.TermCount, model.ItemCount));
        Assert.Equal([0, 4], Lists.Recall(grown, 0, 6).Select(x => x.Item));
        Assert.Equal([1, 2, 3], Lists.Recall(grown, 1, 6).Select(x => x.Item));
        Assert.Equal([5, 4], Lists.Recall(grown, -1, 6, history: [5]).Select(x => x.Item));
        var similar = new ScoredItem[6];
        Assert.Equal(2, grown.SimilarItems(4, default, similar));
        Assert.Equal(["a", "b", "c", "d"], Enumerable.Range(0, 4).Select(grown.Term));
        Assert.Equal(model.Profile(1).Values.ToArray(), grown.Profile(1).Values.ToArray());
        Assert.Throws<ArgumentException>(() => model.WithItems(TermVectors.FromLists([["a"]])));
        Assert.Throws<ArgumentNullException>(() => model.WithItems(null!));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_topic_lists_its_new_items_by_the_quality_of_those_without_interactions(bool values)
    {
        // Shares of users: item 0 2/3, 1 1, 2 1/3 (none); mean values 5, 2, and 3 (none).
        var data = ContractData.Build(2, 3, add =>
        {
            add(0, 0, 5, 0);
            add(0, 1, 2, 1);
            add(1, 1, 2, 1);
        });
        var options = new ContentBasedOptions { Scoring = ContentScoring.Quotas, UseValues = values, MeanSmoothing = 0.001f };
        var model = ContentBased.Train(data, TermVectors.FromLists([["a"], ["a"], ["a"]]), options);
        var grown = model.WithItems(TermVectors.FromLists([["a"], ["a"], ["a"], ["a"]]));
        Assert.Equal(values ? [0, 3, 2, 1] : [1, 0, 2, 3], Lists.Recall(grown, 0, 4).Select(x => x.Item));
    }

    private static Interactions RatedGrowth() => Extend(ContractData.RatedCommunities(), 33, add =>
    {
        for (var user = 22; user < 40; user++) add(user, 30, 5);
        for (var user = 0; user < 20; user++) add(user, 30, 1);
        for (var user = 40; user < 60; user++) add(user, 30, 1);
        add(60, 31, 5);
    });

    private static (FactorModel Old, FactorModel New) Both(
        string name, Interactions log, Interactions grown, CancellationToken cancel = default)
    {
        return name switch
        {
            "als" => Pair(Als.Train(log, new AlsOptions { Factors = 8 }, cancel: CancellationToken.None)),
            "als of ratings" => Pair(Als.Train(log, AlsOptions.ForRatings with { Factors = 6 }, cancel: CancellationToken.None)),
            "lfm" => Pair(Lfm.Train(log, new LfmOptions { Factors = 8, Epochs = 60, Biases = true }, cancel: CancellationToken.None)),
            "lfm of ratings" => Pair(Lfm.Train(log, LfmOptions.ForRatings with { Factors = 6 }, cancel: CancellationToken.None)),
            "bpr" => Pair(Bpr.Train(log, SmallBpr, cancel: CancellationToken.None)),
            "popular bpr" => Pair(Bpr.Train(log, SmallBpr with { NegativePower = 1, ItemBiases = false }, cancel: CancellationToken.None)),
            _ => Pair(Warp.Train(log, SmallWarp, cancel: CancellationToken.None)),
        };

        (FactorModel, FactorModel) Pair<T>(T old) where T : FactorModel, IItemFoldIn<T> => (old, old.WithItems(grown, null, cancel));
    }

    // The rows of a log and more: dense ids continue.
    private static Interactions Extend(Interactions log, int items, Action<Action<int, int, float>> more)
        => ContractData.Build(log.UserCount + 1, items, add =>
        {
            foreach (var row in log.Rows()) add(row.User, row.Item, row.Value, row.Time);
            more((user, item, value) => add(user, item, value, 2_000_000_000 + user));
        });
}
