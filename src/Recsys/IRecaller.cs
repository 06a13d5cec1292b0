namespace Recsys;

/// <summary>
/// Finds items for a user among the whole catalogue. Every implementation is immutable and safe for any number of threads.
/// </summary>
public interface IRecaller
{
    /// <summary>
    /// Writes the best eligible items to <paramref name="destination"/>, best first, ties by lower id, and returns how many.
    /// Eligible is what passes the request's filter and what the model has evidence for: a model that scores every item returns exactly
    /// min(destination.Length, items that pass the filter); one that scores only what it can reach may return fewer.
    /// An unknown user without a history gets 0 items, or the declared fallback of the model. Allocates nothing after warm-up.
    /// </summary>
    int Recall(in RecallRequest request, Span<ScoredItem> destination);
}

/// <summary>Finds the items most similar to a given one.</summary>
public interface ISimilarItems
{
    /// <summary>
    /// Writes the items most similar to <paramref name="item"/> (itself left out), best first, ties by lower id; returns how many.
    /// An item that the model does not know has no similar items.
    /// </summary>
    int SimilarItems(int item, in ItemFilter filter, Span<ScoredItem> destination);
}

/// <summary>Says which of a user's own items a score comes from.</summary>
public interface IExplains
{
    /// <summary>
    /// Writes the part that each item of a history has in the score of <paramref name="item"/>, largest first, ties by lower id; returns
    /// how
    /// many were written. Parts may be negative. Unknown items have none, and nothing explains an unknown item.
    /// </summary>
    /// <param name="item">The recommended item.</param>
    /// <param name="history">The user's items, as in <see cref="RecallRequest.History"/>.</param>
    /// <param name="values">As in <see cref="RecallRequest.HistoryValues"/>.</param>
    /// <param name="destination">Receives the items with their parts.</param>
    int Explain(int item, ReadOnlySpan<int> history, ReadOnlySpan<float> values, Span<ScoredItem> destination);
}
