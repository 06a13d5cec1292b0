using System.Diagnostics;
using System.Globalization;
using Recsys.Data;
using Recsys.Numerics;

namespace Recsys.Evaluation;

/// <summary>
/// Evaluates the lists of a recaller against held-out rows. It asks the very recaller that serves, with the very filter that serves, so
/// the two cannot disagree. Users stream through one small buffer for each shard: memory is O(users × metrics + items), never users ×
/// items.
/// </summary>
public static class RankingEvaluator
{
    /// <summary>Evaluates one recaller on one split.</summary>
    /// <param name="name">The name of the model in the report.</param>
    /// <param name="recaller">Trained on the training part of the split; called from several threads at once.</param>
    /// <param name="split">Whose dense ids the recaller uses.</param>
    /// <param name="protocol">How to evaluate; the default protocol if null.</param>
    /// <param name="progress">Told of the users evaluated so far, every few hundred and at the end.</param>
    /// <param name="cancel">Checked for every user.</param>
    /// <returns>
    /// The report; the same to the bit for any number of threads and shards. Where no user has a target its values are undefined, and it
    /// says so.
    /// </returns>
    /// <exception cref="ArgumentException">The name is empty; the split lacks the part to evaluate, or its parts have different
    /// ids.</exception>
    /// <exception cref="InvalidOperationException">The recaller broke its contract: the message names the user and the item.</exception>
    public static RankingReport Evaluate(
        string name, IRecaller recaller, Split split, RankingProtocol? protocol = null, IProgress<TrainProgress>? progress = null,
        CancellationToken cancel = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(recaller);
        ArgumentNullException.ThrowIfNull(split);
        protocol ??= new RankingProtocol();
        var started = Stopwatch.GetTimestamp();
        var run = new RankingRun(name, recaller, split, protocol);
        var (users, without) = UsersWithTargets(run);
        users = Sampled(users, protocol);

        var width = run.Columns.Length;
        if ((long)users.Length * width * 2 > Array.MaxLength)
        {
            throw new ArgumentException(
                $"{users.Length} users with {width} metrics each are too many values for one report; set UserSample or fewer K.",
                nameof(protocol));
        }
        var values = new float[users.Length * width];
        var evaluated = new bool[users.Length];
        var shards = new RankingShard[protocol.Shards];
        var meter = new Meter(progress, "evaluate " + name, users.Length);
        Shards.Run(protocol.Shards, protocol.Threads, index =>
        {
            var shard = shards[index] = new RankingShard(run);
            var (start, end) = Shards.Range(users.Length, protocol.Shards, index);
            for (var i = start; i < end; i++)
            {
                cancel.ThrowIfCancellationRequested();
                evaluated[i] = shard.Evaluate(users[i], values.AsSpan(i * width, width));
                if ((i - start) % 256 == 255) meter.Add(256);
            }
            meter.Add((end - start) % 256);
        }, cancel);

        var kept = Compact(users, values, evaluated, width);
        var counts = Count(run, shards, kept.Users.Length, without + users.Length - kept.Users.Length);
        var means = Bootstrap.Means(run.Columns, kept.Values, kept.Users.Length, protocol, cancel);
        var metrics = Together(means, run, counts);
        return new RankingReport(
            name, protocol, split.Description, counts, kept.Users, run.Columns, kept.Values, metrics, Warnings(split, protocol, counts),
            Stopwatch.GetElapsedTime(started));
    }

    private static (int[] Users, int Without) UsersWithTargets(RankingRun run)
    {
        var users = new List<int>();
        var without = 0;
        for (var user = 0; user < run.Part.UserCount; user++)
        {
            var values = run.Part.ValuesOf(user);
            var any = !values.IsEmpty && run.Protocol.RelevantFrom is null;
            for (var i = 0; i < values.Length && !any; i++) any = values[i] >= run.Protocol.RelevantFrom;
            if (any) users.Add(user);
            else if (!values.IsEmpty || !run.Train.ItemsOf(user).IsEmpty) without++;
        }
        return ([.. users], without);
    }

    private static int[] Sampled(int[] users, RankingProtocol protocol)
    {
        if (protocol.UserSample is not { } count || count >= users.Length) return users;
        var rng = new Rng(protocol.Seed, 0x05E5);
        var keys = new ulong[users.Length];
        for (var i = 0; i < users.Length; i++) keys[i] = rng.Bits((ulong)users[i]);
        Array.Sort(keys, users);
        var sample = users[..count];
        Array.Sort(sample);
        return sample;
    }

