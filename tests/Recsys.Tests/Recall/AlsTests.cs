using Recsys.Data;
using Recsys.Recall;
using Recsys.Tests.Contracts;
using Recsys.Tests.Reference;

namespace Recsys.Tests.Recall;

public sealed class AlsTests
{
    private static readonly Interactions Log = ContractData.Skewed();

    private static readonly AlsOptions Exact = new()
    {
        Factors = 3,
        Iterations = 2,
        Solver = AlsSolver.Cholesky,
        Alpha = 2,
        UnobservedWeight = 1,
        Regularization = 0.05f,
        RegularizationExponent = 0,
        InitialScale = 1,
    };

    [Fact]
    public void One_user_and_one_item_can_be_solved_by_hand()
    {
        // F = 1, c = 1 + 2 · 3 = 7, p = 1: y = 7x / (7x² + λ), x = 7y / (7y² + λ) settles at x² = y² = (7 - λ) / 7.
        var model = Als.Train(
            ContractData.OneRow(), Exact with { Factors = 1, Iterations = 100, Regularization = 0.5f });
        Assert.Equal(6.5 / 7, model.Predict(0, 0), 1e-4);
        Assert.Equal(6.5 / 7, model.UserFactors(0)[0] * model.UserFactors(0)[0], 1e-3);
    }

    public static TheoryData<AlsOptions> Losses => new(
        Exact,
        Exact with { UnobservedWeight = 0.1f, RegularizationExponent = 1, Regularization = 0.01f },
        Exact with { Confidence = AlsConfidence.Logarithmic, ConfidenceScale = 0.5f, RegularizationExponent = 0.5f },
        AlsOptions.ForRatings with { Factors = 3, Iterations = 2 },
        AlsOptions.ForRatings with { Factors = 3, Iterations = 2, Biases = false, RegularizationExponent = 0 });

    [Theory]
    [MemberData(nameof(Losses))]
    public void Users_solve_the_dense_normal_equations_of_their_items(AlsOptions options)
    {
        var model = Als.Train(Log, options);
        var cells = InteractionRows.OfUsers(Log, options.Feedback == AlsFeedback.Explicit ? RepeatedItems.Last : RepeatedItems.Sum);
        for (var user = 0; user < 60; user++)
        {
            var x = SlowAls.Solve(model, options, cells.Row(user).Columns, cells.Row(user).Values, Log.ItemCount);
            for (var f = 0; f < 3; f++) Assert.Equal(x[f], model.UserFactors(user)[f], 2e-3);
            if (x.Length == 4) Assert.Equal(x[3], model.UserBias(user), 2e-3);
        }
    }

    [Theory]
    [MemberData(nameof(Losses))]
    public void A_trained_user_is_the_fold_in_of_the_own_items(AlsOptions options)
    {
        var model = Als.Train(Log, options);
        for (var user = 0; user < 20; user++)
        {
            var known = Lists.Recall(model, user, 30);
            var folded = Lists.Recall(model, -1, 160, history: Log.ItemsOf(user).ToArray(), values: Log.ValuesOf(user).ToArray())
                .ToDictionary(x => x.Item, x => x.Score);
            foreach (var (item, score) in known) Assert.Equal(score, folded[item], 1e-3);
        }
    }

    [Theory]
    [MemberData(nameof(Losses))]
    public void The_reported_loss_is_that_of_the_formula_and_falls(AlsOptions options)
    {
        var losses = new List<double>();
        var model = Als.Train(Log, options with { Iterations = 6 }, new Sink(x => losses.Add(x.Loss!.Value)));
        for (var i = 1; i < losses.Count; i++) Assert.True(losses[i] <= losses[i - 1] * 1.0001, $"{losses[i - 1]} then {losses[i]}");
        Assert.Equal(SlowAls.Loss(model, options, Log), losses[^1], 2e-3 * Math.Abs(losses[^1]));
    }

