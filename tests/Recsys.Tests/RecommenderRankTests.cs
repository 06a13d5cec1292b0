using Recsys.Data;
using Recsys.Features;
using Recsys.Rank;
using Recsys.Recall;
using Recsys.Tests.Contracts;

namespace Recsys.Tests;

public sealed class RecommenderRankTests
{
    private static readonly Split World = Splits.LeaveLastOut(ContractData.Skewed(), 3);

    private static readonly FeatureSet Features = new FeatureSchema(
        Feature.Id("user", Side.User), Feature.Id("item", Side.Item),
        Feature.Channel("item-cf"), Feature.Channel("popular", ChannelSignal.ReciprocalRank),
        Feature.Label("taken")).Fit(train: World.Train);

    private static RecommenderBuilder Channels() => Recommender.For(World.Train)
        .Recall("item-cf", ItemCf.Train(World.Train), quota: 30)
        .Recall("popular", Popularity.Train(World.Train), quota: 20);

    private static readonly Examples Examples = Channels().Build().TrainingExamples(Features, World.Test);

    private static readonly LogisticRegression Ranker = LogisticRegression.Train(Features, Examples);

    private static Recommender Ranked() => Channels().Rank("lr", Ranker, Features).Fallback("all", Popularity.Train(World.Train)).Build();

    [Fact]
    public void Training_examples_are_the_candidates_of_users_with_a_hit()
    {
        var recommender = Channels().Build();
        Assert.True(Examples.Count > 100);
        var at = 0;
        for (var user = 0; user < World.Train.UserCount; user++)
        {
            var list = new ScoredItem[50];
            var count = recommender.Recall(new RecallRequest(user) { Filter = new ItemFilter { Exclude = recommender.SeenBy(user) } }, list);
            var candidates = list[..count].Select(s => s.Item).ToHashSet();
            if (!candidates.Overlaps(World.Test.ItemsOf(user).ToArray())) continue;
            for (var i = 0; i < count; i++, at++)
            {
                Assert.Equal(user, Examples.Users[at]);
                Assert.Contains(Examples.Items[at], candidates);
                Assert.Equal(World.Test.ItemsOf(user).Contains(Examples.Items[at]) ? 1f : 0f, Examples.Label()[at]);
            }
        }
        Assert.Equal(Examples.Count, at);
    }

    [Fact]
    public void Channel_features_hold_what_the_channels_said()
    {
        var cf = ItemCf.Train(World.Train);
        var batch = Features.CreateBatch(Examples.Count);
        Features.Assemble(Examples, 0, Examples.Count, batch);
        var user = Examples.Users[0];
        var list = new ScoredItem[30];
        var count = cf.Recall(new RecallRequest(user) { Filter = new ItemFilter { Exclude = World.Train.ItemsOf(user) } }, list);
        for (var i = 0; i < Examples.Count && Examples.Users[i] == user; i++)
        {
            var rank = Array.FindIndex(list, 0, count, s => s.Item == Examples.Items[i]);
            Assert.Equal(rank < 0 ? 0 : list[rank].Score, batch.Number("item-cf Score")[i]);
        }
    }

    [Fact]
    public void A_ranker_that_keeps_items_does_so_in_a_loaded_recommender_too()
    {
        var ranker = DeepFm.Train(Features, Examples, new() { Dimension = 4, Hidden = [8], Training = new() { Epochs = 1, BatchSize = 64 } });
        var frozen = ranker.Freeze(Features);
        var recommender = Channels().Rank("deepfm", frozen, Features).Build();
        var path = Path.GetTempFileName();
        try
        {
            recommender.Save(path);
            var loaded = Recommender.Load(path);
            for (var user = 0; user < 10; user++) Assert.Equal(ListOf(recommender, user), ListOf(loaded, user));
            // What was kept rounds differently.
            var whole = Channels().Rank("deepfm", ranker, Features).Build();
            Assert.Contains(Enumerable.Range(0, 10), user => !ListOf(recommender, user).SequenceEqual(ListOf(whole, user)));
        }
        finally
        {
            File.Delete(path);
        }

        static ScoredItem[] ListOf(Recommender recommender, int user)
        {
            var list = new ScoredItem[20];
            return list[..recommender.Recall(new RecallRequest(user), list)];
        }
    }

