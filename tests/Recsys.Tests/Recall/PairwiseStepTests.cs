using Recsys.Data;
using Recsys.Numerics;
using Recsys.Recall;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Recall;

/// <summary>Training and fold-in of Bpr and Warp, step by step beside a plain loop.</summary>
public sealed class PairwiseStepTests
{
    private static readonly Interactions Log = ContractData.Skewed();

    [Fact]
    public void The_slope_of_bpr_is_the_logistic_function()
    {
        var (rule, loss) = (new Bpr.Rule(), 0.0);
        Assert.Equal(0.5f, rule.Slope(0, 1, ref loss));
        Assert.Equal(1 / (1 + Math.Exp(2)), rule.Slope(2, 1, ref loss), 1e-6);
        Assert.Equal(1 / (1 + Math.Exp(-3)), rule.Slope(-3, 1, ref loss), 1e-6);
        Assert.Equal(0.5 + 1 / (1 + Math.Exp(2)) + 1 / (1 + Math.Exp(-3)), loss, 1e-6);
        Assert.Equal(1, rule.Tries);
    }

    [Fact]
    public void The_slope_of_warp_is_the_share_of_the_harmonic_sum_to_the_estimated_rank()
    {
        var (rule, loss) = (new Warp.Rule(11, 7), 0.0);
        Assert.Equal(7, rule.Tries);
        Assert.Equal(0, rule.Slope(1, 1, ref loss));
        Assert.Equal(0, rule.Slope(1.5f, 3, ref loss));
        Assert.Equal(0, loss);
        var all = Enumerable.Range(1, 10).Sum(n => 1.0 / n);
        Assert.Equal(1, rule.Slope(0.99f, 1, ref loss), 1e-6);                          // rank 10 of 10
        Assert.Equal(1.5 / all, rule.Slope(0.5f, 5, ref loss), 1e-6);                   // rank ⌊10 / 5⌋ = 2
        Assert.Equal((1 + 0.5 + 1 / 3.0) / all, rule.Slope(-1, 3, ref loss), 1e-6);     // rank 3
        Assert.Equal(0.01 + 0.5 * 1.5 / all + 2 * (1 + 0.5 + 1 / 3.0) / all, loss, 1e-5);
    }

    public static TheoryData<double, bool> Variants => new() { { 0, true }, { 0.5, true }, { 0, false } };

    [Theory]
    [MemberData(nameof(Variants))]
    public void Training_makes_the_steps_in_the_order_of_the_blocks(double power, bool biases)
    {
        var bpr = new BprOptions { Factors = 3, Epochs = 3, Shards = 1, NegativePower = power, ItemBiases = biases, Regularization = 0.2f };
        AssertSame(Bpr.Train(Log, bpr), bpr, new Bpr.Rule());
        var warp = new WarpOptions
        {
            Factors = 3,
            Epochs = 3,
            Shards = 1,
            NegativePower = power,
            ItemBiases = biases,
            Regularization = 0.2f,
            Tries = 4,
            InitialScale = 2,
        };
        AssertSame(Warp.Train(Log, warp), warp, new Warp.Rule(160, 4));
    }

