using System.Buffers;
using Recsys.Numerics;

namespace Recsys.Indexing;

public sealed partial class ExactIndex
{
    private const int QueryBlock = 256;     // queries that share one pass over the index
    private const int BatchRows = 512;      // rows of the index scored at once: 256 × 512 scores stay in the second-level cache
    private const int MinQueries = 4;       // fewer than this gain nothing from a matrix product

    /// <summary>Searches for many queries at once: the index is read once for every 256 queries.</summary>
    /// <param name="queries">Row-major, one query for each of <paramref name="counts"/>; finite.</param>
    /// <param name="filter">Which items may be returned, the same for all queries. A predicate keeps the work on the caller's
    /// thread.</param>
    /// <param name="destination">counts.Length × k: query q's list stands at q · k, best first, ties by lower id.</param>
    /// <param name="counts">Receives the length of each list.</param>
    /// <exception cref="ArgumentException">The lengths do not fit together, or a query is not finite.</exception>
    public void SearchBatch(ReadOnlySpan<float> queries, in ItemFilter filter, Span<ScoredItem> destination, Span<int> counts)
    {
        var k = VectorChecks.Batch(queries, Dimensions, destination.Length, counts.Length);
        if (counts.IsEmpty) return;

        if (counts.Length < MinQueries || Similarity == VectorSimilarity.Euclidean || k == 0)
        {
            for (var q = 0; q < counts.Length; q++)
                counts[q] = Search(queries.Slice(q * Dimensions, Dimensions), filter, destination.Slice(q * k, k));
            return;
        }
        for (var q = 0; q < counts.Length; q++) VectorChecks.SquaredLength(queries.Slice(q * Dimensions, Dimensions), nameof(queries), q);

        var normalized = Similarity == VectorSimilarity.Cosine ? ArrayPool<float>.Shared.Rent(queries.Length) : null;
        if (normalized is not null)
        {
            for (var q = 0; q < counts.Length; q++)
                VectorChecks.Normalize(queries.Slice(q * Dimensions, Dimensions), normalized.AsSpan(q * Dimensions, Dimensions));
            queries = normalized.AsSpan(0, queries.Length);
        }
        var excluded = TopItems.RentExcluded(filter, Count);
        try
        {
            for (var q = 0; q < counts.Length; q += QueryBlock)
            {
                var count = Math.Min(QueryBlock, counts.Length - q);
                var block = queries.Slice(q * Dimensions, count * Dimensions);
                SearchBlock(block, filter, excluded, k, destination.Slice(q * k, count * k), counts.Slice(q, count));
            }
        }
        finally
        {
            TopItems.ReturnExcluded(excluded);
            if (normalized is not null) ArrayPool<float>.Shared.Return(normalized);
        }
    }

    private void SearchBlock(
        ReadOnlySpan<float> queries, in ItemFilter filter, ulong[]? excluded, int k, Span<ScoredItem> destination, Span<int> counts)
    {
        var threads = filter.Predicate is null ? _threads : 1;
        var shards = threads == 1 ? 1 : (int)Math.Clamp((long)Count * Dimensions / ShardFloats, 1, 2 * threads);
        if (shards == 1)
        {
            ScanBatch(queries, filter, excluded, 0, Count, k, destination, counts);
            return;
        }
        var most = Math.Min(k, Count / shards + 1);
        var size = counts.Length * most;
        var lists = ArrayPool<ScoredItem>.Shared.Rent(shards * size);
        var kept = ArrayPool<int>.Shared.Rent(shards * counts.Length);
        try
        {
            Shards.Run(shards, threads, new BatchBody
            {
                Index = this,
                Queries = queries,
                Filter = filter,
                Excluded = excluded,
                Lists = lists,
                Kept = kept,
                ShardCount = shards,
                K = most,
                Count = counts.Length,
            });
            for (var q = 0; q < counts.Length; q++)
            {
                var top = new TopItems(destination.Slice(q * k, k), default, Count, null);
                for (var shard = 0; shard < shards; shard++)
                {
                    var list = lists.AsSpan(shard * size + q * most, kept[shard * counts.Length + q]);
                    foreach (var item in list) top.Offer(item.Item, item.Score);
                }
                counts[q] = top.Finish();
            }
        }
        finally
        {
            ArrayPool<ScoredItem>.Shared.Return(lists);
            ArrayPool<int>.Shared.Return(kept);
        }
    }

    private ref struct BatchBody : IShardBody
    {
        public ExactIndex Index;
        public ReadOnlySpan<float> Queries;
        public ItemFilter Filter;
        public ulong[]? Excluded;
        public ScoredItem[] Lists;   // [ShardCount, Count, K]
        public int[] Kept;           // [ShardCount, Count]
        public int ShardCount;
        public int K;
        public int Count;

        public readonly void Run(int shard)
        {
            var (start, end) = Shards.Range(Index.Count, ShardCount, shard);
            Index.ScanBatch(
                Queries, Filter, Excluded, start, end, K, Lists.AsSpan(shard * Count * K, Count * K), Kept.AsSpan(shard * Count, Count));
        }
    }

    private void ScanBatch(
        ReadOnlySpan<float> queries, in ItemFilter filter, ulong[]? excluded, int start, int end, int k,
        Span<ScoredItem> lists, Span<int> kept)
    {
        kept.Clear();
        var buffer = ArrayPool<float>.Shared.Rent(kept.Length * BatchRows);
        try
        {
            for (var row = start; row < end; row += BatchRows)
            {
                var rows = Math.Min(BatchRows, end - row);
                Gemm.Multiply(
                    Transpose.No, Transpose.Yes, kept.Length, rows, Dimensions, 1, queries, Dimensions,
                    Vectors.Slice(row * Dimensions, rows * Dimensions), Dimensions, 0, buffer, rows);
                for (var q = 0; q < kept.Length; q++)
                {
                    var top = new TopItems(lists.Slice(q * k, k), filter, Count, excluded, kept[q]);
                    top.OfferBlock(row, buffer.AsSpan(q * rows, rows));
                    kept[q] = top.Kept;
                }
            }
            for (var q = 0; q < kept.Length; q++) kept[q] = new TopItems(lists.Slice(q * k, k), filter, Count, excluded, kept[q]).Finish();
        }
        finally
        {
            ArrayPool<float>.Shared.Return(buffer);
        }
    }
}
