using System.Diagnostics;
using System.Globalization;

namespace Recsys.Benchmarks.Peers;

/// <summary>The peak resident memory of this process, which Linux can set back to the present.</summary>
internal static class Memory
{
    public static void ResetPeak()
    {
        GC.Collect();
        GC.Collect();
        try
        {
            File.WriteAllText("/proc/self/clear_refs", "5");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Elsewhere the peak is the one since the start.
        }
    }

    /// <summary>In MB, since the last reset.</summary>
    public static double Peak()
    {
        if (!File.Exists("/proc/self/status")) return Process.GetCurrentProcess().PeakWorkingSet64 / 1e6;
        foreach (var line in File.ReadLines("/proc/self/status"))
        {
            if (line.StartsWith("VmHWM:", StringComparison.Ordinal))
                return double.Parse(line.AsSpan(6, line.Length - 6 - 2), CultureInfo.InvariantCulture) * 1024 / 1e6;
        }
        return double.NaN;
    }
}
