using Recsys.Data;
using Recsys.Numerics;

namespace Recsys.Tests.Data;

public class SplitsTests
{
    private static Interactions Log(int rows = 1000, bool times = true)
    {
        var rng = new Rng(9);
        var builder = new InteractionsBuilder();
        for (var i = 0; i < rows; i++)
            builder.Add(rng.Below((ulong)i * 2, 50), i, 1, times ? rng.Below((ulong)i * 2 + 1, 500) : null);
        return builder.Build();
    }

    private static List<Interaction> All(Split split)
        => [.. split.Train.Rows().Concat(split.Test.Rows()).Concat(split.Validation?.Rows() ?? []).OrderBy(r => r.User).ThenBy(r
            => r.Item)];

    private static void IsPartition(Interactions log, Split split)
    {
        Assert.Equal(log.Rows().OrderBy(r => r.User).ThenBy(r => r.Item), All(split));
        Assert.Same(log.Users, split.Train.Users);
        Assert.Same(log.Items, split.Test.Items);
    }

    [Fact]
    public void A_random_split_has_exact_sizes_and_depends_on_the_seed_alone()
    {
        var log = Log();
        var split = Splits.Random(log, 0.2, seed: 5, validationRatio: 0.1);
        IsPartition(log, split);
        Assert.Equal((700L, 200L, 100L), (split.Train.Count, split.Test.Count, split.Validation!.Count));
        Assert.Equal(split.Test.Rows(), Splits.Random(log, 0.2, seed: 5).Test.Rows());
        Assert.NotEqual(split.Test.Rows(), Splits.Random(log, 0.2, seed: 6).Test.Rows());
        Assert.Null(Splits.Random(log).Validation);
        Assert.Equal("random 20 % of all rows, seed 5", split.Description);
    }

    [Fact]
    public void A_random_split_per_user_takes_the_share_of_each_and_leaves_one_row()
    {
        var log = Log();
        var split = Splits.RandomPerUser(log, 0.25, seed: 5, validationRatio: 0.25);
        IsPartition(log, split);
        for (var user = 0; user < log.UserCount; user++)
        {
            var count = log.ItemsOf(user).Length;
            Assert.Equal((int)Math.Round(count * 0.25, MidpointRounding.AwayFromZero), split.Test.ItemsOf(user).Length);
            Assert.InRange(split.Train.ItemsOf(user).Length, 1, count);
        }
        var all = Splits.RandomPerUser(log, 1);
        for (var user = 0; user < log.UserCount; user++) Assert.Equal(1, all.Train.ItemsOf(user).Length);
    }

    [Fact]
    public void Leaving_out_the_last_rows_takes_the_latest_of_each_user()
    {
        var log = Log();
        var split = Splits.LeaveLastOut(log, 2, validation: true);
        IsPartition(log, split);
        for (var user = 0; user < log.UserCount; user++)
        {
            var items = log.ItemsOf(user);
            Assert.True(items.Length > 4);
            Assert.Equal(items[^2..].ToArray(), split.Test.ItemsOf(user).ToArray());
            Assert.Equal(items[^4..^2].ToArray(), split.Validation!.ItemsOf(user).ToArray());
        }
        var small = Splits.LeaveLastOut(Interactions.From([("u", "a"), ("v", "a"), ("v", "b")]));
        Assert.Equal((1, 1, 0), (small.Train.ItemsOf(0).Length, small.Train.ItemsOf(1).Length, small.Test.ItemsOf(0).Length));
    }

