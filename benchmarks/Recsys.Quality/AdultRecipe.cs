using System.IO.Compression;
using System.Text;
using Recsys.Features;

namespace Recsys.Quality;

/// <summary>
/// UCI Adult (is the income above 50K?) as a recommender course prepares it: rows with a missing value dropped, discrete columns one-hot,
/// continuous columns in four bins by the quartiles of the training file. A value takes the first bin with low ≤ v ≤ high, which tells a
/// capital gain of 0 from any other.
/// </summary>
internal static class AdultRecipe
{
    private static readonly string[] Names =
    [
        "age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation", "relationship", "race", "sex",
        "capital_gain", "capital_loss", "hours_per_week", "native_country", "income",
    ];

    private static readonly string[] Discrete =
        ["workclass", "education", "marital_status", "occupation", "relationship", "race", "sex", "native_country"];

    public static readonly string[] Continuous = ["age", "education_num", "capital_gain", "capital_loss", "hours_per_week"];

    /// <summary>118 binary features in all, and the label.</summary>
    public static FeatureSchema Binned() => new(
    [
        .. Discrete.Select(name => Feature.Category(name, Side.Context)),
        .. Continuous.Select(name => Feature.Buckets(name, Side.Context, quantiles: 4, rule: BinRule.FirstClosed)),
        Feature.Label("income"),
    ]);

    /// <summary>Continuous columns as they are, discrete ones as codes, which a dense layout makes columns of 0 and 1.</summary>
    public static FeatureSchema Raw() => new(
    [
        .. Discrete.Select(name => Feature.Category(name, Side.Context)),
        .. Continuous.Select(name => Feature.Number(name, Side.Context)),
        Feature.Label("income"),
    ]);

    /// <summary>
    /// For Wide &amp; Deep: numbers (gains and losses by their logarithm), codes, the course's bins of age, gain and loss with their
    /// crosses, and more crosses. <see cref="CourseWide"/> and <see cref="CourseDeep"/> name what the course gives to each side.
    /// </summary>
    public static FeatureSchema WideAndDeep() => new(
    [
        .. Discrete.Select(name => Feature.Category(name, Side.Context)),
        .. Continuous.Select(name => Feature.Number(name, Side.Context,
            name.StartsWith("capital", StringComparison.Ordinal) ? NumberScale.Log : NumberScale.Standardised)),
        Feature.Buckets("age bin", Side.Context, [18, 25, 30, 35, 40, 45, 50, 55, 60, 65], column: "age"),
        Feature.Buckets("gain bin", Side.Context, [0, 1000, 2000, 3000, 10000], column: "capital_gain"),
        Feature.Buckets("loss bin", Side.Context, [0, 1000, 2000, 3000, 5000], column: "capital_loss"),
        Feature.Buckets("hours bin", Side.Context, quantiles: 10, column: "hours_per_week"),
        Feature.Cross("age×gain", ["age bin", "gain bin"]),
        Feature.Cross("gain×loss", ["gain bin", "loss bin"]),
        Feature.Cross("education×occupation", ["education", "occupation"]),
        Feature.Cross("relationship×hours", ["relationship", "hours bin"]),
        Feature.Label("income"),
    ]);

    public static readonly string[] CourseWide =
    [
        "workclass", "education", "marital_status", "occupation", "relationship", "age bin", "gain bin", "loss bin", "age×gain",
        "gain×loss",
    ];

    public static readonly string[] CourseDeep =
        [.. Continuous, "workclass", "education", "marital_status", "occupation", "relationship"];

    public static Columns Train(string folder) => Read(Path.Combine(folder, "adult.data.gz"));

    public static Columns Test(string folder) => Read(Path.Combine(folder, "adult.test.gz"));

    private static Columns Read(string path)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        var kept = new StringBuilder();
        while (reader.ReadLine() is { } line)
        {
            var cells = line.TrimEnd('.').Split(", ");
            if (cells.Length != Names.Length || cells.Contains("?")) continue;
            cells[^1] = cells[^1] == ">50K" ? "1" : "0";
            kept.AppendJoin(',', cells).Append('\n');
        }
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(kept.ToString()));
        return Columns.ReadCsv(stream, new ColumnsOptions { HasHeader = false, Names = Names });
    }
}
