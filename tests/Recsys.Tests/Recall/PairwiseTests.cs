using Recsys.Data;
using Recsys.Numerics;
using Recsys.Recall;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Recall;

public sealed class PairwiseTests
{
    private static readonly Interactions Log = ContractData.Skewed();

    [Theory]
    [InlineData(1, true)]
    [InlineData(8, false)]
    [InlineData(20, true)]
    [InlineData(64, true)]
    public void A_step_is_that_of_the_formula(int factors, bool biases)
    {
        var state = new FactorState(3, 4, factors, 0, biases);
        var rng = new Rng(5);
        var (p, q) = (new double[factors], new double[2, factors]);
        for (var f = 0; f < factors; f++)
        {
            p[f] = state.P[2 * state.Stride + f] = rng.Uniform((ulong)f) - 0.5f;
            q[0, f] = state.Q[1 * state.Stride + f] = rng.Uniform((ulong)(100 + f)) - 0.5f;
            q[1, f] = state.Q[3 * state.Stride + f] = rng.Uniform((ulong)(200 + f)) - 0.5f;
        }
        (state.ColumnBias[1], state.ColumnBias[3]) = (0.3f, -0.2f);
        var x = 0.5;
        for (var f = 0; f < factors; f++) x += p[f] * (q[0, f] - q[1, f]);
        Assert.Equal(x, PairwiseSgd.Difference(state, 2, 1, 3), 1e-5);

        PairwiseSgd.Step(state, 2, 1, 3, 0.1f, 0.01f);
        for (var f = 0; f < state.Stride; f++)
        {
            Assert.Equal(f < factors ? 0.99 * p[f] + 0.1 * (q[0, f] - q[1, f]) : 0, state.P[2 * state.Stride + f], 1e-6);
            Assert.Equal(f < factors ? 0.99 * q[0, f] + 0.1 * p[f] : 0, state.Q[1 * state.Stride + f], 1e-6);
            Assert.Equal(f < factors ? 0.99 * q[1, f] - 0.1 * p[f] : 0, state.Q[3 * state.Stride + f], 1e-6);
        }
        Assert.Equal(biases ? 0.99 * 0.3 + 0.1 : 0.3, state.ColumnBias[1], 1e-6);
        Assert.Equal(biases ? 0.99 * -0.2 - 0.1 : -0.2, state.ColumnBias[3], 1e-6);
        Assert.Equal(0, state.Q.AsSpan(0, state.Stride).ToArray().Sum(Math.Abs));
    }

    [Theory]
    [InlineData(1, 0.0)]
    [InlineData(5, 0.0)]
    [InlineData(5, 1.0)]
    public void Every_epoch_holds_each_interaction_once_and_blocks_share_nothing(int shards, double power)
    {
        var users = InteractionRows.OfUsers(Log, RepeatedItems.One);
        var popularity = new float[power == 0 ? 0 : users.ColumnCount];
        if (power > 0)
            foreach (var item in users.Columns) popularity[item]++;
        var blocks = new PairBlocks(users, popularity, shards, new Rng(1));
        var met = new HashSet<(int, int)>();
        var orders = new List<string>();
        for (var epoch = 0; epoch < 30; epoch++)
        {
            blocks.BeginEpoch(epoch);
            Dictionary<int, int> shardOfUser = [], shardOfItem = [];
            var all = new List<UserItem>();
            for (var u = 0; u < shards; u++)
            {
                blocks.Prepare(u);
                for (var i = 0; i < shards; i++)
                {
                    var draw = 0UL;
                    blocks.Mark(u, i);
                    foreach (var pair in blocks.Block(u, i))
                    {
                        all.Add(pair);
                        var other = blocks.Negative(blocks.Draws(u, i), ref draw, u, i, pair.User);
                        Assert.Equal(u, shardOfUser.TryAdd(pair.User, u) ? u : shardOfUser[pair.User]);
                        Assert.Equal(i, shardOfItem.TryAdd(pair.Item, i) ? i : shardOfItem[pair.Item]);
                        if (other < 0) continue;
                        Assert.Equal(i, shardOfItem.TryAdd(other, i) ? i : shardOfItem[other]);
                        Assert.True(users.Row(pair.User).Columns.BinarySearch(other) < 0, "The user has the second item.");
                        if (power > 0) Assert.True(popularity[other] > 0);
                        met.Add((pair.Item, other));
                    }
                }
            }
            Assert.Equal(users.Count, all.Distinct().Count());
            Assert.Equal(users.Count, all.Count);
            orders.Add(string.Join(' ', all));
        }
        Assert.Equal(30, orders.Distinct().Count());
        Assert.True(met.Count > 3000, $"Only {met.Count} pairs of items met.");
    }

