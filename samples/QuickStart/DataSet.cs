using System.Globalization;
using Recsys.Data;
using Recsys.Features;

namespace QuickStart;

/// <summary>An event log with what is known of its users and items: from the synthetic world, or from a MovieLens folder.</summary>
internal sealed record DataSet(string Name, Interactions Log, Columns Users, Columns Items, Func<string, string> Title, bool HasDemographics)
{
    private const float Liked = 4;

    /// <summary>The clicks of a seeded world of 2,000 users and 1,000 items: no download.</summary>
    public static DataSet Synthetic()
    {
        var world = SyntheticWorld.Create();
        var log = world.Clicks;
        return new DataSet(
            "the synthetic world",
            log,
            Columns.From(world.Users).Key("user", u => u.Key)
                .Text("gender", u => u.Gender).Number("age", u => u.Age).Text("occupation", u => u.Occupation),
            Columns.From(world.Items).Key("item", i => i.Key)
                .List("genres", i => i.Genres).Number("year", i => i.Released.ToUnixTimeSeconds() / 86400.0),
            key => world.Items[log.Items.Find(key)].Title,
            HasDemographics: true);
    }

    /// <summary>The ratings of 4 and more of ml-100k, ml-1m or ml-latest-small.</summary>
    public static DataSet MovieLens(string folder)
    {
        var films = Recsys.Data.MovieLens.Load(folder);
        var log = films.Log.MinValue(Liked);
        var users = Enumerable.Range(0, log.UserCount);
        var items = Enumerable.Range(0, log.ItemCount);
        return new DataSet(
            $"{films.Name}, ratings of {Liked.ToString(CultureInfo.InvariantCulture)} and more",
            log,
            films.Users.IsEmpty
                ? Columns.From(users).Key("user", log.Users.Name)
                : Columns.From(users).Key("user", log.Users.Name).Text("gender", u => films.Users[u].Gender)
                    .Number("age", u => films.Users[u].Age).Text("occupation", u => films.Users[u].Occupation),
            Columns.From(items).Key("item", log.Items.Name)
                .List("genres", i => films.Items[i].Genres).Number("year", i => films.Items[i].Year),
            key => films.Items[log.Items.Find(key)].Title,
            HasDemographics: !films.Users.IsEmpty);
    }

    /// <summary>What the ranker sees: what each recall channel said, who the user is, what the item is, and how they cross.</summary>
    public FeatureSchema Schema(IEnumerable<string> channels)
    {
        var features = new List<Feature>
        {
            Feature.Id("user", Side.User),
            Feature.Id("item", Side.Item, minCount: 5),
            Feature.MultiCategory("genres", Side.Item),
            Feature.Buckets("year", Side.Item, quantiles: 10),
            Feature.Cross("user × genres", "user", "genres"),
        };
        foreach (var channel in channels)
        {
            features.Add(Feature.Channel(channel));
            features.Add(Feature.Channel(channel, ChannelSignal.ReciprocalRank));
        }
        if (HasDemographics)
        {
            features.Add(Feature.Category("gender", Side.User));
            features.Add(Feature.Buckets("age", Side.User, quantiles: 6));
            features.Add(Feature.Category("occupation", Side.User));
            features.Add(Feature.Cross("gender × genres", "gender", "genres"));
            features.Add(Feature.Cross("age × genres", "age", "genres"));
        }
        features.Add(Feature.Label("taken"));
        return new FeatureSchema(features);
    }
}
