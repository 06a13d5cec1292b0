using Recsys.Data;
using Recsys.Features;

namespace Recsys.Tests.Features;

public sealed class RealDataTests
{
    private static readonly string[] AdultColumns =
    [
        "age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation", "relationship", "race", "sex",
        "capital_gain", "capital_loss", "hours_per_week", "native_country", "income",
    ];

    internal static FeatureSchema AdultSchema { get; } = new(
        [.. new[] { "workclass", "education", "marital_status", "occupation", "relationship", "race", "sex", "native_country" }
            .Select(name => Feature.Category(name, Side.Context)),
        .. new[] { "age", "education_num", "capital_gain", "capital_loss", "hours_per_week" }
            .Select(name => Feature.Buckets(name, Side.Context, 4, BinRule.FirstClosed)),
        Feature.Category("income", Side.Context)]);

    [DataFact("adult")]
    public void The_census_recipe_gives_its_118_binary_columns()
    {
        var all = Columns.ReadCsv(Path.Combine(TestData.Folder("adult")!, "adult.data.gz"), new()
        {
            HasHeader = false,
            Names = AdultColumns,
            Missing = ["?"],
            Delimiter = ",",
        });
        Assert.Equal(32_561, all.RowCount);
        var complete = Enumerable.Range(0, all.RowCount).Where(row => AdultColumns.All(name => all.Text(name, row) is not null)).ToArray();
        Assert.Equal(30_162, complete.Length);
        var table = all.Rows(complete);
        var set = AdultSchema.Fit(contexts: table);
        var layout = new SparseLayout(set.Schema, new()
        {
            Features = [.. set.Schema.Inputs.Select(f => f.Name).Where(n => n != "income")],
            UnknownColumns = false,
        });
        Assert.Equal(118, layout.ColumnCount);
        Assert.Equal(41, set.Schema["native_country"].Cardinality - 1);
        var gains = Enumerable.Range(0, complete.Length).Select(row => set.Contexts.Code("capital_gain", row)).ToArray();
        Assert.Equal(Enumerable.Range(0, complete.Length).Select(row => table.Text("capital_gain", row) == "0" ? 1 : 4), gains);
        Assert.Equal("capital_gain=[0, 99999]", layout.NameOf(set, layout.FirstColumn(10) + 3));
    }

    [DataFact("ml-100k")]
    public void Movies_and_their_viewers_become_features()
    {
        var movieLens = MovieLens.Load(TestData.Folder("ml-100k")!);
        var log = movieLens.Log;
        var users = Columns.From(movieLens.Users).Text("gender", u => u.Gender).Number("age", u => u.Age)
            .Text("occupation", u => u.Occupation).Text("zip", u => u.ZipCode).InIdOrder();
        var movies = Columns.From(movieLens.Items).Number("year", m => m.Year).List("genres", m => m.Genres).InIdOrder();
        var schema = new FeatureSchema(
            Feature.Id("user", Side.User), Feature.Id("item", Side.Item), Feature.Category("gender", Side.User),
            Feature.Category("occupation", Side.User), Feature.Buckets("age", Side.User, quantiles: 10),
            Feature.Hash("zip", Side.User, 1000),
            Feature.MultiCategory("genres", Side.Item), Feature.Number("year", Side.Item, NumberScale.Standardised, indicator: true),
            Feature.Cross("gender×genres", "gender", "genres"), Feature.Sequence("history", "item", 50), Feature.Label("like"));
        var split = Splits.LeaveLastOut(log);
        var set = schema.Fit(users, movies, train: split.Train);
        Assert.Equal((943, 1682), (set.Users.Count, set.Items.Count));
        Assert.Equal((3, 22), (set.Schema["gender"].Cardinality, set.Schema["occupation"].Cardinality));
        Assert.InRange(set.Schema["genres"].Cardinality, 18, 20);
        var sampler = NegativeSampler.Uniform(split.Train);
        var train = set.Examples(split.Train, new() { Threshold = 4, NegativesPerPositive = 1, Sampler = sampler });
        Assert.Equal(split.Train.Count + split.Train.ValueColumn.ToArray().Count(v => v >= 4), train.Count);
        var batch = set.CreateBatch(1000);
        for (var start = 0; start + 1000 <= 20_000; start += 1000)
        {
            set.Assemble(train, start, 1000, batch);
            foreach (var age in batch.Sequence("history").Ages) Assert.True(age > 0);
        }
    }
}
