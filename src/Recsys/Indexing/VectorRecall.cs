using System.Buffers;
using System.Numerics.Tensors;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Indexing;

/// <summary>
/// The items of a model as vectors, searched for the model's lists: q · v + b, the cosine or the distance, exactly or through an index.
/// What every recaller with vectors shares, so that one option chooses the index for all of them. Immutable; safe for any number of
/// threads.
/// <para>
/// Every item is eligible, save those of a zero vector where directions are compared: by cosine, and in the similar items of a dot product.
/// </para>
/// </summary>
internal sealed class VectorRecall
{
    private const int BlockItems = 1024;

    private readonly float[] _vectors;   // [ItemCount, Dimensions], the model's own
    private readonly float[] _targets;   // what a query is multiplied with: the same, unless the model predicts with other vectors
    private readonly float[]? _biases;   // [ItemCount]
    private readonly VectorSimilarity _similarity;
    private readonly float[] _inverseNorms;
    private readonly string _indexName;
    private readonly IModelIndex? _recall;    // null: every item is scored
    private readonly IModelIndex? _similar;   // the same one where the similarity is
    private readonly Pool<Scratch> _scratch;

    private VectorRecall(
        float[] vectors, float[]? targets, int dimensions, float[]? biases, VectorSimilarity similarity, string indexName,
        Func<string, VectorRows, IModelIndex?> makeIndex)
    {
        _vectors = vectors;
        _targets = targets ?? vectors;
        _biases = biases;
        _similarity = similarity;
        Dimensions = dimensions;
        ItemCount = vectors.Length / dimensions;
        _inverseNorms = new float[ItemCount];
        for (var item = 0; item < ItemCount; item++)
        {
            var norm = TensorPrimitives.Norm(Vector(item));
            _inverseNorms[item] = norm > 0 && float.IsFinite(1 / norm) ? 1 / norm : 0;
        }
        _indexName = indexName;
        if (indexName != "exact")
        {
            _recall = makeIndex("recall_index", RecallRows());
            _similar = similarity == VectorSimilarity.DotProduct ? makeIndex("similar_index", DirectionRows()) : _recall;
        }
        _scratch = new Pool<Scratch>(() => new Scratch(Dimensions));
    }

    public int ItemCount { get; }

    public int Dimensions { get; }

    /// <summary>Prepares the search. Keeps the arrays; they must not change any more.</summary>
    /// <param name="vectors">[items, dimensions], finite.</param>
    /// <param name="dimensions">At least 1.</param>
    /// <param name="options">The model's option <c>Index</c>.</param>
    /// <param name="threads">Threads that build; never changes a bit of the result.</param>
    /// <param name="biases">b of each item, or null; only for the dot product.</param>
    /// <param name="similarity">What <see cref="Recall"/> orders by.</param>
    /// <param name="targets">
    /// [items, dimensions] that <see cref="Recall"/> multiplies the query with in place of the vectors, or null. Items whose vector is
    /// zero are in no list then.
    /// </param>
    /// <param name="cancel">Stops the building.</param>
    public static VectorRecall Build(
        float[] vectors, int dimensions, IndexOptions options, int threads, float[]? biases = null,
        VectorSimilarity similarity = VectorSimilarity.DotProduct, float[]? targets = null, CancellationToken cancel = default)
    {
        options = options with { Threads = threads };
        return new(
            vectors, targets, dimensions, biases, similarity, options.Name,
            (_, rows) => (options with { Similarity = rows.Similarity }).Build(rows, cancel));
    }

    /// <summary>Whether the item is known and its vector is not zero.</summary>
    public bool Has(int item) => (uint)item < (uint)ItemCount && _inverseNorms[item] != 0;

    public ReadOnlySpan<float> Vector(int item) => _vectors.AsSpan(item * Dimensions, Dimensions);

    /// <summary>The items of highest score, best first, ties by lower id; returns how many: min(destination.Length, eligible).</summary>
    /// <param name="query">[Dimensions], finite.</param>
    /// <param name="filter">What is eligible.</param>
    /// <param name="destination">Receives the list.</param>
    /// <param name="offset">Added to every score.</param>
    public int Recall(ReadOnlySpan<float> query, in ItemFilter filter, Span<ScoredItem> destination, float offset = 0)
    {
        if (_recall is null) return Scan(_targets, query, _similarity, -1, filter, destination, offset);
        VectorChecks.Computed(query);
        if (_biases is null) return Shift(destination[.._recall.Search(query, filter, destination)], offset);
        var scratch = _scratch.Rent();
        query.CopyTo(scratch.Query);
        scratch.Query[Dimensions] = 1;
        var count = _recall.Search(scratch.Query, filter, destination);
        _scratch.Return(scratch);
        return Shift(destination[..count], offset);
    }

    /// <summary>
    /// The items most similar to one of them, itself left out: by cosine, or by distance if that is what the model ranks by. None for an
    /// unknown item, and by cosine none for a zero vector.
    /// </summary>
    public int SimilarItems(int item, in ItemFilter filter, Span<ScoredItem> destination)
    {
        var similarity = _similarity == VectorSimilarity.Euclidean ? _similarity : VectorSimilarity.Cosine;
        if ((uint)item >= (uint)ItemCount || (similarity == VectorSimilarity.Cosine && !Has(item))) return 0;
        if (_similar is null) return Scan(_vectors, Vector(item), similarity, item, filter, destination, 0);
        var room = Math.Min(destination.Length, ItemCount) + 1;
        var list = ArrayPool<ScoredItem>.Shared.Rent(room);
        var count = 0;
        foreach (var other in list.AsSpan(0, _similar.Search(Vector(item), filter, list.AsSpan(0, room))))
            if (count < destination.Length && other.Item != item) destination[count++] = other;
        ArrayPool<ScoredItem>.Shared.Return(list);
        return count;
    }

