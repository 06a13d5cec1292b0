namespace Recsys.Tests;

/// <summary>Counts what work allocates on the calling thread once it is warm.</summary>
internal static class Allocations
{
    /// <summary>
    /// Fails unless some round of calls allocates nothing. Buffers that threads share may still grow in an early round, or be given back to
    /// the collector between two; work that allocates by itself does so in every round.
    /// </summary>
    public static void AssertNone(Action work, int calls = 10)
    {
        const int rounds = 20;
        var least = long.MaxValue;
        for (var round = 0; round < rounds && least > 0; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var call = 0; call < calls; call++) work();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.Equal(0, least);
    }
}
