using Recsys.Features;

namespace Recsys.Tests.Features;

public sealed class AssemblyTests
{
    [Fact]
    public void Batches_equal_the_slow_encoding_over_random_schemas()
    {
        for (ulong seed = 1; seed <= 150; seed++)
        {
            var world = new RandomFeatures(seed);
            var count = 1 + world.Next(40);
            var examples = MakeExamples(world, count);
            var batch = world.Set.CreateBatch(count + 2);
            world.Set.Assemble(examples, 0, count, batch);
            Check(world, examples, [.. Enumerable.Range(0, count)], batch, seed);

            int[] places = [.. Enumerable.Range(0, 5).Select(_ => world.Next(count))];
            if (count + 2 < places.Length) continue;
            world.Set.Assemble(examples, places, batch);
            Check(world, examples, places, batch, seed);
        }
    }

    [Fact]
    public void Training_and_serving_give_the_same_bits()
    {
        for (ulong seed = 200; seed < 260; seed++)
        {
            var world = new RandomFeatures(seed);
            var examples = MakeExamples(world, 12);
            for (var i = 0; i < examples.Count; i++)
            {
                var copies = 1 + world.Next(4);
                var trained = world.Set.CreateBatch(copies);
                world.Set.Assemble(examples, [.. Enumerable.Repeat(i, copies)], trained);
                var user = examples.Users[i];
                var known = user >= 0 && user < world.Log.UserCount;
                var past = known ? world.Log.TimesOf(user).ToArray().Count(t => t < examples.Times[i]) : 0;
                var served = world.Set.CreateBatch(4);
                world.Set.Assemble(new CandidateRequest(user, [.. Enumerable.Repeat(examples.Items[i], copies)])
                {
                    Context = examples.Contexts[i],
                    History = known ? world.Log.ItemsOf(user)[..past] : [],
                    HistoryTimes = known ? world.Log.TimesOf(user)[..past] : [],
                    HistoryEvents = known ? world.Log.EventsOf(user)[..past] : [],
                    EventTypes = world.Log.EventTypes,
                    Time = examples.Times[i],
                    Position = examples.Positions[i],
                    ChannelSignals = [.. examples.Data.ChannelSignals.SelectMany(signals => Enumerable.Repeat(signals[i], copies))],
                }, served);
                Assert.Equal(Bits(trained), Bits(served));
                Assert.True(served.SameUser && !served.HasLabels && !trained.SameUser && trained.HasLabels);
            }
        }
    }

