using System.Text.Encodings.Web;
using System.Text.Json;

namespace Recsys.Evaluation;

/// <summary>
/// The numbers of one evaluated model and what they rest on. Immutable; safe for any number of threads. Text, CSV and JSON are the same to
/// the byte for the same result, in every culture and on every machine.
/// </summary>
public abstract class EvaluationReport
{
    private protected EvaluationReport(string name, IReadOnlyList<MetricResult> metrics, IReadOnlyList<string> warnings, TimeSpan elapsed)
        => (Name, Metrics, Warnings, Elapsed) = (name, metrics, warnings, elapsed);

    /// <summary>The name of the model as given.</summary>
    public string Name { get; }

    /// <summary>All metrics in a fixed order.</summary>
    public IReadOnlyList<MetricResult> Metrics { get; }

    /// <summary>What could make the numbers misleading, one sentence each: leaks, users left out, and so on.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>How long the evaluation took, the bootstrap included. Not part of text, CSV or JSON.</summary>
    public TimeSpan Elapsed { get; }

    /// <summary>What the numbers rest on, as (word, value) pairs in a fixed order.</summary>
    public abstract IReadOnlyList<KeyValuePair<string, string>> Settings { get; }

    /// <summary>One metric by its name, as in "NDCG@10"; upper and lower case count.</summary>
    /// <exception cref="KeyNotFoundException">The report has no such metric; the message lists those it has.</exception>
    public MetricResult this[string metric]
    {
        get
        {
            foreach (var result in Metrics)
                if (result.Name == metric) return result;
            throw new KeyNotFoundException(
                $"The report of {Name} has no metric '{metric}'; it has {string.Join(", ", Metrics.Select(m => m.Name))}.");
        }
    }

    /// <summary>A text table of this report: settings, one row for each metric, warnings. Lines end in \n.</summary>
    public string ToText() => Table(this);

    /// <summary>
    /// A text table with one row for each metric and one column for each report, under the settings they share. Lines end in \n.
    /// </summary>
    /// <exception cref="ArgumentException">There is no report.</exception>
    public static string Table(params ReadOnlySpan<EvaluationReport> reports) => ReportText.ByMetric(Checked(reports));

    /// <summary>
    /// A text table with one row for each report and one column for each of the named metrics; "-" where a report lacks one.
    /// </summary>
    /// <exception cref="ArgumentException">There is no report or no metric.</exception>
    public static string Table(IReadOnlyList<string> metrics, params ReadOnlySpan<EvaluationReport> reports)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        if (metrics.Count == 0) throw new ArgumentException("Name at least one metric.", nameof(metrics));
        return ReportText.ByModel(metrics, Checked(reports));
    }

    /// <summary>
    /// CSV by RFC 4180 with the columns model, metric, value, low, high, count and one for each setting; a missing number is an empty
    /// cell. Lines end in \r\n.
    /// </summary>
    /// <param name="header">Whether the first line names the columns; leave it out to append.</param>
    public string ToCsv(bool header = true) => ReportText.Csv(this, header);

    /// <summary>Indented JSON: model, settings, metrics (a missing number is null), warnings.</summary>
    public string ToJson()
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, JsonOptions)) WriteJson(writer);
        return System.Text.Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    // Quotes and accents stay readable; the JSON is for files and services, not for pasting into a web page unescaped.
    private static readonly JsonWriterOptions JsonOptions = new()
    {
        Indented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes the object of <see cref="ToJson"/> into a larger document.</summary>
    public void WriteJson(Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStartObject();
        writer.WriteString("model", Name);
        writer.WriteStartObject("settings");
        foreach (var (word, value) in Settings) writer.WriteString(word, value);
        writer.WriteEndObject();
        writer.WriteStartArray("metrics");
        foreach (var metric in Metrics)
        {
            writer.WriteStartObject();
            writer.WriteString("name", metric.Name);
            WriteNumber(writer, "value", metric.Value);
            WriteNumber(writer, "low", metric.Low);
            WriteNumber(writer, "high", metric.High);
            writer.WriteNumber("count", metric.Count);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteStartArray("warnings");
        foreach (var warning in Warnings) writer.WriteStringValue(warning);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>The text of <see cref="ToText"/>.</summary>
    public override string ToString() => ToText();

    private static void WriteNumber(Utf8JsonWriter writer, string name, double? value)
    {
        if (value is { } number) writer.WriteNumber(name, number);
        else writer.WriteNull(name);
    }

    private static EvaluationReport[] Checked(ReadOnlySpan<EvaluationReport> reports)
    {
        if (reports.IsEmpty) throw new ArgumentException("Give at least one report.", nameof(reports));
        foreach (var report in reports) ArgumentNullException.ThrowIfNull(report, nameof(reports));
        return reports.ToArray();
    }
}
