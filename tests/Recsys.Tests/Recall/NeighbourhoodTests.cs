using Recsys.Data;
using Recsys.Numerics;
using Recsys.Recall;
using Recsys.Tests.Contracts;
using Recsys.Tests.Reference;

namespace Recsys.Tests.Recall;

public class NeighbourhoodTests
{
    public static TheoryData<string> Variants => [.. Options.Keys];

    private static readonly Dictionary<string, ItemCfOptions> Options = new()
    {
        ["cosine"] = new() { Neighbours = 5 },
        ["all neighbours"] = new() { Neighbours = 100 },
        ["inverse frequency"] = new() { InverseFrequency = true, Neighbours = 6 },
        ["shrunk"] = new() { Shrinkage = 3, Neighbours = 6 },
        ["inverse frequency, shrunk"] = new() { InverseFrequency = true, Shrinkage = 3, Neighbours = 6 },
        ["scaled"] = new() { NormalizeByMax = true, Neighbours = 6 },
        ["time decay"] = new() { TimeDecay = 0.2f, Neighbours = 6 },
        ["values"] = new() { UseValues = true, Neighbours = 6 },
        ["values, time decay, shrunk"] = new() { UseValues = true, TimeDecay = 1, Shrinkage = 2, InverseFrequency = true, Neighbours = 6 },
        ["jaccard"] = new() { Similarity = CfSimilarity.Jaccard, Neighbours = 6 },
        ["jaccard, shrunk"] = new() { Similarity = CfSimilarity.Jaccard, Shrinkage = 2, Neighbours = 6 },
        ["pearson"] = new() { Similarity = CfSimilarity.Pearson, Prediction = CfPrediction.MeanCentred, Neighbours = 8 },
        ["pearson, weighted"] = new()
        {
            Similarity = CfSimilarity.Pearson,
            Prediction = CfPrediction.MeanCentred,
            InverseFrequency = true,
            TimeDecay = 0.5f,
            Shrinkage = 4,
            Neighbours = 8,
        },
        ["adjusted cosine"] = new()
        {
            Similarity = CfSimilarity.AdjustedCosine,
            Prediction = CfPrediction.MeanCentred,
            Shrinkage = 1,
            Neighbours = 8
        },
        ["mean-centred cosine"] = new() { Prediction = CfPrediction.MeanCentred, Neighbours = 8 },
    };

    private static readonly Interactions Log = ContractData.Build(25, 30, add =>
    {
        var rng = new Rng(3);
        for (ulong row = 0; row < 320; row++)
        {
            var item = (int)(28 * Math.Pow(rng.Stream(1).UniformDouble(row), 1.7));
            add(rng.Stream(0).Below(row, 24), item, 1 + rng.Stream(2).Below(row, 5), 1_600_000_000 + rng.Stream(3).Below(row, 40 * 86_400));
        }
    });

