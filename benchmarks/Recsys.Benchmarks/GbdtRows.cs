using System.Diagnostics;
using System.Globalization;
using Recsys.Benchmarks.Comparisons;
using Recsys.Benchmarks.Peers;
using Recsys.Rank;

namespace Recsys.Benchmarks;

/// <summary>
/// gbdt-rows [trees] [threads]: time and peak memory of training on 10⁵, 10⁶ and 10⁷ rows of 28 normal numbers; memory is what comes on
/// top of the rows and labels, also as a multiple of a byte for each value.
/// </summary>
internal static class GbdtRows
{
    public static int Run(ReadOnlySpan<string> arguments)
    {
        var trees = arguments.Length > 0 ? int.Parse(arguments[0], CultureInfo.InvariantCulture) : 20;
        var threads = arguments.Length > 1 ? int.Parse(arguments[1], CultureInfo.InvariantCulture) : 1;
        var (warmX, warmY) = GbdtComparison.Make(20_000, 3);
        for (var i = 0; i < 3; i++) Train(warmX, warmY, 20, threads);
        Console.WriteLine($"{trees} trees of 63 leaves, {threads} thread(s)");
        foreach (var rows in new[] { 100_000, 1_000_000, 10_000_000 })
        {
            var (x, y) = GbdtComparison.Make(rows, 1);
            // Gives back what the rows before have left, which would hide as much of what is needed now.
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            Memory.ResetPeak();
            var before = Memory.Peak();
            var cpu = Environment.CpuUsage.TotalTime;
            var start = Stopwatch.GetTimestamp();
            var model = Train(x, y, trees, threads);
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            var processor = (Environment.CpuUsage.TotalTime - cpu).TotalSeconds;
            var above = Memory.Peak() - before;
            var (perRow, perValue) = (1e9 / rows / trees, above * 1e6 / ((double)rows * GbdtComparison.Columns));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{rows,10} rows: {seconds,7:F2} s, {seconds * perRow,6:F1} ns for a row and tree ({processor * perRow:F1} of processor), "
                + $"{above,6:F0} MB above the input, {perValue:F2} × rows × columns"));
            GC.KeepAlive(model);
        }
        return 0;
    }

    private static Gbdt Train(float[] x, float[] y, int trees, int threads)
        => Gbdt.Train(x, GbdtComparison.Columns, y, options: new() { Trees = trees, MaxLeaves = 63, Threads = threads });
}
