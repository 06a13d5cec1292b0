using System.Numerics.Tensors;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Indexing;

/// <summary>
/// The items of a model as vectors, searched for the model's lists: q · v + b, the cosine or the distance, exactly or through an index. What every
/// recaller with vectors shares, so that one option chooses the index for all of them. Immutable; safe for any number of threads.
/// <para>
/// By dot product and distance every item is eligible; by cosine, and in lists of similar items, only items whose vector is not zero.
/// </para>
/// </summary>
internal sealed class VectorRecall
{
    private const int BlockItems = 1024;

    private readonly float[] _vectors;   // [ItemCount, Dimensions], the model's own
    private readonly float[]? _biases;   // [ItemCount]
    private readonly VectorSimilarity _similarity;
    private readonly float[] _inverseNorms;
    private readonly Pool<Scratch> _scratch;

    private VectorRecall(float[] vectors, int dimensions, float[]? biases, VectorSimilarity similarity)
    {
        _vectors = vectors;
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
        _scratch = new Pool<Scratch>(() => new Scratch());
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
    /// <param name="cancel">Stops the building.</param>
    public static VectorRecall Build(
        float[] vectors, int dimensions, IndexOptions options, int threads, float[]? biases = null,
        VectorSimilarity similarity = VectorSimilarity.DotProduct, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        return new(vectors, dimensions, biases, similarity);
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
        => Scan(query, _similarity, -1, filter, destination, offset);

    /// <summary>
    /// The items most similar to one of them, itself left out: by cosine, or by distance if that is what the model ranks by. None for an item that
    /// has no vector.
    /// </summary>
    public int SimilarItems(int item, in ItemFilter filter, Span<ScoredItem> destination)
    {
        if (!Has(item)) return 0;
        var similarity = _similarity == VectorSimilarity.Euclidean ? _similarity : VectorSimilarity.Cosine;
        return Scan(Vector(item), similarity, item, filter, destination, 0);
    }

    /// <summary>Writes the index alone: vectors and biases are the model's to write.</summary>
    public void Write(ModelWriter writer) => writer.Text("index", "exact");

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <inheritdoc cref="Build"/>
    public static VectorRecall Read(
        ModelReader reader, float[] vectors, int dimensions, float[]? biases = null, VectorSimilarity similarity = VectorSimilarity.DotProduct)
    {
        var index = reader.Text("index");
        if (index != "exact") throw reader.Invalid($"the entry 'index' is '{index}'; it must be exact.");
        return new(vectors, dimensions, biases, similarity);
    }

    // With an item: similar items, which leave out the item itself and those without a vector.
    private int Scan(
        ReadOnlySpan<float> query, VectorSimilarity similarity, int item, in ItemFilter filter, Span<ScoredItem> destination, float offset)
    {
        var scratch = _scratch.Rent();
        var top = new TopItems(destination, filter, ItemCount);
        var norm = similarity == VectorSimilarity.Cosine ? TensorPrimitives.Norm(query) : 1;
        var inverse = norm > 0 ? 1 / norm : 0;
        for (var first = 0; first < ItemCount; first += BlockItems)
        {
            var scores = scratch.Scores.AsSpan(0, Math.Min(BlockItems, ItemCount - first));
            var block = _vectors.AsSpan(first * Dimensions, scores.Length * Dimensions);
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
            if (item >= 0 || similarity == VectorSimilarity.Cosine)
                for (var i = 0; i < scores.Length; i++)
                    if (norms[i] == 0 || first + i == item) scores[i] = float.NegativeInfinity;
            top.OfferBlock(first, scores);
        }
        var count = top.Finish();
        _scratch.Return(scratch);
        return count;
    }

    private sealed class Scratch
    {
        public readonly float[] Scores = new float[BlockItems];
    }
}
