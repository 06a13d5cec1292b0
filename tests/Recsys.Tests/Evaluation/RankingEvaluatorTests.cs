using Recsys.Data;
using Recsys.Evaluation;
using Recsys.Numerics;
using Recsys.Tests.Contracts;
using Recsys.Tests.Reference;

namespace Recsys.Tests.Evaluation;

public sealed class RankingEvaluatorTests
{
    private static readonly Interactions Data = ContractData.Skewed().Deduplicate(DuplicatePolicy.KeepLast);
    private static readonly Split Halves = Splits.RandomPerUser(Data, 0.3);

    [Fact]
    public void A_log_worked_by_hand()
    {
        // Items 0..5, user 0 has seen item 5. List of everyone: 0, 1, 2, 3, 4, 5 less what is seen.
        var train = ContractData.Build(3, 6, add => { add(0, 5, 1, 1); add(0, 0, 1, 2); add(1, 4, 1, 1); });
        var test = ContractData.Build(3, 6, add => { add(0, 2, 1, 9); add(0, 4, 1, 9); add(1, 5, 1, 9); add(2, 0, 1, 9); });
        var recaller = new FunctionRecaller(6, (_, item) => -item);
        var report = RankingEvaluator.Evaluate(
            "by id", recaller, new Split(train, test, null, "by hand", []), new RankingProtocol { K = [2, 1], Bootstrap = 0 });

        // User 0 sees 1, 2 (targets 2, 4); user 1 sees 0, 1 (target 5); user 2, cold, sees 0, 1 (target 0).
        Assert.Equal(new RankingCounts(3, 0, 1, 5, 4, 1, 0, 0, 0), report.Counts);
        Assert.Equal([0, 1, 2], report.Users.ToArray());
        Assert.Equal([0.5f, 0, 1], report.PerUser("Recall@2"));
        Assert.Equal((0.5 + 0 + 1) / 3, report["Recall@2"].Value!.Value, 1e-6);
        Assert.Equal((0.5 + 0 + 0.5) / 3, report["Precision@2"].Value!.Value, 1e-6);
        Assert.Equal(2.0 / 3, report["HitRate@2"].Value!.Value, 1e-6);
        Assert.Equal((0.5 + 0 + 1) / 3, report["MRR@2"].Value!.Value, 1e-6);
        Assert.Equal((0.25 + 0 + 1) / 3, report["MAP@2"].Value!.Value, 1e-6);
        Assert.Equal(1.0 / 3, report["Recall@1"].Value!.Value, 1e-6);
        Assert.Equal([2f, null, 1f], report.PerUser("ClickPosition@2"));
        Assert.Equal(1.5, report["ClickPosition@2"].Value!.Value, 1e-6);
        Assert.Equal(2, report["ClickPosition@2"].Count);
        // Shown at 2: item 0 twice, item 1 three times, item 2 once; item 3 has no row in any part and is shown to nobody.
        Assert.Equal(3.0 / 5, report["Coverage@2"].Value!.Value, 1e-10);
        Assert.Equal(ListMetrics.Gini([2, 3, 1, 0, 0]), report["Gini@2"].Value!.Value, 1e-10);
        Assert.Equal(ListMetrics.Personalization([2, 3, 1], 3, 2), report["Personalization@2"].Value!.Value, 1e-10);
        // 2 training users; each item is known to at most one: 1 bit.
        Assert.Equal(1, report["Novelty@2"].Value!.Value, 1e-10);
        Assert.Null(report["Recall@2"].Low);
        Assert.Throws<KeyNotFoundException>(() => report["Recall@3"]);
        Assert.Throws<KeyNotFoundException>(() => report.PerUser("Coverage@2"));
    }

