using System.Diagnostics;
using System.Globalization;

namespace Recsys.Evaluation;

/// <summary>
/// Evaluates predicted clicks: AUC, with groups GAUC, and for probabilities LogLoss, NE, RIG, Calibration and ECE, each with a bootstrap
/// interval. The rows are sorted once; a resample is one pass over them.
/// </summary>
public static class ClickEvaluator
{
    /// <summary>Evaluates the scores of one model.</summary>
    /// <param name="name">The name of the model in the report.</param>
    /// <param name="scores">One for each row: probabilities, or any scores if the protocol says so.</param>
    /// <param name="labels">0 or 1, one for each row.</param>
    /// <param name="groups">Empty, or the group (user) of each row, at least 0: adds GAUC, and makes the groups the unit of the
    /// bootstrap.</param>
    /// <param name="weights">Empty (all 1), or one for each row, at least 0. GAUC does not use them.</param>
    /// <param name="protocol">How to evaluate; the default if null.</param>
    /// <param name="cancel">Checked for every resample.</param>
    /// <returns>
    /// The report; the same to the bit for any number of threads and shards. A metric that needs both classes has no value where there is
    /// only one, and a warning says so.
    /// </returns>
    /// <exception cref="ArgumentException">No rows, unequal lengths, a NaN score, a probability outside [0, 1], another label than 0 and
    /// 1, a bad weight.</exception>
    public static RowReport Evaluate(
        string name, ReadOnlySpan<float> scores, ReadOnlySpan<float> labels, ReadOnlySpan<int> groups = default,
        ReadOnlySpan<float> weights = default, ClickProtocol? protocol = null, CancellationToken cancel = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        protocol ??= new ClickProtocol();
        var started = Stopwatch.GetTimestamp();
        ScoreOrder.CheckRows(scores.Length, labels, weights);
        if (protocol.Probabilities) ScoreOrder.CheckProbabilities(scores);
        var grouped = groups.IsEmpty ? null : new GroupedRows(groups, scores.Length);
        var rows = new ClickRows(scores, labels, weights, grouped, protocol);

        var names = ClickRows.Names(protocol, grouped is not null);
        var values = rows.Metrics(null);
        var units = grouped?.Count ?? scores.Length;
        var resampled = rows.Resample(units, units > 1 ? protocol.Bootstrap : 0, names.Length, cancel);
        var metrics = new MetricResult[names.Length];
        for (var i = 0; i < metrics.Length; i++)
        {
            var defined = !double.IsNaN(values[i]);
            var (low, high) = defined ? Bootstrap.Interval(resampled[i], protocol.Confidence) : (null, null);
            metrics[i] = new MetricResult(names[i], defined ? values[i] : null, low, high, scores.Length);
        }

        long positives = 0;
        foreach (var label in labels) positives += (long)label;
        return new RowReport(
            name, Settings(scores.Length, positives, grouped, rows, protocol), metrics, Warnings(positives, labels.Length, rows),
            Stopwatch.GetElapsedTime(started));
    }

    private static List<KeyValuePair<string, string>> Settings(
        int count, long positives, GroupedRows? grouped, ClickRows rows, ClickProtocol protocol)
    {
        var settings = new List<KeyValuePair<string, string>>
        {
            new("rows", string.Create(CultureInfo.InvariantCulture, $"{count}, {positives} positive")),
        };
        if (grouped is not null)
        {
            settings.Add(new("groups", string.Create(
                CultureInfo.InvariantCulture,
                $"{grouped.Count}, {rows.SkippedGroups} of one class left out of GAUC, weighted by {protocol.GroupWeight}")));
        }
        if (protocol.Probabilities)
        {
            var cut = protocol.Cut == CalibrationBins.EqualWidth ? "width" : "mass";
            settings.Add(new("ECE", string.Create(CultureInfo.InvariantCulture, $"{protocol.Bins} bins of equal {cut}")));
        }
        var units = grouped is null ? "rows" : "groups";
        settings.Add(new("intervals", protocol.Bootstrap == 0 ? "none" : string.Create(
            CultureInfo.InvariantCulture,
            $"{protocol.Confidence * 100:0.#} % bootstrap over {units}, {protocol.Bootstrap} resamples, seed {protocol.Seed}")));
        return settings;
    }

    private static List<string> Warnings(long positives, int rows, ClickRows data)
    {
        var warnings = new List<string>();
        if (positives == 0 || positives == rows)
            warnings.Add($"All rows have label {(positives == 0 ? 0 : 1)}: AUC, NE and RIG need both classes.");
        if (data.AllGroupsSkipped) warnings.Add("No group has both classes, so GAUC is undefined.");
        return warnings;
    }
}
