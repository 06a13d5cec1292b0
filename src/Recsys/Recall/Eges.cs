using Recsys.Features;
using Recsys.Indexing;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Recall;

// Graph embedding with side information. Sessions make a weighted directed graph of items, w_ij = how often j was taken right after i;
// walks follow
// P(j | i) = w_ij / Σ_k w_ik; skip-gram with negative sampling runs over them with
//
//   H_v = Σ_s e^{a_v^s} W^s_v / Σ_s e^{a_v^s}    s = 0: the item itself, s = 1..n: its category, brand, …
//   L(v, u, y) = -y log σ(H_v·Z_u) - (1 - y) log(1 - σ(H_v·Z_u))
//
// GES takes the plain mean instead, BGE the item alone. A cold item, which has no W^0 and no a, is the mean of its W^1 … W^n.
//
// Wang et al., "Billion-scale commodity embedding for e-commerce recommendation in Alibaba", KDD 2018.

/// <summary>
/// Embeddings of items from sessions and side information: strong for rare items and the one recaller here that knows items nobody has
/// taken yet.
/// Needs good side information to be worth its time. Immutable; safe for any number of threads; a call allocates nothing after warm-up.
/// </summary>
public sealed partial class Eges : IRecaller, ISimilarItems, IModel<Eges>
{
    private readonly Weights _weights;
    private readonly float[] _users;   // [UserCount, Dimensions]
    private readonly float _decay;
    private readonly VectorRecall _items;
    private readonly Pool<float[]> _scratch;

    private Eges(Weights weights, float[] users, float decay, VectorRecall items)
    {
        (_weights, _users, _decay, _items) = (weights, users, decay, items);
        _scratch = new Pool<float[]>(() => new float[weights.Dimensions]);
    }

    /// <summary>Number of users at training, 0 for a model of a graph.</summary>
    public int UserCount => _users.Length / Dimensions;

    /// <summary>Number of items; those that are neither in a walk nor have known side information have no vector and are in no
    /// list.</summary>
    public int ItemCount => _items.ItemCount;

    /// <summary>d, the length of a vector.</summary>
    public int Dimensions => _weights.Dimensions;

    /// <summary>The names of the side information, in the order of the weights.</summary>
    public IReadOnlyList<string> Features => [.. _weights.Fields.Select(f => f.Name)];

    /// <summary>H_v; for a cold item the mean of its side information; all zero where nothing is known.</summary>
    /// <param name="item">0..<see cref="ItemCount"/>-1.</param>
    public ReadOnlySpan<float> ItemVector(int item) => _items.Vector(item);

    /// <summary>a_v: how much, before the softmax, the item itself and then each of <see cref="Features"/> count; 0 all over for a cold
    /// item.</summary>
    /// <param name="item">0..<see cref="ItemCount"/>-1.</param>
    public ReadOnlySpan<float> AttentionOf(int item) => _weights.Attention.AsSpan(item * (_weights.Fields.Length + 1),
        _weights.Fields.Length + 1);

    /// <summary>
    /// The same model with more items, or with side information where there was none: items without a vector of their own get the mean of
    /// theirs. No
    /// training; users stay as they are.
    /// </summary>
    /// <param name="features">The model's feature set extended with <see cref="FeatureSet.WithItems"/>; old items keep their ids.</param>
    /// <param name="index">How lists are found; null: exactly.</param>
    /// <exception cref="ArgumentException">A feature was fitted otherwise, or items are missing.</exception>
    public Eges WithItems(FeatureSet features, IndexOptions? index = null)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (features.Items.Count < ItemCount)
            throw new ArgumentException($"The features describe {features.Items.Count} items, the model knows {ItemCount}.",
                nameof(features));
        var weights = _weights.Resized(features.Items.Count);
        FillCold(weights, SideInformation.Of(features, weights.Fields, features.Items.Count));
        index ??= new ExactIndexOptions();
        return new Eges(weights, _users, _decay,
            VectorRecall.Build(weights.H, Dimensions, index, index.Threads, similarity: VectorSimilarity.Cosine));
    }

    /// <summary>
    /// The items of highest cosine with the mean of the history, or of what the user had taken at training; none for others. Values of the
    /// history are
    /// weights.
    /// </summary>
    /// <inheritdoc cref="IRecaller.Recall"/>
    public int Recall(in RecallRequest request, Span<ScoredItem> destination)
        => HistoryMean.Recall(_items, _weights.H, _users, _scratch, _decay, request, destination);

    /// <summary>The items of highest cosine(H_i, H_j), from 1 down to -1.</summary>
    /// <inheritdoc cref="ISimilarItems.SimilarItems"/>
    public int SimilarItems(int item, in ItemFilter filter, Span<ScoredItem> destination) => _items.SimilarItems(item, filter, destination);

    // An item without a vector gets the mean of its fields, each the mean of its trained values.
    private static void FillCold(Weights weights, SideInformation side)
    {
        var d = weights.Dimensions;
        var mean = new float[d];
        for (var item = 0; item < weights.ItemCount; item++)
        {
            var h = weights.H.AsSpan(item * d, d);
            if (h.ContainsAnyExcept(0f)) continue;
            var known = 0;
            for (var field = 0; field < side.Fields.Length; field++)
            {
                var values = 0;
                Array.Clear(mean);
                foreach (var row in side.Of(item, field))
                {
                    var vector = weights.Sides.AsSpan(row * d, d);
                    if (!vector.ContainsAnyExcept(0f)) continue;
                    System.Numerics.Tensors.TensorPrimitives.Add(mean, vector, mean);
                    values++;
                }
                if (values == 0) continue;
                System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(mean, 1f / values, h, h);
                known++;
            }
            if (known > 1) System.Numerics.Tensors.TensorPrimitives.Multiply(h, 1f / known, h);
        }
    }

    /// <summary>All that a trained model is: H, W^0 and Z are items × d, W^1 … W^n rows × d, a is items × (fields + 1).</summary>
    private sealed record Weights(
        int Dimensions, EgesVariant Variant, SideField[] Fields, float[] H, float[] Own, float[] Sides, float[] Attention, float[] Output)
    {
        public int ItemCount => Output.Length / Dimensions;

        public static Weights Zero(int items, int dimensions, EgesVariant variant, SideField[] fields) => new(
            dimensions, variant, fields, new float[checked(items * dimensions)], new float[items * dimensions],
            new float[checked(SideInformation.Rows(fields) * dimensions)], new float[checked(items * (fields.Length + 1))],
                new float[items * dimensions]);

        public Weights Resized(int items)
        {
            var larger = Zero(items, Dimensions, Variant, Fields);
            H.CopyTo(larger.H, 0);
            Own.CopyTo(larger.Own, 0);
            Sides.CopyTo(larger.Sides, 0);
            Attention.CopyTo(larger.Attention, 0);
            Output.CopyTo(larger.Output, 0);
            return larger;
        }
    }
}
