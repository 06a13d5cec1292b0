using System.Globalization;

namespace Recsys.Evaluation;

/// <summary>One metric of a report.</summary>
/// <param name="Name">As in "NDCG@10" or "AUC".</param>
/// <param name="Value">The value, or null where it is undefined (nothing to average): reports show "-".</param>
/// <param name="Low">Lower end of the bootstrap interval, or null without one.</param>
/// <param name="High">Upper end of the bootstrap interval, or null without one.</param>
/// <param name="Count">How many users (ranking) or rows stand behind the value.</param>
public readonly record struct MetricResult(string Name, double? Value, double? Low, double? High, long Count)
{
    /// <summary>As "0.1234 [0.1200, 0.1268]", "0.1234" without an interval, "-" without a value; the same in every culture.</summary>
    public override string ToString()
        => Value is not { } value ? "-"
            : Low is { } low && High is { } high ? string.Create(CultureInfo.InvariantCulture, $"{value:F4} [{low:F4}, {high:F4}]")
            : value.ToString("F4", CultureInfo.InvariantCulture);
}
