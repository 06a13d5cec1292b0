using Recsys.Data;
using Recsys.Evaluation;
using Recsys.Persistence;

namespace Recsys.Tests;

public sealed class RecommenderTests
{
    private static readonly Interactions Log = Interactions.From(new (string, string)[]
    {
        ("ann", "a"), ("ann", "b"), ("bob", "c"), ("bob", "d"), ("cid", "e"), ("cid", "f"), ("cid", "g"),
    });

    /// <summary>The same scores for every user it knows; item scores by dense id, NaN for items it cannot score.</summary>
    private sealed class Fixed(float[] scores, bool answersUnknown = false) : IRecaller, ISimilarItems, IModel<Fixed>
    {
        public static string Kind => "test-fixed";
        public static int Version => 1;

        public int Recall(in RecallRequest request, Span<ScoredItem> destination)
        {
            if (request.User < 0 && request.History.IsEmpty && !answersUnknown) return 0;
            var top = new TopItems(destination, request.Filter, scores.Length);
            for (var i = 0; i < scores.Length; i++)
                if (!float.IsNaN(scores[i])) top.Offer(i, scores[i] + (request.History.Contains(i) ? 100 : 0));
            return top.Finish();
        }

        public int SimilarItems(int item, in ItemFilter filter, Span<ScoredItem> destination)
        {
            if (item < 0) return 0;
            var top = new TopItems(destination, filter, scores.Length);
            for (var i = 0; i < scores.Length; i++)
                if (i != item) top.Offer(i, -Math.Abs(item - i));
            return top.Finish();
        }

        public void Write(ModelWriter writer)
        {
            writer.Tensor("scores", scores, allowNonFinite: true, scores.Length);
            writer.Flag("unknown", answersUnknown);
        }

        public static Fixed Read(ModelReader reader) => new(reader.Tensor<float>("scores", allowNonFinite: true, -1), reader.Flag("unknown"));
    }

    private static readonly Fixed Popular = new([7, 6, 5, 4, 3, 2, 1], answersUnknown: true);

    private static Recommender OneChannel() => Recommender.For(Log).Recall("fixed", new Fixed([1, 2, 3, 4, 5, 6, 7])).Fallback("popular", Popular).Build();

    private static string Names(IEnumerable<Recommendation> list) => string.Concat(list.Select(r => r.Item));

    [Fact]
    public void Seen_items_are_left_out_and_the_best_come_first_with_their_scores()
    {
        var list = OneChannel().Recommend("cid", 3);
        Assert.Equal("dcb", Names(list));
        Assert.Equal([4f, 3f, 2f], list.Select(r => r.Score));
        Assert.True(list.UserKnown);
        Assert.Equal(new RecommendationSource("fixed", 1, 4), Assert.Single(list[0].Sources));
    }

    [Fact]
    public void Seen_items_stay_when_asked_for()
        => Assert.Equal("gfe", Names(OneChannel().Recommend("cid", 3, new() { ExcludeSeen = false })));

    [Fact]
    public void A_list_is_as_long_as_asked_or_as_there_are_eligible_items()
    {
        Assert.Equal(4, OneChannel().Recommend("cid", 100).Count);
        Assert.Equal("gb", Names(OneChannel().Recommend("bob", 10, new() { Allow = ["b", "c", "g"] })));
        Assert.Empty(OneChannel().Recommend("bob", 10, new() { Allow = [] }));
        Assert.Empty(OneChannel().Recommend("bob", 10, new() { Where = _ => false }));
    }

    [Fact]
    public void Exclusions_and_rules_over_external_ids_hold()
    {
        var list = OneChannel().Recommend("ann", 10, new() { Exclude = ["g", "nowhere"], Where = item => item != "e" });
        Assert.Equal("fdc", Names(list));
        Assert.Equal(["nowhere"], list.UnknownItems);
    }

    [Fact]
    public void An_unknown_user_gets_the_fallback_and_the_answer_says_so()
    {
        var list = OneChannel().Recommend("nobody", 2);
        Assert.False(list.UserKnown);
        Assert.Equal("ab", Names(list));
        Assert.All(list, r => Assert.True(r.IsFallback));
        Assert.Equal([7f, 6f], list.Select(r => r.Score));
        Assert.Equal(new RecommendationSource("popular", 2, 6), Assert.Single(list[1].Sources));
    }

    [Fact]
    public void Somebody_known_by_a_history_is_served_by_the_channels()
    {
        var list = OneChannel().RecommendFor(["g", "f", "unheard"], 2);
        Assert.Equal("ed", Names(list));
        Assert.Equal(["unheard"], list.UnknownItems);
        Assert.All(list, r => Assert.False(r.IsFallback));
    }

