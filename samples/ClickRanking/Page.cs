using System.Globalization;
using System.Net;
using System.Text;
using Recsys.Evaluation;
using Recsys.Rank;

namespace Recsys.Samples.ClickRanking;

internal sealed record Result(string Name, IRanker Model, float[] Scores, float[] Labels, RowReport Report);

/// <summary>Everything in one HTML file that needs nothing else.</summary>
internal static class Page
{
    private const int Left = 130, Width = 380, Row = 22, Bar = 12, Side = 320, Margin = 56, Bins = 10;
    private static readonly string[] Colours = ["#4c78a8", "#f58518", "#54a24b"];

    public static string Html(string data, IReadOnlyList<Result> results, IReadOnlyList<FeatureImportance> gains,
        IReadOnlyList<PermutationImportance> permutations)
    {
        var page = HtmlPage.Begin($"Click ranking on {data}");
        page.Append(CultureInfo.InvariantCulture, $"""
            <p>Test rows: {results[0].Scores.Length:N0}. In brackets: 95 % bootstrap intervals.</p>
            <table><tr><th>Model</th><th>AUC</th><th>Log loss</th><th>Calibration error</th></tr>

            """);
        foreach (var result in results)
            page.Append(CultureInfo.InvariantCulture, $"""
                <tr><td>{result.Name}</td><td>{result.Report["AUC"]}</td><td>{result.Report["LogLoss"]}</td>
                <td>{result.Report["ECE"]}</td></tr>

                """);
        page.Append("</table>\n");
        Bars(page, "Importance by permutation: what shuffling a feature costs the GBDT in AUC (lines: ± one standard deviation)",
            [.. permutations.Select(p => (p.Feature, p.Mean, p.Deviation))]);
        var total = gains.Sum(g => g.Gain);
        Bars(page, "Importance by gain: the share of each feature in what the splits gained in training",
            [.. gains.Select(g => (g.Feature, g.Gain / total, 0.0))]);
        Calibration(page, results);
        return HtmlPage.End(page);
    }

    private static void Bars(StringBuilder page, string title, IReadOnlyList<(string Name, double Value, double Spread)> bars)
    {
        var scale = Width / Math.Max(1e-9, bars.Max(b => b.Value + b.Spread));
        page.Append(CultureInfo.InvariantCulture, $"""
            <h2>{title}</h2>
            <svg width="{Left + Width + 80}" height="{bars.Count * Row}" role="img" aria-label="{title}">

            """);
        for (var i = 0; i < bars.Count; i++)
        {
            var (name, value, spread) = bars[i];
            var (length, middle) = (Math.Max(0, value) * scale, (i * Row) + (Row / 2.0));
            var (from, to) = (Math.Max(0, value - spread) * scale, Math.Max(0, value + spread) * scale);
            page.Append(CultureInfo.InvariantCulture, $"""
                <text x="{Left - 8}" y="{middle + 4}" text-anchor="end">{WebUtility.HtmlEncode(name)}</text>
                <rect x="{Left}" y="{middle - (Bar / 2)}" width="{length:F1}" height="{Bar}" fill="{Colours[0]}"/>
                <line x1="{Left + from:F1}" x2="{Left + to:F1}" y1="{middle}" y2="{middle}" stroke="#222"/>
                <text x="{Left + to + 6:F1}" y="{middle + 4}">{value:F4}</text>

                """);
        }
        page.Append("</svg>\n");
    }

    // Ten bins of equally many rows each: the mean score against the share of positives.
    private static void Calibration(StringBuilder page, IReadOnlyList<Result> results)
    {
        const string Title = "Calibration: of rows with this score, how many are positive?";
        static double X(double p) => Margin + (p * Side);
        static double Y(double p) => 10 + ((1 - p) * Side);
        page.Append(CultureInfo.InvariantCulture, $"""
            <h2>{Title}</h2>
            <svg width="{Margin + Side + 140}" height="{Side + 50}" role="img" aria-label="{Title}">
            <rect x="{X(0)}" y="{Y(1)}" width="{Side}" height="{Side}" fill="none" stroke="#999"/>
            <line x1="{X(0)}" y1="{Y(0)}" x2="{X(1)}" y2="{Y(1)}" stroke="#999" stroke-dasharray="4"/>
            <text x="{X(0.5)}" y="{Y(0) + 34}" text-anchor="middle">mean score</text>
            <text transform="translate(12,{Y(0.5)}) rotate(-90)" text-anchor="middle">share of positives</text>

            """);
        foreach (var tick in new[] { 0, 0.5, 1 })
            page.Append(CultureInfo.InvariantCulture, $"""
                <text x="{X(tick)}" y="{Y(0) + 16}" text-anchor="middle">{tick}</text>
                <text x="{X(0) - 6}" y="{Y(tick) + 4}" text-anchor="end">{tick}</text>

                """);
        for (var r = 0; r < results.Count; r++)
        {
            var (scores, labels, colour) = (results[r].Scores, results[r].Labels, Colours[r % Colours.Length]);
            var order = Enumerable.Range(0, scores.Length).OrderBy(i => scores[i]).ToArray();
            var points = Enumerable.Range(0, Bins).Select(b => order[(b * order.Length / Bins)..((b + 1) * order.Length / Bins)])
                .Where(bin => bin.Length > 0).Select(bin => (X(bin.Average(i => scores[i])), Y(bin.Average(i => labels[i])))).ToList();
            var line = string.Join(' ', points.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Item1:F1},{p.Item2:F1}")));
            page.Append(CultureInfo.InvariantCulture, $"""
                <polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>
                <rect x="{Margin + Side + 16}" y="{16 + (r * Row)}" width="12" height="12" fill="{colour}"/>
                <text x="{Margin + Side + 34}" y="{26 + (r * Row)}">{WebUtility.HtmlEncode(results[r].Name)}</text>

                """);
            foreach (var (x, y) in points)
                page.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{x:F1}\" cy=\"{y:F1}\" r=\"3\" fill=\"{colour}\"/>\n");
        }
        page.Append("</svg>\n");
    }
}
