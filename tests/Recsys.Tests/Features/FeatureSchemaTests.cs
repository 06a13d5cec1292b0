using Recsys.Data;
using Recsys.Features;

namespace Recsys.Tests.Features;

public sealed class FeatureSchemaTests
{
    internal static readonly FeatureSchema EveryKind = new(
        Feature.Id("user", Side.User), Feature.Id("item", Side.Item, minCount: 2, column: "itemId", table: "items"),
        Feature.Category("gender", Side.User, minCount: 2, rareCode: true), Feature.MultiCategory("genres", Side.Item, separator: '|'),
        Feature.Buckets("age", Side.User, quantiles: 4), Feature.Buckets("hour", Side.Context, [6.0, 12.5, 18]),
        Feature.Buckets("gain", Side.User, 4, BinRule.FirstClosed, equalWidth: true),
        Feature.Number("price", Side.Item, NumberScale.Log, missing: 3.25, indicator: true),
            Feature.Number("year", Side.Item, NumberScale.Standardised),
        Feature.Hash("agent", Side.Context, 100), Feature.Hash("words", Side.Item, 50, separator: ' '),
        Feature.Cross("gender×genres", "gender", "genres"), Feature.Cross("three", ["gender", "age", "hour"], buckets: 1000),
        Feature.Sequence("history", ["item"], maxLength: 5, events: ["view", "buy"]),
        Feature.Label("click"), Feature.Label("dwell", binary: false), Feature.Position(max: 10), Feature.Weight());

    [Fact]
    public void Text_and_back_gives_an_equal_schema()
    {
        var copy = FeatureSchema.FromJson(EveryKind.ToJson());
        Assert.Equal(EveryKind, copy);
        Assert.Equal(EveryKind.GetHashCode(), copy.GetHashCode());
        Assert.Equal(EveryKind.ToJson(), copy.ToJson());
        Assert.All(EveryKind.Features.Zip(copy.Features), pair => Assert.Equal(pair.First.Shape, pair.Second.Shape));
        Assert.NotEqual(EveryKind, new FeatureSchema(Feature.Id("user", Side.User)));
        Assert.Equal(FeatureShape.Codes, copy.Features[copy.IndexOf("gender×genres")].Shape);
        Assert.Equal(FeatureShape.Code, copy.Features[copy.IndexOf("three")].Shape);
    }

    public static TheoryData<string, Func<object>> Wrong => new()
    {
        { "has no input feature", () => new FeatureSchema() },
        { "has no input feature", () => new FeatureSchema(Feature.Label("y")) },
        { "Two features are named 'a'", () => new FeatureSchema(Feature.Category("a", Side.User), Feature.Number("a", Side.Item)) },
        { "'b', which is not declared before it", () => new FeatureSchema(Feature.Category("a", Side.User), Feature.Cross("x", "a", "b")) },
        { "its input 'n' is a Number",
            () => new FeatureSchema(Feature.Category("a", Side.User), Feature.Number("n", Side.User), Feature.Cross("x", "a", "n")) },
        { "an input is named twice", () => new FeatureSchema(Feature.Category("a", Side.User), Feature.Cross("x", "a", "a")) },
        { "a sequence holds item features", () => new FeatureSchema(Feature.Category("a", Side.User), Feature.Sequence("s", "a")) },
        { "already a Position", () => new FeatureSchema(Feature.Category("a", Side.User), Feature.Position("p"), Feature.Position("q")) },
        {
            "Feature 'b': it shares the table 't' with 'a', but the minimum counts differ (1, 3)",
            () => new FeatureSchema(Feature.Category("a", Side.User, table: "t"), Feature.Category("b", Side.Item, minCount: 3, table: "t"))
        },
        {
            "one holds ids of users, the other of items",
            () => new FeatureSchema(Feature.Id("a", Side.User, table: "t"), Feature.Id("b", Side.Item, table: "t"))
        },
        { "'e': edge 1 is 1; edges must be finite and ascending", () => Feature.Buckets("e", Side.User, [2.0, 1.0]) },
        { "edge 0 is NaN", () => Feature.Buckets("e", Side.User, [double.NaN]) },
        { "FirstClosed needs at least 2", () => Feature.Buckets("e", Side.User, [1.0], BinRule.FirstClosed) },
        { "an id feature belongs to", () => Feature.Id("i", Side.Context) },
        { "its side must be User, Item or Context", () => Feature.Category("c", Side.Example) },
        { "minCount must be at least 1", () => Feature.Category("c", Side.User, minCount: 0) },
        { "missing is NaN", () => Feature.Number("n", Side.User, missing: double.NaN) },
        { "2 to 8 inputs", () => Feature.Cross("x", ["a"]) },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_broken_rule_names_the_feature(string message, Func<object> make)
        => Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(make).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("7")]
    [InlineData("[]")]
    [InlineData("[7]")]
    [InlineData("[{\"kind\":\"Id\"}]")]
    [InlineData("[{\"kind\":\"3\",\"name\":\"a\",\"side\":\"User\"}]")]
    [InlineData("[{\"kind\":\"Category\",\"name\":\"a\",\"side\":\"User\",\"minCount\":\"x\"}]")]
    [InlineData("[{\"kind\":\"Category\",\"name\":\"a\",\"side\":\"User\",\"minCount\":1e99}]")]
    [InlineData("[{\"kind\":\"MultiCategory\",\"name\":\"a\",\"side\":\"User\",\"separator\":\"ab\"}]")]
    public void Text_that_is_no_schema_is_refused(string json) => Assert.Throws<InvalidDataException>(() => FeatureSchema.FromJson(json));

