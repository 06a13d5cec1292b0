using System.Diagnostics;

namespace Recsys.Numerics;

/// <summary>
/// The threads that help with loops: made when first needed, background, asleep between loops. A thread that has just helped looks out for the
/// next loop for a moment before it sleeps: the operating system then keeps it on a core of its own, where a thread of the shared pool is
/// often woken on the caller's core and comes when a loop of milliseconds is over.
/// </summary>
internal static class ShardHelpers
{
    private const int MostThreads = 64;
    private static readonly TimeSpan s_lookout = TimeSpan.FromMilliseconds(2);
    private static readonly Lock s_gate = new();
    private static readonly Queue<ShardJob> s_waiting = new(64);
    private static readonly SemaphoreSlim s_work = new(0);
    private static int s_threads;
    private static int s_idle;

    /// <summary>Asks for one helper. It may come when the loop is over; then it finds no seat.</summary>
    public static void Ask(ShardJob job)
    {
        var start = false;
        lock (s_gate)
        {
            s_waiting.Enqueue(job);
            if (s_idle < s_waiting.Count && s_threads < MostThreads)
            {
                s_threads++;
                s_idle++;
                start = true;
            }
        }
        if (start) new Thread(Help) { IsBackground = true, Name = "Recsys helper" }.UnsafeStart();
        s_work.Release();
    }

    private static void Help()
    {
        while (true)
        {
            var since = Stopwatch.GetTimestamp();
            while (s_work.CurrentCount == 0 && Stopwatch.GetElapsedTime(since) < s_lookout) Thread.SpinWait(32);
            s_work.Wait();
            ShardJob job;
            lock (s_gate)
            {
                s_idle--;
                job = s_waiting.Dequeue();
            }
            job.Help();
            lock (s_gate) s_idle++;
        }
    }
}
