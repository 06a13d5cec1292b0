using Recsys.Data;
using Recsys.Features;

namespace Recsys.Tests.Features;

/// <summary>Encoders on data small enough to check by hand.</summary>
public sealed class EncoderTests
{
    private static FeatureSet FitUsers(Feature feature, params string?[] cells)
        => new FeatureSchema(feature).Fit(Columns.From(cells).Text("x", c => c));

    private static FeatureSet FitNumbers(Feature feature, params double?[] cells)
        => new FeatureSchema(feature).Fit(Columns.From(cells).Number("x", c => c));

    private static int[] Codes(FeatureSet set, int count) => [.. Enumerable.Range(0, count).Select(i => set.Users.Code("x", i))];

    private static float[] Numbers(FeatureSet set, int count) => [.. Enumerable.Range(0, count).Select(i => set.Users.Number("x", i))];

    [Fact]
    public void A_vocabulary_is_ordered_by_count_then_text_and_rare_values_are_unknown()
    {
        var set = FitUsers(Feature.Category("x", Side.User, minCount: 2), "b", "a", "b", "a", "c", null, "");
        Assert.Equal([2, 1, 2, 1, 0, 0, 0], Codes(set, 7));
        Assert.Equal(3, set.Schema["x"].Cardinality);
        Assert.Equal([null, "a", "b"], Enumerable.Range(0, 3).Select(c => set.NameOf("x", c)));
        Assert.Equal([0, 0, 0], new[] { -1, 7, int.MaxValue }.Select(id => set.Users.Code("x", id)));
    }

    [Fact]
    public void Rare_and_never_seen_values_get_a_code_of_their_own_when_asked()
    {
        var set = FitUsers(Feature.Category("x", Side.User, minCount: 2, rareCode: true), "b", "b", "c", null);
        Assert.Equal([2, 2, 1, 0], Codes(set, 4));
        var later = set.WithUsers(Columns.From(["new", "b", null]).Text("x", c => c));
        Assert.Equal([1, 2, 0], Codes(later, 3));
        Assert.Equal("(rare)", set.NameOf("x", 1));
        set.Schema.EnsureCompatible(later.Schema);
    }

    [Fact]
    public void A_number_can_be_a_category_and_a_long_text_is_a_value_like_any_other()
    {
        Assert.Equal([1, 1, 2, 0], Codes(FitNumbers(Feature.Category("x", Side.User), 7, 7, 1.5, null), 4));
        var longText = new string('x', 10_240);
        Assert.Equal([1, 2, 1], Codes(FitUsers(Feature.Category("x", Side.User), longText, longText[1..], longText), 3));
    }

    [Fact]
    public void Lists_are_split_trimmed_and_kept_once_each_in_their_order()
    {
        var set = FitUsers(Feature.MultiCategory("x", Side.User, separator: '|', minCount: 2), "b| a |b", "a|b|zz|yy", "|", null, "a");
        int[][] lists = [.. Enumerable.Range(0, 6).Select(i => set.Users.ListOf("x", i).ToArray())];
        Assert.Equal([[2, 1], [1, 2, 0], [], [], [1], []], lists);
    }

    [Theory]
    [InlineData(NumberScale.Raw, null, new[] { 0f, 1, 3, 0 })]
    [InlineData(NumberScale.Raw, -2.0, new[] { 0f, 1, 3, -2 })]
    [InlineData(NumberScale.Log, null, new[] { 0f, 0.6931472f, 1.3862944f, 0 })]
    [InlineData(NumberScale.Log, 1.0, new[] { 0f, 0.6931472f, 1.3862944f, 0.6931472f })]
    [InlineData(NumberScale.LogSquared, null, new[] { 0f, 1, 1.206949f, 0 })]
    [InlineData(NumberScale.Standardised, null, new[] { -1.0690449f, -0.26726124f, 1.3363062f, 0 })]
    [InlineData(NumberScale.Standardised, 3.0, new[] { -1.0690449f, -0.26726124f, 1.3363062f, 1.3363062f })]
    public void Numbers_are_scaled_and_missing_ones_get_what_was_declared(NumberScale scale, double? missing, float[] expected)
    {
        var set = FitNumbers(Feature.Number("x", Side.User, scale, missing, indicator: true), 0, 1, 3, null);
        Assert.Equal(expected, Numbers(set, 4));
        Assert.Equal(expected[3], set.Users.Number("x", -1));
        var batch = set.CreateBatch(5);
        set.Assemble(new CandidateRequest(3, [0]), batch);
        Assert.Equal(1, batch.Missing("x")[0]);
        set.Assemble(2, [0], batch);
        Assert.Equal(0, batch.Missing("x")[0]);
    }

    [Fact]
    public void A_constant_is_standardised_to_zero()
        => Assert.Equal([0, 0], Numbers(FitNumbers(Feature.Number("x", Side.User, NumberScale.Standardised), 5, 5), 2));

