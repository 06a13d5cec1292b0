using System.Data;
using System.Globalization;
using Recsys.Data;
using Recsys.Evaluation;
using Recsys.Features;
using Recsys.Rank;
using Recsys.Recall;

namespace Recsys.Tests.ReadMe;

/// <summary>The code of the README, run as it stands there.</summary>
public sealed class ReadMeExamples : IDisposable
{
    private static readonly SyntheticWorld World = SyntheticWorld.Create(new() { Users = 200, Items = 150, SessionsPerUser = 10 });
    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-readme-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Csv()
    {
        var path = Path.Combine(_folder, "ratings.csv");
        File.WriteAllLines(path, World.Ratings.Rows()
            .Select(r => string.Create(CultureInfo.InvariantCulture, $"{World.Users[r.User].Key},{World.Items[r.Item].Key},{r.Value},{r.Time}"))
            .Prepend("userId,movieId,rating,timestamp"));
        return path;
    }

    [Fact]
    public void From_a_file_to_lists()
    {
        var path = Csv();
        var console = new StringWriter();
        var Console = console;
        var modelPath = Path.Combine(_folder, "movies.recsys");
        // README: start
        var log = Interactions.ReadCsv(path, new() { User = "userId", Item = "movieId", Value = "rating", Time = "timestamp" });
        var split = Splits.ByTime(log.MinValue(4), testRatio: 0.2);

        var itemCf = ItemCf.Train(split.Train);
        var popular = Popularity.Train(split.Train);
        Console.WriteLine(EvaluationReport.Table(
            RankingEvaluator.Evaluate("item-cf", itemCf, split), RankingEvaluator.Evaluate("popular", popular, split)));

        var recommender = Recommender.For(split.Train).Recall("item-cf", itemCf).Fallback("popular", popular).Build();
        foreach (var r in recommender.Recommend("user-42", count: 10))
            Console.WriteLine($"{r.Item}  {r.Score:F3}  from {r.Sources[0].Channel}");
        recommender.Save(modelPath);
        // README: end
        Assert.Contains("NDCG@10", console.ToString(), StringComparison.Ordinal);
        Assert.Contains("from item-cf", console.ToString(), StringComparison.Ordinal);
        Assert.Equal(10, Recommender.Load(modelPath).Recommend("user-42").Count);
    }

    [Fact]
    public void From_a_database()
    {
        using var table = new DataTable();
        table.Columns.Add("customer", typeof(string));
        table.Columns.Add("product", typeof(string));
        table.Columns.Add("bought_at", typeof(DateTime));
        table.Rows.Add("ann", "tea", new DateTime(2026, 1, 2, 0, 0, 0, DateTimeKind.Utc));
        table.Rows.Add("bob", "mug", new DateTime(2026, 1, 3, 0, 0, 0, DateTimeKind.Utc));
        var reader = table.CreateDataReader();
        // README: database
        var log = Interactions.Read(reader, new() { User = "customer", Item = "product", Time = "bought_at" });
        // README: end
        Assert.Equal((2, 2, 2L), (log.UserCount, log.ItemCount, log.Count));
    }

    [Fact]
    public void Serving()
    {
        var modelPath = Path.Combine(_folder, "movies.recsys");
        var train = World.Clicks;
        Recommender.For(train).Recall("item-cf", ItemCf.Train(train)).Fallback("popular", Popularity.Train(train)).Build().Save(modelPath);
        var inStock = Enumerable.Range(0, 100).Select(i => World.Items[i].Key).ToHashSet();
        // README: serve
        var host = new RecommenderHost(Recommender.Load(modelPath));

        var list = host.Current.Recommend("user-42", 10, new() { Where = inStock.Contains });
        var stranger = host.Current.RecommendFor(["item-3", "item-7"], 10);
        var similar = host.Current.SimilarItems("item-3", 5);

        host.Swap(Recommender.Load(modelPath));
        // README: end
        Assert.Equal(10, list.Count);
        Assert.All(list, r => Assert.Contains(r.Item, inStock));
        Assert.Equal((10, 5), (stranger.Count, similar.Count));
    }

    [Fact]
    public void Ranking()
    {
        var log = World.Clicks;
        var past = Splits.ByTime(log, 0.3);
        var users = Columns.From(World.Users).Key("user", u => u.Key).Text("gender", u => u.Gender).Number("age", u => u.Age).Build();
        var items = Columns.From(World.Items).Key("item", i => i.Key).List("genres", i => i.Genres).Number("price", i => i.Price).Build();
        // README: rank
        var schema = new FeatureSchema(
            Feature.Id("item", Side.Item, minCount: 5),
            Feature.Category("gender", Side.User), Feature.Buckets("age", Side.User, quantiles: 6),
            Feature.MultiCategory("genres", Side.Item), Feature.Number("price", Side.Item, NumberScale.Standardised),
            Feature.Cross("gender × genres", "gender", "genres"),
            Feature.Channel("item-cf"),
            Feature.Label("clicked"));

        var channels = Recommender.For(past.Train).Recall("item-cf", ItemCf.Train(past.Train));
        var features = schema.Fit(users, items, train: past.Train);
        var examples = channels.Build().TrainingExamples(features, past.Test);
        var ranker = LogisticRegression.Train(features, examples);

        var recommender = channels.Rank("lr", ranker, features).Build();
        // README: end
        Assert.NotEmpty(recommender.Recommend("user-42"));
    }

    [Fact]
    public void A_recaller_of_your_own()
    {
        var log = World.Clicks;
        // README: own
        var newest = new Newest(Enumerable.Range(0, log.ItemCount).Select(i => (float)i).ToArray());
        var recommender = Recommender.For(log).Recall("newest", newest).Build();
        // README: end
        Assert.Equal(10, recommender.Recommend("user-42").Count);
    }

    private sealed class Newest(float[] released) : IRecaller
    {
        public int Recall(in RecallRequest request, Span<ScoredItem> destination)
        {
            var top = new TopItems(destination, request.Filter, released.Length);
            top.OfferBlock(0, released);
            return top.Finish();
        }
    }
}
