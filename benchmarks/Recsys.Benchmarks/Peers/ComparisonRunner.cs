using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;

namespace Recsys.Benchmarks.Peers;

/// <summary>
/// compare [name …] [--rounds n] [--long]: alternates our run and the peer's, prints medians, their ratio and the peak memory of both
/// processes.
/// </summary>
internal static class ComparisonRunner
{
    // A peer's threads may spin for a few milliseconds after their work; the pause keeps them out of our time, and ours out of theirs.
    private const int PauseMilliseconds = 20;

    public static int Run(ReadOnlySpan<string> arguments)
    {
        var (rounds, isLong) = (15, false);
        var names = new List<string>();
        for (var i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] == "--rounds" && i + 1 < arguments.Length) rounds = int.Parse(arguments[++i], CultureInfo.InvariantCulture);
            else if (arguments[i] == "--long") isLong = true;
            else names.Add(arguments[i]);
        }
        var all = typeof(Comparison).Assembly.GetTypes()
            .Where(t => !t.IsAbstract && t.IsSubclassOf(typeof(Comparison)))
            .Select(t => (Comparison)Activator.CreateInstance(t)!)
            .OrderBy(c => c.Name, StringComparer.Ordinal)
            .ToList();
        if (names.Count == 0)
        {
            Console.WriteLine("compare what? " + string.Join(", ", all.Select(c => c.Name)) + ", or all");
            return 1;
        }
        foreach (var name in names)
        {
            if (name == "all") continue;
            if (all.TrueForAll(c => c.Name != name))
            {
                Console.WriteLine($"there is no comparison {name}; there are: " + string.Join(", ", all.Select(c => c.Name)));
                return 1;
            }
        }
        foreach (var comparison in all)
            if (names.Contains("all") || names.Contains(comparison.Name)) Run(comparison, rounds, isLong);
        return 0;
    }

    private static void Run(Comparison comparison, int rounds, bool isLong)
    {
        using var peer = PeerProcess.Start(comparison.Script, out var reason);
        if (peer is null) Console.WriteLine($"{comparison.Name}: no peer, only our times: {reason}");
        Console.WriteLine($"{comparison.Name}: ours against {peer?.Name ?? "nothing"}");
        Console.WriteLine($"{rounds} alternating rounds, medians (fastest); cpu: the ratio of processor time, which a busy machine disturbs less");
        Console.WriteLine(
            $"{"",-34} {"ours",21} {"peer",21} {"peer/ours",9} {"asked",5} {"cpu",6} {"ours MB",8} {"peer MB",8}");
        foreach (var work in comparison.Cases())
            if (work.IsLong == isLong) Run(work, peer, rounds);
    }

    // A method of its own, so that nothing of one case is still alive in the next and counted there.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Run(ComparisonCase work, PeerProcess? peer, int rounds)
    {
        Memory.ResetPeak();
        var ours = work.Prepare();
        peer?.Ask(new JsonObject { ["prepare"] = work.Arguments.DeepClone() });

        double[] ourTimes = new double[rounds], peerTimes = new double[rounds], ourCpu = new double[rounds], peerCpu = new double[rounds];
        double ourAnswer = double.NaN, peerAnswer = double.NaN, peerPeak = double.NaN;
        for (var round = work.IsLong ? 0 : -work.WarmUps; round < rounds; round++)
        {
            Thread.Sleep(PauseMilliseconds);
            var cpu = Environment.CpuUsage.TotalTime;
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < work.Repeats; i++) ourAnswer = ours();
            var time = Stopwatch.GetElapsedTime(start).TotalSeconds / work.Repeats;
            if (round >= 0) (ourTimes[round], ourCpu[round]) = (time, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds / work.Repeats);
            if (peer is null) continue;

            Thread.Sleep(PauseMilliseconds);
            var answer = peer.Ask(new JsonObject { ["run"] = work.Repeats });
            if (round >= 0)
            {
                peerTimes[round] = answer["seconds"]!.GetValue<double>() / work.Repeats;
                peerCpu[round] = answer["cpu"]!.GetValue<double>() / work.Repeats;
            }
            peerAnswer = answer["answer"]?.GetValue<double>() ?? double.NaN;
            peerPeak = answer["peak"]?.GetValue<double>() ?? double.NaN;
        }
        foreach (var times in (double[][])[ourTimes, peerTimes, ourCpu, peerCpu]) Array.Sort(times);
        var ratio = peer is null ? double.NaN : peerTimes[rounds / 2] / ourTimes[rounds / 2];
        var cpuRatio = peer is null ? double.NaN : peerCpu[rounds / 2] / ourCpu[rounds / 2];
        Console.WriteLine(
            $"{work.Name,-34} {Times(ourTimes),21} {Times(peerTimes),21} {ratio,9:F2} {work.Target,5:F2} {cpuRatio,6:F2} "
            + $"{Memory.Peak(),8:F0} {peerPeak,8:F0}" + (ratio < work.Target ? "  short" : ""));
        if (Math.Abs(ourAnswer - peerAnswer) > work.Tolerance * Math.Max(1, Math.Abs(peerAnswer)))
            Console.WriteLine($"  the answers differ: ours {ourAnswer}, the peer's {peerAnswer}");
    }

    private static string Times(double[] sorted) => Time(sorted[sorted.Length / 2]) + " (" + Time(sorted[0]) + ")";

    private static string Time(double seconds) => seconds switch
    {
        < 1e-3 => $"{seconds * 1e6:F1} µs",
        < 1 => $"{seconds * 1e3:F2} ms",
        _ => $"{seconds:F2} s",
    };
}