    [Fact]
    public void Every_user_agrees_with_the_definitions()
    {
        var recaller = FunctionRecaller.Random(Data.ItemCount, 3);
        var protocol = new RankingProtocol { K = [5, 20], Bootstrap = 0, Gain = GainKind.Exponential, RelevantFrom = 2 };
        var report = RankingEvaluator.Evaluate("random", recaller, Halves, protocol);
        var ndcg = report.PerUser("NDCG@20");
        var map = report.PerUser("MAP@5");
        Assert.InRange(report.Users.Length, 40, 60);
        for (var i = 0; i < report.Users.Length; i++)
        {
            var user = report.Users[i];
            var list = Lists.Recall(recaller, user, 20, exclude: Halves.Train.ItemsOf(user).ToArray()).Select(x => x.Item).ToArray();
            var gains = new Dictionary<int, double>();
            for (var row = 0; row < Halves.Test.ItemsOf(user).Length; row++)
            {
                var value = Halves.Test.ValuesOf(user)[row];
                if (value >= 2) gains[Halves.Test.ItemsOf(user)[row]] = Math.Pow(2, value) - 1;
            }
            Assert.Equal(SlowRanking.Ndcg(list, gains, 20), ndcg[i]!.Value, 1e-6);
            var relevant = gains.Keys.ToHashSet();
            Assert.Equal(SlowRanking.PrecisionSum(list, relevant, 5) / Math.Min(5, relevant.Count), map[i]!.Value, 1e-6);
        }
    }

    [Fact]
    public void The_oracle_scores_1()
    {
        var protocol = new RankingProtocol { K = [10], RecallDenominator = RecallDenominator.AtMostK, Bootstrap = 50 };
        var report = RankingEvaluator.Evaluate("oracle", FunctionRecaller.Oracle(Halves.Test), Halves, protocol);
        foreach (var metric in (string[])["Recall@10", "HitRate@10", "NDCG@10", "MRR@10", "MAP@10"])
            Assert.Equal(new MetricResult(metric, 1, 1, 1, report.Counts.Users), report[metric]);
    }

    [Fact]
    public void Random_lists_have_the_expected_recall()
    {
        // 400 users, 200 items, 10 seen and 10 held out: a random list of 19 of the 190 left finds a tenth.
        var rng = new Rng(17);
        var (train, test) = (new List<(int, int)>(), new List<(int, int)>());
        for (var user = 0; user < 400; user++)
        {
            var items = Enumerable.Range(0, 200).OrderBy(i => rng.Stream((ulong)user).Bits((ulong)i)).Take(20).ToArray();
            train.AddRange(items[..10].Select(i => (user, i)));
            test.AddRange(items[10..].Select(i => (user, i)));
        }
        var split = new Split(Log(400, 200, train), Log(400, 200, test), null, "random", []);
        var report = RankingEvaluator.Evaluate("random", FunctionRecaller.Random(200, 5), split, new RankingProtocol { K = [19] });
        // Standard error of the mean: about sqrt(.09 / 10 / 400) = .005.
        Assert.Equal(0.1, report["Recall@19"].Value!.Value, 0.015);
        Assert.InRange(0.1, report["Recall@19"].Low!.Value - 0.005, report["Recall@19"].High!.Value + 0.005);

        // Ten targets among 60 candidates: a list of 6 finds a tenth of them, too.
        var sampled = new RankingProtocol { K = [6], Candidates = Candidates.UniformSample(50) };
        Assert.Equal(
            0.1, RankingEvaluator.Evaluate("random", FunctionRecaller.Random(200, 5), split, sampled)["Recall@6"].Value!.Value, 0.015);
    }

    [Fact]
    public void Threads_and_shards_change_no_bit()
    {
        var recaller = FunctionRecaller.Random(Data.ItemCount, 8);
        var similarity = ItemSimilarities.Cosine([.. Enumerable.Range(0, Data.ItemCount * 3).Select(i => new Rng(2).Uniform((ulong)i))], 3);
        foreach (var candidates in (Candidates[])[Candidates.Full, Candidates.UniformSample(30), Candidates.PopularitySample(30)])
        {
            var protocol = new RankingProtocol
            {
                K = [3, 10],
                Candidates = candidates,
                Bootstrap = 100,
                ItemSimilarity = similarity,
                UserSample = 40,
                Threads = 1,
            };
            var expected = RankingEvaluator.Evaluate("x", recaller, Halves, protocol);
            Assert.Equal(40, expected.Counts.Users);
            foreach (var (threads, shards) in ((int, int)[])[(2, 16), (5, 16), (4, 3), (1, 1)])
            {
                var actual = RankingEvaluator.Evaluate("x", recaller, Halves, protocol with { Threads = threads, Shards = shards });
                Assert.Equal(expected.ToJson(), actual.ToJson());
                Assert.Equal(expected.Metrics, actual.Metrics);
                Assert.Equal(expected.PerUser("NDCG@10"), actual.PerUser("NDCG@10"));
            }
        }
    }

