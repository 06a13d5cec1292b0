using Recsys.Data;
using Recsys.Numerics;

namespace Recsys.Tests.Data;

public class NegativeSamplerTests
{
    private static readonly Rng Rng = new(4);

    private static double[] Shares(NegativeSampler sampler, int user, int items, int draws = 100_000)
    {
        var shares = new double[items];
        for (var i = 0; i < draws; i++) shares[sampler.Sample(Rng, (ulong)i, user)] += 1.0 / draws;
        return shares;
    }

    private static Interactions Log(params (long User, long Item)[] rows)
    {
        var builder = new InteractionsBuilder(IdMap.FromLongs([0, 1, 2]), IdMap.FromLongs([0, 1, 2, 3, 4, 5]));
        foreach (var (user, item) in rows) builder.Add(user, item);
        return builder.Build();
    }

    [Fact]
    public void Uniform_negatives_are_uniform_over_the_items_the_user_does_not_have()
    {
        var sampler = NegativeSampler.Uniform(Log((0, 1), (0, 4), (0, 1), (1, 0)));
        var shares = Shares(sampler, 0, 6);
        Assert.Equal((0.0, 0.0), (shares[1], shares[4]));
        foreach (var item in new[] { 0, 2, 3, 5 }) Assert.Equal(0.25, shares[item], 0.01);
        foreach (var share in Shares(sampler, -1, 6)) Assert.Equal(1 / 6.0, share, 0.01);
    }

    [Fact]
    public void Popular_negatives_follow_the_power_of_their_counts()
    {
        // Counts: item 0: 4, item 1: 1, item 2: 9; items 3 to 5 never.
        var rows = Enumerable.Repeat((1L, 0L), 4).Concat([(0L, 1L)]).Concat(Enumerable.Repeat((2L, 2L), 9)).ToArray();
        var shares = Shares(NegativeSampler.ByPopularity(Log(rows), 0.5), 0, 6);
        Assert.Equal(0, shares[1]);
        Assert.Equal(2 / 5.0, shares[0], 0.01);
        Assert.Equal(3 / 5.0, shares[2], 0.01);
        Assert.Equal(1, shares.Sum(), 6);
    }

    [Fact]
    public void A_user_who_has_nearly_everything_still_gets_exact_draws()
    {
        // Trying alone would need thousands of draws: the exact second way is what answers.
        const int Items = 20_000;
        var builder = new InteractionsBuilder();
        for (var item = 0; item < Items; item++)
        {
            if (item is not (7 or 13_000 or 19_999)) builder.Add(0, item);
            builder.Add(1, item);
            if (item == 13_000) builder.Add(2, item);
        }
        var log = builder.Build();
        var (a, b, c) = (log.Items.Find(7), log.Items.Find(13_000), log.Items.Find(19_999));
        var uniform = Shares(NegativeSampler.Uniform(log), 0, Items, 30_000);
        Assert.Equal([1 / 3.0, 1 / 3.0, 1 / 3.0], [uniform[a], uniform[b], uniform[c]], (x, y) => Math.Abs(x - y) < 0.02);
        var popular = Shares(NegativeSampler.ByPopularity(log, 1), 0, Items, 3_000);
        Assert.Equal([0.25, 0.5, 0.25], [popular[a], popular[b], popular[c]], (x, y) => Math.Abs(x - y) < 0.05);
    }

    [Fact]
    public void A_user_who_has_every_item_gets_none()
    {
        var log = Log((0, 0), (0, 1), (0, 2), (0, 3), (0, 4), (0, 5), (1, 0));
        Assert.Equal(-1, NegativeSampler.Uniform(log).Sample(Rng, 0, 0));
        var destination = new int[3];
        Assert.False(NegativeSampler.Uniform(log).Sample(Rng, 0, 0, destination));
        Assert.Equal([-1, -1, -1], destination);
        Assert.True(NegativeSampler.Uniform(log).Sample(Rng, 0, 1, destination));
        Assert.DoesNotContain(0, destination);

        // All that has a weight is known.
        Assert.Equal(-1, NegativeSampler.ByPopularity(Log((0, 0), (0, 1), (1, 1))).Sample(Rng, 0, 0));
        Assert.Equal(-1, NegativeSampler.ByPopularity(new InteractionsBuilder().Build()).Sample(Rng, 0, 0));
        Assert.Equal(-1, NegativeSampler.Uniform(new InteractionsBuilder().Build()).Sample(Rng, 0, 0));
    }

    [Fact]
    public void Draws_depend_on_stream_index_and_user_alone_and_allocate_nothing()
    {
        var sampler = NegativeSampler.ByPopularity(Log((0, 0), (0, 1), (1, 2), (2, 3), (2, 4)));
        var first = Enumerable.Range(0, 50).Select(i => sampler.Sample(Rng, (ulong)i, 0)).ToArray();
        Assert.Equal(first.Reverse(), Enumerable.Range(0, 50).Reverse().Select(i => sampler.Sample(Rng, (ulong)i, 0)));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++) sampler.Sample(Rng, (ulong)i, 0);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void In_batch_negatives_are_the_other_items_that_the_user_does_not_have()
    {
        var sampler = NegativeSampler.Uniform(Log((0, 0), (0, 3), (1, 1), (2, 2)));
        int[] users = [0, 1, 2, 2, 0], items = [0, 1, 2, 2, 3];
        var destination = new int[5];
        Assert.Equal(2, sampler.InBatch(users, items, 0, destination));
        Assert.Equal([1, 2], destination[..2]);
        Assert.Equal(3, sampler.InBatch(users, items, 1, destination));
        Assert.Equal([0, 2, 3], destination[..3]);
        Assert.Equal(1, sampler.InBatch(users, items, 1, destination.AsSpan(0, 1)));
        Assert.Equal(0, sampler.InBatch([0, 0], [0, 3], 0, destination));
        Assert.Contains("a batch has as many of each",
            Assert.Throws<ArgumentException>(() => sampler.InBatch([0], [0, 1], 0, new int[1])).Message);
    }

    [Fact]
    public void Bad_alpha_is_refused()
        => Assert.Contains("alpha must lie",
            Assert.Throws<ArgumentOutOfRangeException>(() => NegativeSampler.ByPopularity(Log(), -1)).Message);
}
