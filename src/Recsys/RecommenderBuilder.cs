using Recsys.Data;
using Recsys.Features;

namespace Recsys;

/// <summary>Composes a <see cref="Recommender"/> stage by stage. Not thread-safe; what it builds is.</summary>
public sealed class RecommenderBuilder
{
    private readonly Interactions _log;
    private readonly List<Channel> _channels = [];
    private readonly List<Channel> _fallbacks = [];
    private ChannelMerge _merge;
    private (string Name, IRanker Ranker, FeatureSet Features)? _rank;

    internal RecommenderBuilder(Interactions log) => _log = log;

    /// <summary>Adds a recall channel. Channels are merged; items that several propose gain by it.</summary>
    /// <param name="name">Shown in the trace of each item; distinct.</param>
    /// <param name="recaller">Trained on the same dense ids.</param>
    /// <param name="quota">The most candidates the channel may propose, at least 1; default 200.</param>
    /// <param name="weight">How much the channel counts when merged (see <see cref="ChannelMerge"/>), 1e-6..1e6; default 1.</param>
    public RecommenderBuilder Recall(string name, IRecaller recaller, int quota = 200, float weight = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(quota, 1);
        _channels.Add(Named(name, recaller, quota) with { Weight = Guard.InRange(Channel.LeastWeight, Channel.MostWeight, weight, nameof(weight)) });
        return this;
    }

    /// <summary>Says how the channels' lists become one where no ranker orders it. Default <see cref="ChannelMerge.ReciprocalRank"/>.</summary>
    public RecommenderBuilder Merge(ChannelMerge merge)
    {
        _merge = Guard.Defined(merge, nameof(merge));
        return this;
    }

    /// <summary>Orders the merged candidates by a ranker.</summary>
    /// <param name="name">Named in errors.</param>
    /// <param name="ranker">Gives the final scores.</param>
    /// <param name="features">Encodes (user, item) pairs the way the ranker was trained.</param>
    /// <exception cref="InvalidOperationException">There is a ranker already.</exception>
    public RecommenderBuilder Rank(string name, IRanker ranker, FeatureSet features)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(ranker);
        ArgumentNullException.ThrowIfNull(features);
        if (_rank is not null) throw new InvalidOperationException($"There is a ranker already, '{_rank.Value.Name}'; a recommender has one.");
        _rank = (name, ranker, features);
        return this;
    }

    /// <summary>Adds a recaller that fills up the list where the channels give too few items, as for a new user. Asked in the order of adding.</summary>
    public RecommenderBuilder Fallback(string name, IRecaller recaller)
    {
        _fallbacks.Add(Named(name, recaller, 0));
        return this;
    }

    /// <summary>The finished recommender.</summary>
    /// <exception cref="InvalidOperationException">No channel and no fallback was added.</exception>
    /// <exception cref="SchemaMismatchException">The ranker was trained on other features; the message names the first that differs.</exception>
    /// <exception cref="ArgumentException">The ranker's features tell of a channel that was not added.</exception>
    public Recommender Build()
    {
        if (_channels.Count + _fallbacks.Count == 0)
            throw new InvalidOperationException("A recommender needs at least one recall channel or fallback: call Recall or Fallback before Build.");
        var rank = _rank is var (name, ranker, features) ? RankStage.Create(name, ranker, features, _channels) : null;
        return new Recommender(_log.Users, _log.Items, SeenItems.Of(_log), new Pipeline(_log.ItemCount, [.. _channels], _merge, rank, [.. _fallbacks]));
    }

    private Channel Named(string name, IRecaller recaller, int quota)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(recaller);
        if (_channels.Concat(_fallbacks).Any(c => c.Name == name))
            throw new ArgumentException($"There is a channel or fallback named '{name}' already.", nameof(name));
        return new Channel(name, recaller, quota);
    }
}