    [Fact]
    public void Given_edges_are_half_open_bins()
    {
        var set = FitNumbers(Feature.Buckets("x", Side.User, [18.0, 25, 35]), -1, 17.9, 18, 24, 25, 35, 1e9, null);
        Assert.Equal([1, 1, 2, 2, 3, 4, 4, 0], Codes(set, 8));
        Assert.Equal(5, set.Schema["x"].Cardinality);
        Assert.Equal([null, "(-∞, 18)", "[18, 25)", "[25, 35)", "[35, ∞)"], Enumerable.Range(0, 5).Select(c => set.NameOf("x", c)));
    }

    [Fact]
    public void Closed_bins_give_a_tie_to_the_first_bin_even_where_edges_repeat()
    {
        // Capital gains in the census data: the quartiles are 0, so 0 goes to bin 1 and every gain to bin 4.
        var set = FitNumbers(Feature.Buckets("x", Side.User, [0.0, 0, 0, 0, 99999], BinRule.FirstClosed), 0, 1, 99999, 200000, -1, null);
        Assert.Equal([1, 4, 4, 4, 1, 0], Codes(set, 6));
        Assert.Equal(5, set.Schema["x"].Cardinality);
        set = FitNumbers(Feature.Buckets("x", Side.User, [1.0, 2, 3], BinRule.FirstClosed), 1, 2, 2.5, 3);
        Assert.Equal([1, 1, 2, 2], Codes(set, 4));
        Assert.Equal("[2, 3]", set.NameOf("x", 2));
    }

    [Fact]
    public void Quantiles_and_equal_widths_are_fitted()
    {
        double?[] values = [1, 2, 3, 4, 5, 6, 7, 100];
        // Quartiles by linear interpolation: 1, 2.75, 4.5, 6.25, 100.
        Assert.Equal([1, 1, 2, 2, 3, 3, 4, 4], Codes(FitNumbers(Feature.Buckets("x", Side.User, 4), values), 8));
        Assert.Equal([1, 1, 2, 2, 3, 3, 4, 4], Codes(FitNumbers(Feature.Buckets("x", Side.User, 4, BinRule.FirstClosed), values), 8));
        Assert.Equal([1, 1, 1, 1, 1, 1, 1, 4], Codes(FitNumbers(Feature.Buckets("x", Side.User, 4, equalWidth: true), values), 8));
        // Equal quantiles fall together: no bin is left empty.
        var constant = FitNumbers(Feature.Buckets("x", Side.User, 4), 0, 0, 0, 0, 5);
        Assert.Equal(2, constant.Schema["x"].Cardinality);
        Assert.Equal([1, 1, 1, 1, 1], Codes(constant, 5));
        Assert.Equal([0, 0], Codes(FitNumbers(Feature.Buckets("x", Side.User, 4), null, null), 2));
    }