    [Fact]
    public void A_history_stands_for_the_user()
    {
        var asked = new List<(int User, int[] History, float[] Values)>();
        var recaller = new ScriptedRecaller((in RecallRequest request, Span<ScoredItem> _) =>
        {
            lock (asked) asked.Add((request.User, request.History.ToArray(), request.HistoryValues.ToArray()));
            return 0;
        });
        RankingEvaluator.Evaluate("x", recaller, Halves, new RankingProtocol { Threads = 1, UserInput = UserInput.History });
        var first = Enumerable.Range(0, Data.UserCount).First(u => !Halves.Test.ItemsOf(u).IsEmpty);
        Assert.Equal(-1, asked[0].User);
        Assert.Equal(Halves.Train.ItemsOf(first).ToArray(), asked[0].History);
        Assert.Equal(Halves.Train.ValuesOf(first).ToArray(), asked[0].Values);

        asked.Clear();
        RankingEvaluator.Evaluate("x", recaller, Halves, new RankingProtocol { Threads = 1 });
        Assert.Equal(first, asked[0].User);
        Assert.Empty(asked[0].History);
    }

    [Fact]
    public void Seen_items_of_training_and_validation_are_excluded_unless_asked_otherwise()
    {
        var split = Splits.RandomPerUser(Data, 0.2, validationRatio: 0.2);
        // Validation items first, then test items, then the rest: perfect for the test part only if validation items are left out of its lists.
        bool Has(Interactions part, int user, int item) => part.ItemsOf(user).Contains(item);
        var recaller = new FunctionRecaller(
            Data.ItemCount, (user, item) => Has(split.Validation!, user, item) ? 2 : Has(split.Test, user, item) ? 1 : 0);
        var protocol = new RankingProtocol { K = [5], Bootstrap = 0 };
        Assert.Equal(1, RankingEvaluator.Evaluate("v", recaller, split, protocol)["MRR@5"].Value);
        Assert.Equal(1, RankingEvaluator.Evaluate("v", recaller, split, protocol with { Part = EvaluationPart.Validation })["MRR@5"].Value);
        Assert.InRange(RankingEvaluator.Evaluate("v", recaller, split, protocol with { ExcludeTrainItems = false })["MRR@5"].Value!.Value, 0, 0.7);
        Assert.Throws<ArgumentException>(
            () => RankingEvaluator.Evaluate("v", recaller, Halves, new RankingProtocol { Part = EvaluationPart.Validation }));
    }

    [Fact]
    public void Targets_in_the_history_are_dropped_and_reported()
    {
        var train = ContractData.Build(2, 4, add => { add(0, 1, 1, 1); add(1, 2, 1, 1); });
        var test = ContractData.Build(2, 4, add => { add(0, 1, 1, 5); add(0, 3, 1, 5); add(1, 2, 1, 5); });
        var split = new Split(train, test, null, "leaky", ["A warning of the split."]);
        var oracle = FunctionRecaller.Oracle(test);
        var report = RankingEvaluator.Evaluate("o", oracle, split, new RankingProtocol { K = [1], Bootstrap = 0 });
        Assert.Equal(new RankingCounts(1, 1, 0, 3, 1, 1, 2, 0, 0), report.Counts);
        Assert.Equal(1, report["Recall@1"].Value);
        Assert.Contains("A warning of the split.", report.Warnings);
        Assert.Contains(
            report.Warnings,
            w => w.StartsWith("2 targets stand in the user's own history: no list can hold them", StringComparison.Ordinal));

        var included = RankingEvaluator.Evaluate(
            "o", oracle, split, new RankingProtocol { K = [1], Bootstrap = 0, ExcludeTrainItems = false });
        Assert.Equal(2, included.Counts.Users);
        Assert.Contains(included.Warnings, w => w.Contains("repeating the past", StringComparison.Ordinal));
    }

