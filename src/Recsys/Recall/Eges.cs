using System.Numerics.Tensors;
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
    private readonly EmbeddingLists _lists;

    private Eges(Weights weights, EmbeddingLists lists) => (_weights, _lists) = (weights, lists);

    /// <summary>Number of users at training, 0 for a model of a graph.</summary>
    public int UserCount => _lists.UserCount;

    /// <summary>Number of items; those that are neither in a walk nor have known side information have no vector and are in no
    /// list.</summary>
    public int ItemCount => _lists.Items.ItemCount;

    /// <summary>d, the length of a vector.</summary>
    public int Dimensions => _weights.Dimensions;

    /// <summary>The names of the side information, in the order of the weights.</summary>
    public IReadOnlyList<string> Features => [.. _weights.Fields.Select(f => f.Name)];

    /// <summary>H_v; for a cold item the mean of its side information; all zero where nothing is known.</summary>
    /// <param name="item">0..<see cref="ItemCount"/>-1.</param>
    public ReadOnlySpan<float> ItemVector(int item) => _lists.Items.Vector(item);

    /// <summary>a_v: how much, before the softmax, the item itself and then each of <see cref="Features"/> count; 0 all over for a cold
    /// item.</summary>
    /// <param name="item">0..<see cref="ItemCount"/>-1.</param>
    public ReadOnlySpan<float> AttentionOf(int item) => _weights.Attention.AsSpan(item * (_weights.Fields.Length + 1),
        _weights.Fields.Length + 1);

    /// <summary>
    /// H_i·Z_j + p log f_j: up to a constant, the logarithm of how likely a walk that is at <paramref name="item"/> is near
    /// <paramref name="other"/>. What a link prediction ranks by; not symmetric where the graph is directed. Negative infinity where either
    /// has no vector.
    /// </summary>
    /// <param name="item">i, 0..<see cref="ItemCount"/>-1.</param>
    /// <param name="other">j, 0..<see cref="ItemCount"/>-1.</param>
    public float LinkScore(int item, int other)
    {
        if (!_lists.Items.Has(item) || !_lists.Items.Has(other))
        {
            ArgumentOutOfRangeException.ThrowIfNegative(item);
            ArgumentOutOfRangeException.ThrowIfNegative(other);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(Math.Max(item, other), ItemCount);
            return float.NegativeInfinity;
        }
        return Dot.Product(ItemVector(item), _weights.Output.AsSpan(other * Dimensions, Dimensions)) + _weights.Bias[other];
    }

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
        return new Eges(weights, _lists.With(weights.Items, index ?? new ExactIndexOptions()));
    }

    /// <summary>
    /// The items that walks would meet most beside the history, or beside what the user had taken at training; none for others. Values
    /// of the history are weights. A cold item is predicted as the mean of the items that share its side information.
    /// </summary>
    /// <inheritdoc cref="IRecaller.Recall"/>
    public int Recall(in RecallRequest request, Span<ScoredItem> destination)
        => _lists.Recall(request, destination);

    /// <summary>The items of highest cosine(H_i, H_j), from 1 down to -1.</summary>
    /// <inheritdoc cref="ISimilarItems.SimilarItems"/>
    public int SimilarItems(int item, in ItemFilter filter, Span<ScoredItem> destination)
        => _lists.Items.SimilarItems(item, filter, destination);

    // A cold item has no W^0. Its vector is the mean of its fields, each the mean of its trained values; what predicts it, likewise, is
    // the mean of what predicts the items that have those values.
    private static void FillCold(Weights weights, SideInformation side)
    {
        var d = weights.Dimensions;
        if (side.Fields.Length == 0) return;
        var outputs = new OutputsOfValues(weights, side);
        var mean = new float[d];
        for (var item = 0; item < weights.ItemCount; item++)
        {
            if (!weights.IsCold(item)) continue;
            var h = weights.H.AsSpan(item * d, d);
            var z = weights.Output.AsSpan(item * d, d);
            h.Clear();
            z.Clear();
            var (known, bias) = (0, 0f);
            for (var field = 0; field < side.Fields.Length; field++)
            {
                var values = 0;
                Array.Clear(mean);
                foreach (var row in side.Of(item, field))
                {
                    var vector = weights.Sides.AsSpan(row * d, d);
                    if (!vector.ContainsAnyExcept(0f)) continue;
                    TensorPrimitives.Add(mean, vector, mean);
                    values++;
                }
                if (values == 0) continue;
                TensorPrimitives.MultiplyAdd(mean, 1f / values, h, h);
                bias += outputs.AddMean(side.Of(item, field), z);
                known++;
            }
            if (known == 0) continue;
            TensorPrimitives.Multiply(h, 1f / known, h);
            TensorPrimitives.Multiply(z, 1f / known, z);
            weights.Bias[item] = bias / known;
        }
    }

    /// <summary>Means of Z and of p log f over the trained items of each value.</summary>
    private sealed class OutputsOfValues
    {
        private readonly int _width;
        private readonly float[] _sums;   // [row, Z and p log f]
        private readonly int[] _counts;

        public OutputsOfValues(Weights weights, SideInformation side)
        {
            var d = weights.Dimensions;
            _width = d + 1;
            _counts = new int[SideInformation.Rows(side.Fields)];
            _sums = new float[checked(_counts.Length * _width)];
            for (var item = 0; item < weights.ItemCount; item++)
            {
                if (weights.IsCold(item)) continue;
                for (var field = 0; field < side.Fields.Length; field++)
                {
                    foreach (var row in side.Of(item, field))
                    {
                        var sum = _sums.AsSpan(row * _width, _width);
                        TensorPrimitives.Add(sum[..d], weights.Output.AsSpan(item * d, d), sum[..d]);
                        sum[d] += weights.Bias[item];
                        _counts[row]++;
                    }
                }
            }
        }

        /// <summary>Adds the mean over the values that trained items have, and returns that of p log f.</summary>
        public float AddMean(ReadOnlySpan<int> rows, Span<float> z)
        {
            var (values, bias) = (0, 0f);
            foreach (var row in rows) values += _counts[row] > 0 ? 1 : 0;
            foreach (var row in rows)
            {
                if (_counts[row] == 0) continue;
                var sum = _sums.AsSpan(row * _width, _width);
                TensorPrimitives.MultiplyAdd(sum[..z.Length], 1f / ((float)_counts[row] * values), z, z);
                bias += sum[z.Length] / ((float)_counts[row] * values);
            }
            return bias;
        }
    }

    /// <summary>
    /// All that a trained model is: H, W^0 and Z are items × d, W^1 … W^n rows × d, a is items × (fields + 1), Bias is p log f by item.
    /// </summary>
    private sealed record Weights(
        int Dimensions, EgesVariant Variant, SideField[] Fields, float[] H, float[] Own, float[] Sides, float[] Attention, float[] Output,
        float[] Bias)
    {
        public int ItemCount => Output.Length / Dimensions;

        public ItemVectors Items => new(Dimensions, H, Output, Bias);

        /// <summary>Whether an item has no vector of its own, because it was in no walk.</summary>
        public bool IsCold(int item) => !Own.AsSpan(item * Dimensions, Dimensions).ContainsAnyExcept(0f);

        public static Weights Zero(int items, int dimensions, EgesVariant variant, SideField[] fields) => new(
            dimensions, variant, fields, new float[checked(items * dimensions)], new float[items * dimensions],
            new float[checked(SideInformation.Rows(fields) * dimensions)], new float[checked(items * (fields.Length + 1))],
        new float[items * dimensions], new float[items]);

        public Weights Resized(int items)
        {
            var larger = Zero(items, Dimensions, Variant, Fields);
            H.CopyTo(larger.H, 0);
            Own.CopyTo(larger.Own, 0);
            Sides.CopyTo(larger.Sides, 0);
            Attention.CopyTo(larger.Attention, 0);
            Output.CopyTo(larger.Output, 0);
            Bias.CopyTo(larger.Bias, 0);
            return larger;
        }
    }
}
