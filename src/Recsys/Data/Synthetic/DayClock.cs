namespace Recsys.Data;

/// <summary>Bends even time into days with quiet nights and busy evenings; monotone, and whole days map onto themselves.</summary>
internal static class DayClock
{
    private static readonly double[] Hours = [2, 1, 1, 1, 1, 2, 4, 7, 8, 7, 7, 8, 10, 9, 8, 8, 9, 11, 14, 17, 19, 18, 13, 6];
    private static readonly double[] Cumulative = Accumulate();

    /// <summary>Whole seconds after the start, from even days after the start.</summary>
    public static long Seconds(double days)
    {
        var day = Math.Floor(days);
        var part = (days - day) * Cumulative[^1];
        var hour = 0;
        while (hour < Hours.Length - 1 && Cumulative[hour + 1] <= part) hour++;
        return (long)(day * 86_400 + (hour + (part - Cumulative[hour]) / Hours[hour]) * 3600);
    }

    private static double[] Accumulate()
    {
        var sums = new double[Hours.Length + 1];
        for (var hour = 0; hour < Hours.Length; hour++) sums[hour + 1] = sums[hour] + Hours[hour];
        return sums;
    }
}
