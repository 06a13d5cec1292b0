using System.Globalization;
using System.IO.Compression;
using System.Text;
using Recsys.Data;
using Recsys.Evaluation;
using Recsys.Features;

namespace Recsys.Quality.Suites;

/// <summary>One set of clicks (or likes, or incomes), cut at random 8:1:1: every model of the family sees the same three parts.</summary>
internal sealed record CtrSet(string Name, FeatureSet Features, Examples Train, Examples Validation, Examples Test)
{
    public override string ToString()
        => $"{Name}: {Train.Count} training, {Validation.Count} validation, {Test.Count} test examples; {Features.Schema.Inputs.Count} " +
            $"fields of {new SparseLayout(Features.Schema).ColumnCount} values; {Rate(Train):0.0000} of the training labels are 1";

    /// <summary>The scores of a model, the whole part in blocks.</summary>
    public float[] Score(IRanker model, Examples part)
    {
        const int Block = 4096;
        var scores = new float[part.Count];
        var batch = Features.CreateBatch(Math.Min(Block, part.Count));
        for (var start = 0; start < part.Count; start += Block)
        {
            var count = Math.Min(Block, part.Count - start);
            Features.Assemble(part, start, count, batch);
            model.Score(batch, scores.AsSpan(start, count));
        }
        return scores;
    }

    /// <summary>AUC and log loss of a model whose scores are probabilities.</summary>
    public (double Auc, double LogLoss) Measure(IRanker model, Examples part)
    {
        var scores = Score(model, part);
        return (AucMetrics.Auc(scores, part.Label()), ProbabilityMetrics.LogLoss(scores, part.Label()));
    }

    private static double Rate(Examples part)
    {
        var sum = 0.0;
        foreach (var label in part.Label()) sum += label;
        return sum / part.Count;
    }
}

/// <summary>What a model is told of a rating of ml-1m.</summary>
internal enum MovieLensFields
{
    /// <summary>User, item, gender, age, occupation, zip, first genre, release year.</summary>
    WithIds,

    /// <summary>Gender, age, occupation, zip, release year, all genres: nothing that names the user or the film.</summary>
    Profiles,

    /// <summary>The same, but each set of genres that a film can have is one value of its own.</summary>
    ProfilesGenreSets,
}

/// <summary>The sets on which click models are compared. The cut depends on the seed alone.</summary>
internal static class CtrData
{
    public const ulong SplitSeed = 2024;

    /// <summary>ml-1m: a rating above 3 is positive, below 3 negative, 3 is dropped: 739,012 examples.</summary>
    public static CtrSet MovieLens1M(string folder, MovieLensFields fields = MovieLensFields.WithIds, ulong seed = SplitSeed)
    {
        var set = MovieLens.Load(folder);
        var users = Columns.From(set.Users)
            .Text("gender", user => user.Gender)
            .Text("age", user => user.Age.ToString(CultureInfo.InvariantCulture))
            .Text("occupation", user => user.Occupation)
            .Text("zip", user => user.ZipCode)
            .InIdOrder();
        var items = Columns.From(set.Items)
            .Text("genre", item => item.Genres.IsEmpty ? null : item.Genres[0])
            .List("genres", item => item.Genres)
            .Text("genre set", item => string.Join('|', item.Genres))
            .Text("year", item => item.Year?.ToString(CultureInfo.InvariantCulture))
            .InIdOrder();
        Feature[] profile =
        [
            Feature.Category("gender", Side.User), Feature.Category("age", Side.User), Feature.Category("occupation", Side.User),
            Feature.Category("zip", Side.User),
        ];
        var schema = new FeatureSchema(fields switch
        {
            MovieLensFields.WithIds =>
            [
                Feature.Id("user", Side.User), Feature.Id("item", Side.Item), .. profile, Feature.Category("genre", Side.Item),
                Feature.Category("year", Side.Item), Feature.Label("liked"),
            ],
            MovieLensFields.Profiles =>
                [.. profile, Feature.Category("year", Side.Item), Feature.MultiCategory("genres", Side.Item), Feature.Label("liked")],
            _ => [.. profile, Feature.Category("year", Side.Item), Feature.Category("genre set", Side.Item), Feature.Label("liked")],
        });
        var features = schema.Fit(users, items, userIds: set.Log.Users, itemIds: set.Log.Items);

        var (ofUsers, ofItems, labels) = (new List<int>(), new List<int>(), new List<float>());
        foreach (var row in set.Log.Rows())
        {
            if (row.Value == 3) continue;
            ofUsers.Add(row.User);
            ofItems.Add(row.Item);
            labels.Add(row.Value > 3 ? 1 : 0);
        }
        var all = features.Examples(new ExampleData { Users = [.. ofUsers], Items = [.. ofItems], Labels = [[.. labels]] });
        var (train, rest) = all.Split(0.8, seed);
        var (validation, test) = rest.Split(0.5, seed);
        var name = fields switch
        {
            MovieLensFields.WithIds => "8 fields",
            MovieLensFields.Profiles => "6 fields without ids",
            _ => "6 fields without ids, a code for each set of genres",
        };
        return new CtrSet($"ml-1m, {name}", features, train, validation, test);
    }

