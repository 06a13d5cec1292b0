using System.Collections;

namespace Recsys;

/// <summary>One recommended item, in the caller's own ids.</summary>
/// <param name="Item">External item id.</param>
/// <param name="Score">
/// The score that ordered the list: the ranker's where there is one, else the merged recall score. Items that a fallback supplied come
/// last, with scores below the rest.
/// </param>
/// <param name="Sources">Every channel that proposed the item, in the order of the channels.</param>
/// <param name="IsFallback">Whether a fallback supplied the item because the channels gave too few.</param>
public sealed record Recommendation(string Item, float Score, IReadOnlyList<RecommendationSource> Sources, bool IsFallback);

/// <summary>Where an item came from.</summary>
/// <param name="Channel">The name the channel was given.</param>
/// <param name="Rank">Its place in the channel's list, from 1.</param>
/// <param name="Score">The channel's own score.</param>
public readonly record struct RecommendationSource(string Channel, int Rank, float Score);

/// <summary>A ranked list, best first, with what the recommender knew about the user.</summary>
public sealed class RecommendationList : IReadOnlyList<Recommendation>
{
    private readonly Recommendation[] _items;

    internal RecommendationList(string user, bool userKnown, IReadOnlyList<string> unknownItems, Recommendation[] items)
    {
        User = user;
        UserKnown = userKnown;
        UnknownItems = unknownItems;
        _items = items;
    }

    /// <summary>The user that was asked for; empty for a user given by a history alone.</summary>
    public string User { get; }

    /// <summary>Whether the user id was in the training data. An unknown user is answered from its history, if given, and the fallback.</summary>
    public bool UserKnown { get; }

    /// <summary>Item ids of the request (its history, exclusions and allow-list) that the training data does not hold; they were skipped.</summary>
    public IReadOnlyList<string> UnknownItems { get; }

    /// <inheritdoc/>
    public int Count => _items.Length;

    /// <inheritdoc/>
    public Recommendation this[int index] => _items[index];

    /// <inheritdoc/>
    public IEnumerator<Recommendation> GetEnumerator() => ((IEnumerable<Recommendation>)_items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _items.GetEnumerator();
}

/// <summary>What a single request may ask for beyond the user and the count. All ids are external.</summary>
public sealed record RecommendOptions
{
    /// <summary>Leave out what the user interacted with in the training data and what <see cref="History"/> lists. Default true.</summary>
    public bool ExcludeSeen { get; init; } = true;

    /// <summary>Items the user has interacted with, oldest first; replaces what was learned of this user (fold-in). Null: as trained.</summary>
    public IReadOnlyList<string>? History { get; init; }

    /// <summary>Items never to return.</summary>
    public IReadOnlyList<string>? Exclude { get; init; }

    /// <summary>The only items that may be returned; null for all. An empty list gives an empty answer.</summary>
    public IReadOnlyList<string>? Allow { get; init; }

    /// <summary>A business rule over external item ids: false leaves the item out. Called during the search, only for items good enough to be listed.</summary>
    public Func<string, bool>? Where { get; init; }
}
