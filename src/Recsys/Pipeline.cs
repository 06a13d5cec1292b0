using Recsys.Features;

namespace Recsys;

/// <summary>How the lists of several recall channels become one, where no ranker orders it. An item's place among equals is by lower id.</summary>
public enum ChannelMerge
{
    /// <summary>score(i) = Σ_c weight_c / (60 + rank_c(i)): agreement counts, scales do not. Cormack, Clarke and Büttcher, SIGIR 2009.</summary>
    ReciprocalRank,

    /// <summary>
    /// Σ_c weight_c · (s_c(i) - min s_c) / (max s_c - min s_c), each channel's list scaled to [0, 1] (to 1 where all its scores are equal):
    /// CombSUM of Fox and Shaw, TREC-2 1994.
    /// </summary>
    NormalisedScore,

    /// <summary>
    /// Turns about: the first of each channel in the order of adding, then the second of each in reverse order, and so on; an item counts where it comes
    /// first. Its score is 1 / that place. Weights do not matter.
    /// </summary>
    Snake,
}

internal sealed record Channel(string Name, IRecaller Recaller, int Quota, float Weight = 1)
{
    public const float LeastWeight = 1e-6f, MostWeight = 1e6f;
}

/// <summary>The ranker, and for each channel feature of its schema the place of the channel it tells of.</summary>
internal sealed record RankStage(string Name, IRanker Ranker, FeatureSet Features, int[] SignalChannels)
{
    public static RankStage Create(string name, IRanker ranker, FeatureSet features, IReadOnlyList<Channel> channels)
    {
        if (ranker is IFeatureModel { Schema: { } schema }) schema.EnsureCompatible(features.Schema);
        return new RankStage(name, ranker, features, Bind(features.Schema, channels));
    }

    public static int[] Bind(FittedSchema schema, IReadOnlyList<Channel> channels)
    {
        var names = channels.Select(c => c.Name).ToList();
        return [.. schema.Channels.Select(feature => names.IndexOf(feature.Definition.Column) is >= 0 and var place
            ? place
            : throw new ArgumentException($"The feature '{feature.Name}' tells of the channel '{feature.Definition.Column}', which this recommender "
                + $"does not have; its channels are {string.Join(", ", names)}."))];
    }
}

/// <summary>
/// Recall channels → merge → rank → top-n → fallback, in dense ids. Channels see the request's filter, so each fills its quota with
/// eligible items. Without a ranker, one channel keeps its own scores; several are merged as <see cref="ChannelMerge"/> says.
/// </summary>
internal sealed class Pipeline
{
    private const float RankOffset = 60;
    private readonly ScratchPool<Scratch> _pool;

    public Pipeline(int itemCount, Channel[] channels, ChannelMerge merge, RankStage? rank, Channel[] fallbacks)
    {
        ItemCount = itemCount;
        Channels = channels;
        Merge = merge;
        Rank = rank;
        Fallbacks = fallbacks;
        _pool = new ScratchPool<Scratch>(() => new Scratch(this));
    }

    public int ItemCount { get; }
    public Channel[] Channels { get; }
    public ChannelMerge Merge { get; }
    public RankStage? Rank { get; }
    public Channel[] Fallbacks { get; }

    public Scratch Rent() => _pool.Rent();

    public void Return(Scratch scratch) => _pool.Return(scratch);

    /// <summary>Fills the destination, best first; returns (items in all, of which from the channels). The scratch keeps the trace.</summary>
    public (int Count, int Ranked) Run(in RecallRequest request, Span<ScoredItem> destination, Scratch scratch)
    {
        scratch.Clear();
        if (destination.IsEmpty) return (0, 0);

        Gather(request, scratch);
        if (Rank is { } rank && scratch.Count > 0) Score(rank, request, scratch);

        var top = new TopItems(destination, default, ItemCount);
        for (var i = 0; i < scratch.Count; i++) top.Offer(scratch.Items[i], scratch.Scores[i]);
        var ranked = top.Finish();
        return (FillUp(request, destination, ranked, scratch), ranked);
    }

    /// <summary>Fills the scratch with the merged candidates of the channels.</summary>
    public void Gather(in RecallRequest request, Scratch scratch)
    {
        for (var c = 0; c < Channels.Length; c++)
        {
            var found = scratch.List(Channels[c].Quota);
            found = found[..Channels[c].Recaller.Recall(request, found)];
            for (var r = 0; r < found.Length; r++)
            {
                var slot = scratch.SlotOf(found[r].Item, add: true);
                scratch.Trace(slot, c, r + 1, found[r].Score);
                scratch.Scores[slot] = Merged(scratch.Scores[slot], c, r, found);
            }
        }
    }

    /// <summary>The merged score of an item, given that of the channels before, when channel c has it at place r.</summary>
    private float Merged(float before, int c, int r, ReadOnlySpan<ScoredItem> list)
    {
        if (Channels.Length == 1) return list[r].Score;
        switch (Merge)
        {
            case ChannelMerge.Snake:
                var place = r * Channels.Length + (r % 2 == 0 ? c : Channels.Length - 1 - c);
                return Math.Max(before, 1f / (1 + place));
            case ChannelMerge.NormalisedScore:
                var range = list[0].Score - list[^1].Score;
                return before + Channels[c].Weight * (range > 0 ? (list[r].Score - list[^1].Score) / range : 1);
            default:
                return before + Channels[c].Weight / (RankOffset + r + 1);
        }
    }

