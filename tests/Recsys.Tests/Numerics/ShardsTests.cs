using Recsys.Numerics;

namespace Recsys.Tests.Numerics;

public sealed class ShardsTests
{
    [Theory]
    [InlineData(0, 4)]
    [InlineData(1, 4)]
    [InlineData(7, 1)]
    [InlineData(100, 3)]
    public void Every_shard_runs_once(int shards, int threads)
    {
        var runs = new int[shards];
        Shards.Run(shards, threads, shard => Interlocked.Increment(ref runs[shard]));
        Assert.All(runs, count => Assert.Equal(1, count));
    }

    [Fact]
    public void Ranges_cover_everything_in_order()
    {
        for (var count = 0; count < 40; count++)
        {
            var next = 0;
            for (var shard = 0; shard < 7; shard++)
            {
                var (start, end) = Shards.Range(count, 7, shard);
                Assert.Equal(next, start);
                Assert.InRange(end - start, count / 7, count / 7 + 1);
                next = end;
            }
            Assert.Equal(count, next);
        }
    }

    [Fact]
    public void No_more_threads_work_than_asked_for()
    {
        int inside = 0, most = 0;
        Shards.Run(60, 3, _ =>
        {
            var now = Interlocked.Increment(ref inside);
            lock (this) most = Math.Max(most, now);
            Thread.Sleep(1);
            Interlocked.Decrement(ref inside);
        });
        Assert.InRange(most, 1, 3);
    }

    [Fact]
    public void Loops_inside_loops_end()
    {
        var sum = 0;
        Shards.Run(8, 4, _ => Shards.Run(8, 4, _ => Shards.Run(4, 4, _ => Interlocked.Increment(ref sum))));
        Assert.Equal(256, sum);
    }

    [Fact]
    public void Many_loops_at_once_keep_apart()
    {
        Shards.Run(4, 4, _ =>
        {
            for (var round = 0; round < 2000; round++)
            {
                var sum = 0;
                Shards.Run(3, 3, shard => Interlocked.Add(ref sum, shard + 1));
                Assert.Equal(6, sum);
            }
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void The_first_error_in_shard_order_is_thrown_and_the_next_loop_works(int threads)
    {
        for (var round = 0; round < 50; round++)
        {
            var error = Assert.Throws<InvalidOperationException>(() => Shards.Run(20, threads, shard =>
            {
                if (shard is 5 or 6 or 7) throw new InvalidOperationException($"shard {shard}");
            }));
            Assert.Equal("shard 5", error.Message);
        }
        Every_shard_runs_once(10, threads);
    }

    [Fact]
    public void A_later_shard_that_fails_sooner_does_not_hide_the_first()
    {
        using var later = new ManualResetEventSlim();
        var error = Assert.Throws<InvalidOperationException>(() => Shards.Run(8, 4, shard =>
        {
            // On a machine too busy to give a second thread the wait ends and the errors come in order anyway.
            if (shard == 0) later.Wait(TimeSpan.FromSeconds(5));
            if (shard == 1) later.Set();
            if (shard < 2) throw new InvalidOperationException($"shard {shard}");
        }));
        Assert.Equal("shard 0", error.Message);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Cancelling_stops_the_loop(int threads)
    {
        using var source = new CancellationTokenSource();
        var runs = 0;
        Assert.ThrowsAny<OperationCanceledException>(() => Shards.Run(1000, threads, _ =>
        {
            var run = Interlocked.Increment(ref runs);
            if (run == 3) source.Cancel();
            // The canceller may lose its core before it cancels, so the others wait for it inside their shard.
            else if (run > 3) source.Token.WaitHandle.WaitOne();
        }, source.Token));
        Assert.InRange(runs, 3, 2 + threads);
    }

    [Fact]
    public void A_body_that_is_a_value_allocates_nothing_and_may_carry_spans()
    {
        var sums = new long[16];
        var loops = 0;
        Allocations.AssertNone(() =>
        {
            Span<int> numbers = stackalloc int[] { 1, 2, 3 };
            Loop(numbers, sums);
            loops++;
        }, calls: 100);
        Assert.All(sums, sum => Assert.Equal(loops * 6, sum));

        static void Loop(ReadOnlySpan<int> numbers, long[] sums)
            => Shards.Run(sums.Length, 4, new SumBody { Numbers = numbers, Sums = sums });
    }

    private ref struct SumBody : IShardBody
    {
        public ReadOnlySpan<int> Numbers;
        public long[] Sums;

        public readonly void Run(int shard)
        {
            foreach (var number in Numbers) Sums[shard] += number;
        }
    }
}