    [Theory]
    [MemberData(nameof(Variants))]
    public void Item_based_scores_are_those_of_the_definition(string variant)
    {
        var options = Options[variant];
        var model = ItemCf.Train(Log, options);
        AssertSame(Log, new SlowNeighbours(Log, options, byItem: true), model, model.Predict);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void User_based_scores_are_those_of_the_definition(string variant)
    {
        var o = Options[variant];
        var options = new UserCfOptions
        {
            Similarity = o.Similarity,
            Prediction = o.Prediction,
            UseValues = o.UseValues,
            InverseFrequency = o.InverseFrequency,
            TimeDecay = o.TimeDecay,
            Shrinkage = o.Shrinkage,
            NormalizeByMax = o.NormalizeByMax,
            Neighbours = o.Neighbours,
        };
        var model = UserCf.Train(Log, options);
        AssertSame(Log, new SlowNeighbours(Log, options, byItem: false), model, model.Predict);
    }

    private static void AssertSame(Interactions log, SlowNeighbours slow, IRecaller model, Func<int, int, float> predict)
    {
        var neighbours = slow.Neighbours();
        for (var user = 0; user < log.UserCount; user++)
        {
            var expected = slow.Scores(user, neighbours);
            var list = Lists.Recall(model, user, log.ItemCount);
            Lists.AssertSound(list, log.ItemCount);
            Assert.Equal(expected.Keys.Order(), list.Select(x => x.Item).Order());
            foreach (var (item, score) in list)
            {
                Assert.Equal(expected[item], score, 1e-4 * Math.Max(1, Math.Abs(expected[item])));
                Assert.Equal(score, predict(user, item), 1e-4f * Math.Max(1, Math.Abs(score)));
            }
        }
    }

    // Users A: a b d, B: a c, C: b e, D: c d e, the example of Xiang Liang's book (section 2.4).
    private static readonly Interactions Book = Interactions.From(
        [("A", "a"), ("A", "b"), ("A", "d"), ("B", "a"), ("B", "c"), ("C", "b"), ("C", "e"), ("D", "c"), ("D", "d"), ("D", "e")]);

    [Fact]
    public void User_based_filtering_solves_the_worked_example()
    {
        var model = UserCf.Train(Book, new UserCfOptions { Neighbours = 3 });
        var similar = new ScoredItem[5];
        Assert.Equal(3, model.SimilarUsers(Book.Users.Find("A"), similar));
        Assert.Equal(["B", "C", "D"], similar[..3].Select(x => Book.Users.Name(x.Item)));
        Assert.Equal(1 / Math.Sqrt(6), similar[0].Score, 1e-6);
        Assert.Equal(1 / Math.Sqrt(6), similar[1].Score, 1e-6);
        Assert.Equal(1 / 3.0, similar[2].Score, 1e-6);
        Assert.Equal(0, model.SimilarUsers(-1, similar));

        var list = Lists.Recall(model, Book.Users.Find("A"), 5, exclude: Book.ItemsOf(Book.Users.Find("A")).ToArray());
        Assert.Equal(["c", "e"], list.Select(x => Book.Items.Name(x.Item)));
        Assert.All(list, x => Assert.Equal(1 / Math.Sqrt(6) + 1 / 3.0, x.Score, 1e-6));
    }

    [Fact]
    public void Inverse_item_frequency_solves_the_worked_example()
    {
        var model = UserCf.Train(Book, new UserCfOptions { InverseFrequency = true });
        var similar = new ScoredItem[1];
        model.SimilarUsers(Book.Users.Find("A"), similar);
        Assert.Equal(1 / Math.Log(3) / Math.Sqrt(6), similar[0].Score, 1e-6);
    }

    [Fact]
    public void Item_based_filtering_solves_an_example_by_hand()
    {
        var model = ItemCf.Train(Book, new ItemCfOptions { InverseFrequency = false });
        var a = Book.Items.Find("a");
        var similar = new ScoredItem[5];
        var count = model.SimilarItems(a, default, similar);
        Assert.Equal(["b", "d", "c"], similar[..count].Select(x => Book.Items.Name(x.Item)));
        Assert.All(similar[..count], x => Assert.Equal(0.5, x.Score, 1e-6));

        // A has a, b, d; c is like a and d (1/2 each), e like b and d.
        var list = Lists.Recall(model, Book.Users.Find("A"), 5, exclude: Book.ItemsOf(Book.Users.Find("A")).ToArray());
        Assert.Equal(["c", "e"], list.Select(x => Book.Items.Name(x.Item)));
        Assert.All(list, x => Assert.Equal(1.0, x.Score, 1e-6));
    }

    [Fact]
    public void A_history_equal_to_a_trained_user_gets_the_same_scores()
    {
        var items = ItemCf.Train(Log, new ItemCfOptions { UseValues = true });
        var users = UserCf.Train(Log, new UserCfOptions { UseValues = true, Neighbours = 7 });
        foreach (var model in (IRecaller[])[items, users])
        {
            for (var user = 0; user < 24; user++)
            {
                var trained = Lists.Recall(model, user, 30).ToDictionary(x => x.Item, x => x.Score);
                var folded = Lists.Recall(model, user, 30, history: Log.ItemsOf(user).ToArray(), values: Log.ValuesOf(user).ToArray());
                Assert.Equal(trained.Count, folded.Length);
                foreach (var (item, score) in folded) Assert.Equal(trained[item], score, 1e-4f * Math.Max(1, score));
            }
        }
    }

    [Fact]
    public void History_values_that_do_not_fit_are_refused()
    {
        var model = ItemCf.Train(Book);
        var list = new ScoredItem[3];
        var error = Assert.Throws<ArgumentException>(() => model.Recall(new RecallRequest { History = [0, 1], HistoryValues = [1f] },
            list));
        Assert.Contains("1 history values for 2 items", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<ArgumentException>(() => model.Recall(new RecallRequest { History = [0, 1], HistoryValues = [1f, float.NaN] },
            list));
        Assert.Contains("History value 1 is NaN", error.Message, StringComparison.Ordinal);
        Assert.Equal(2, model.Recall(new RecallRequest(0) { Filter = new ItemFilter { Exclude = Book.ItemsOf(0) } }, list));
    }

    [Fact]
    public void Time_decay_without_times_is_refused()
    {
        var error = Assert.Throws<ArgumentException>(() => ItemCf.Train(Book, new ItemCfOptions { TimeDecay = 1 }));
        Assert.Contains("TimeDecay is 1, but the interactions have no times", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_without_a_time_are_far_from_no_other()
    {
        var builder = new InteractionsBuilder(MissingTime.KeepInputOrder);
        builder.Add("u", "a", time: 0);
        builder.Add("u", "b");
        builder.Add("v", "a", time: 0);
        builder.Add("v", "b", time: 86_400);
        var log = builder.Build();
        var model = ItemCf.Train(log, new ItemCfOptions { TimeDecay = 1, InverseFrequency = false });
        var similar = new ScoredItem[1];
        model.SimilarItems(0, default, similar);
        Assert.Equal((1 + 0.5) / 2, similar[0].Score, 1e-6);
    }

    [Fact]
    public void Predictions_for_the_unknown_fall_back_to_means()
    {
        var items = ItemCf.Train(Log, new ItemCfOptions { Prediction = CfPrediction.MeanCentred });
        var users = UserCf.Train(Log, new UserCfOptions { Prediction = CfPrediction.MeanCentred });
        Assert.InRange(items.Predict(-1, 3), 1, 5);
        Assert.InRange(items.Predict(0, 900), 1, 5);
        Assert.InRange(users.Predict(-1, 3), 1, 5);
        Assert.InRange(users.Predict(3, -1), 1, 5);
        Assert.InRange(users.Predict(-1, -1), 1, 5);
        Assert.Equal(0, ItemCf.Train(Log).Predict(-1, 3));
    }
}
