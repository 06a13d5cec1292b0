using Recsys.Data;
using Recsys.Features;
using Recsys.Numerics;

namespace Recsys.Tests.Features;

public sealed class ExamplesTests
{
    private static readonly Interactions Log = Interactions.From(
        [("u1", "i1", 5f, 10L), ("u1", "i2", 1f, 20L), ("u1", "i3", 4f, 20L), ("u1", "i4", 3f, 30L), ("u2", "i4", 5f, 5L)]);

    private static readonly FeatureSchema Schema = new(
        Feature.Id("user", Side.User), Feature.Id("item", Side.Item), Feature.Sequence("history", "item", maxLength: 2),
            Feature.Label("like"));

    private static List<int[]> Histories(FeatureSet set, Examples examples)
    {
        var batch = set.CreateBatch(examples.Count);
        set.Assemble(examples, 0, examples.Count, batch);
        var events = batch.Sequence("history");
        var lists = new List<int[]>();
        for (var i = 0; i < batch.Count; i++) lists.Add(events.Items[events.Offsets[i]..events.Offsets[i + 1]].ToArray());
        return lists;
    }

    [Fact]
    public void A_log_becomes_labels_by_threshold_and_histories_strictly_before()
    {
        var set = Schema.Fit(train: Log);
        var examples = set.Examples(Log, new() { Threshold = 4 });
        Assert.Equal([0, 0, 0, 0, 1], examples.Users.ToArray());
        Assert.Equal([0, 1, 2, 3, 3], examples.Items.ToArray());
        Assert.Equal([1, 0, 1, 0, 1], examples.Label().ToArray());
        // i2 and i3 have the same time, so neither sees the other; the last one keeps the two newest.
        Assert.Equal([[], [0], [0], [1, 2], []], Histories(set, examples));
    }

    [Fact]
    public void Without_times_the_order_of_the_log_decides()
    {
        var log = Interactions.From([("u1", "i1"), ("u1", "i2"), ("u2", "i1"), ("u1", "i3")]);
        var set = Schema.Fit(train: log);
        Assert.Equal([[], [0], [0, 1], []], Histories(set, set.Examples(log)));
        var test = Interactions.From([("u1", "i3"), ("u2", "i2")]);
        Assert.Equal([[1, 2], [0]], Histories(set, set.Examples(test, new() { History = log })));
    }

    [Fact]
    public void Negatives_follow_their_positive_and_share_its_history_and_time()
    {
        var set = Schema.Fit(train: Log);
        var options = new LogExampleOptions { Threshold = 4, NegativesPerPositive = 2, Sampler = NegativeSampler.Uniform(Log), Seed = 3 };
        var examples = set.Examples(Log, options);
        // u1 has every item, so no negatives; u2 has i4 only.
        Assert.Equal([0, 0, 0, 0, 1, 1, 1], examples.Users.ToArray());
        Assert.Equal([1, 0, 1, 0, 1, 0, 0], examples.Label().ToArray());
        Assert.Equal([0, 1, 2, 3, 4, 4, 4], examples.Queries.ToArray());
        Assert.Equal([5, 5, 5], examples.Times[4..].ToArray());
        Assert.DoesNotContain(3, examples.Items[5..].ToArray());
        Assert.Equal(examples.Items.ToArray(), set.Examples(Log, options).Items.ToArray());
    }

    [Fact]
    public void A_value_label_is_the_value()
    {
        var set = new FeatureSchema(Feature.Id("item", Side.Item), Feature.Label("rating", binary: false)).Fit(train: Log);
        Assert.Equal([5, 1, 4, 3, 5], set.Examples(Log).Label().ToArray());
    }

    [Fact]
    public void An_impression_table_becomes_examples_with_its_contexts()
    {
        var schema = new FeatureSchema(Feature.Id("user", Side.User), Feature.Id("item", Side.Item),
            Feature.Category("device", Side.Context),
            Feature.Label("click"), Feature.Label("stay", binary: false), Feature.Position("slot", max: 2), Feature.Weight("w"));
        Columns table = Columns.From([("u1", "i2", "ios", 1, 2.5, 1, 1.0), ("new", "i1", "web", 0, 0, 3, 2), ("u2", "", "ios", 1, 7, 0, 0)])
            .Text("user", r => r.Item1).Text("item", r => r.Item2).Text("device", r => r.Item3).Number("click", r => r.Item4)
            .Number("stay", r => r.Item5).Number("slot", r => r.Item6).Number("w", r => r.Item7).Number("at", _ => 99);
        var set = schema.Fit(contexts: table, train: Log);
        var examples = set.Examples(table, new() { Users = Log.Users, Items = Log.Items, Time = "at", Query = "device" });
        Assert.Equal([0, -1, 1], examples.Users.ToArray());
        Assert.Equal([1, 0, -1], examples.Items.ToArray());
        Assert.Equal([0, 1, 0], examples.Queries.ToArray());
        var batch = set.CreateBatch(3);
        set.Assemble(examples, 0, 3, batch);
        Assert.Equal([1, 2, 1], batch.Category("device").ToArray());
        Assert.Equal([1, 0, 1], batch.Label("click").ToArray());
        Assert.Equal([2.5f, 0, 7], batch.Label("stay").ToArray());
        Assert.Equal([1, 2, 0], batch.Positions.ToArray());
        Assert.Equal([1, 2, 0], batch.Weights.ToArray());

        // The same context, encoded for a request, gives the same code.
        var contexts = set.EncodeContexts(Columns.From(["web"]).Text("device", d => d));
        set.Assemble(new CandidateRequest(0, [1]) { Contexts = contexts, Context = 0 }, batch);
        Assert.Equal(2, batch.Category("device")[0]);
        set.Assemble(0, [1], batch);
        Assert.Equal(0, batch.Category("device")[0]);
        set.Assemble(0, [1], 1, batch);
        Assert.Equal(2, batch.Category("device")[0]);

        Columns bad = Columns.From([2.0]).Number("click", c => c).Number("stay", c => c)
            .Text("device", _ => "ios").Text("user", _ => "u1").Text("item", _ => "i1");
        Assert.Contains("row 0, column 'click': the label 'click' is 2", Assert.Throws<ArgumentException>(() => set.Examples(bad)).Message,
            StringComparison.Ordinal);
    }

