using System.Globalization;
using System.Net;
using System.Text;
using Recsys.Evaluation;

namespace Recsys.Samples.Recall;

internal sealed record Result(string Name, double Seconds, RankingReport Report);

/// <summary>Bars with intervals as one HTML file that needs nothing else.</summary>
internal static class Chart
{
    private const int Left = 110, Width = 420, Row = 26, Bar = 14;

    public static string Html(string data, IReadOnlyList<Result> results)
    {
        var page = HtmlPage.Begin($"Recall models on {data}");
        page.Append("""
            <p>The last event of each user is the target; full catalogue, seen items left out;
            lines are 95 % bootstrap intervals over users.</p>
            """);
        foreach (var metric in new[] { "Recall@20", "NDCG@20", "Coverage@20" })
        {
            Draw(page, metric, results,
                result => result.Report[metric] is { Value: { } value } m ? (value, m.Low, m.High) : (0, null, null));
        }
        Draw(page, "Training time, seconds", results, result => (result.Seconds, null, null));
        return HtmlPage.End(page);
    }

    private static void Draw(
        StringBuilder page, string title, IReadOnlyList<Result> results, Func<Result, (double Value, double? Low, double? High)> measure)
    {
        var values = results.Select(measure).ToList();
        var scale = Width / Math.Max(1e-9, values.Max(v => v.High ?? v.Value));
        page.Append(CultureInfo.InvariantCulture, $"""
            <h2>{title}</h2>
            <svg width="{Left + Width + 80}" height="{results.Count * Row}" role="img" aria-label="{title}">

            """);
        for (var i = 0; i < results.Count; i++)
        {
            var (value, low, high) = values[i];
            var (top, middle) = (i * Row + (Row - Bar) / 2.0, i * Row + Row / 2.0);
            page.Append(CultureInfo.InvariantCulture, $"""
                <text x="{Left - 8}" y="{middle + 4}" text-anchor="end">{WebUtility.HtmlEncode(results[i].Name)}</text>
                <rect x="{Left}" y="{top}" width="{value * scale:F1}" height="{Bar}" fill="#4c78a8"/>
                <text x="{Left + (high ?? value) * scale + 6:F1}" y="{middle + 4}">{value:G3}</text>

                """);
            if (low is { } from && high is { } to)
                page.Append(CultureInfo.InvariantCulture, $"""
                    <line x1="{Left + from * scale:F1}" x2="{Left + to * scale:F1}" y1="{middle}" y2="{middle}" stroke="#222"/>

                    """);
        }
        page.Append("</svg>\n");
    }
}