    [Fact]
    public void A_split_by_time_puts_nothing_of_the_future_into_training()
    {
        var log = Log();
        var split = Splits.ByTime(log, 0.2, validationRatio: 0.1);
        IsPartition(log, split);
        Assert.InRange(split.Test.Count, 200, 210);
        Assert.InRange(split.Validation!.Count, 90, 110);
        var (trainEnd, validationStart) = (split.Train.Rows().Max(r => r.Time), split.Validation.Rows().Min(r => r.Time));
        var (validationEnd, testStart) = (split.Validation.Rows().Max(r => r.Time), split.Test.Rows().Min(r => r.Time));
        Assert.True(trainEnd < validationStart && validationEnd < testStart);
        Assert.DoesNotContain(split.Warnings, w => w.Contains("at random", StringComparison.Ordinal));

        var instant = Splits.ByTime(log, from: 100L);
        Assert.All(instant.Test.Rows(), r => Assert.True(r.Time >= 100));
        Assert.All(instant.Train.Rows(), r => Assert.True(r.Time < 100));
        Assert.Equal("by time: test from 1970-01-01 00:01:40Z", instant.Description);
        Assert.Contains("must begin before the test part (100)",
            Assert.Throws<ArgumentOutOfRangeException>(() => Splits.ByTime(log, 100L, 100)).Message);
    }

    [Fact]
    public void Leaks_and_cold_ids_are_told()
    {
        var log = Interactions.From([("u", "a", 1f, 1L), ("u", "b", 1f, 2L), ("v", "c", 1f, 3L), ("u", "a", 1f, 4L), ("v", "a", 1f, 5L)]);
        var split = Splits.ByTime(log, from: 3L);
        Assert.Equal(
            [
                "Users in the test part only: 1. Models know nothing of them.",
                "Items in the test part only: 1. Models that learn from interactions cannot find them.",
                "Test rows that repeat a (user, item) pair of the training part: 1. Lists without seen items cannot hit them.",
            ], split.Warnings);
        Assert.Contains(Splits.Random(log).Warnings, w
            => w.StartsWith("The rows have times but were split at random", StringComparison.Ordinal));
        Assert.DoesNotContain(Splits.Random(Log(times: false)).Warnings, w => w.Contains("at random", StringComparison.Ordinal));
        Assert.Contains("The test part is empty.", Splits.Random(log, 0).Warnings);
        Assert.Contains("The training part is empty.", Splits.ByTime(log, from: -5L).Warnings);
    }

    [Fact]
    public void Rows_without_a_time_stay_in_training_with_a_warning()
    {
        var builder = new InteractionsBuilder(MissingTime.KeepInputOrder);
        builder.Add("u", "a");
        builder.Add("v", "a", 1, 5);
        builder.Add("v", "b", 1, 6);
        var split = Splits.ByTime(builder.Build(), 0.5);
        Assert.Equal((2L, 1L), (split.Train.Count, split.Test.Count));
        Assert.Contains("1 of 3 rows have no time; they are in the training part.", split.Warnings);
    }

    [Fact]
    public void Bad_ratios_and_missing_times_are_refused()
    {
        var log = Log(10, times: false);
        Assert.Contains("testRatio must lie between 0 and 1",
            Assert.Throws<ArgumentOutOfRangeException>(() => Splits.Random(log, 1.5)).Message);
        Assert.Contains("testRatio must lie", Assert.Throws<ArgumentOutOfRangeException>(() => Splits.Random(log, double.NaN)).Message);
        Assert.Contains("validationRatio must lie",
            Assert.Throws<ArgumentOutOfRangeException>(() => Splits.RandomPerUser(log, 0.8, 1, 0.3)).Message);
        Assert.Contains("n must be at least 1", Assert.Throws<ArgumentOutOfRangeException>(() => Splits.LeaveLastOut(log, 0)).Message);
        Assert.Contains("This log has no times", Assert.Throws<InvalidOperationException>(() => Splits.ByTime(log, 0.2)).Message);
    }

    [Fact]
    public void An_empty_log_can_be_split()
    {
        var empty = new InteractionsBuilder().Build();
        Assert.Equal(0, Splits.Random(empty).Test.Count);
        Assert.Equal(0, Splits.RandomPerUser(empty).Test.Count);
        Assert.Equal(0, Splits.LeaveLastOut(empty).Test.Count);
    }
}