    [Fact]
    public void Enough_steps_of_conjugate_gradients_reach_the_exact_solution()
    {
        var exact = Als.Train(Log, Exact);
        var steps = Als.Train(Log, Exact with { Solver = AlsSolver.ConjugateGradient, ConjugateGradientSteps = 20 });
        for (var user = 0; user < 60; user++)
            for (var item = 0; item < 150; item++) Assert.Equal(exact.Predict(user, item), steps.Predict(user, item), 5e-3);
    }

    [Theory]
    [MemberData(nameof(Losses))]
    public void The_parts_of_an_explanation_add_up_to_the_score(AlsOptions options)
    {
        var model = Als.Train(Log, options);
        var (history, values) = (Log.ItemsOf(4).ToArray(), Log.ValuesOf(4).ToArray());
        var parts = new ScoredItem[160];
        foreach (var (item, score) in Lists.Recall(model, -1, 20, history: history, values: values))
        {
            var count = ((IExplains)model).Explain(item, history, values, parts);
            Lists.AssertSound(parts[..count], 160);
            Assert.Equal(history.Distinct().Order(), parts[..count].Select(x => x.Item).Order());
            Assert.Equal(score - model.Mean - model.ItemBias(item), parts[..count].Sum(x => x.Score), 2e-3);
        }
        Assert.Equal(0, model.Explain(160, history, values, parts));
        Assert.Equal(0, model.Explain(-1, history, values, parts));
        Assert.Equal(0, model.Explain(3, [], [], parts));
        Assert.Equal(2, model.Explain(3, history, values, parts.AsSpan(0, 2)));
    }

    [Fact]
    public void A_negative_value_is_a_dislike_and_a_zero_says_nothing()
    {
        var log = ContractData.Build(20, 4, add =>
        {
            for (var user = 0; user < 20; user++)
            {
                add(user, 0, 1, 0);
                add(user, 1, user % 2 == 0 ? 1 : -1, 1);
                add(user, 2, 0, 2);
            }
        });
        var model = Als.Train(log, Exact with { Factors = 2, Iterations = 20 });
        Assert.True(model.Predict(0, 1) > 0.8);
        Assert.True(model.Predict(1, 1) < 0.2);
        Assert.Equal(0, model.Predict(0, 2), 1e-4);
        Assert.Equal(0, model.Predict(0, 3));
    }

    [Fact]
    public void Ratings_of_rank_one_are_recovered()
    {
        var log = ContractData.Build(40, 30, add =>
        {
            for (var u = 0; u < 40; u++)
                for (var i = 0; i < 30; i++)
                    if ((u * 7 + i * 3) % 5 != 0) add(u, i, Truth(u, i), 1000 + i);
        });
        var model = Als.Train(log, AlsOptions.ForRatings with { Factors = 1, Iterations = 50, Regularization = 0.001f });
        for (var u = 0; u < 40; u++)
            for (var i = 0; i < 30; i++) Assert.Equal(Truth(u, i), model.Predict(u, i), 0.15);

        static float Truth(int u, int i) => 3 + MathF.Sin(u) * MathF.Cos(2 * i) * 2;
    }

    [Theory]
    [InlineData(AlsSolver.Cholesky)]
    [InlineData(AlsSolver.ConjugateGradient)]
    public void More_factors_than_items_and_equal_values_are_no_trouble(AlsSolver solver)
    {
        var log = ContractData.Build(3, 2, add =>
        {
            for (var user = 0; user < 3; user++) add(user, user % 2, 4, user);
        });
        foreach (var options in new[] { new AlsOptions { Factors = 40 }, AlsOptions.ForRatings with { Factors = 40 } })
        {
            var model = Als.Train(log, options with { Solver = solver, Regularization = 1e-6f });
            for (var user = -1; user < 4; user++) Lists.AssertSound(Lists.Recall(model, user, 5), 2);
            Lists.AssertSound(Lists.Recall(model, -1, 5, history: [0, 1, 1, 0]), 2);
            if (options.Feedback == AlsFeedback.Explicit) Assert.Equal(4, model.Predict(0, 0), 1e-3);
        }
    }