    [Fact]
    public void Nothing_is_allocated_after_warm_up()
    {
        var world = new RandomFeatures(7);
        var examples = MakeExamples(world, 200);
        var sparse = new SparseLayout(world.Set.Schema);
        var dense = new DenseLayout(world.Set.Schema, new() { OneHotUpTo = 8 });
        var rows = new SparseRows();
        var batch = world.Set.CreateBatch(100);
        var matrix = new float[100 * dense.ColumnCount];
        int[] places = [5, 3, 199, 0];
        int[] candidates = [0, 1, -1, 1000];
        void Work()
        {
            world.Set.Assemble(examples, 100, 100, batch);
            sparse.Fill(batch, rows);
            dense.Fill(batch, matrix);
            _ = batch.Sequence("history").Codes()[..0];
            world.Set.Assemble(examples, 0, 100, batch);
            sparse.Fill(batch, rows);
            world.Set.Assemble(examples, places, batch);
            world.Set.Assemble(new CandidateRequest(0, candidates) { History = world.Log.ItemsOf(0), EventTypes = world.Log.EventTypes },
                batch);
        }
        Work();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Work();
        Work();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Wrong_use_of_a_batch_is_named()
    {
        var world = new RandomFeatures(3);
        var examples = MakeExamples(world, 10);
        var batch = world.Set.CreateBatch(5);
        Assert.Contains("holds at most 5 examples, 6 were asked",
            Assert.Throws<ArgumentException>(() => world.Set.Assemble(examples, 0, 6, batch)).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => world.Set.Assemble(examples, 8, 3, batch));
        Assert.Throws<ArgumentOutOfRangeException>(() => world.Set.Assemble(examples, [10], batch));
        Assert.Throws<SchemaMismatchException>(() => world.Set.Assemble(examples, 0, 1, new RandomFeatures(4).Set.CreateBatch(1)));
        Assert.Throws<ArgumentException>(() => world.Set.Assemble(new CandidateRequest(0, [0]) { History = [1], HistoryTimes = [1, 2] },
            batch));
        Assert.Throws<ArgumentOutOfRangeException>(() => world.Set.CreateBatch(0));
        world.Set.Assemble(examples, 0, 5, batch);
        Assert.Contains("'item' is a Id of shape Code, not Number",
            Assert.Throws<ArgumentException>(() => batch.Number("item").ToArray()).Message,
            StringComparison.Ordinal);
        Assert.Contains("has no feature 'nope'. It has:", Assert.Throws<ArgumentException>(() => batch.Number("nope").ToArray()).Message,
            StringComparison.Ordinal);
        world.Set.Assemble(0, [], batch);
        Assert.Equal(0, batch.Count);
    }

    internal static Examples MakeExamples(RandomFeatures world, int count)
    {
        int[] Draw(int bound) => [.. Enumerable.Range(0, count).Select(_ => world.Next(bound + 3) - 1)];
        return world.Set.Examples(new ExampleData
        {
            Users = Draw(world.Log.UserCount),
            Items = Draw(world.Log.ItemCount),
            Contexts = Draw(world.Rows[Side.Context]),
            Times = [.. Draw(22).Select(t => (long)t)],
            Positions = [.. Draw(5).Select(p => Math.Max(0, p))],
            Labels = [.. world.Schema.Labels.Select(_ => Draw(9).Select(v => v / 4f).ToArray())],
            ChannelSignals = [.. world.Set.Schema.Channels.Select(_ => Draw(50).Select(v => v / 8f).ToArray())],
            History = world.Log,
        });
    }

    /// <summary>Everything that a model can read from a batch, as bits.</summary>
    internal static List<int> Bits(ExampleBatch batch)
    {
        List<int> bits = [batch.Count, .. batch.Users, .. batch.Items, .. batch.Positions];
        foreach (var w in batch.Weights) bits.Add(BitConverter.SingleToInt32Bits(w));
        foreach (var feature in batch.Schema.Inputs)
        {
            bits.Add(-7);
            switch (feature.Shape)
            {
                case FeatureShape.Code:
                    bits.AddRange(batch.Category(feature.Index));
                    break;
                case FeatureShape.Codes:
                    bits.AddRange(batch.MultiCategory(feature.Index).Offsets);
                    bits.AddRange(batch.MultiCategory(feature.Index).Codes);
                    break;
                case FeatureShape.Number:
                    foreach (var v in batch.Number(feature.Index)) bits.Add(BitConverter.SingleToInt32Bits(v));
                    foreach (var v in batch.Missing(feature.Index)) bits.Add(BitConverter.SingleToInt32Bits(v));
                    break;
                default:
                    var events = batch.Sequence(feature.Index);
                    bits.AddRange(events.Offsets);
                    bits.AddRange(events.Items);
                    bits.AddRange(events.Actions);
                    foreach (var v in events.Ages) bits.Add(BitConverter.SingleToInt32Bits(v));
                    for (var part = 0; part < feature.Parts.Count; part++) bits.AddRange(events.Codes(part));
                    break;
            }
        }
        return bits;
    }

    private static void Check(RandomFeatures world, Examples examples, int[] places, ExampleBatch batch, ulong seed)
    {
        Assert.Equal(places.Length, batch.Count);
        for (var i = 0; i < places.Length; i++)
        {
            var (user, item, context) = (examples.Users[places[i]], examples.Items[places[i]], examples.Contexts[places[i]]);
            Assert.Equal((user, item), (batch.Users[i], batch.Items[i]));
            Assert.Equal(Math.Min(examples.Positions[places[i]], batch.Schema.Position is null ? int.MaxValue : 3), batch.Positions[i]);
            if (batch.Schema.Labels.Count > 0) Assert.Equal(examples.Label()[places[i]], batch.Label("y")[i]);
            foreach (var feature in world.Set.Schema.Inputs)
            {
                var what = $"seed {seed}, example {i}, {feature}";
                switch (feature.Shape)
                {
                    case FeatureShape.Number:
                        if (feature.Kind == FeatureKind.Channel)
                            Assert.Equal(examples.Data.ChannelSignals[0][places[i]], batch.Number(feature.Index)[i]);
                        else Assert.True(world.SlowNumber(feature.Definition, user, item, context) == batch.Number(feature.Index)[i], what);
                        break;
                    case FeatureShape.Sequence:
                        var events = batch.Sequence(feature.Index);
                        var expected = world.SlowHistory(feature.Definition, user, examples.Times[places[i]]);
                        var actual = Enumerable.Range(events.Offsets[i], events.Length(i)).Select(e => e).ToArray();
                        Assert.True(expected.Count == actual.Length, what);
                        for (var e = 0; e < actual.Length; e++)
                        {
                            Assert.Equal(expected[e], (events.Items[actual[e]], events.Actions[actual[e]], events.Ages[actual[e]]));
                            for (var part = 0; part < feature.Parts.Count; part++)
                                Assert.Equal(world.SlowCodes(feature.Parts[part].Definition, -1, expected[e].Item, -1)[0],
                                    events.Codes(part)[actual[e]]);
                        }
                        break;
                    default:
                        var slow = world.SlowCodes(feature.Definition, user, item, context);
                        int[] fast = feature.Shape == FeatureShape.Code
                            ? [batch.Category(feature.Index)[i]] : batch.MultiCategory(feature.Index)[i].ToArray();
                        Assert.True(slow.SequenceEqual(fast), $"{what}: expected {string.Join(',', slow)}, found {string.Join(',', fast)}");
                        Assert.All(fast, code => Assert.InRange(code, 0, feature.Cardinality - 1));
                        break;
                }
            }
        }
    }
}
