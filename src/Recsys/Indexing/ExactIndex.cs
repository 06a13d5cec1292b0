using System.Buffers;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Indexing;

/// <summary>
/// Exact nearest vectors: every stored vector is scored for every query, in blocks that stay in the cache. A search reads the whole index
/// once;
/// <see cref="SearchBatch"/> reads it once for many queries. Immutable and safe for any number of threads.
/// <para>
/// The lists do not depend on the threads. One query and a batch may differ in the last bit of a score, as they sum in another order.
/// </para>
/// </summary>
public sealed partial class ExactIndex : IVectorIndex, IModel<ExactIndex>
{
    private const int BlockFloats = 32 * 1024;        // a block of rows is scored, then its scores are scanned while they are in the cache
    private const int MaxBlockRows = 1024;
    private const long ShardFloats = 1L << 19;        // below this a thread costs more to wake than it gives

    private readonly float[] _array;
    private readonly MappedFloats? _mapped;   // instead of the array
    private readonly int _threads;

    private ExactIndex(
        float[] array, int count, int dimensions, VectorSimilarity similarity, int threads, MappedFloats? mapped = null)
        => (_array, Count, Dimensions, Similarity, _threads, _mapped) = (array, count, dimensions, similarity, threads, mapped);

    /// <inheritdoc/>
    public static string Kind => "exact-index";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <inheritdoc/>
    public int Count { get; }

    /// <inheritdoc/>
    public int Dimensions { get; }

    /// <summary>What is compared.</summary>
    public VectorSimilarity Similarity { get; }

    /// <summary>Builds an index over a copy of the vectors.</summary>
    /// <param name="vectors">Row-major, one vector for each item; finite, and short enough that no score overflows (‖v‖ below
    /// 9.2e18).</param>
    /// <param name="dimensions">Floats in a vector, at least 1.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="ArgumentException">The floats do not fill whole vectors, or one of them is not finite or far too long.</exception>
    public static ExactIndex Build(ReadOnlySpan<float> vectors, int dimensions, ExactIndexOptions? options = null)
    {
        VectorChecks.Count(vectors, dimensions);
        return Own(vectors.ToArray(), dimensions, options);
    }

    /// <summary>Builds an index that keeps the array: for models that hand over what they own.</summary>
    internal static ExactIndex Own(float[] vectors, int dimensions, ExactIndexOptions? options = null)
    {
        options ??= new();
        VectorChecks.Prepare(vectors, dimensions, options.Similarity);
        return new(vectors, vectors.Length / dimensions, dimensions, options.Similarity, options.Threads);
    }

    /// <summary>The same index with another number of threads; shares the vectors.</summary>
    public ExactIndex WithThreads(int threads) => new(_array, Count, Dimensions, Similarity, Guard.AtLeast(1, threads), _mapped);

    // [Count, Dimensions], of length 1 or 0 for cosine
    private ReadOnlySpan<float> Vectors => _mapped is null ? _array : _mapped.Span;

    /// <summary>The vector of one item; of length 1 (or 0) where the similarity is the cosine.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The item is not in the index.</exception>
    public ReadOnlySpan<float> Vector(int item)
    {
        if ((uint)item >= (uint)Count)
            throw new ArgumentOutOfRangeException(nameof(item), item, $"item must lie between 0 and {Count - 1}.");
        return Vectors.Slice(item * Dimensions, Dimensions);
    }

    /// <inheritdoc/>
    public int Search(ReadOnlySpan<float> query, Span<ScoredItem> destination) => Search(query, default, destination);

    /// <inheritdoc/>
    /// <remarks>A predicate in the filter is asked on the caller's thread only, which then does the whole search.</remarks>
    public int Search(ReadOnlySpan<float> query, in ItemFilter filter, Span<ScoredItem> destination)
    {
        VectorChecks.Query(query, Dimensions);
        if (destination.Length > Count) destination = destination[..Count];
        if (destination.IsEmpty) return 0;

        var normalized = Similarity == VectorSimilarity.Cosine ? ArrayPool<float>.Shared.Rent(Dimensions) : null;
        if (normalized is not null)
        {
            VectorChecks.Normalize(query, normalized);
            query = normalized.AsSpan(0, Dimensions);
        }
        var excluded = TopItems.RentExcluded(filter, Count);
        try
        {
            var threads = filter.Predicate is null ? _threads : 1;
            var shards = threads == 1 ? 1 : (int)Math.Clamp((long)Count * Dimensions / ShardFloats, 1, 4 * threads);
            if (shards == 1) return Scan(query, filter, excluded, 0, Count, destination);
            return SearchShards(query, filter, excluded, shards, threads, destination);
        }
        finally
        {
            TopItems.ReturnExcluded(excluded);
            if (normalized is not null) ArrayPool<float>.Shared.Return(normalized);
        }
    }