    private static void AssertSame<TRule>(FactorModel model, PairwiseOptions o, TRule rule) where TRule : struct, IPairRule
    {
        var users = InteractionRows.OfUsers(Log, RepeatedItems.One);
        var rng = new Rng(o.Seed);
        var state = new FactorState(70, 160, 3, 0, o.ItemBiases);
        FactorWeights.Start(state.P, state.Stride, 70, 3, null, o.InitialScale, rng.Stream(0));
        FactorWeights.Start(state.Q, state.Stride, 160, 3, null, o.InitialScale, rng.Stream(1));
        var popularity = new float[o.NegativePower == 0 ? 0 : 160];
        for (var item = 0; item < popularity.Length; item++)
        {
            var count = users.Columns.Count(c => c == item);
            popularity[item] = count == 0 ? 0 : (float)Math.Pow(count, o.NegativePower);
        }
        var blocks = new PairBlocks(users, popularity, 1, rng.Stream(2));
        var loss = 0.0;
        for (var epoch = 0; epoch < 3; epoch++)
        {
            var rate = o.LearningRate * (epoch == 0 ? 1 : epoch == 1 ? 0.55f : 0.1f);
            blocks.BeginEpoch(epoch);
            blocks.Prepare(0);
            blocks.Mark(0, 0);
            var (draws, draw) = (blocks.Draws(0, 0), 0UL);
            foreach (var (user, item) in blocks.Block(0, 0))
            {
                var slope = 0f;
                for (var t = 1; t <= rule.Tries && slope == 0; t++)
                {
                    var other = blocks.Negative(draws, ref draw, 0, 0, user);
                    if (other < 0) break;
                    slope = rule.Slope(PairwiseSgd.Difference(state, user, item, other), t, ref loss);
                    if (slope != 0) PairwiseSgd.Step(state, user, item, other, rate * slope, rate * o.Regularization);
                }
            }
        }
        for (var f = 0; f < 3; f++)
        {
            for (var user = 0; user < 60; user++) Assert.Equal(state.P[user * state.Stride + f], model.UserFactors(user)[f], 1e-5f);
            foreach (var item in users.Columns) Assert.Equal(state.Q[item * state.Stride + f], model.ItemFactors(item)[f], 1e-5f);
        }
        foreach (var item in users.Columns) Assert.Equal(state.ColumnBias[item], model.ItemBias(item), 1e-5f);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_fold_in_makes_the_steps_of_the_formula(bool popular)
    {
        var rng = new Rng(3);
        var (q, bias) = (new float[20 * 3], new float[20]);
        rng.FillNormal(0, q, 0, 0.7f);
        rng.FillNormal(1000, bias, 0, 0.3f);
        var popularity = new float[popular ? 20 : 0];
        for (var item = 0; item < popularity.Length; item++) popularity[item] = item % 4;
        var weights = new FactorWeights(3, 0, [], q, [], bias);
        var history = new HistoryRow(20, RepeatedItems.One);
        int[] items = [.. Enumerable.Range(0, 20).Where(i => i % 3 == 1)];
        history.Load(new RecallRequest { History = items });

        var p = new float[3];
        new PairwiseFoldIn(0.1f, 0.05f, 20, popularity).Run(weights, history, new SecondTry(), p);
        var table = popular ? new AliasTable(popularity) : null;
        var (slow, draws, rule, loss) = (new double[3], new Rng(0), new SecondTry(), 0.0);
        for (var step = 0; step < 1000; step++)   // the least
        {
            var i = items[step % items.Length];
            var rate = 0.1 * (1 - step / 1000.0);
            for (var t = 1; t <= 3; t++)
            {
                var index = (ulong)step * 16384 + (ulong)t;
                var j = table?.Sample(draws, index) ?? draws.Below(index, 20);
                if (items.Contains(j)) continue;
                var x = Enumerable.Range(0, 3).Sum(f => slow[f] * (q[i * 3 + f] - q[j * 3 + f])) + bias[i] - bias[j];
                double slope = rule.Slope((float)x, t, ref loss);
                if (slope == 0) continue;
                for (var f = 0; f < 3; f++) slow[f] = (1 - rate * 0.05) * slow[f] + rate * slope * (q[i * 3 + f] - q[j * 3 + f]);
                break;
            }
        }
        for (var f = 0; f < 3; f++) Assert.Equal(slow[f], p[f], 1e-3);
    }

    // Smooth in x, so that rounding never decides about a step.
    private readonly struct SecondTry : IPairRule
    {
        public int Tries => 3;

        public float Slope(float x, int tries, ref double loss) => tries == 1 ? 0 : tries / (1 + MathF.Exp(x));
    }

    [Fact]
    public void Second_items_of_a_catalogue_too_wide_to_be_marked_are_searched_for()
    {
        // 60 users × 150,000 items; only the first 50 are drawn, and each user has 40 of them.
        var log = ContractData.Build(60, 150_000, add =>
        {
            for (var user = 0; user < 60; user++)
                for (var i = 0; i < 50; i++)
                    if ((user + i) % 5 != 0) add(user, i, 1, i);
        });
        var popularity = new float[150_000];
        popularity.AsSpan(0, 50).Fill(1);
        var blocks = new PairBlocks(InteractionRows.OfUsers(log, RepeatedItems.One), popularity, 1, new Rng(1));
        blocks.BeginEpoch(0);
        blocks.Prepare(0);
        blocks.Mark(0, 0);
        var (draws, draw) = (blocks.Draws(0, 0), 0UL);
        var found = new HashSet<(int, int)>();
        for (var round = 0; round < 6000; round++)
        {
            var user = round % 60;
            var other = blocks.Negative(draws, ref draw, 0, 0, user);
            if (other < 0) continue;
            Assert.Equal(0, (user + other) % 5);
            found.Add((user, other));
        }
        Assert.InRange(found.Count, 590, 600);
    }

    [Fact]
    public void Who_has_no_rows_in_the_log_of_a_warm_start_keeps_what_was_learned()
    {
        var part = ContractData.Build(70, 160, add =>
        {
            foreach (var row in Log.Rows())
                if (row.User != 4 && row.Item != 2) add(row.User, row.Item, row.Value, row.Time);
        });
        var bpr = Bpr.Train(Log, new BprOptions { Factors = 3, Epochs = 3 });
        AssertKept(bpr, Bpr.Train(part, new BprOptions { Factors = 3, Epochs = 1, WarmStart = bpr }));
        var warp = Warp.Train(Log, new WarpOptions { Factors = 3, Epochs = 3 });
        AssertKept(warp, Warp.Train(part, new WarpOptions { Factors = 3, Epochs = 1, WarmStart = warp }));
        var als = Als.Train(Log, new AlsOptions { Factors = 3 });
        var second = Als.Train(part, new AlsOptions { Factors = 3, Iterations = 1, WarmStart = als });
        Assert.Equal(als.UserFactors(4).ToArray(), second.UserFactors(4).ToArray());
        Assert.Equal(als.ItemFactors(2).ToArray(), second.ItemFactors(2).ToArray());

        static void AssertKept(FactorModel old, FactorModel model)
        {
            Assert.Equal(old.UserFactors(4).ToArray(), model.UserFactors(4).ToArray());
            Assert.True(Distance(old.UserFactors(5), model.UserFactors(5)) > 0);
            // An item without rows is still put second, which moves it a little.
            Assert.InRange(Distance(old.ItemFactors(2), model.ItemFactors(2)), 0, 1);
            Assert.NotEqual(0, model.ItemFactors(2).ToArray().Sum(Math.Abs));
            Assert.InRange(Distance(old.ItemFactors(0), model.ItemFactors(0)), 0, 1);
        }

        static double Distance(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
        {
            var sum = 0.0;
            for (var f = 0; f < x.Length; f++) sum += Math.Abs(x[f] - y[f]);
            return sum;
        }
    }
}
