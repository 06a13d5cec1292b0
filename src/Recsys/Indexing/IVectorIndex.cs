namespace Recsys.Indexing;

/// <summary>
/// Finds the stored vectors that are closest to a query. Every implementation is immutable and safe for any number of threads.
/// </summary>
public interface IVectorIndex
{
    /// <summary>Number of stored vectors; item ids are 0..Count-1.</summary>
    int Count { get; }

    /// <summary>Floats in a vector.</summary>
    int Dimensions { get; }

    /// <summary>
    /// Writes the best items that pass the filter to <paramref name="destination"/>, best first, ties by lower id, and returns how many.
    /// Allocates nothing after warm-up.
    /// </summary>
    /// <param name="query"><see cref="Dimensions"/> finite floats.</param>
    /// <param name="filter">Which items may be returned; the default lets all through.</param>
    /// <param name="destination">Its length is the most that is returned.</param>
    /// <exception cref="ArgumentException">The query has another length.</exception>
    int Search(ReadOnlySpan<float> query, in ItemFilter filter, Span<ScoredItem> destination);

    /// <summary>The same search over all items.</summary>
    /// <inheritdoc cref="Search(ReadOnlySpan{float}, in ItemFilter, Span{ScoredItem})"/>
    int Search(ReadOnlySpan<float> query, Span<ScoredItem> destination) => Search(query, default, destination);
}