    private static (int[] Users, float[] Values) Compact(int[] users, float[] values, bool[] evaluated, int width)
    {
        var count = evaluated.AsSpan().Count(true);
        if (count == users.Length) return (users, values);
        var keptUsers = new int[count];
        var keptValues = new float[count * width];
        var next = 0;
        for (var i = 0; i < users.Length; i++)
        {
            if (!evaluated[i]) continue;
            keptUsers[next] = users[i];
            values.AsSpan(i * width, width).CopyTo(keptValues.AsSpan(next++ * width));
        }
        return (keptUsers, keptValues);
    }

    private static RankingCounts Count(RankingRun run, RankingShard[] shards, int users, int without)
    {
        var items = 0;
        for (var item = 0; item < run.Catalogue.Length; item++)
        {
            // The last k shows everything that a smaller one does.
            run.Catalogue[item] |= run.Shown[^1][item] > 0;
            if (run.Catalogue[item]) items++;
        }
        return new RankingCounts(
            users, without, shards.Sum(s => s.ColdUsers), items, shards.Sum(s => s.Targets), shards.Sum(s => s.ColdTargets),
            shards.Sum(s => s.TargetsInHistory), shards.Sum(s => s.ShortLists), shards.Sum(s => s.EmptyLists));
    }

    // For each k the means over users, then the metrics of all lists together.
    private static List<MetricResult> Together(MetricResult[] means, RankingRun run, RankingCounts counts)
    {
        var metrics = new List<MetricResult>();
        var shown = new int[counts.Items];
        var perK = means.Length / run.Shown.Length;
        for (var i = 0; i < run.Shown.Length; i++)
        {
            metrics.AddRange(means.AsSpan(i * perK, perK));
            var k = run.Protocol.K[i];
            var next = 0;
            var any = false;
            for (var item = 0; item < run.Catalogue.Length; item++)
            {
                if (!run.Catalogue[item]) continue;
                any |= run.Shown[i][item] > 0;
                shown[next++] = run.Shown[i][item];
            }
            var lists = counts.Users - counts.EmptyLists;
            Add("Coverage", counts.Users > 0 && shown.Length > 0 ? ListMetrics.Coverage(shown) : null, counts.Users);
            Add("Gini", any ? ListMetrics.Gini(shown) : null, counts.Users);
            Add("Personalization", lists > 1 ? ListMetrics.Personalization(shown, lists, k) : null, lists);

            void Add(string metric, double? value, int count)
                => metrics.Add(new MetricResult(FormattableString.Invariant($"{metric}@{k}"), value, null, null, count));
        }
        return metrics;
    }

    private static List<string> Warnings(Split split, RankingProtocol protocol, RankingCounts counts)
    {
        var warnings = new List<string>(split.Warnings);
        if (counts.Users == 0) warnings.Add("No user has a target that can be found, so no metric is defined.");
        if (counts.TargetsInHistory > 0)
        {
            warnings.Add(Text(protocol.ExcludeTrainItems
                ? $"{counts.TargetsInHistory} targets stand in the user's own history: no list can hold them, so they were dropped."
                : (FormattableString)$"{counts.TargetsInHistory} targets stand in the user's own history and may be recommended: repeating the past scores."));
        }
        if (protocol.Candidates.Kind != CandidateKind.Full)
            warnings.Add("Ranked among sampled items: higher than over the full catalogue, and the order of models may differ from it.");
        if (counts.EmptyLists > 0) warnings.Add(Text($"{counts.EmptyLists} of {counts.Users} users got no list; they count as misses."));
        if (counts.ShortLists > counts.EmptyLists && protocol.Candidates.Kind == CandidateKind.Full)
            warnings.Add(Text($"{counts.ShortLists - counts.EmptyLists} of {counts.Users} users got fewer than {protocol.K[^1]} items."));
        return warnings;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed class Meter(IProgress<TrainProgress>? progress, string stage, int total)
    {
        private readonly Lock _gate = new();
        private int _done;

        public void Add(int count)
        {
            if (progress is null || count == 0) return;
            // Inside the lock, so that the numbers never run backwards.
            lock (_gate) progress.Report(new TrainProgress(stage, _done += count, total));
        }
    }
}
