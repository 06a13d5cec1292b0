using System.Diagnostics;
using System.Globalization;
using Recsys.Benchmarks.Comparisons;
using Recsys.Rank;

namespace Recsys.Benchmarks;

/// <summary>
/// gbdt-row [trees]: one row at a time through trees of 63 leaves (500 of them unless told) that were trained on 100,000 × 28 normal
/// numbers: time and allocated bytes of a warm call on one thread. Each call takes another row, as requests do.
/// </summary>
internal static class GbdtOneRow
{
    private const int Columns = GbdtComparison.Columns, Calls = 10_000, Batches = 21;

    public static int Run(ReadOnlySpan<string> arguments)
    {
        var trees = arguments.Length > 0 ? int.Parse(arguments[0], CultureInfo.InvariantCulture) : 500;
        var (x, y) = GbdtComparison.Make(100_000, 1);
        var model = Gbdt.Train(x, Columns, y, options: new() { Trees = trees, MaxLeaves = 63 });
        var (rows, _) = GbdtComparison.Make(Calls, 2);
        var times = new double[Batches];
        Time(model, rows);
        var bytes = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Batches; i++) times[i] = Time(model, rows);
        bytes = GC.GetAllocatedBytesForCurrentThread() - bytes;
        Array.Sort(times);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"one row × {trees} trees of 63 leaves: {times[Batches / 2]:F2} µs (fastest {times[0]:F2} µs), "
            + $"{(double)bytes / Batches / Calls:0.##} bytes for a call"));
        return 0;
    }

    // Microseconds of a call.
    private static double Time(Gbdt model, float[] rows)
    {
        Span<float> score = stackalloc float[1];
        var start = Stopwatch.GetTimestamp();
        for (var row = 0; row < Calls; row++) model.Predict(rows.AsSpan(row * Columns, Columns), score);
        return Stopwatch.GetElapsedTime(start).TotalMicroseconds / Calls;
    }
}
