using System.Globalization;
using System.Text;

namespace Recsys.Evaluation;

/// <summary>Reports as fixed-width tables and CSV.</summary>
internal static class ReportText
{
    public static string ByMetric(EvaluationReport[] reports)
    {
        var names = new List<string>();
        foreach (var report in reports)
            foreach (var metric in report.Metrics)
                if (!names.Contains(metric.Name)) names.Add(metric.Name);

        List<string[]> rows = [["metric", .. reports.Select(r => r.Name)]];
        foreach (var name in names) rows.Add([name, .. reports.Select(r => Cell(r, name))]);
        return Compose(rows, reports);
    }

    public static string ByModel(IReadOnlyList<string> metrics, EvaluationReport[] reports)
    {
        List<string[]> rows = [["model", .. metrics]];
        foreach (var report in reports) rows.Add([report.Name, .. metrics.Select(m => Cell(report, m))]);
        return Compose(rows, reports);
    }

    public static string Csv(EvaluationReport report, bool header)
    {
        var text = new StringBuilder();
        var settings = report.Settings;
        if (header) Line(["model", "metric", "value", "low", "high", "count", .. settings.Select(s => s.Key)]);
        foreach (var metric in report.Metrics)
        {
            Line([
                report.Name, metric.Name, Number(metric.Value), Number(metric.Low), Number(metric.High),
                metric.Count.ToString(CultureInfo.InvariantCulture), .. settings.Select(s => s.Value),
            ]);
        }
        return text.ToString();

        void Line(IEnumerable<string> cells) => text.AppendJoin(',', cells.Select(Quote)).Append("\r\n");

        static string Number(double? value) => value?.ToString("R", CultureInfo.InvariantCulture) ?? "";

        static string Quote(string cell)
            => cell.AsSpan().IndexOfAny(",\"\r\n") < 0 ? cell : $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    private static string Cell(EvaluationReport report, string metric)
    {
        foreach (var result in report.Metrics)
            if (result.Name == metric) return result.ToString();
        return "-";
    }

    private static string Compose(List<string[]> rows, EvaluationReport[] reports)
    {
        var text = new StringBuilder();
        var settings = new List<string[]>();
        foreach (var (word, value) in reports[0].Settings)
        {
            var values = reports.Select(r => r.Settings.FirstOrDefault(s => s.Key == word).Value ?? "-").ToArray();
            if (values.All(v => v == value)) settings.Add([word, value]);
            else
                for (var i = 0; i < values.Length; i++) settings.Add([i == 0 ? word : "", $"{reports[i].Name}: {values[i]}"]);
        }
        Table(text, settings);
        if (settings.Count > 0) text.Append('\n');
        Table(text, rows);

        var warnings = new List<(string Warning, List<string> Names)>();
        foreach (var report in reports)
            foreach (var warning in report.Warnings)
            {
                var known = warnings.FindIndex(w => w.Warning == warning);
                if (known < 0) warnings.Add((warning, [report.Name]));
                else warnings[known].Names.Add(report.Name);
            }
        if (warnings.Count > 0) text.Append('\n');
        foreach (var (warning, names) in warnings)
        {
            text.Append("warning");
            if (names.Count < reports.Length) text.Append(" (").AppendJoin(", ", names).Append(')');
            text.Append(": ").Append(warning).Append('\n');
        }
        return text.ToString();
    }

    private static void Table(StringBuilder text, List<string[]> rows)
    {
        var columns = rows.Count == 0 ? 0 : rows.Max(r => r.Length);
        var widths = new int[columns];
        foreach (var row in rows)
            for (var i = 0; i < row.Length; i++) widths[i] = Math.Max(widths[i], row[i].Length);
        foreach (var row in rows)
        {
            for (var i = 0; i < row.Length; i++)
                text.Append(i == row.Length - 1 ? row[i] : row[i].PadRight(widths[i] + 2));
            text.Append('\n');
        }
    }
}
