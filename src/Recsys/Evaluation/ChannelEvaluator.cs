using System.Globalization;
using System.Text;
using Recsys.Data;
using Recsys.Numerics;

namespace Recsys.Evaluation;

/// <summary>What one channel (or fallback) of a recommender brought in.</summary>
/// <param name="Channel">Its name.</param>
/// <param name="Proposed">Candidates it proposed, summed over the users.</param>
/// <param name="Found">Targets among them.</param>
/// <param name="Hits">Targets in the final lists that it had proposed, alone or with others.</param>
/// <param name="OnlyHits">Those that no other channel had proposed: what would be lost at once without it.</param>
public readonly record struct ChannelContribution(string Channel, long Proposed, long Found, long Hits, long OnlyHits);

/// <summary>Which channels the hits of a recommender come from.</summary>
/// <param name="K">Length of the final lists.</param>
/// <param name="Users">Users with a target that were asked.</param>
/// <param name="Targets">Their targets in all.</param>
/// <param name="Hits">Targets in the final lists.</param>
/// <param name="Channels">Channels in their order, then the fallbacks.</param>
public sealed record ChannelReport(int K, int Users, long Targets, long Hits, IReadOnlyList<ChannelContribution> Channels)
{
    /// <summary>A line for each channel: candidates per user, the share of the targets it found, its hits, and those that are its alone.</summary>
    public override string ToString()
    {
        var width = Math.Max(7, Channels.Max(c => c.Channel.Length));
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{Users} users, {Targets} targets, {Hits} hits in lists of {K}");
        text.Append(CultureInfo.InvariantCulture, $"{"channel".PadRight(width)}  per user  found   hits  only it");
        foreach (var c in Channels)
        {
            text.AppendLine();
            text.Append(CultureInfo.InvariantCulture,
                $"{c.Channel.PadRight(width)}  {Ratio(c.Proposed, Users),8:F1}  {Ratio(c.Found, Targets),5:F3}  {c.Hits,5}  {c.OnlyHits,7}");
        }
        return text.ToString();
    }

    private static double Ratio(long part, long whole) => whole == 0 ? 0 : (double)part / whole;
}

/// <summary>Tells which channels of a recommender earn their place.</summary>
public static class ChannelEvaluator
{
    /// <summary>Asks for the list of every user with a target in the test part, and counts where the hits come from.</summary>
    /// <param name="recommender">Trained on the training part of the split.</param>
    /// <param name="split">The training rows of a user are left out of its list.</param>
    /// <param name="k">Length of the lists, at least 1.</param>
    /// <param name="threads">0 for all processors. Does not change the result.</param>
    /// <param name="cancel">Checked for each block of users.</param>
    public static ChannelReport Evaluate(Recommender recommender, Split split, int k = 10, int threads = 0, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(recommender);
        ArgumentNullException.ThrowIfNull(split);
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(threads);

        const int blocks = 64;
        var counts = new Counts[blocks];
        Shards.Run(blocks, threads == 0 ? Environment.ProcessorCount : threads, block =>
        {
            var (start, end) = Shards.Range(split.Test.UserCount, blocks, block);
            var mine = counts[block] = new Counts(recommender.Channels.Count);
            var list = new ScoredItem[Math.Min(k, Math.Max(1, recommender.Items.Count))];
            for (var user = start; user < end; user++)
                if (!split.Test.ItemsOf(user).IsEmpty) mine.Add(recommender.Stages, user, split, list);
        }, cancel);

        var names = recommender.Channels;
        return new ChannelReport(k, counts.Sum(c => c.Users), counts.Sum(c => c.Targets), counts.Sum(c => c.Hits),
        [
            .. names.Select((name, s) => new ChannelContribution(
                name, counts.Sum(c => c.Proposed[s]), counts.Sum(c => c.Found[s]), counts.Sum(c => c.HitsOf[s]), counts.Sum(c => c.OnlyHits[s]))),
        ]);
    }

    private sealed class Counts(int sources)
    {
        public int Users { get; private set; }
        public long Targets { get; private set; }
        public long Hits { get; private set; }
        public long[] Proposed { get; } = new long[sources];
        public long[] Found { get; } = new long[sources];
        public long[] HitsOf { get; } = new long[sources];
        public long[] OnlyHits { get; } = new long[sources];

        public void Add(Pipeline pipeline, int user, Split split, ScoredItem[] list)
        {
            var scratch = pipeline.Rent();
            try
            {
                var filter = new ItemFilter { Exclude = split.Train.ItemsOf(user) };
                var (count, _) = pipeline.Run(new RecallRequest(user) { Filter = filter }, list, scratch);
                var targets = new HashSet<int>(split.Test.ItemsOf(user).ToArray());
                Users++;
                Targets += targets.Count;
                for (var slot = 0; slot < scratch.Count; slot++)
                {
                    var isTarget = targets.Contains(scratch.Items[slot]);
                    for (var s = 0; s < sources; s++)
                    {
                        if (scratch.RankOf(slot, s) == 0) continue;
                        Proposed[s]++;
                        if (isTarget) Found[s]++;
                    }
                }
                foreach (var item in list.AsSpan(0, count))
                    if (targets.Contains(item.Item)) AddHit(scratch, item.Item);
            }
            finally
            {
                pipeline.Return(scratch);
            }
        }

        private void AddHit(Pipeline.Scratch scratch, int item)
        {
            Hits++;
            var slot = scratch.SlotOf(item, add: false);
            var (last, proposers) = (-1, 0);
            for (var s = 0; s < sources; s++)
            {
                if (scratch.RankOf(slot, s) == 0) continue;
                HitsOf[s]++;
                (last, proposers) = (s, proposers + 1);
            }
            if (proposers == 1) OnlyHits[last]++;
        }
    }
}