    /// <summary>Writes the index alone: vectors and biases are the model's to write.</summary>
    public void Write(ModelWriter writer)
    {
        writer.Text("index", _indexName);
        _recall?.WriteWithoutRows(writer.Scope("recall_index"));
        if (!ReferenceEquals(_similar, _recall)) _similar?.WriteWithoutRows(writer.Scope("similar_index"));
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <inheritdoc cref="Build"/>
    public static VectorRecall Read(
        ModelReader reader, float[] vectors, int dimensions, float[]? biases = null,
        VectorSimilarity similarity = VectorSimilarity.DotProduct, float[]? targets = null)
    {
        var name = reader.Text("index");
        return new(vectors, targets, dimensions, biases, similarity, name, (scope, rows) => name switch
        {
            "hnsw" => HnswIndex.ReadWithoutRows(reader.Scope(scope), rows),
            "simhash" => SimHashIndex.ReadWithoutRows(reader.Scope(scope), rows),
            "pstable" => PStableIndex.ReadWithoutRows(reader.Scope(scope), rows),
            _ => throw reader.Invalid($"the entry 'index' is '{name}'; it must be exact, hnsw, simhash or pstable."),
        });
    }

    // What Recall searches: with a bias, (v, b) · (q, 1). The model's own array serves where nothing is changed.
    private VectorRows RecallRows()
    {
        if (_similarity == VectorSimilarity.Cosine) return DirectionRows();
        if (_biases is null) return WithoutZeroVectors(VectorRows.Own(_targets, Dimensions, _similarity));
        var rows = new float[ItemCount * (Dimensions + 1)];
        for (var item = 0; item < ItemCount; item++)
        {
            _targets.AsSpan(item * Dimensions, Dimensions).CopyTo(rows.AsSpan(item * (Dimensions + 1)));
            rows[item * (Dimensions + 1) + Dimensions] = _biases[item];
        }
        return WithoutZeroVectors(VectorRows.Own(rows, Dimensions + 1, _similarity));
    }

    private VectorRows DirectionRows() => VectorRows.Own([.. _vectors], Dimensions, VectorSimilarity.Cosine).WithoutZeros();

    private VectorRows WithoutZeroVectors(VectorRows rows)
    {
        if (!LeavesOutZeros(_similarity)) return rows;
        var zeros = new List<int>();
        for (var item = 0; item < ItemCount; item++)
            if (!Has(item)) zeros.Add(item);
        return zeros.Count == 0 ? rows : rows.Without([.. zeros]);
    }

    private bool LeavesOutZeros(VectorSimilarity similarity)
        => similarity == VectorSimilarity.Cosine || !ReferenceEquals(_targets, _vectors);

    // Adding the same to all may round two scores to one; then the lower id comes first.
    private static int Shift(Span<ScoredItem> list, float offset)
    {
        for (var i = 0; offset != 0 && i < list.Length; i++)
        {
            var item = new ScoredItem(list[i].Item, list[i].Score + offset);
            var place = i;
            for (; place > 0 && item.Before(list[place - 1]); place--) list[place] = list[place - 1];
            list[place] = item;
        }
        return list.Length;
    }

    // With an item: similar items, which leave out the item itself.
    private int Scan(
        float[] vectors, ReadOnlySpan<float> query, VectorSimilarity similarity, int item, in ItemFilter filter,
        Span<ScoredItem> destination, float offset)
    {
        var scratch = _scratch.Rent();
        var top = new TopItems(destination, filter, ItemCount);
        var norm = similarity == VectorSimilarity.Cosine ? TensorPrimitives.Norm(query) : 1;
        var inverse = norm > 0 ? 1 / norm : 0;
        var leavesOutZeros = LeavesOutZeros(similarity);
        for (var first = 0; first < ItemCount; first += BlockItems)
        {
            var scores = scratch.Scores.AsSpan(0, Math.Min(BlockItems, ItemCount - first));
            var block = vectors.AsSpan(first * Dimensions, scores.Length * Dimensions);
            var norms = _inverseNorms.AsSpan(first, scores.Length);
            switch (similarity)
            {
                case VectorSimilarity.Euclidean:
                    Dot.SquaredDistances(block, Dimensions, query, scores);
                    TensorPrimitives.Negate(scores, scores);
                    break;
                case VectorSimilarity.Cosine:
                    Dot.Rows(block, Dimensions, query, scores);
                    for (var i = 0; i < scores.Length; i++) scores[i] *= norms[i] * inverse;
                    break;
                default:
                    Dot.Rows(block, Dimensions, query, scores);
                    if (_biases is not null) TensorPrimitives.Add(scores, _biases.AsSpan(first, scores.Length), scores);
                    break;
            }
            if (offset != 0) TensorPrimitives.Add(scores, offset, scores);
            for (var i = 0; leavesOutZeros && i < scores.Length; i++)
                if (norms[i] == 0) scores[i] = float.NegativeInfinity;
            if (item >= first && item < first + scores.Length) scores[item - first] = float.NegativeInfinity;
            top.OfferBlock(first, scores);
        }
        var count = top.Finish();
        _scratch.Return(scratch);
        return count;
    }

    private sealed class Scratch(int dimensions)
    {
        public readonly float[] Query = new float[dimensions + 1];
        public readonly float[] Scores = new float[BlockItems];
    }
}
