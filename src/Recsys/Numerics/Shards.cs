using System.Runtime.CompilerServices;

namespace Recsys.Numerics;

/// <summary>The body of a parallel loop as a value, so that starting the loop allocates nothing.</summary>
public interface IShardBody
{
    /// <summary>
    /// Does the work of one shard; called once for each, on any thread. What it changes in itself is seen by the other shards.
    /// </summary>
    void Run(int shard);
}

/// <summary>
/// Parallel loops whose result does not depend on the number of threads: work is cut into a fixed number of shards, each shard
/// works alone, and the caller reduces in shard order. The caller's thread works too, and helper threads that come late find nothing left,
/// so busy helpers slow a loop down but never stop it, nested loops included.
/// </summary>
public static class Shards
{
    /// <summary>The part of 0..count-1 that belongs to one shard: contiguous, in order, sizes differ by at most one.</summary>
    public static (int Start, int End) Range(int count, int shards, int shard)
        => ((int)((long)count * shard / shards), (int)((long)count * (shard + 1) / shards));

    /// <summary>Runs body(0) … body(shards - 1) on at most that many threads, the caller's included, and waits for all.</summary>
    /// <param name="shards">At least 0.</param>
    /// <param name="threads">At least 1; 1 runs in order on the caller's thread.</param>
    /// <param name="body">Called once for each shard. The first exception in shard order is rethrown as it was; shards not yet begun are
    /// left out.</param>
    /// <param name="cancel">Checked before each shard.</param>
    public static void Run(int shards, int threads, Action<int> body, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(body);
        Run(shards, threads, new DelegateBody(body), cancel);
    }

    /// <summary>
    /// The same loop over a body that is a value: allocates nothing after warm-up. A ref struct body may carry the caller's spans.
    /// </summary>
    /// <inheritdoc cref="Run(int, int, Action{int}, CancellationToken)"/>
    public static unsafe void Run<TBody>(int shards, int threads, TBody body, CancellationToken cancel = default)
        where TBody : struct, IShardBody, allows ref struct
    {
        ArgumentOutOfRangeException.ThrowIfNegative(shards);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        if (threads == 1 || shards <= 1)
        {
            for (var shard = 0; shard < shards; shard++)
            {
                cancel.ThrowIfCancellationRequested();
                body.Run(shard);
            }
            return;
        }
        // The body is a parameter, so it stays at one address on this stack until every helper has left.
        ShardJob.Run(&Call<TBody>, Unsafe.AsPointer(ref body), shards, Math.Min(threads, shards), cancel);
    }

    private static unsafe void Call<TBody>(void* body, int shard) where TBody : struct, IShardBody, allows ref struct
        => Unsafe.AsRef<TBody>(body).Run(shard);

    private readonly struct DelegateBody(Action<int> body) : IShardBody
    {
        public void Run(int shard) => body(shard);
    }
}
