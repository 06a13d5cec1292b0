using Recsys.Data;
using Recsys.Features;
using Recsys.Numerics;

namespace Recsys;

public sealed partial class Recommender
{
    /// <summary>
    /// Examples from which a ranker learns to order what the channels propose: for each user with at least one hit, every candidate, labelled 1 if
    /// the user took it later. Train the channels on an earlier part of the log and give the later part as the targets, so that the
    /// ranker sees the channels as they will be when serving: right for the future, not for what they were trained on.
    /// </summary>
    /// <param name="features">Encoders with exactly one label; channel features are filled in by name.</param>
    /// <param name="targets">What users did after the data of the channels, in the same dense ids.</param>
    /// <param name="history">What sequence features read, whole; only needed where the schema has one.</param>
    /// <param name="threads">0 for all processors. Does not change the result.</param>
    /// <param name="cancel">Checked for each block of users.</param>
    /// <returns>Users ascending; the query of an example is its user.</returns>
    /// <exception cref="ArgumentException">The schema has not exactly one label, or tells of a channel that this recommender does not have.</exception>
    public Examples TrainingExamples(
        FeatureSet features, Interactions targets, Interactions? history = null, int threads = 0, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(targets);
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        if (features.Schema.Labels.Count != 1)
            throw new ArgumentException($"The schema has {features.Schema.Labels.Count} labels; one is needed, for whether the user took the item.", nameof(features));
        var channels = RankStage.Bind(features.Schema, _pipeline.Channels);

        var blocks = new Block[(targets.UserCount + UsersPerBlock - 1) / UsersPerBlock];
        Shards.Run(blocks.Length, threads == 0 ? Environment.ProcessorCount : threads, block =>
        {
            var first = block * UsersPerBlock;
            var found = blocks[block] = new Block(channels.Length);
            for (var user = first; user < Math.Min(first + UsersPerBlock, targets.UserCount); user++)
                found.Add(this, user, targets.ItemsOf(user), features.Schema, channels);
        }, cancel);

        int[] users = [.. blocks.SelectMany(b => b.Users)];
        return features.Examples(new ExampleData
        {
            Users = users,
            Items = [.. blocks.SelectMany(b => b.Items)],
            Labels = [[.. blocks.SelectMany(b => b.Labels)]],
            ChannelSignals = [.. channels.Select((_, c) => blocks.SelectMany(b => b.Signals[c]).ToArray())],
            Queries = users,
            History = history,
            HistoryEnds = history is null ? null : [.. users.Select(user => history.ItemsOf(user).Length)],
        });
    }

    private sealed class Block(int signals)
    {
        public List<int> Users { get; } = [];
        public List<int> Items { get; } = [];
        public List<float> Labels { get; } = [];
        public List<float>[] Signals { get; } = [.. Enumerable.Range(0, signals).Select(_ => new List<float>())];

        public void Add(Recommender recommender, int user, ReadOnlySpan<int> targets, FittedSchema schema, int[] channels)
        {
            if (targets.IsEmpty) return;
            var pipeline = recommender._pipeline;
            var scratch = pipeline.Rent();
            try
            {
                scratch.Clear();
                pipeline.Gather(new RecallRequest(user) { Filter = new ItemFilter { Exclude = recommender.SeenBy(user) } }, scratch);
                if (!scratch.Items.AsSpan(0, scratch.Count).ContainsAny(targets)) return;
                for (var slot = 0; slot < scratch.Count; slot++)
                {
                    Users.Add(user);
                    Items.Add(scratch.Items[slot]);
                    Labels.Add(targets.Contains(scratch.Items[slot]) ? 1 : 0);
                    for (var s = 0; s < Signals.Length; s++) Signals[s].Add(scratch.Signal(slot, channels[s], schema.Channels[s].Definition.Signal));
                }
            }
            finally
            {
                pipeline.Return(scratch);
            }
        }
    }
}
