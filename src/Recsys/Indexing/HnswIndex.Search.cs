using Recsys.Numerics;

namespace Recsys.Indexing;

public sealed partial class HnswIndex
{
    private const int ScanFactor = 32;     // scoring that many vectors in a row costs no more than keeping one more candidate
    private const int ScanShare = 4;       // a filtered search that has scored a quarter of the vectors is better done exactly

    /// <inheritdoc/>
    public int Search(ReadOnlySpan<float> query, Span<ScoredItem> destination) => Search(query, default, destination);

    /// <inheritdoc/>
    /// <remarks>
    /// Returns min(destination.Length, items that pass) items for every filter. They are the exact best where the filter lets few items
    /// through, or the index is small for the breadth of the search; else nearly so. A predicate may be asked twice about an item.
    /// </remarks>
    public int Search(ReadOnlySpan<float> query, in ItemFilter filter, Span<ScoredItem> destination)
    {
        VectorChecks.Query(query, Dimensions);
        if (destination.Length > Count) destination = destination[..Count];
        if (destination.IsEmpty) return 0;
        var scratch = _scratch.Rent();
        query = _rows.Ready(query, scratch.Query);
        var excluded = _rows.RentExcluded(filter);
        try
        {
            var found = SearchGraph(query, filter, excluded, destination, scratch);
            // By cosine zero vectors score 0, and are not in the graph.
            if (found == destination.Length && !(_rows.HasZeros && destination[^1].Score <= 0)) return found;
            return _rows.Scan(query, filter, excluded, destination);
        }
        finally
        {
            _rows.ReturnExcluded(excluded);
            _scratch.Return(scratch);
        }
    }

    /// <summary>Searches for many queries at once, on all threads of the options.</summary>
    /// <param name="queries">Row-major, one query for each of <paramref name="counts"/>; finite.</param>
    /// <param name="filter">Which items may be returned, the same for all queries. A predicate keeps the work on the caller's
    /// thread.</param>
    /// <param name="destination">counts.Length × k: query q's list stands at q · k, best first, ties by lower id.</param>
    /// <param name="counts">Receives the length of each list.</param>
    /// <exception cref="ArgumentException">The lengths do not fit together, or a query is not finite.</exception>
    public void SearchBatch(ReadOnlySpan<float> queries, in ItemFilter filter, Span<ScoredItem> destination, Span<int> counts)
    {
        var k = VectorChecks.Batch(queries, Dimensions, destination.Length, counts.Length);
        Shards.Run(counts.Length, filter.Predicate is null ? _options.Threads : 1, new BatchBody
        {
            Index = this,
            Queries = queries,
            Filter = filter,
            Lists = destination,
            Counts = counts,
            K = k,
        });
    }

    private ref struct BatchBody : IShardBody
    {
        public HnswIndex Index;
        public ReadOnlySpan<float> Queries;
        public ItemFilter Filter;
        public Span<ScoredItem> Lists;
        public Span<int> Counts;
        public int K;

        public readonly void Run(int query)
            => Counts[query] = Index.Search(Queries.Slice(query * Index.Dimensions, Index.Dimensions), Filter, Lists.Slice(query * K, K));
    }

    // Fewer items than asked for, or none, where a scan has to decide.
    private int SearchGraph(
        ReadOnlySpan<float> query, in ItemFilter filter, ulong[]? excluded, Span<ScoredItem> destination, Scratch scratch)
    {
        var breadth = Math.Max(_options.SearchBreadth, destination.Length);
        if (_graph.Entry < 0 || (long)ScanFactor * breadth >= Count) return 0;
        // The graph meets breadth · Count / allowed vectors before it has kept enough, a scan those allowed.
        if (filter.Allow is { } allow && (double)allow.Count * allow.Count <= (double)ScanFactor / 2 * breadth * Count) return 0;

        var searcher = scratch.Searcher;
        searcher.Descend(query, 0);
        var more = filter.Exclude.Length + (int)((long)breadth * DeletedCount / Count);
        if (filter.Allow is null && filter.Predicate is null && more <= 2 * breadth)
        {
            searcher.Explore(query, 0, breadth + more);
            var best = new TopItems(destination, default, Count, excluded);
            searcher.OfferFound(ref best);
            return best.Finish();
        }
        var kept = scratch.Kept(breadth);
        var top = new TopItems(kept, filter, Count, excluded);
        if (!searcher.ExploreFiltered(query, ref top, kept, Count / ScanShare, scratch.Frontier)) return 0;
        var found = Math.Min(top.Finish(), destination.Length);
        kept[..found].CopyTo(destination);
        return found;
    }

    private sealed class Scratch(HnswGraph graph)
    {
        private ScoredItem[] _kept = [];

        public readonly HnswSearcher Searcher = new(graph);
        public readonly Frontier Frontier = new();
        public readonly float[] Query = new float[graph.Rows.Dimensions];

        public Span<ScoredItem> Kept(int count)
        {
            if (count > _kept.Length) _kept = new ScoredItem[count];
            return _kept.AsSpan(0, count);
        }
    }
}