    [Fact]
    public void A_mismatch_names_the_feature_and_what_differs()
    {
        Columns users = Columns.From(["a", "b", "b"]).Text("g", g => g);
        Columns other = Columns.From(["a", "b", "c"]).Text("g", g => g);
        Columns renamed = Columns.From(["a", "x"]).Text("g", g => g);
        var schema = new FeatureSchema(Feature.Category("g", Side.User));
        var fitted = schema.Fit(users).Schema;
        fitted.EnsureCompatible(schema.Fit(users).Schema);
        string Error(FittedSchema given) => Assert.Throws<SchemaMismatchException>(() => fitted.EnsureCompatible(given)).Message;

        Assert.Equal("Feature 'g' has 3 codes here, 4 in the given schema: it was fitted on other data.", Error(schema.Fit(other).Schema));
        Assert.Contains("Feature 'g' was fitted on other data", Error(schema.Fit(renamed).Schema), StringComparison.Ordinal);
        Assert.Contains("Feature 'g' is missing", Error(new FeatureSchema(Feature.Category("h", Side.User, column: "g")).Fit(users).Schema),
            StringComparison.Ordinal);
        Assert.Contains("declared differently", Error(new FeatureSchema(Feature.Category("g", Side.User, minCount: 2)).Fit(users).Schema),
            StringComparison.Ordinal);
        Assert.Contains("Feature 'y' of the given schema is not expected",
            Error(new FeatureSchema(Feature.Category("g", Side.User), Feature.Label("y")).Fit(users).Schema), StringComparison.Ordinal);
    }

    [Fact]
    public void Features_that_share_a_table_share_its_vocabulary()
    {
        Columns users = Columns.From([("a", 1), ("b", 2)]).Text("favourite", u => u.Item1);
        Columns items = Columns.From([new[] { "b", "c" }, ["b"]]).List("genres", g => g);
        var set = new FeatureSchema(Feature.Category("favourite", Side.User, table: "genre"),
            Feature.MultiCategory("genres", Side.Item, table: "genre"))
            .Fit(users, items);
        Assert.Equal(4, set.Schema.Tables["genre"]);
        Assert.Equal(4, set.Schema["favourite"].Cardinality);
        Assert.Equal([1, 3], set.Items.ListOf("genres", 0).ToArray());
        Assert.Equal(1, set.Users.Code("favourite", 1));
        Assert.Equal("c", set.NameOf("favourite", 3));
    }

    [Fact]
    public void A_category_can_hold_ids_of_the_other_side()
    {
        var items = IdMap.FromStrings(["i1", "i2", "i3"]);
        Columns users = Columns.From([new[] { "i3", "zzz" }, []]).List("likes", g => g);
        var set = new FeatureSchema(Feature.Id("item", Side.Item), Feature.MultiCategory("likes", Side.User, table: "item"))
            .Fit(users, itemIds: items);
        Assert.Equal(4, set.Schema["likes"].Cardinality);
        Assert.Equal([3, 0], set.Users.ListOf("likes", 0).ToArray());
        Assert.Equal(0, set.Users.ListOf("likes", 1).Length);
        Assert.Contains("id map of that side is needed", Assert.Throws<ArgumentException>(() => set.WithUsers(users)).Message,
            StringComparison.Ordinal);
        Assert.Equal([3, 0], set.WithUsers(users, itemIds: items).Users.ListOf("likes", 0).ToArray());
    }
}
