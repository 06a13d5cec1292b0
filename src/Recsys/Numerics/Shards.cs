using System.Runtime.ExceptionServices;

namespace Recsys.Numerics;

/// <summary>
/// Parallel loops whose result does not depend on the number of threads: work is cut into a fixed number of shards, each shard
/// works alone, and the caller reduces in shard order.
/// </summary>
public static class Shards
{
    /// <summary>The part of 0..count-1 that belongs to one shard: contiguous, in order, sizes differ by at most one.</summary>
    public static (int Start, int End) Range(int count, int shards, int shard)
        => ((int)((long)count * shard / shards), (int)((long)count * (shard + 1) / shards));

    /// <summary>Runs body(0) … body(shards - 1) on at most that many threads, the caller's included, and waits for all.</summary>
    /// <param name="shards">At least 0.</param>
    /// <param name="threads">At least 1; 1 runs in order on the caller's thread.</param>
    /// <param name="body">Called once for each shard. The first exception in shard order is rethrown as it was.</param>
    /// <param name="cancel">Checked before each shard.</param>
    public static void Run(int shards, int threads, Action<int> body, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(shards);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentNullException.ThrowIfNull(body);
        if (threads == 1 || shards <= 1)
        {
            for (var shard = 0; shard < shards; shard++)
            {
                cancel.ThrowIfCancellationRequested();
                body(shard);
            }
            return;
        }
        try
        {
            Parallel.For(0, shards, new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancel }, body);
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }
}
