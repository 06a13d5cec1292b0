namespace Recsys;

/// <summary>Finds items for a user among the whole catalogue. Every implementation is immutable and safe for any number of threads.</summary>
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