    [Fact]
    public void The_order_of_pairs_is_learned()
    {
        var data = ContractData.Communities();
        var bpr = Bpr.Train(data, new BprOptions { Factors = 8, Epochs = 60, LearningRate = 0.1f });
        var warp = Warp.Train(data, new WarpOptions { Factors = 8, Epochs = 60, LearningRate = 0.1f });
        foreach (var model in new FactorModel[] { bpr, warp })
        {
            for (var user = 0; user < data.UserCount; user++)
            {
                var list = Lists.Recall(model, user, data.ItemsOf(user).Length);
                Assert.All(list, x => Assert.Equal(ContractData.Community(user), x.Item / ContractData.ItemsPerCommunity));
            }
        }
    }

    [Fact]
    public void The_loss_falls()
    {
        var losses = new List<double>();
        Bpr.Train(Log, new BprOptions { Factors = 8, Epochs = 20 }, new Sink(x => losses.Add(x.Loss!.Value)));
        Assert.Equal(20, losses.Count);
        Assert.InRange(losses[0], 0.3, 0.51);   // σ(-x) of random factors is about a half
        Assert.True(losses[^1] < losses[0]);
        losses.Clear();
        Warp.Train(Log, new WarpOptions { Factors = 8, Epochs = 20 }, new Sink(x => losses.Add(x.Loss!.Value)));
        Assert.True(losses[^1] < losses[0]);
    }

    [Fact]
    public void A_warm_start_goes_on_and_takes_new_ids()
    {
        var options = new BprOptions { Factors = 6, Epochs = 40 };
        var first = Bpr.Train(Log, options);
        var builder = new InteractionsBuilder(Log.Users, Log.Items);
        foreach (var row in Log.Rows()) builder.AddDense(row.User, row.Item, row.Value, row.Time);
        for (var item = 0; item < 9; item++) builder.Add(1000, item, 5, 5000);
        builder.Add(1000, 2000, 5, 5000);
        var grown = builder.Build();
        double warm = 0, cold = 0;
        var second = Bpr.Train(grown, options with { Epochs = 1, WarmStart = first }, new Sink(x => warm = x.Loss!.Value));
        Bpr.Train(grown, options with { Epochs = 1 }, new Sink(x => cold = x.Loss!.Value));
        Assert.Equal((71, 161), (second.UserCount, second.ItemCount));
        Assert.NotEmpty(Lists.Recall(second, grown.Users.Find(1000), 5));
        Assert.True(warm < 0.8 * cold, $"warm {warm}, cold {cold}");

        AssertRefused("it has 6 factors, but Factors is 4", options with { Factors = 4, WarmStart = first }, Log);
        AssertRefused("ItemBiases is False", options with { ItemBiases = false, WarmStart = first }, Log);
        AssertRefused("extend its id maps", options with { WarmStart = first }, ContractData.OneRow());

        static void AssertRefused(string why, BprOptions options, Interactions log)
            => Assert.Contains(why, Assert.Throws<ArgumentException>(() => Bpr.Train(log, options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Items_without_interactions_stand_last_and_are_like_none()
    {
        var model = Bpr.Train(Log, new BprOptions { Factors = 6, Epochs = 20 });
        Assert.All(model.ItemFactors(155).ToArray(), x => Assert.Equal(0, x));
        Assert.Equal(Enumerable.Range(0, 160).Min(model.ItemBias), model.ItemBias(155));
        Assert.Equal(0, model.SimilarItems(155, default, new ScoredItem[5]));
    }

    [Fact]
    public void A_user_who_has_every_item_has_no_pairs()
    {
        var model = Warp.Train(ContractData.OneUser(), new WarpOptions { Factors = 40, Epochs = 3 });
        Lists.AssertSound(Lists.Recall(model, 0, 9), 4);
        Lists.AssertSound(Lists.Recall(model, -1, 9, history: [0, 1, 2, 3]), 4);
    }

    [Fact]
    public void A_diverging_training_stops_and_names_the_options()
    {
        var error = Assert.Throws<ArithmeticException>(() => Bpr.Train(Log, new BprOptions { LearningRate = 1e20f, Epochs = 50 }));
        Assert.Contains("LearningRate", error.Message, StringComparison.Ordinal);
    }

    private sealed class Sink(Action<TrainProgress> report) : IProgress<TrainProgress>
    {
        public void Report(TrainProgress value) => report(value);
    }
}
