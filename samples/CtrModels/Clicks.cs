using System.Globalization;
using Recsys.Data;
using Recsys.Features;

namespace Recsys.Samples.CtrModels;

/// <summary>Examples with labels 0 and 1, cut in three.</summary>
internal sealed record Clicks(string Name, FeatureSet Features, Examples Train, Examples Validation, Examples Test)
{
    /// <summary>What the users of a synthetic world were shown, and whether they clicked. The last tenth in time is the test.</summary>
    public static Clicks Synthetic()
    {
        var world = SyntheticWorld.Create(new() { Users = 1200, Items = 600 });
        var users = Columns.From(world.Users)
            .Key("user", u => u.Key).Text("gender", u => u.Gender).Number("age", u => u.Age).Text("city", u => u.City);
        var items = Columns.From(world.Items)
            .Key("item", i => i.Key).List("genres", i => i.Genres).Number("price", i => i.Price);
        var log = world.Interactions;
        var features = new FeatureSchema(
            Feature.Id("user", Side.User), Feature.Id("item", Side.Item),
            Feature.Category("gender", Side.User), Feature.Buckets("age", Side.User, quantiles: 8), Feature.Category("city", Side.User),
            Feature.MultiCategory("genres", Side.Item), Feature.Buckets("price", Side.Item, quantiles: 10),
            Feature.Label("click")).Fit(users, items, userIds: log.Users, itemIds: log.Items);
        var shown = world.Impressions;
        var order = Enumerable.Range(0, shown.Users.Length).ToArray();
        var times = shown.Times.ToArray();
        Array.Sort(times, order);
        var (ofUsers, ofItems, clicked) = (shown.Users.ToArray(), shown.Items.ToArray(), shown.Clicked.ToArray());
        var examples = features.Examples(new ExampleData
        {
            Users = Array.ConvertAll(order, i => ofUsers[i]),
            Items = Array.ConvertAll(order, i => ofItems[i]),
            Labels = [Array.ConvertAll(order, i => clicked[i] ? 1f : 0)],
        });
        var tenth = examples.Count / 10;
        return new Clicks("the impressions of the synthetic world, in order of time", features,
            examples.Slice(0, 8 * tenth), examples.Slice(8 * tenth, tenth), examples.Slice(9 * tenth, examples.Count - 9 * tenth));
    }

    /// <summary>Ratings of films: above 3 a like, below 3 none, 3 left out; cut at random 8:1:1.</summary>
    public static Clicks MovieLens(string folder)
    {
        var set = Data.MovieLens.Load(folder);
        var users = set.Users.Length > 0
            ? Columns.From(set.Users)
                .Text("gender", u => u.Gender).Text("age", u => u.Age.ToString(CultureInfo.InvariantCulture))
                .Text("occupation", u => u.Occupation).Text("zip", u => u.ZipCode).InIdOrder()
            : null;
        var items = Columns.From(set.Items)
            .List("genres", i => i.Genres).Text("year", i => i.Year?.ToString(CultureInfo.InvariantCulture)).InIdOrder();
        Feature[] people = users is null
            ? []
            : [
                Feature.Category("gender", Side.User), Feature.Category("age", Side.User), Feature.Category("occupation", Side.User),
                Feature.Category("zip", Side.User),
            ];
        var features = new FeatureSchema(
        [
            Feature.Id("user", Side.User), Feature.Id("item", Side.Item), .. people,
            Feature.MultiCategory("genres", Side.Item), Feature.Category("year", Side.Item), Feature.Label("like"),
        ]).Fit(users, items, userIds: set.Log.Users, itemIds: set.Log.Items);
        var rows = set.Log.Rows().Where(row => row.Value != 3).ToList();
        var all = features.Examples(new ExampleData
        {
            Users = [.. rows.Select(row => row.User)],
            Items = [.. rows.Select(row => row.Item)],
            Labels = [[.. rows.Select(row => row.Value > 3 ? 1f : 0)]],
        });
        var (train, rest) = all.Split(0.8);
        var (validation, test) = rest.Split(0.5);
        return new Clicks($"{set.Name}, likes (above 3) against dislikes (below 3)", features, train, validation, test);
    }
}