    [Fact]
    public void A_fallback_fills_up_below_the_rest_without_repeats()
    {
        var few = new Fixed([float.NaN, float.NaN, float.NaN, -4, float.NaN, -6, float.NaN]);
        var list = Recommender.For(Log).Recall("few", few).Fallback("popular", Popular).Build().Recommend("ann", 10);
        Assert.Equal("dfceg", Names(list));
        Assert.Equal([false, false, true, true, true], list.Select(r => r.IsFallback));
        for (var i = 1; i < list.Count; i++) Assert.True(list[i].Score < list[i - 1].Score);
    }

    [Fact]
    public void Channels_are_fused_by_reciprocal_rank_within_their_quotas()
    {
        var one = new Fixed([0, 0, 9, 8, 7, 6, 5]);
        var two = new Fixed([0, 0, 1, 2, 9, 3, 4]);
        var list = Recommender.For(Log).Recall("one", one, quota: 3).Recall("two", two, quota: 2).Build().Recommend("ann", 10);
        // one: c d e; two: e g. e: 1/63 + 1/61, c: 1/61, d: 1/62, g: 1/62; the tie of d and g goes to the lower id.
        Assert.Equal("ecdg", Names(list));
        Assert.Equal(1 / 63f + 1 / 61f, list[0].Score, 1e-6f);
        Assert.Equal([new RecommendationSource("one", 3, 7), new RecommendationSource("two", 1, 9)], list[0].Sources);
    }

    [Theory]
    [InlineData(ChannelMerge.Snake, "cegd", 1.0)]            // turns: c (one), e (two), g (two), d (one), then one's third, e, is there already
    [InlineData(ChannelMerge.NormalisedScore, "cedg", 1.0)]  // c 1; e 0 + 1; d .5; g 0: c and e tie, the lower id first
    public void Channels_merge_as_asked(ChannelMerge merge, string expected, double best)
    {
        var one = new Fixed([0, 0, 9, 8, 7, 6, 5]);
        var two = new Fixed([0, 0, 1, 2, 9, 3, 4]);
        var list = Recommender.For(Log).Recall("one", one, quota: 3).Recall("two", two, quota: 2).Merge(merge).Build().Recommend("ann", 10);
        Assert.Equal(expected, Names(list));
        Assert.Equal(best, list[0].Score, 1e-6);
    }

    [Fact]
    public void A_heavier_channel_counts_more()
    {
        var one = new Fixed([0, 0, 9, 8, 7, 6, 5]);
        var two = new Fixed([0, 0, 1, 2, 9, 3, 4]);
        foreach (var merge in new[] { ChannelMerge.ReciprocalRank, ChannelMerge.NormalisedScore })
        {
            var list = Recommender.For(Log).Recall("one", one, quota: 2).Recall("two", two, quota: 2, weight: 3).Merge(merge).Build().Recommend("ann", 10);
            Assert.Equal("e", list[0].Item);
        }
    }

