using Recsys.Data;
using Recsys.Features;
using Recsys.Recall;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Recall;

/// <summary>Models that follow from the data alone: training on the grown log is their warm start.</summary>
public sealed class ClosedFormGrowthTests
{
    public static TheoryData<string> Models => ["item cf", "user cf", "swing", "ease", "personal rank", "listed personal rank", "content"];

    [Theory]
    [MemberData(nameof(Models))]
    public void A_grown_log_keeps_dense_ids_and_serves_the_new_ones(string name)
    {
        // Four new users of the second community (items 10 to 19) bring an item that nobody had.
        var log = ContractData.Communities();
        var builder = new InteractionsBuilder(log.Users, log.Items);
        foreach (var row in log.Rows()) builder.AddDense(row.User, row.Item, row.Value, row.Time);
        for (var user = 1000; user < 1004; user++)
        {
            for (var item = 10; item < 19; item++) builder.Add(user, item, 1, 2_000_000 + item);
            if (user > 1000) builder.Add(user, 5000, 1, 2_000_100);
        }
        var grown = builder.Build();
        var (first, second) = (Train(name, log), Train(name, grown));
        Assert.Equal((64, 31), (grown.UserCount, grown.ItemCount));
        Assert.Equal(30, grown.Items.Find(5000));
        Assert.Empty(Lists.Recall(first, -1, 5, history: [30]));
        Assert.Empty(Lists.Recall(first, 60, 5));

        Assert.All(Lists.Recall(second, 5, 1, exclude: [.. log.ItemsOf(5)]), x => Assert.Equal(ContractData.Gap(5), x.Item));
        var newcomer = grown.Users.Find(1000);
        var list = Lists.Recall(second, newcomer, 5, exclude: [.. grown.ItemsOf(newcomer)]);
        Assert.Contains(list, x => x.Item == 30);
        Assert.Contains(Lists.Recall(second, -1, 12, exclude: [10, 11], history: [10, 11]), x => x.Item == 30);
        Assert.All(
            Lists.Recall(second, -1, 3, exclude: [30], history: [30]), x => Assert.InRange(x.Item, 10, 19));
    }

    private static IRecaller Train(string name, Interactions log) => name switch
    {
        "item cf" => ItemCf.Train(log),
        "user cf" => UserCf.Train(log),
        "swing" => Swing.Train(log),
        "ease" => Ease.Train(log, new EaseOptions { Regularization = 1 }),
        "personal rank" => PersonalRank.Train(log, new PersonalRankOptions { Tolerance = 1e-6 }),
        "listed personal rank" => PersonalRank.Train(log, new PersonalRankOptions { Precompute = 20, Tolerance = 1e-6 }),
        _ => ContentBased.Train(log, TermVectors.FromLists(Enumerable.Range(0, log.ItemCount).Select(
            item => new[] { item == 30 ? "group 1" : $"group {item / 10}" }))),
    };
}
