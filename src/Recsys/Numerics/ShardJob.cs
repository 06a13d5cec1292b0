using System.Runtime.ExceptionServices;

namespace Recsys.Numerics;

/// <summary>
/// One running parallel loop. Jobs are reused, so a helper that comes late may meet the next loop of the same job; it enters
/// through
/// <see cref="_seats"/> like any other helper, or finds no seat and leaves.
/// </summary>
internal sealed unsafe class ShardJob
{
    [ThreadStatic]
    private static ShardJob? s_free;

    // A plain object and not a Lock: Monitor.Wait and PulseAll need one.
    private readonly object _gate = new();
    private delegate*<void*, int, void> _call;
    private void* _body;
    private CancellationToken _cancel;
    private int _shards;
    private int _next;
    private int _seats;      // helpers that may still enter; guarded by the lock
    private int _inside;     // helpers at work; written under the lock
    private int _queued;     // helpers that have not come yet, of this loop or an earlier one; guarded by the lock
    private Exception? _error;
    private int _errorShard;
    private ShardJob? _nextFree;

    public static void Run(delegate*<void*, int, void> call, void* body, int shards, int threads, CancellationToken cancel)
    {
        var job = s_free ?? new ShardJob();
        s_free = job._nextFree;
        Exception? error;
        try
        {
            error = job.Execute(call, body, shards, threads, cancel);
        }
        finally
        {
            job._nextFree = s_free;
            s_free = job;
        }
        if (error is not null) ExceptionDispatchInfo.Throw(error);
    }

    /// <summary>What a helper does: takes a seat, if there is one, and works till no shard is left.</summary>
    public void Help()
    {
        lock (_gate)
        {
            _queued--;
            if (_seats == 0) return;
            _seats--;
            _inside++;
        }
        Work();
        lock (_gate)
        {
            if (--_inside == 0) Monitor.PulseAll(_gate);
        }
    }

    private Exception? Execute(delegate*<void*, int, void> call, void* body, int shards, int threads, CancellationToken cancel)
    {
        int missing;
        lock (_gate)
        {
            _call = call;
            _body = body;
            _cancel = cancel;
            _shards = shards;
            _next = 0;
            _error = null;
            _seats = threads - 1;
            missing = _seats - _queued;
            if (missing > 0) _queued += missing;
        }
        // Late helpers of an earlier loop serve this one, so that the queue of busy helpers doesn't grow with every loop.
        for (var i = 0; i < missing; i++) ShardHelpers.Ask(this);
        Work();
        lock (_gate) _seats = 0;
        // Shards are of like size, so the others are nearly done: a short spin usually saves going to sleep.
        for (var spin = 0; spin < 2000 && Volatile.Read(ref _inside) > 0; spin++) Thread.SpinWait(4);
        lock (_gate)
        {
            while (_inside > 0) Monitor.Wait(_gate);
        }
        var error = _error;
        _error = null;
        _body = null;
        _cancel = default;
        return error;
    }

    private void Work()
    {
        while (true)
        {
            var shard = Interlocked.Increment(ref _next) - 1;
            if (shard >= _shards) return;
            try
            {
                _cancel.ThrowIfCancellationRequested();
                _call(_body, shard);
            }
            catch (Exception e)
            {
                lock (_gate)
                {
                    if (_error is null || shard < _errorShard) (_error, _errorShard) = (e, shard);
                }
                Volatile.Write(ref _next, _shards);
            }
        }
    }
}
