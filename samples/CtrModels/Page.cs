using System.Globalization;
using System.Net;
using System.Text;
using Recsys.Evaluation;
using Recsys.Rank;

namespace Recsys.Samples.CtrModels;

/// <summary>A model, how it learned, and what it reached on the test.</summary>
internal sealed record Result(string Name, Trained Trained, double Auc, double LogLoss, double Seconds)
{
    public static Result Of(string name, Trained trained, Clicks clicks, double seconds)
    {
        const int Block = 1024;
        var scores = new float[clicks.Test.Count];
        var batch = clicks.Features.CreateBatch(Block);
        for (var start = 0; start < scores.Length; start += Block)
        {
            var count = Math.Min(Block, scores.Length - start);
            clicks.Features.Assemble(clicks.Test, start, count, batch);
            trained.Model.Score(batch, scores.AsSpan(start, count));
        }
        var labels = clicks.Test.Label();
        return new(name, trained, AucMetrics.Auc(scores, labels), ProbabilityMetrics.LogLoss(scores, labels), seconds);
    }
}

/// <summary>Everything in one HTML file that needs nothing else.</summary>
internal static class Page
{
    private const int Left = 60, Width = 460, Height = 260, Row = 18;

    private static readonly string[] Colours =
        ["#4c78a8", "#f58518", "#54a24b", "#e45756", "#72b7b2", "#b279a2", "#9d755d", "#bab0ac", "#eeca3b", "#ff9da6", "#1f6f3d", "#6b4c9a"];

    public static string Html(Clicks clicks, IReadOnlyList<Result> results)
    {
        var page = HtmlPage.Begin($"Click models on {clicks.Name}");
        page.Append("""
            <table><tr><th>Model</th><th>Test AUC</th><th>Log loss</th><th>Seconds</th></tr>

            """);
        foreach (var result in results)
            page.Append(CultureInfo.InvariantCulture,
                $"<tr><td>{result.Name}</td><td>{result.Auc:F4}</td><td>{result.LogLoss:F4}</td><td>{result.Seconds:F1}</td></tr>\n");
        page.Append("</table>\n");
        Curves(page, "Validation AUC after each epoch", results, e => e.Validation ?? double.NaN);
        Curves(page, "Mean training loss of each epoch", results, e => e.Loss);
        foreach (var result in results)
            if (result.Trained.Model is AutoInt attention) Attention(page, clicks, attention);
        return HtmlPage.End(page);
    }

    // Means over heads and over the first test examples.
    private static void Attention(StringBuilder page, Clicks clicks, AutoInt model)
    {
        const int Cell = 42, Names = 90;
        const string Title = "What AutoInt's first layer looks at: how much of the field of each column enters the field of each row";
        var fields = clicks.Features.Schema.Inputs.Select(f => f.Name).ToList();
        var batch = clicks.Features.CreateBatch(Math.Min(512, clicks.Test.Count));
        clicks.Features.Assemble(clicks.Test, 0, batch.Capacity, batch);
        var maps = model.AttentionMaps(batch);
        var cells = fields.Count * fields.Count;
        var count = maps.Length / cells;
        page.Append(CultureInfo.InvariantCulture, $"""
            <h2>{Title}</h2>
            <svg width="{Names + (fields.Count * Cell) + 20}" height="{Names + (fields.Count * Cell)}" role="img" aria-label="{Title}">

            """);
        for (var row = 0; row < fields.Count; row++)
        {
            page.Append(CultureInfo.InvariantCulture, $"""
                <text x="{Names - 6}" y="{(row * Cell) + 26}" text-anchor="end">{WebUtility.HtmlEncode(fields[row])}</text>
                <text transform="translate({Names + (row * Cell) + 24},{(fields.Count * Cell) + 12}) rotate(40)">{WebUtility.HtmlEncode(fields[row])}</text>

                """);
            for (var column = 0; column < fields.Count; column++)
            {
                var mean = 0.0;
                for (var map = 0; map < count; map++) mean += maps[(map * cells) + (row * fields.Count) + column] / count;
                page.Append(CultureInfo.InvariantCulture, $"""
                    <rect x="{Names + (column * Cell)}" y="{row * Cell}" width="{Cell - 1}" height="{Cell - 1}" fill="#4c78a8" fill-opacity="{mean:F3}"/>
                    <text x="{Names + (column * Cell) + (Cell / 2)}" y="{(row * Cell) + 26}" text-anchor="middle">{mean:F2}</text>

                    """);
            }
        }
        page.Append("</svg>\n");
    }

    private static void Curves(StringBuilder page, string title, IReadOnlyList<Result> results, Func<Recsys.Nn.EpochResult, double> value)
    {
        var curves = results.Where(r => r.Trained.History.Count > 0).ToList();
        if (curves.Count == 0) return;
        var values = curves.SelectMany(r => r.Trained.History.Select(value)).Where(double.IsFinite).ToList();
        var (low, high) = (values.Min(), values.Max());
        if (high - low < 1e-9) high = low + 1e-9;
        var epochs = curves.Max(r => r.Trained.History.Count);
        double X(int epoch) => Left + (epochs == 1 ? 0 : (epoch - 1.0) / (epochs - 1) * Width);
        double Y(double v) => 10 + ((high - v) / (high - low) * Height);
        page.Append(CultureInfo.InvariantCulture, $"""
            <h2>{title}</h2>
            <svg width="{Left + Width + 160}" height="{Math.Max(Height + 40, curves.Count * Row + 20)}" role="img" aria-label="{title}">
            <rect x="{Left}" y="10" width="{Width}" height="{Height}" fill="none" stroke="#999"/>
            <text x="{Left - 6}" y="{Y(high) + 4}" text-anchor="end">{high:F3}</text>
            <text x="{Left - 6}" y="{Y(low) + 4}" text-anchor="end">{low:F3}</text>
            <text x="{Left + (Width / 2)}" y="{Height + 34}" text-anchor="middle">epoch 1 to {epochs}</text>

            """);
        for (var c = 0; c < curves.Count; c++)
        {
            var colour = Colours[c % Colours.Length];
            var points = curves[c].Trained.History
                .Select(e => string.Create(CultureInfo.InvariantCulture, $"{X(e.Epoch):F1},{Y(value(e)):F1}"));
            page.Append(CultureInfo.InvariantCulture, $"""
                <polyline points="{string.Join(' ', points)}" fill="none" stroke="{colour}" stroke-width="2"/>
                <rect x="{Left + Width + 16}" y="{14 + (c * Row)}" width="12" height="12" fill="{colour}"/>
                <text x="{Left + Width + 34}" y="{24 + (c * Row)}">{WebUtility.HtmlEncode(curves[c].Name)}</text>

                """);
        }
        page.Append("</svg>\n");
    }
}