    [Fact]
    public void The_list_is_in_the_order_of_the_ranker()
    {
        var batch = Features.CreateBatch(Examples.Count);
        Features.Assemble(Examples, 0, Examples.Count, batch);
        var scores = new float[Examples.Count];
        Ranker.Score(batch, scores);
        var user = Examples.Users[0];
        var expected = Enumerable.Range(0, Examples.Count).Where(i => Examples.Users[i] == user)
            .OrderByDescending(i => scores[i]).ThenBy(i => Examples.Items[i]).Take(10)
            .Select(i => new ScoredItem(Examples.Items[i], scores[i])).ToArray();

        var list = new ScoredItem[10];
        Ranked().Recall(new RecallRequest(user) { Filter = new ItemFilter { Exclude = World.Train.ItemsOf(user) } }, list);
        Assert.Equal(expected, list);
    }

    [Fact]
    public void A_ranked_call_and_a_scoring_call_allocate_nothing_once_warm()
    {
        var recommender = Ranked();
        var list = new ScoredItem[10];
        var batch = Features.CreateBatch(64);
        var scores = new float[64];
        long allocated = 0;
        for (var call = 0; call < 200; call++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            recommender.Recall(new RecallRequest(call % 40) { Filter = new ItemFilter { Exclude = recommender.SeenBy(call % 40) } }, list);
            Features.Assemble(Examples, 0, 64, batch);
            Ranker.Score(batch, scores);
            if (call >= 100) allocated += GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Assert.Equal(0, allocated);
    }

    [Fact]
    public void Same_examples_for_any_number_of_threads()
    {
        var one = Channels().Build().TrainingExamples(Features, World.Test, threads: 1);
        var five = Channels().Build().TrainingExamples(Features, World.Test, threads: 5);
        Assert.Equal(one.Items.ToArray(), five.Items.ToArray());
        Assert.Equal(one.Label().ToArray(), five.Label().ToArray());
    }

    [Fact]
    public void A_channel_that_is_not_there_is_named()
    {
        var lonely = Recommender.For(World.Train).Recall("item-cf", ItemCf.Train(World.Train));
        Assert.Contains("'popular'", Assert.Throws<ArgumentException>(() => lonely.Rank("lr", Ranker, Features).Build()).Message, StringComparison.Ordinal);
        Assert.Contains("'popular'", Assert.Throws<ArgumentException>(
            () => Recommender.For(World.Train).Recall("item-cf", ItemCf.Train(World.Train)).Build().TrainingExamples(Features, World.Test)).Message, StringComparison.Ordinal);
        Assert.Contains("'lr'", Assert.Throws<InvalidOperationException>(
            () => Channels().Rank("lr", Ranker, Features).Rank("lr2", Ranker, Features)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Its_file_is_safe()
    {
        var data = ContractData.Communities();
        var features = new FeatureSchema(Feature.Id("item", Side.Item), Feature.Channel("item-cf"), Feature.Label("taken")).Fit(train: data);
        var channels = Recommender.For(data).Recall("item-cf", ItemCf.Train(data, new() { Neighbours = 3 }), quota: 8);
        var examples = features.Examples(new ExampleData { Users = [0, 1], Items = [0, 1], Labels = [[0, 1]] });
        var ranker = LogisticRegression.Train(features, examples);
        var recommender = channels.Rank("lr", ranker, features).Fallback("popular", Popularity.Train(data)).Build();
        ModelFileContract.Check(recommender, Answers);
    }

    private static float[] Answers(Recommender recommender)
    {
        var list = new ScoredItem[6];
        var answers = new List<float>();
        for (var user = -1; user < 20; user++)
        {
            var count = recommender.Recall(new RecallRequest(user) { History = user % 5 == 4 ? [0, 1] : [] }, list);
            foreach (var scored in list.AsSpan(0, count))
            {
                answers.Add(scored.Item);
                answers.Add(scored.Score);
            }
            answers.Add(recommender.SeenBy(user).Length);
        }
        return [.. answers];
    }

    [Fact]
    public void Scoring_under_another_schema_names_the_feature()
    {
        var other = new FeatureSchema(Feature.Id("user", Side.User), Feature.Label("taken")).Fit(train: World.Train);
        var error = Assert.Throws<SchemaMismatchException>(() => Ranker.Score(other.CreateBatch(4), new float[4]));
        Assert.Contains("'item'", error.Message, StringComparison.Ordinal);
    }
}

public sealed class RecommenderContract : RecallerContract<Recommender>
{
    protected override bool ScoresEveryItem => false;

    protected override bool ReportsProgress => false;

    protected override Recommender Train(Interactions data, ContractRun run)
        => Recommender.For(data).Recall("item-cf", ItemCf.Train(data, new() { Threads = run.Threads }), quota: 500).Build();

    protected override IReadOnlyList<Action> InvalidOptions => [];
}
