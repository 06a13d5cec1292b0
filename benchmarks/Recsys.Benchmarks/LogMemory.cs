using System.Diagnostics;
using System.Globalization;
using Recsys.Benchmarks.Peers;
using Recsys.Data;
using Recsys.Numerics;

namespace Recsys.Benchmarks;

/// <summary>
/// memory [rows]: the peak memory of building a log of the shape of ml-25m (162,541 users, 59,047 items, values and times), both views.
/// </summary>
internal static class LogMemory
{
    private const int Users = 162_541, Items = 59_047;
    private const double LimitMegabytes = 1500;

    public static int Run(ReadOnlySpan<string> arguments)
    {
        var rows = arguments.Length > 0 ? long.Parse(arguments[0], CultureInfo.InvariantCulture) : 25_000_000;
        Report("shuffled rows", rows, i => i);
        // One user after the other, each user's times falling: every user must be sorted.
        Report("by user, latest first", rows, i => rows - i);
        return 0;
    }

    private static void Report(string name, long rows, Func<long, long> timeOf)
    {
        Memory.ResetPeak();
        var start = Stopwatch.GetTimestamp();
        var log = Build(rows, timeOf);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var users = log.UsersOf(0).Length;
        var both = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var peak = Memory.Peak();
        Console.WriteLine(
            $"{name}: {log.Count} rows in {seconds:F1} s, {both:F1} s with the view by item ({users} users of item 0), peak {peak:F0} MB"
            + (peak > LimitMegabytes ? $", more than {LimitMegabytes:F0}" : ""));
        GC.KeepAlive(log);
    }

    private static Interactions Build(long rows, Func<long, long> timeOf)
    {
        var builder = new InteractionsBuilder();
        var rng = new Rng(1);
        for (var i = 0L; i < rows; i++)
        {
            var time = timeOf(i);
            var user = time == i ? rng.Below((ulong)(2 * i), Users) : (int)(i * Users / rows);
            // The square of a uniform number: popular items, as in real logs.
            var share = rng.UniformDouble((ulong)(2 * i + 1));
            builder.Add(user, (long)(share * share * Items), 1 + i % 5, 1_000_000_000 + time);
        }
        return builder.Build();
    }
}
