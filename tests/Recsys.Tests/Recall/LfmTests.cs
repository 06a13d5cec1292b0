using Recsys.Data;
using Recsys.Numerics;
using Recsys.Recall;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Recall;

public class LfmTests
{
    private static readonly Interactions Log = ContractData.Skewed();

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(10)]
    [InlineData(33)]
    public void A_run_of_steps_is_that_of_the_plain_loop(int factors)
    {
        var state = new FactorState(5, 7, factors, 0.5f, true);
        var rng = new Rng(1);
        var (p, q, b, c) = (new double[5, factors], new double[7, factors], new double[5], new double[7]);
        for (var f = 0; f < factors; f++)
        {
            for (var r = 0; r < 5; r++) p[r, f] = state.P[r * state.Stride + f] = rng.Uniform((ulong)(r * factors + f)) - 0.5f;
            for (var r = 0; r < 7; r++) q[r, f] = state.Q[r * state.Stride + f] = rng.Uniform((ulong)(1000 + r * factors + f)) - 0.5f;
        }
        var examples = new FactorExample[60];
        for (var i = 0; i < 60; i++)
            examples[i] = new FactorExample(rng.Stream(1).Below((ulong)i, 5), rng.Stream(2).Below((ulong)i, 7),
                rng.Stream(3).Uniform((ulong)i));

        var loss = 0.0;
        foreach (var (u, i, value) in examples)
        {
            var e = value - 0.5 - b[u] - c[i];
            for (var f = 0; f < factors; f++) e -= p[u, f] * q[i, f];
            loss += e * e;
            b[u] += 0.1 * (e - 0.02 * b[u]);
            c[i] += 0.1 * (e - 0.02 * c[i]);
            for (var f = 0; f < factors; f++)
            {
                var old = p[u, f];
                p[u, f] += 0.1 * (e * q[i, f] - 0.02 * p[u, f]);
                q[i, f] += 0.1 * (e * old - 0.02 * q[i, f]);
            }
        }

        Assert.Equal(loss, FactorSgd.Run(state, examples, 0.1f, 0.02f), 1e-4);
        for (var r = 0; r < 5; r++)
        {
            Assert.Equal(b[r], state.RowBias[r], 1e-5);
            for (var f = 0; f < state.Stride; f++) Assert.Equal(f < factors ? p[r, f] : 0, state.P[r * state.Stride + f], 1e-5);
        }
        for (var r = 0; r < 7; r++)
        {
            Assert.Equal(c[r], state.ColumnBias[r], 1e-5);
            for (var f = 0; f < state.Stride; f++) Assert.Equal(f < factors ? q[r, f] : 0, state.Q[r * state.Stride + f], 1e-5);
        }
    }

    [Fact]
    public void A_step_goes_down_the_gradient_of_the_loss()
    {
        float[] start = [0.3f, -0.2f, 0.5f, 0.1f, 0.05f, -0.1f]; // p, q, b, c
        const float Reg = 0.1f, Rate = 1e-3f, Value = 1;

        var state = new FactorState(1, 1, 2, 0.2f, true);
        (state.P[0], state.P[1], state.Q[0], state.Q[1], state.RowBias[0], state.ColumnBias[0]) = (start[0], start[1], start[2], start[3],
            start[4], start[5]);
        FactorSgd.Run(state, [new FactorExample(0, 0, Value)], Rate, Reg);
        float[] end = [state.P[0], state.P[1], state.Q[0], state.Q[1], state.RowBias[0], state.ColumnBias[0]];
        for (var i = 0; i < start.Length; i++)
        {
            double[] up = Array.ConvertAll(start, x => (double)x), down = Array.ConvertAll(start, x => (double)x);
            up[i] += 1e-4;
            down[i] -= 1e-4;
            Assert.Equal(-Rate * (Loss(up) - Loss(down)) / 2e-4, end[i] - start[i], 1e-6);
        }

        static double Loss(double[] x)
        {
            var e = Value - 0.2 - x[4] - x[5] - x[0] * x[2] - x[1] * x[3];
            return (e * e + Reg * x.Sum(v => v * v)) / 2;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(200)]
    public void Every_epoch_holds_each_positive_once_and_fresh_negatives(int shards)
    {
        var users = InteractionRows.OfUsers(Log, RepeatedItems.One);
        var examples = new LfmExamples(users, NegativeSampler.ByPopularity(Log, 1), 2, shards, new Rng(1));
        var first = Epoch(0);
        var second = Epoch(1);
        Assert.NotEqual(first, second);
        Assert.NotEqual(first.Where(x => x.Value == 0).Order(Comparer()), second.Where(x => x.Value == 0).Order(Comparer()));

        List<FactorExample> Epoch(int epoch)
        {
            var all = new List<FactorExample>();
            Dictionary<int, int> shardOfUser = [], shardOfItem = [];
            for (var u = 0; u < shards; u++)
            {
                examples.Prepare(u, epoch);
                for (var i = 0; i < shards; i++)
                {
                    foreach (var example in examples.Block(u, i))
                    {
                        Assert.Equal(u, shardOfUser.TryAdd(example.Row, u) ? u : shardOfUser[example.Row]);
                        Assert.Equal(i, shardOfItem.TryAdd(example.Column, i) ? i : shardOfItem[example.Column]);
                        all.Add(example);
                    }
                }
            }
            var positives = all.Where(x => x.Value == 1).Order(Comparer()).ToArray();
            Assert.Equal(users.Count, positives.Length);
            Assert.Equal(positives.Length, positives.Distinct().Count());
            Assert.All(positives, x => Assert.True(users.Row(x.Row).Columns.BinarySearch(x.Column) >= 0));
            Assert.Equal(2 * users.Count, all.Count(x => x.Value == 0));
            Assert.All(all.Where(x => x.Value == 0), x => Assert.True(users.Row(x.Row).Columns.BinarySearch(x.Column) < 0));
            return all;
        }

        static IComparer<FactorExample> Comparer()
            => Comparer<FactorExample>.Create((a, b) => (a.Row, a.Column).CompareTo((b.Row, b.Column)));
    }

    [Fact]
    public void Ratings_of_rank_one_are_recovered()
    {
        // r_ui = 3 + a_u b_i, 80 % of the cells.
        var log = ContractData.Build(40, 30, add =>
        {
            for (var u = 0; u < 40; u++)
                for (var i = 0; i < 30; i++)
                    if ((u * 7 + i * 3) % 5 != 0) add(u, i, Truth(u, i), 1000 + i);
        });
        var model = Lfm.Train(log, new LfmOptions
        {
            Feedback = LfmFeedback.Explicit,
            Biases = true,
            Factors = 4,
            Epochs = 300,
            LearningRate = 0.05f,
            LearningRateDecay = 1,
            Regularization = 0.001f,
            Shards = 4,
        });
        var error = 0.0;
        for (var u = 0; u < 40; u++)
            for (var i = 0; i < 30; i++)
                if ((u * 7 + i * 3) % 5 == 0) error = Math.Max(error, Math.Abs(model.Predict(u, i) - Truth(u, i)));
        Assert.InRange(error, 0, 0.15);

        static float Truth(int u, int i) => 3 + MathF.Sin(u) * MathF.Cos(2 * i) * 2;
    }

    [Theory]
    [InlineData(LfmFeedback.Explicit, true)]
    [InlineData(LfmFeedback.Explicit, false)]
    [InlineData(LfmFeedback.Implicit, true)]
    [InlineData(LfmFeedback.Implicit, false)]
    public void Fold_in_minimises_the_expected_loss_of_the_user(LfmFeedback feedback, bool biases)
    {
        var model = Lfm.Train(Log, new LfmOptions
        {
            Feedback = feedback,
            Biases = biases,
            Factors = 3,
            Epochs = 10,
            NegativeRatio = 2,
            NegativePower = 0.5,
            Regularization = 0.03f,
            Shards = 2,
        });
        var history = Log.ItemsOf(7).ToArray().Distinct().ToArray();
        var values = history.Select((_, i) => 1f + i % 5).ToArray();
        var counts = new double[Log.ItemCount];
        foreach (var cell in InteractionRows.OfUsers(Log, RepeatedItems.One).Columns) counts[cell]++;
        var weights = counts.Select(n => n == 0 ? 0 : Math.Sqrt(n)).ToArray();

        // The scores are linear in (p, b): read the solution off them by comparing with the minimiser found by plain gradient descent.
        var x = new double[biases ? 4 : 3];
        for (var step = 0; step < 5_000; step++)
        {
            var gradient = new double[x.Length];
            for (var k = 0; k < history.Length; k++) Add(history[k], feedback == LfmFeedback.Explicit ? values[k] : 1, 1, gradient);
            if (feedback == LfmFeedback.Implicit)
                for (var i = 0; i < weights.Length; i++) Add(i, 0, history.Length * 2 * weights[i] / weights.Sum(), gradient);
            var n = history.Length * (feedback == LfmFeedback.Implicit ? 3 : 1);
            for (var f = 0; f < x.Length; f++) x[f] -= 0.3 / n * (gradient[f] + 0.03f * n * x[f]);
        }

        var list = Lists.Recall(model, -1, Log.ItemCount, history: history, values: values);
        Assert.Equal(Log.ItemCount, list.Length);
        foreach (var (item, score) in list) Assert.Equal(Score(item), score, 2e-3);

        double Score(int item)
        {
            var sum = model.Mean + Bias(item) + (biases ? x[3] : 0);
            for (var f = 0; f < 3; f++) sum += x[f] * model.ItemFactors(item)[f];
            return sum;
        }

        void Add(int item, double label, double weight, double[] gradient)
        {
            var e = label - Score(item);
            for (var f = 0; f < 3; f++) gradient[f] -= weight * e * model.ItemFactors(item)[f];
            if (biases) gradient[3] -= weight * e;
        }

        double Bias(int item) => model.ItemBias(item);
    }

    [Fact]
    public void Topics_are_largest_factors_and_list_their_items()
    {
        var model = Lfm.Train(Log, new LfmOptions { Factors = 5, Epochs = 5 });
        var listed = 0;
        var list = new ScoredItem[Log.ItemCount];
        for (var topic = 0; topic < 5; topic++)
        {
            var count = model.TopItemsOf(topic, default, list);
            Lists.AssertSound(list[..count], Log.ItemCount);
            foreach (var (item, weight) in list[..count])
            {
                Assert.Equal(topic, model.TopicOf(item));
                Assert.Equal(model.ItemFactors(item)[topic], weight);
                Assert.Equal(model.ItemFactors(item).ToArray().Max(), weight);
            }
            listed += count;
        }
        Assert.Equal(Enumerable.Range(0, Log.ItemCount).Count(i => Log.UsersOf(i).Length > 0), listed);
        Assert.Equal(-1, model.TopicOf(155));
        Assert.Equal(-1, model.TopicOf(-1));
        Assert.Equal(0, model.TopItemsOf(5, default, list));
    }

    [Fact]
    public void Similar_items_are_those_of_highest_cosine()
    {
        var model = Lfm.Train(Log, new LfmOptions { Factors = 5, Epochs = 5 });
        var list = new ScoredItem[Log.ItemCount];
        var count = model.SimilarItems(3, default, list);
        Lists.AssertSound(list[..count], Log.ItemCount);
        foreach (var (item, cosine) in list[..count])
        {
            double ab = 0, aa = 0, bb = 0;
            for (var f = 0; f < 5; f++)
            {
                var (a, b) = (model.ItemFactors(3)[f], model.ItemFactors(item)[f]);
                (ab, aa, bb) = (ab + a * b, aa + a * a, bb + b * b);
            }
            Assert.Equal(ab / Math.Sqrt(aa * bb), cosine, 1e-5);
        }
        Assert.DoesNotContain(list[..count], x => x.Item >= 150);
        Assert.Equal(0, model.SimilarItems(155, default, list));
    }

    [Fact]
    public void A_warm_start_keeps_what_was_learned_and_takes_new_ids()
    {
        var old = ContractData.RatedCommunities();
        var options = LfmOptions.ForRatings with { Factors = 6, Epochs = 60, LearningRate = 0.1f };
        var first = Lfm.Train(old, options);

        var builder = new InteractionsBuilder(old.Users, old.Items);
        foreach (var row in old.Rows()) builder.AddDense(row.User, row.Item, row.Value, row.Time);
        for (var item = 0; item < 9; item++) builder.Add(1000, item, 5, 5000);
        builder.Add(1000, 2000, 5, 5000);
        var grown = builder.Build();
        var second = Lfm.Train(grown, options with { Epochs = 3, LearningRate = 0.02f, WarmStart = first });
        var cold = Lfm.Train(grown, options with { Epochs = 3, LearningRate = 0.02f });

        Assert.Equal(grown.UserCount, second.UserCount);
        Assert.Equal(grown.ItemCount, second.ItemCount);
        Assert.True(Error(second) < 0.5 * Error(cold), $"warm {Error(second)}, cold {Error(cold)}");
        Assert.NotEmpty(Lists.Recall(second, grown.Users.Find(1000), 5));

        double Error(Lfm model) => old.Rows().Average(row => Math.Pow(model.Predict(row.User, row.Item) - row.Value, 2));
    }

    [Fact]
    public void A_warm_start_that_does_not_fit_says_why()
    {
        var first = Lfm.Train(Log, new LfmOptions { Factors = 4, Epochs = 1 });
        AssertRefused("it has 4 factors, but Factors is 5", new LfmOptions { Factors = 5, WarmStart = first });
        AssertRefused("trained on the other feedback", new LfmOptions { Factors = 4, Feedback = LfmFeedback.Explicit, WarmStart = first });
        AssertRefused("Biases is True", new LfmOptions { Factors = 4, Biases = true, WarmStart = first });
        var error = Assert.Throws<ArgumentException>(
            () => Lfm.Train(ContractData.OneRow(), new LfmOptions { Factors = 4, WarmStart = first }));
        Assert.Contains("the data only 1 and 1", error.Message, StringComparison.Ordinal);

        static void AssertRefused(string why, LfmOptions options)
            => Assert.Contains(why, Assert.Throws<ArgumentException>(() => Lfm.Train(Log, options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_diverging_training_stops_and_names_the_options()
    {
        var options = LfmOptions.ForRatings with { LearningRate = 5 };
        var error = Assert.Throws<ArithmeticException>(() => Lfm.Train(Log, options));
        Assert.Contains("Lower LearningRate (it is 5)", error.Message, StringComparison.Ordinal);
        Assert.Contains("Regularization", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_loss_falls()
    {
        var reports = new List<TrainProgress>();
        Lfm.Train(Log, new LfmOptions { Epochs = 20 }, new Sink(reports.Add));
        Assert.Equal(20, reports.Count);
        Assert.True(reports[^1].Loss < reports[0].Loss);
    }

    [Fact]
    public void Predictions_stay_within_the_range_of_the_ratings_and_need_no_known_ids()
    {
        var model = Lfm.Train(Log, LfmOptions.ForRatings with { Epochs = 5 });
        for (var user = -1; user <= Log.UserCount; user++)
            for (var item = -1; item <= Log.ItemCount; item++) Assert.InRange(model.Predict(user, item), 1, 5);
        Assert.Equal(model.Mean, model.Predict(-1, -1));
    }

    private sealed class Sink(Action<TrainProgress> report) : IProgress<TrainProgress>
    {
        public void Report(TrainProgress value) => report(value);
    }
}