    [Fact]
    public void Repeated_targets_count_once_with_their_greatest_value()
    {
        var train = ContractData.Build(1, 4, add => add(0, 0, 1, 1));
        var test = ContractData.Build(1, 4, add => { add(0, 2, 1, 5); add(0, 2, 3, 6); add(0, 1, 2, 7); });
        var report = RankingEvaluator.Evaluate(
            "x", new FunctionRecaller(4, (_, item) => -item), new Split(train, test, null, "", []),
            new RankingProtocol { K = [2], Bootstrap = 0, Gain = GainKind.Linear });
        Assert.Equal(2, report.Counts.Targets);
        // The list is 1, 2 with gains 2, 3.
        Assert.Equal((2 + 3 / Math.Log2(3)) / (3 + 2 / Math.Log2(3)), report["NDCG@2"].Value!.Value, 1e-6);
    }

    [Fact]
    public void Without_targets_there_are_no_values_but_a_warning()
    {
        var train = ContractData.Build(2, 4, add => add(0, 1, 1, 1));
        var report = RankingEvaluator.Evaluate(
            "x", FunctionRecaller.Random(4, 1), new Split(train, ContractData.Build(2, 4, _ => { }), null, "", []));
        Assert.Equal(0, report.Counts.Users);
        Assert.Equal(1, report.Counts.UsersWithoutTargets);
        Assert.All(report.Metrics, m => Assert.Equal("-", m.ToString()));
        Assert.Contains(report.Warnings, w => w.StartsWith("No user has a target", StringComparison.Ordinal));
    }

    [Fact]
    public void K_beyond_the_catalogue_and_short_and_empty_lists_are_counted()
    {
        var report = RankingEvaluator.Evaluate(
            "x", FunctionRecaller.Random(Data.ItemCount, 1), Halves, new RankingProtocol { K = [100_000], Bootstrap = 0 });
        Assert.Equal(1, report["Recall@100000"].Value);
        var none = RankingEvaluator.Evaluate("x", new ScriptedRecaller((in RecallRequest _, Span<ScoredItem> _) => 0), Halves);
        Assert.Equal(none.Counts.Users, none.Counts.EmptyLists);
        Assert.Equal(0, none["NDCG@10"].Value);
        Assert.Null(none["Novelty@10"].Value);
        Assert.Null(none["Gini@10"].Value);
        Assert.Contains(none.Warnings, w => w.Contains("got no list", StringComparison.Ordinal));
    }