    /// <summary>
    /// criteo_10k: 13 counts and 26 hashed categories. A count v above 2 becomes the category ⌊ln² v⌋, a smaller one its own: the recipe of
    /// the winners of the contest (Juan et al.). A value on fewer than 4 training rows is rare.
    /// </summary>
    public static CtrSet Criteo10K(string folder, ulong seed = SplitSeed)
    {
        string[] names = ["click", .. Enumerable.Range(1, 13).Select(i => $"I{i}"), .. Enumerable.Range(1, 26).Select(i => $"C{i}")];
        var table = Read(Path.Combine(folder, "criteo_10k.txt.gz"), '\t', names, (cells, kept) =>
        {
            for (var i = 0; i < cells.Length; i++)
            {
                if (i > 0) kept.Append(',');
                if (i is 0 or > 13 || cells[i].Length == 0) kept.Append(cells[i]);
                else kept.Append(CultureInfo.InvariantCulture, $"{Binned(int.Parse(cells[i], CultureInfo.InvariantCulture))}");
            }
        });
        var schema = new FeatureSchema(
        [
            .. names.Skip(1).Select(name => Feature.Category(name, Side.Context, minCount: 4, rareCode: true)),
            Feature.Label("click"),
        ]);
        return Cut("criteo_10k", schema, table, seed);

        // Small counts stay apart from the squared logarithms: they are negative codes.
        static int Binned(int v) => v > 2 ? (int)Math.Pow(Math.Log(v), 2) : v - 1000;
    }

    /// <summary>
    /// Census-Income (KDD), the file of 99,762 rows: is the income above 50K? Forty attributes; the continuous ones in at most ten bins of
    /// equal counts; the instance weight is left out.
    /// </summary>
    public static CtrSet CensusIncome(string folder, ulong seed = SplitSeed)
    {
        const int InstanceWeight = 24, Label = 41;
        int[] continuous = [0, 5, 16, 17, 18, 30, 39];
        string[] names = [.. Enumerable.Range(0, 42).Select(i => i == Label ? "income" : $"a{i}")];
        var table = Read(Path.Combine(folder, "census-income.test.gz"), ',', names, (cells, kept) =>
        {
            for (var i = 0; i < cells.Length; i++)
            {
                if (i > 0) kept.Append(',');
                kept.Append(i == Label ? (cells[i].Contains('+', StringComparison.Ordinal) ? "1" : "0") : cells[i].Trim());
            }
        });
        var schema = new FeatureSchema(
        [
            .. Enumerable.Range(0, Label).Where(i => i != InstanceWeight).Select(i => Array.IndexOf(continuous, i) >= 0
                ? Feature.Buckets(names[i], Side.Context, quantiles: 10)
                : Feature.Category(names[i], Side.Context)),
            Feature.Label("income"),
        ]);
        return Cut("census-income", schema, table, seed);
    }

    // Encoders are fitted on the training rows alone.
    private static CtrSet Cut(string name, FeatureSchema schema, Columns table, ulong seed)
    {
        var order = Enumerable.Range(0, table.RowCount).ToArray();
        new Recsys.Numerics.Rng(seed).Shuffle(0, order.AsSpan());
        var (first, second) = (table.RowCount * 8 / 10, table.RowCount * 9 / 10);
        var train = table.Rows(order.AsSpan(0, first));
        var features = schema.Fit(contexts: train);
        return new CtrSet(name, features, features.Examples(train), features.Examples(table.Rows(order.AsSpan(first, second - first))),
            features.Examples(table.Rows(order.AsSpan(second))));
    }

    private static Columns Read(string path, char separator, string[] names, Action<string[], StringBuilder> write)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        var kept = new StringBuilder();
        while (reader.ReadLine() is { } line)
        {
            var cells = line.Split(separator);
            if (cells.Length != names.Length) continue;
            write(cells, kept);
            kept.Append('\n');
        }
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(kept.ToString()));
        return Columns.ReadCsv(stream, new ColumnsOptions { HasHeader = false, Names = names, Delimiter = ",", Missing = ["?"] });
    }
}