    [Fact]
    public void A_warm_start_goes_on_and_takes_new_ids()
    {
        var first = Als.Train(Log, Exact with { Iterations = 10 });
        var builder = new InteractionsBuilder(Log.Users, Log.Items);
        foreach (var row in Log.Rows()) builder.AddDense(row.User, row.Item, row.Value, row.Time);
        for (var item = 0; item < 9; item++) builder.Add(1000, item, 5, 5000);
        builder.Add(1000, 2000, 5, 5000);
        var grown = builder.Build();

        var warm = Exact with { Iterations = 1, WarmStart = first };
        var second = Als.Train(grown, warm);
        Assert.Equal((71, 161), (second.UserCount, second.ItemCount));
        Assert.NotEmpty(Lists.Recall(second, grown.Users.Find(1000), 5));
        Assert.True(SlowAls.Loss(second, warm, grown) < SlowAls.Loss(Als.Train(grown, warm with { WarmStart = null }), warm, grown));

        AssertRefused("it has 3 factors, but Factors is 4", Exact with { Factors = 4, WarmStart = first }, Log);
        AssertRefused("trained on the other feedback", AlsOptions.ForRatings with { Factors = 3, WarmStart = first }, Log);
        AssertRefused("extend its id maps", warm, ContractData.OneRow());
        var rated = AlsOptions.ForRatings with { Factors = 3 };
        AssertRefused("Biases is False", rated with { Biases = false, WarmStart = Als.Train(Log, rated) }, Log);

        static void AssertRefused(string why, AlsOptions options, Interactions log)
            => Assert.Contains(why, Assert.Throws<ArgumentException>(() => Als.Train(log, options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_predicted_rating_stays_within_the_range_of_all_that_was_trained_on()
    {
        var options = AlsOptions.ForRatings with { Factors = 3, Regularization = 0.001f };
        var model = Als.Train(Log, options);
        var beyond = (Low: 0, High: 0);
        for (var user = 0; user < 60; user++)
        {
            for (var item = 0; item < 150; item++)
            {
                var free = model.Mean + model.UserBias(user) + model.ItemBias(item);
                for (var f = 0; f < 3; f++) free += model.UserFactors(user)[f] * model.ItemFactors(item)[f];
                Assert.Equal(Math.Clamp(free, 1, 5), model.Predict(user, item), 1e-4);
                beyond = (beyond.Low + (free < 0.9 ? 1 : 0), beyond.High + (free > 5.1 ? 1 : 0));
            }
        }
        Assert.True(beyond.Low > 0 && beyond.High > 0);

        // A log of threes does not narrow the range, nor move the mean.
        var threes = ContractData.Build(70, 160, add => add(0, 0, 3, 0));
        var second = Als.Train(threes, options with { Iterations = 1, WarmStart = model });
        Assert.Equal(model.Mean, second.Mean);
        Assert.Contains(Enumerable.Range(0, 150), item => second.Predict(5, item) is > 3.5f or < 2.5f);
    }

    [Fact]
    public void A_long_history_after_a_short_one_is_folded_in_alike()
    {
        foreach (var options in new[] { Exact, AlsOptions.ForRatings with { Factors = 3 } })
        {
            var (used, fresh) = (Als.Train(Log, options), Als.Train(Log, options));
            Assert.NotEmpty(Lists.Recall(used, -1, 9, history: [1]));
            int[] history = [.. Enumerable.Range(0, 130)];
            Assert.Equal(Lists.Recall(fresh, -1, 9, history: history), Lists.Recall(used, -1, 9, history: history));
        }
    }

    [Fact]
    public void Huge_values_end_in_an_error_that_says_so()
    {
        var log = ContractData.Build(2, 2, add =>
        {
            add(0, 0, 1e38f, 0);
            add(1, 1, 1e38f, 0);
        });
        Assert.Throws<ArithmeticException>(() => Als.Train(log, new AlsOptions { Alpha = 1000 }));
        Assert.Throws<ArithmeticException>(() => Als.Train(log, Exact with { Alpha = 1000 }));
    }

    private sealed class Sink(Action<TrainProgress> report) : IProgress<TrainProgress>
    {
        public void Report(TrainProgress value) => report(value);
    }
}
