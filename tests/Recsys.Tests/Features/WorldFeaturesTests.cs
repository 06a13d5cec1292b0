using Recsys.Data;
using Recsys.Features;

namespace Recsys.Tests.Features;

/// <summary>From a world's users, items and impressions to batches, as a user of the library writes it.</summary>
public sealed class WorldFeaturesTests
{
    [Fact]
    public void Impressions_of_a_world_become_examples_with_several_labels_and_histories()
    {
        var world = SyntheticWorld.Create(new() { Users = 60, Items = 80, Days = 10 });
        Columns users = Columns.From(world.Users)
            .Key("user", u => u.Key).Text("gender", u => u.Gender).Number("age", u => u.Age).Text("city", u => u.City);
        Columns items = Columns.From(world.Items)
            .Key("item", i => i.Key).List("genres", i => i.Genres).Number("price", i => i.Price);
        var schema = new FeatureSchema(
            Feature.Id("user", Side.User), Feature.Id("item", Side.Item), Feature.Category("gender", Side.User),
            Feature.Category("city", Side.User, minCount: 2), Feature.MultiCategory("genres", Side.Item),
            Feature.Buckets("age", Side.User, quantiles: 5), Feature.Number("price", Side.Item, NumberScale.Log),
            Feature.Cross("gender×genres", "gender", "genres"),
            Feature.Sequence("history", ["item"], maxLength: 20, events: ["click", "purchase"]),
            Feature.Label("click"), Feature.Label("purchase"), Feature.Position(max: 20));
        var log = world.Interactions;
        var set = schema.Fit(users, items, userIds: log.Users, itemIds: log.Items);
        Assert.Empty(set.Warnings);

        var shown = world.Impressions;
        float[] Floats(ReadOnlySpan<bool> flags) => Array.ConvertAll(flags.ToArray(), flag => flag ? 1f : 0);
        var examples = set.Examples(new ExampleData
        {
            Users = shown.Users.ToArray(),
            Items = shown.Items.ToArray(),
            Labels = [Floats(shown.Clicked), Floats(shown.Purchased)],
            Positions = shown.Positions.ToArray(),
            Queries = shown.Sessions.ToArray(),
            Times = shown.Times.ToArray(),
            History = log,
        });
        var batch = set.CreateBatch(256);
        var (clicks, events) = (0f, 0);
        for (var start = 0; start < examples.Count; start += 256)
        {
            set.Assemble(examples, start, Math.Min(256, examples.Count - start), batch);
            foreach (var click in batch.Label("click")) clicks += click;
            foreach (var age in batch.Sequence("history").Ages) Assert.True(age > 0);
            foreach (var action in batch.Sequence("history").Actions) Assert.InRange(action, 1, 2);
            events += batch.Sequence("history").EventCount;
        }
        Assert.Equal(shown.Clicked.ToArray().Count(c => c), clicks);
        Assert.True(events > examples.Count);

        // Serving: the same user, a few candidates, the history that the request brings.
        var buyer = Enumerable.Range(0, 60).MaxBy(u => log.ItemsOf(u).Length);
        set.Assemble(new CandidateRequest(buyer, [5, 17, 3])
        {
            History = log.ItemsOf(buyer),
            HistoryTimes = log.TimesOf(buyer),
            HistoryEvents = log.EventsOf(buyer),
            EventTypes = log.EventTypes,
            Time = log.TimesOf(buyer)[^1] + 1,
        }, batch);
        Assert.Equal(3, batch.Count);
        Assert.Equal([6, 18, 4], batch.Category("item").ToArray());
        Assert.True(batch.Sequence("history").Length(0) > 0);
    }
}
