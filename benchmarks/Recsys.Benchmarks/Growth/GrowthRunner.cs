using System.Diagnostics;
using System.Globalization;
using Recsys.Benchmarks.Peers;

namespace Recsys.Benchmarks.Growth;

/// <summary>
/// growth [model …|all]: time and memory of the recall models on made-up logs of 10⁵, 10⁶ and 10⁷ interactions, whose users and items grow
/// along, each in a process of its own, so that its peak is its own.
/// </summary>
internal static class GrowthRunner
{
    private const int WarmUpRows = 20_000;
    private static readonly long[] s_sizes = [100_000, 1_000_000, 10_000_000];

    public static int Run(ReadOnlySpan<string> arguments)
    {
        if (arguments is ["--one", var one, var rows]) return Measure(Find(one)!, long.Parse(rows, CultureInfo.InvariantCulture));
        var models = new List<GrowthModel>();
        foreach (var name in arguments)
        {
            if (name == "all") continue;
            if (Find(name) is not { } model)
            {
                Console.WriteLine($"there is no {name}; there are: {string.Join(", ", GrowthModel.All.Select(m => m.Name))}, or all");
                return 1;
            }
            models.Add(model);
        }
        Console.WriteLine("n interactions, n / 20 users, n / 100 items; processor seconds of one training, MB beyond the log at its peak");
        Console.WriteLine("x: exponents of n, over all sizes and over the last step; log MB: of the process before, with the largest log");
        Console.WriteLine(
            $"{"",-13}{"expected",-19}" + string.Concat(s_sizes.Select(n => $"{$"10^{Math.Log10(n):0} s",9}{"MB",7}"))
            + $"{"x",7}{"last",6}{"x MB",6}{"log MB",8}");
        foreach (var model in models.Count > 0 ? models : GrowthModel.All) Print(model);
        return 0;
    }

    private static void Print(GrowthModel model)
    {
        var line = $"{model.Name,-13}{model.Expected,-19}";
        var (sizes, times, peaks, log) = (new List<double>(), new List<double>(), new List<double>(), 0.0);
        foreach (var rows in s_sizes)
        {
            if (rows > model.Most)
            {
                line += $"{"-",9}{"-",7}";
                continue;
            }
            var answer = Child(model.Name, rows);
            sizes.Add(Math.Log(rows));
            times.Add(answer[0]);
            peaks.Add(answer[1]);
            log = answer[2];
            line += string.Create(CultureInfo.InvariantCulture, $"{answer[0],9:F2}{answer[1],7:F0}");
        }
        var last = Slope(sizes[^2..], times[^2..]);
        Console.WriteLine(line + string.Create(
            CultureInfo.InvariantCulture, $"{Slope(sizes, times),7:F2}{last,6:F2}{Slope(sizes, peaks),6:F2}{log,8:F0}"));
    }

    // In the child: processor seconds, MB at the peak beyond what was there before, MB before.
    private static int Measure(GrowthModel model, long rows)
    {
        model.Prepare(GrowthModel.Log(WarmUpRows))();
        var train = model.Prepare(GrowthModel.Log(rows));
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        Memory.ResetPeak();
        var before = Memory.Peak();
        var cpu = Environment.CpuUsage.TotalTime;
        var trained = train();
        var seconds = (Environment.CpuUsage.TotalTime - cpu).TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"measured {seconds:R} {Memory.Peak() - before:R} {before:R}"));
        GC.KeepAlive(trained);
        return 0;
    }

    private static double[] Child(string model, long rows)
    {
        var program = Environment.ProcessPath!;
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(program) == "dotnet") start.ArgumentList.Add(typeof(GrowthRunner).Assembly.Location);
        foreach (var argument in (string[])["growth", "--one", model, rows.ToString(CultureInfo.InvariantCulture)])
            start.ArgumentList.Add(argument);
        using var child = Process.Start(start)!;
        var text = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        var words = text.Split('\n').FirstOrDefault(l => l.StartsWith("measured ", StringComparison.Ordinal))?.Split(' ')
            ?? throw new InvalidOperationException($"{model} with {rows} interactions ended with code {child.ExitCode}: {text}");
        return [.. words.Skip(1).Select(w => double.Parse(w, CultureInfo.InvariantCulture))];
    }

    private static GrowthModel? Find(string name)
        => GrowthModel.All.FirstOrDefault(m => string.Equals(m.Name, name, StringComparison.OrdinalIgnoreCase));

    // Of log y on x, least squares; values below 0.01 count as that.
    private static double Slope(List<double> x, List<double> y)
    {
        var logs = y.ConvertAll(v => Math.Log(Math.Max(v, 0.01)));
        var (meanX, meanY) = (x.Average(), logs.Average());
        double products = 0, squares = 0;
        for (var i = 0; i < x.Count; i++)
        {
            products += (x[i] - meanX) * (logs[i] - meanY);
            squares += (x[i] - meanX) * (x[i] - meanX);
        }
        return products / squares;
    }
}
