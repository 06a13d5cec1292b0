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
    /// For Wide &amp; Deep: the deep side reads numbers (gains and losses by their logarithm) and codes; the wide side codes, bins of the
    /// numbers
    /// and crosses.
    /// </summary>
    public static FeatureSchema WideAndDeep() => new(
    [
        .. Discrete.Select(name => Feature.Category(name, Side.Context)),
        .. Continuous.Select(name => Feature.Number($"{name} (number)", Side.Context,
            name.StartsWith("capital", StringComparison.Ordinal) ? NumberScale.Log : NumberScale.Standardised, column: name)),
        .. Continuous.Select(name => Feature.Buckets(name, Side.Context, quantiles: 10)),
        Feature.Cross("education×occupation", ["education", "occupation"]),
        Feature.Cross("age×education×occupation", ["age", "education", "occupation"], 5000),
        Feature.Cross("relationship×hours", ["relationship", "hours_per_week"]),
        Feature.Label("income"),
    ]);

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