    public static TheoryData<string, ExampleData> Wrong => new()
    {
        { "Items has the length 2, Users 1", Data() with { Items = [0, 1] } },
        { "The schema has 1 labels (like), 0 were given", Data() with { Labels = [] } },
        { "label 'like' is 0.5; it must be 0 or 1", Data() with { Labels = [[0.5f]] } },
        { "label 'like' is NaN", Data() with { Labels = [[float.NaN]] } },
        { "the weight is -1", Data() with { Weights = [-1] } },
        { "the weight is NaN", Data() with { Weights = [float.NaN] } },
        { "the position is -1", Data() with { Positions = [-1] } },
        { "so that no example sees what came after it", Data() with { Times = null } },
        { "give the log that it reads", Data() with { History = null } },
        { "HistoryEnds[0] is 9; user 0 has 4 rows", Data() with { HistoryEnds = [9] } },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Arrays_that_are_no_examples_are_refused(string message, ExampleData data)
        => Assert.Contains(message, Assert.Throws<ArgumentException>(() => Schema.Fit(train: Log).Examples(data)).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Other_wrong_uses_are_named()
    {
        var set = Schema.Fit(train: Log);
        Assert.Contains("give a Sampler",
            Assert.Throws<ArgumentException>(() => set.Examples(Log, new() { NegativesPerPositive = 1 })).Message,
                StringComparison.Ordinal);
        var events = new FeatureSchema(Feature.Id("item", Side.Item), Feature.Sequence("buys", "item", events: ["buy"]),
            Feature.Label("y")).Fit(train: Log);
        Assert.Contains("the history log has none", Assert.Throws<ArgumentException>(() => events.Examples(Log)).Message,
            StringComparison.Ordinal);
        Assert.Contains("fill one label; the schema has 0",
            Assert.Throws<ArgumentException>(() => new FeatureSchema(Feature.Id("item", Side.Item)).Fit(train: Log).Examples(Log)).Message,
                StringComparison.Ordinal);
    }

    [Fact]
    public void Parts_of_examples_keep_all_columns_together()
    {
        var world = new RandomFeatures(9);
        var examples = AssemblyTests.MakeExamples(world, 50);
        var (first, second) = examples.Split(0.3, seed: 5);
        Assert.Equal((15, 35), (first.Count, second.Count));
        int[] places = [4, 4, 49, 0];
        var whole = world.Set.CreateBatch(50);
        var part = world.Set.CreateBatch(50);
        world.Set.Assemble(examples, places, whole);
        world.Set.Assemble(examples.Select(places), 0, 4, part);
        Assert.Equal(AssemblyTests.Bits(whole), AssemblyTests.Bits(part));
        world.Set.Assemble(examples, 10, 7, whole);
        world.Set.Assemble(examples.Slice(10, 7), 0, 7, part);
        Assert.Equal(AssemblyTests.Bits(whole), AssemblyTests.Bits(part));
        Assert.Throws<ArgumentOutOfRangeException>(() => examples.Slice(48, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => examples.Select(50));

        static string Key(Examples e, int i) => $"{e.Users[i]} {e.Items[i]} {e.Contexts[i]} {e.Times[i]} {e.Positions[i]}";
        var both = Enumerable.Range(0, 15).Select(i => Key(first, i)).Concat(Enumerable.Range(0, 35).Select(i => Key(second, i)));
        Assert.Equal(Enumerable.Range(0, 50).Select(i => Key(examples, i)).Order(), both.Order());
    }

    [Fact]
    public void A_permutation_holds_every_number_once_and_looks_random()
    {
        for (var count = 0; count <= 300; count++)
        {
            var order = new int[count];
            new Permutation(count, new Rng(1, (ulong)count)).Fill(0, order);
            Assert.Equal(Enumerable.Range(0, count), order.Order());
        }
        // Each number is as likely in each place: χ² over 8 × 8 cells, 49 degrees of freedom, far from its tails.
        var hits = new int[8, 8];
        for (ulong epoch = 0; epoch < 8000; epoch++)
        {
            var permutation = new Permutation(8, new Rng(2, epoch));
            for (var place = 0; place < 8; place++) hits[place, permutation[place]]++;
        }
        var chi = hits.Cast<int>().Sum(h => (h - 1000.0) * (h - 1000.0) / 1000);
        Assert.InRange(chi, 20, 95);
        Assert.Throws<ArgumentOutOfRangeException>(() => new Permutation(5, new Rng(1))[5]);
    }

    private static ExampleData Data() => new() { Users = [0], Items = [0], Labels = [[1]], Times = [15], History = Log };
}