    [Fact]
    public void The_channel_report_says_where_the_hits_come_from()
    {
        // ann has seen a and b; bob c and d. Targets: ann takes c and g, bob takes g.
        var train = Interactions.From(new (string, string)[] { ("ann", "a"), ("ann", "b"), ("bob", "c"), ("bob", "d"), ("cid", "e"), ("cid", "f"), ("cid", "g") });
        var test = new InteractionsBuilder(train.Users, train.Items);
        test.Add("ann", "c");
        test.Add("ann", "g");
        test.Add("bob", "g");
        var split = new Split(train, test.Build(), null, "by hand", []);
        var recommender = Recommender.For(train)
            .Recall("one", new Fixed([0, 0, 9, 8, 7, 6, 5]), quota: 2)     // ann: c d; bob: e f
            .Recall("two", new Fixed([0, 0, 8, 1, 2, 3, 9]), quota: 2)     // ann: g c; bob: g f
            .Fallback("popular", Popular).Build();
        var report = ChannelEvaluator.Evaluate(recommender, split, k: 3, threads: 2);
        Assert.Equal((2, 3L, 3L), (report.Users, report.Targets, report.Hits));
        Assert.Equal(new ChannelContribution("one", 4, 1, 1, 0), report.Channels[0]);
        Assert.Equal(new ChannelContribution("two", 4, 3, 3, 2), report.Channels[1]);
        Assert.Equal(new ChannelContribution("popular", 0, 0, 0, 0), report.Channels[2]);
        Assert.Contains("only it", report.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Lists_for_all_users_equal_the_lists_one_by_one()
    {
        var recommender = OneChannel();
        foreach (var threads in new[] { 1, 2, 5 })
        {
            var all = recommender.RecommendAll(3, threads: threads).ToList();
            Assert.Equal(["ann", "bob", "cid"], all.Select(l => l.User));
            foreach (var list in all) Assert.Equal(Names(recommender.Recommend(list.User, 3)), Names(list));
        }
    }

    [Fact]
    public void Ids_that_are_numbers_work_as_numbers_and_as_text()
    {
        var log = Interactions.From(new (long, long)[] { (1, 10), (1, 20), (2, 30) });
        var recommender = Recommender.For(log).Recall("fixed", new Fixed([1, 2, 3])).Build();
        Assert.Equal("30", Names(recommender.Recommend(1)));
        Assert.Equal("30", Names(recommender.Recommend("1")));
        Assert.False(recommender.Recommend(0).UserKnown);
    }

    [Fact]
    public void Similar_items_come_from_the_first_channel_that_knows_them()
    {
        Assert.Equal([("b", -1f), ("d", -1f)], OneChannel().SimilarItems("c", 2));
        Assert.Empty(OneChannel().SimilarItems("nowhere"));
    }

    [Fact]
    public void One_file_holds_it_all()
    {
        var path = Path.GetTempFileName();
        try
        {
            var kinds = ModelKinds.Standard.With<Fixed>();
            var recommender = OneChannel();
            recommender.Save(path, kinds);
            var loaded = Recommender.Load(path, kinds);
            foreach (var user in new[] { "ann", "bob", "cid", "nobody" })
                Assert.Equal(Names(recommender.Recommend(user)), Names(loaded.Recommend(user)));
            Assert.Equal(recommender.Channels, loaded.Channels);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_recall_call_allocates_nothing_once_warm()
    {
        var recommender = Recommender.For(Log).Recall("one", new Fixed([1, 2, 3, 4, 5, 6, 7])).Recall("two", Popular).Fallback("popular", Popular).Build();
        var list = new ScoredItem[5];
        long allocated = 0;
        for (var call = 0; call < 200; call++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            recommender.Recall(new RecallRequest(call % 4 - 1) { Filter = new ItemFilter { Exclude = recommender.SeenBy(0) } }, list);
            if (call >= 100) allocated += GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Assert.Equal(0, allocated);
    }

    [Fact]
    public async Task Swapping_under_load_never_mixes_two_recommenders()
    {
        var up = OneChannel();
        var down = Recommender.For(Log).Recall("fixed", new Fixed([7, 6, 5, 4, 3, 2, 1])).Build();
        var host = new RecommenderHost(up);
        using var stop = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            do
            {
                var answer = Names(host.Current.Recommend("ann", 5));
                Assert.True(answer is "gfedc" or "cdefg", answer);
            }
            while (!stop.IsCancellationRequested);
        })).ToArray();
        for (var i = 0; i < 1000; i++) host.Swap(i % 2 == 0 ? down : up);
        await stop.CancelAsync();
        await Task.WhenAll(readers);
        Assert.Same(up, host.Current);
    }

    [Fact]
    public void Mistakes_are_named()
    {
        string Message(Action act) => Assert.ThrowsAny<Exception>(act).Message;

        Assert.Contains("at least one recall channel", Message(() => Recommender.For(Log).Build()), StringComparison.Ordinal);
        Assert.Contains("'x' already", Message(() => Recommender.For(Log).Recall("x", Popular).Fallback("x", Popular)), StringComparison.Ordinal);
        Assert.Contains("quota", Message(() => Recommender.For(Log).Recall("x", Popular, quota: 0)), StringComparison.Ordinal);
        Assert.Contains("weight", Message(() => Recommender.For(Log).Recall("x", Popular, weight: 0)), StringComparison.Ordinal);
        Assert.Contains("count", Message(() => OneChannel().Recommend("ann", 0)), StringComparison.Ordinal);
        Assert.Contains("history is given twice", Message(() => OneChannel().RecommendFor(["a"], options: new() { History = ["b"] })), StringComparison.Ordinal);
        Assert.Contains("belongs to one user", Message(() => OneChannel().RecommendAll(options: new() { History = ["b"] })), StringComparison.Ordinal);
        var mute = Recommender.For(Log).Recall("mute", new Mute()).Build();
        Assert.Contains("similar items", Message(() => mute.SimilarItems("a")), StringComparison.Ordinal);
        Assert.Empty(mute.Recommend("ann"));
    }

    private sealed class Mute : IRecaller
    {
        public int Recall(in RecallRequest request, Span<ScoredItem> destination) => 0;
    }
}