    private static void Score(RankStage rank, in RecallRequest request, Scratch scratch)
    {
        var items = scratch.Items.AsSpan(0, scratch.Count);
        var scores = scratch.Scores.AsSpan(0, scratch.Count);
        var signals = scratch.Signals(rank);
        rank.Features.Assemble(new CandidateRequest(request.User, items) { History = request.History, ChannelSignals = signals }, scratch.Batch!);
        rank.Ranker.Score(scratch.Batch!, scores);
    }

    // The scores of different models do not compare: what a fallback adds to a list that has items is placed below them, in its own order.
    private int FillUp(in RecallRequest request, Span<ScoredItem> destination, int ranked, Scratch scratch)
    {
        var count = ranked;
        for (var f = 0; f < Fallbacks.Length && count < destination.Length; f++)
        {
            var found = scratch.List(destination.Length + count);
            found = found[..Fallbacks[f].Recaller.Recall(request, found)];
            var floor = count == 0 ? 0 : Math.Min(destination[count - 1].Score, 0);
            var keepScores = count == 0;
            for (var r = 0; r < found.Length && count < destination.Length; r++)
            {
                var item = found[r].Item;
                if (scratch.SlotOf(item, add: false) >= 0) continue;
                scratch.Trace(scratch.SlotOf(item, add: true), Channels.Length + f, r + 1, found[r].Score);
                destination[count++] = keepScores ? found[r] : new ScoredItem(item, floor -= 1);
            }
        }
        return count;
    }

    /// <summary>Working memory of one call: the candidates, where they came from, and an item → candidate table.</summary>
    internal sealed class Scratch
    {
        private readonly int _sources;
        private ScoredItem[] _list = [];
        private int[] _table = [];
        private int[] _ranks = [];
        private float[] _sourceScores = [];
        private float[] _signals = [];

        public Scratch(Pipeline pipeline)
        {
            _sources = pipeline.Channels.Length + pipeline.Fallbacks.Length;
            var candidates = pipeline.Channels.Sum(c => c.Quota);
            Grow(Math.Max(16, candidates));
            Batch = pipeline.Rank?.Features.CreateBatch(Math.Max(1, candidates));
        }

        public int Count { get; private set; }
        public int[] Items { get; private set; } = [];
        public float[] Scores { get; private set; } = [];
        public ExampleBatch? Batch { get; }
        public int[] Excluded { get; set; } = [];

        public Span<ScoredItem> List(int length)
        {
            if (_list.Length < length) _list = new ScoredItem[length];
            return _list.AsSpan(0, length);
        }

        public void Clear()
        {
            Count = 0;
            Array.Clear(_table);
        }

        public int SlotOf(int item, bool add)
        {
            if (add && Count == Items.Length) Grow(2 * Count);
            var mask = _table.Length - 1;
            var at = (int)((uint)item * 2654435769u >> 7) & mask;
            for (; _table[at] != 0; at = (at + 1) & mask)
                if (Items[_table[at] - 1] == item) return _table[at] - 1;
            if (!add) return -1;

            var slot = Count++;
            _table[at] = slot + 1;
            Items[slot] = item;
            Scores[slot] = 0;
            _ranks.AsSpan(slot * _sources, _sources).Clear();
            return slot;
        }

        public void Trace(int slot, int source, int rank, float score)
        {
            _ranks[slot * _sources + source] = rank;
            _sourceScores[slot * _sources + source] = score;
        }

        /// <summary>The place, from 1, that a source gave a candidate; 0 where it did not have it.</summary>
        public int RankOf(int slot, int source) => _ranks[slot * _sources + source];

        /// <summary>What a channel feature says of one candidate.</summary>
        public float Signal(int slot, int channel, ChannelSignal signal)
        {
            var at = slot * _sources + channel;
            if (_ranks[at] == 0) return 0;
            return signal == ChannelSignal.Score ? _sourceScores[at] : 1f / _ranks[at];
        }

        public ReadOnlySpan<float> Signals(RankStage rank)
        {
            var features = rank.Features.Schema.Channels;
            if (_signals.Length < features.Count * Count) _signals = new float[features.Count * Items.Length];
            for (var f = 0; f < features.Count; f++)
                for (var slot = 0; slot < Count; slot++)
                    _signals[f * Count + slot] = Signal(slot, rank.SignalChannels[f], features[f].Definition.Signal);
            return _signals.AsSpan(0, features.Count * Count);
        }

        public RecommendationSource[] SourcesOf(int item, Pipeline pipeline)
        {
            var slot = SlotOf(item, add: false);
            var sources = new List<RecommendationSource>();
            for (var s = 0; s < _sources; s++)
            {
                var at = slot * _sources + s;
                if (_ranks[at] == 0) continue;
                var channel = s < pipeline.Channels.Length ? pipeline.Channels[s] : pipeline.Fallbacks[s - pipeline.Channels.Length];
                sources.Add(new RecommendationSource(channel.Name, _ranks[at], _sourceScores[at]));
            }
            return [.. sources];
        }

        private void Grow(int capacity)
        {
            Items = Resized(Items, capacity);
            Scores = Resized(Scores, capacity);
            _ranks = Resized(_ranks, capacity * _sources);
            _sourceScores = Resized(_sourceScores, capacity * _sources);

            _table = new int[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)capacity * 2)];
            var kept = Count;
            Count = 0;
            for (var slot = 0; slot < kept; slot++) Rehash(Items[slot]);
        }

        private void Rehash(int item)
        {
            var mask = _table.Length - 1;
            var at = (int)((uint)item * 2654435769u >> 7) & mask;
            while (_table[at] != 0) at = (at + 1) & mask;
            _table[at] = ++Count;
        }

        private static T[] Resized<T>(T[] array, int length)
        {
            Array.Resize(ref array, length);
            return array;
        }
    }
}