    [Fact]
    public void A_recaller_that_breaks_its_contract_is_an_error_with_the_place()
    {
        AssertBroken("twice", (in RecallRequest _, Span<ScoredItem> list) => Write(list, [new(140, 2), new(141, 1), new(140, 0)]));
        AssertBroken("before", (in RecallRequest _, Span<ScoredItem> list) => Write(list, [new(140, 1), new(141, 2)]));
        AssertBroken("before", (in RecallRequest _, Span<ScoredItem> list) => Write(list, [new(140, 1), new(141, float.NaN)]));
        AssertBroken("before", (in RecallRequest _, Span<ScoredItem> list) => Write(list, [new(141, 1), new(140, 1)]));
        AssertBroken("item 160", (in RecallRequest _, Span<ScoredItem> list) => Write(list, [new(160, 1)]));
        AssertBroken("item -1", (in RecallRequest _, Span<ScoredItem> list) => Write(list, [new(-1, 1)]));
        AssertBroken("count of 11", (in RecallRequest _, Span<ScoredItem> _) => 11);
        AssertBroken("excludes", (in RecallRequest request, Span<ScoredItem> list) => Write(list, [new(request.Filter.Exclude[0], 1)]));

        static int Write(Span<ScoredItem> list, params ScoredItem[] items)
        {
            items.CopyTo(list);
            return items.Length;
        }

        static void AssertBroken(string what, ScriptedRecaller.Script script)
        {
            var error = Assert.Throws<InvalidOperationException>(
                () => RankingEvaluator.Evaluate("bad", new ScriptedRecaller(script), Halves, new RankingProtocol { Threads = 2 }));
            Assert.Contains(what, error.Message, StringComparison.Ordinal);
            Assert.Contains("'bad'", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Progress_ends_at_all_users_and_cancelling_stops()
    {
        var steps = new List<TrainProgress>();
        RankingEvaluator.Evaluate("x", FunctionRecaller.Random(Data.ItemCount, 1), Halves, progress: new StepLog(steps));
        Assert.Equal(steps[^1].Steps, steps[^1].Step);
        Assert.Equal(steps.Select(s => s.Step).Order(), steps.Select(s => s.Step));
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(
            () => RankingEvaluator.Evaluate("x", FunctionRecaller.Random(Data.ItemCount, 1), Halves, cancel: source.Token));
    }

    [Fact]
    public void Memory_grows_with_users_plus_items_not_with_their_product()
    {
        var protocol = new RankingProtocol { Threads = 1, Bootstrap = 0 };
        Evaluate(500, 1000);
        var small = Evaluate(500, 1_000);
        var large = Evaluate(500, 100_000);
        // 99,000 more items: counts, popularity and a few bits for each of 16 shards. Lists of all would be 400 MB.
        Assert.InRange(large - small, 0, 99_000 * 40);
        var many = Evaluate(5_000, 1_000);
        Assert.InRange(many - small, 0, 4_500 * 200);

        long Evaluate(int users, int items)
        {
            var pairs = Enumerable.Range(0, users).Select(u => (u, u * 7 % items)).ToList();
            var next = pairs.Select(p => (p.Item1, (p.Item2 + 1) % items)).ToList();
            var split = new Split(Log(users, items, pairs), Log(users, items, next), null, "", []);
            var recaller = new ScriptedRecaller((in RecallRequest request, Span<ScoredItem> list) =>
            {
                for (var i = 0; i < list.Length; i++) list[i] = new ScoredItem((request.User * 7 + 1 + i) % 900, -i);
                return list.Length;
            });
            var before = GC.GetAllocatedBytesForCurrentThread();
            RankingEvaluator.Evaluate("x", recaller, split, protocol);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Fact]
    public void Arguments_are_checked()
    {
        var recaller = FunctionRecaller.Random(4, 1);
        Assert.Throws<ArgumentException>(() => RankingEvaluator.Evaluate("", recaller, Halves));
        Assert.Throws<ArgumentNullException>(() => RankingEvaluator.Evaluate("x", null!, Halves));
        Assert.Throws<ArgumentNullException>(() => RankingEvaluator.Evaluate("x", recaller, null!));
        var other = new Split(Halves.Train, ContractData.OneRow(), null, "", []);
        Messages.Assert<ArgumentException>("different ids", () => RankingEvaluator.Evaluate("x", recaller, other));
        Assert.Throws<ArgumentException>(() => new RankingProtocol { K = [] });
        Assert.Throws<ArgumentOutOfRangeException>(() => new RankingProtocol { K = [1, 0] });
        Assert.Throws<ArgumentOutOfRangeException>(() => new RankingProtocol { Confidence = 1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new RankingProtocol { RelevantFrom = float.NaN });
        Assert.Throws<ArgumentOutOfRangeException>(() => new RankingProtocol { UserSample = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new RankingProtocol { Threads = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new RankingProtocol { Bootstrap = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => Candidates.UniformSample(0));
        Assert.Equal([1, 5], new RankingProtocol { K = [5, 1, 5] }.K);
    }

    internal static Interactions Log(int users, int items, List<(int User, int Item)> rows)
        => ContractData.Build(users, items, add => rows.ForEach(r => add(r.User, r.Item, 1, 1)));

    private sealed class StepLog(List<TrainProgress> steps) : IProgress<TrainProgress>
    {
        public void Report(TrainProgress value) => steps.Add(value);
    }
}