    /// <inheritdoc/>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Choice("similarity", Similarity);
        writer.Tensor("vectors", _mapped is null ? _array : Vectors.ToArray(), Count, Dimensions);
    }

    /// <inheritdoc/>
    public static ExactIndex Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var similarity = reader.Choice<VectorSimilarity>("similarity");
        var shape = reader.Shape("vectors");
        if (shape.Length != 2 || shape[1] is < 1 or > int.MaxValue)
            throw reader.Invalid("the tensor 'vectors' must have two dimensions, items and at least one float each.");
        var (count, dimensions) = ((int)Math.Min(shape[0], int.MaxValue), (int)shape[1]);
        var array = reader.TensorOrMapped("vectors", out var mapped, count, dimensions);
        var vectors = mapped is null ? array : mapped.Span;
        for (var row = 0; row < count; row++)
        {
            var squared = VectorChecks.SquaredLength(vectors.Slice(row * dimensions, dimensions), "vectors", row);
            if (similarity == VectorSimilarity.Cosine && squared > 1.001f)
                throw reader.Invalid($"the vector at row {row} of 'vectors' has the squared length {squared}; for the cosine 1 or 0.");
        }
        return new(array, count, dimensions, similarity, Environment.ProcessorCount, mapped);
    }

    private int SearchShards(
        ReadOnlySpan<float> query, in ItemFilter filter, ulong[]? excluded, int shards, int threads, Span<ScoredItem> destination)
    {
        var k = Math.Min(destination.Length, Count / shards + 1);
        var lists = ArrayPool<ScoredItem>.Shared.Rent(shards * k);
        var counts = ArrayPool<int>.Shared.Rent(shards);
        try
        {
            Shards.Run(shards, threads, new SearchBody
            {
                Index = this,
                Query = query,
                Filter = filter,
                Excluded = excluded,
                Lists = lists,
                Counts = counts,
                ShardCount = shards,
                K = k,
            });
            var top = new TopItems(destination, default, Count, null);
            for (var shard = 0; shard < shards; shard++)
                foreach (var item in lists.AsSpan(shard * k, counts[shard])) top.Offer(item.Item, item.Score);
            return top.Finish();
        }
        finally
        {
            ArrayPool<ScoredItem>.Shared.Return(lists);
            ArrayPool<int>.Shared.Return(counts);
        }
    }

    private ref struct SearchBody : IShardBody
    {
        public ExactIndex Index;
        public ReadOnlySpan<float> Query;
        public ItemFilter Filter;
        public ulong[]? Excluded;
        public ScoredItem[] Lists;   // [ShardCount, K]
        public int[] Counts;         // [ShardCount]
        public int ShardCount;
        public int K;

        public readonly void Run(int shard)
        {
            var (start, end) = Shards.Range(Index.Count, ShardCount, shard);
            Counts[shard] = Index.Scan(Query, Filter, Excluded, start, end, Lists.AsSpan(shard * K, K));
        }
    }

    private int Scan(ReadOnlySpan<float> query, in ItemFilter filter, ulong[]? excluded, int start, int end, Span<ScoredItem> destination)
    {
        var top = new TopItems(destination, filter, Count, excluded);
        Span<float> buffer = stackalloc float[MaxBlockRows];
        var step = Math.Clamp(BlockFloats / Dimensions, 1, MaxBlockRows);
        for (var row = start; row < end; row += step)
        {
            var scores = buffer[..Math.Min(step, end - row)];
            Score(query, row, scores);
            top.OfferBlock(row, scores);
        }
        return top.Finish();
    }

    private void Score(ReadOnlySpan<float> query, int row, Span<float> scores)
    {
        var vectors = Vectors.Slice(row * Dimensions, scores.Length * Dimensions);
        if (Similarity == VectorSimilarity.Euclidean)
        {
            Dot.SquaredDistances(vectors, Dimensions, query, scores);
            System.Numerics.Tensors.TensorPrimitives.Negate(scores, scores);
        }
        else
        {
            Dot.Rows(vectors, Dimensions, query, scores);
        }
    }
}