    [Fact]
    public void The_hash_is_the_documented_one()
    {
        // FNV-1a of "a" is 0xAF63DC4C8601EC8C (published test vector); the rest is SplitMix64's mixer.
        var z = 0xAF63DC4C8601EC8CUL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        Assert.Equal(z ^ (z >> 31), StableHash.Of("a"));
        Assert.Equal(Bytes("Ünïcode 漢字 🎬"), StableHash.Of("Ünïcode 漢字 🎬"));
        var set = FitUsers(Feature.Hash("x", Side.User, 10), "a", "b", null, "a");
        Assert.Equal([1 + StableHash.Bucket(StableHash.Of("a"), 10), 1 + StableHash.Bucket(StableHash.Of("b"), 10), 0], Codes(set, 3));
        Assert.Equal(11, set.Schema["x"].Cardinality);

        static ulong Bytes(string text)
        {
            var hash = 14695981039346656037UL;
            foreach (var b in System.Text.Encoding.UTF8.GetBytes(text)) hash = unchecked((hash ^ b) * 1099511628211UL);
            hash = unchecked((hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9);
            hash = unchecked((hash ^ (hash >> 27)) * 0x94D049BB133111EB);
            return hash ^ (hash >> 31);
        }
    }

    [Fact]
    public void Only_entities_of_the_training_log_shape_the_encoders()
    {
        var train = Interactions.From([("u1", "i1"), ("u1", "i2"), ("u2", "i2")]);
        var users = train.Users.Extend(["u3", "u4"]);
        Columns columns = Columns.From([("u3", "new", 100.0), ("u2", "b", 2), ("u1", "a", 0), ("zz", "stray", 9)])
            .Key("id", u => u.Item1).Text("g", u => u.Item2).Number("age", u => u.Item3);
        var schema = new FeatureSchema(Feature.Id("user", Side.User), Feature.Id("item", Side.Item, minCount: 2),
            Feature.Category("g", Side.User),
            Feature.Number("age", Side.User, NumberScale.Standardised));
        var set = schema.Fit(columns, userIds: users, train: train);
        Assert.Equal([1, 2, 0, 0], Enumerable.Range(0, 4).Select(u => set.Users.Code("user", u)));
        Assert.Equal([1, 2, 0, 0], Enumerable.Range(0, 4).Select(u => set.Users.Code("g", u)));
        Assert.Equal([-1, 1, 99, 0], Enumerable.Range(0, 4).Select(u => set.Users.Number("age", u)));
        Assert.Equal([0, 1], Enumerable.Range(0, 2).Select(i => set.Items.Code("item", i)));
        Assert.Equal(2, set.Schema["item"].Cardinality);
        Assert.Contains(set.Warnings, w => w.StartsWith("1 rows of the list", StringComparison.Ordinal));
        Assert.Contains(set.Warnings, w => w.StartsWith("1 of 4 User ids have no row", StringComparison.Ordinal));
        Assert.Contains("pass the training interactions",
            Assert.Throws<ArgumentException>(() => schema.Fit(columns, userIds: users, itemIds: train.Items)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void New_users_are_added_without_fitting_again()
    {
        var ids = IdMap.FromStrings(["u1", "u2"]);
        Columns before = Columns.From([("u1", "a"), ("u2", "b")]).Key("id", u => u.Item1).Text("g", u => u.Item2);
        var set = new FeatureSchema(Feature.Id("user", Side.User), Feature.Category("g", Side.User)).Fit(before, userIds: ids);
        Columns after = Columns.From([("u3", "b"), ("u1", "a"), ("u2", "b")]).Key("id", u => u.Item1).Text("g", u => u.Item2);
        var larger = set.WithUsers(after, ids.Extend(["u3"]));
        Assert.Equal(3, larger.Users.Count);
        Assert.Equal([1, 2, 0], Enumerable.Range(0, 3).Select(u => larger.Users.Code("user", u)));
        Assert.Equal([1, 2, 2], Enumerable.Range(0, 3).Select(u => larger.Users.Code("g", u)));
        var batch = set.CreateBatch(1);
        larger.Assemble(2, [0], batch);
        Assert.Equal(2, batch.Category("g")[0]);
    }

    [Fact]
    public void Bad_raw_data_is_named()
    {
        static string Error(Action act) => Assert.ThrowsAny<Exception>(act).Message;
        Columns users = Columns.From(["1", "2x", "3"]).Text("x", c => c).Text("id", c => c);
        Assert.Contains("has no column 'age'. It has: x, id.", Error(() => new FeatureSchema(Feature.Number("age", Side.User)).Fit(users)),
            StringComparison.Ordinal);
        Assert.Contains("row 1, column 'x': '2x' is not a finite number",
            Error(() => new FeatureSchema(Feature.Number("x", Side.User)).Fit(users)), StringComparison.Ordinal);
        Assert.Contains("no item columns were given", Error(() => new FeatureSchema(Feature.Number("x", Side.Item)).Fit(users)),
            StringComparison.Ordinal);
        Assert.Contains("row 1, column 'v': NaN is not a finite number", Error(() => Columns.From([1, double.NaN]).Number("v", v => v)),
            StringComparison.Ordinal);
        Assert.Contains("-1 cannot be scaled by Log",
            Error(() => new FeatureSchema(Feature.Number("v", Side.User, NumberScale.Log)).Fit(Columns.From([-1.0]).Number("v", v => v))),
                StringComparison.Ordinal);
        Assert.Contains("within the range of a float",
            Error(() => new FeatureSchema(Feature.Number("v", Side.User)).Fit(Columns.From([1e200]).Number("v", v => v))),
                StringComparison.Ordinal);
        Assert.Contains("declare a separator", Error(() => new FeatureSchema(Feature.MultiCategory("x", Side.User)).Fit(users)),
            StringComparison.Ordinal);
        Assert.Contains("holds the User ids?",
            Error(() => new FeatureSchema(Feature.Category("x", Side.User)).Fit(users, userIds: IdMap.FromStrings(["1"]))),
                StringComparison.Ordinal);
        Assert.Contains("has 3 rows in the order of the User ids, of which there are 1",
            Error(() => new FeatureSchema(Feature.Category("x", Side.User)).Fit(users.InIdOrder(), userIds: IdMap.FromStrings(["1"]))),
            StringComparison.Ordinal);
        Columns twice = Columns.From(["1", "1"]).Key("id", c => c);
        Assert.Contains("row 1, column 'id': '1' was already described by the list of String, row 0",
            Error(() => new FeatureSchema(Feature.Id("user", Side.User)).Fit(twice, userIds: IdMap.FromStrings(["1"]))),
                StringComparison.Ordinal);
        Assert.Contains("give it buckets",
            Error(() => new FeatureSchema(Feature.Hash("x", Side.User, 100_000), Feature.Hash("id", Side.User, 100_000),
            Feature.Cross("c", "x", "id")).Fit(users)), StringComparison.Ordinal);
    }
}
