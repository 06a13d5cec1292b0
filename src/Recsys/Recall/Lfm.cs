using System.Numerics.Tensors;
using Recsys.Indexing;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Recall;

// The latent factor model: users and items are points, and their product is the taste.
//
//   r̂_ui = μ + b_u + b_i + p_u·q_i,   e = r_ui - r̂_ui
//   min Σ_D e² + λ (|p_u|² + |q_i|² + b_u² + b_i²)
//   p_u ← p_u + η (e q_i - λ p_u),  q_i ← q_i + η (e p_u - λ q_i) with the old p_u,  b ← b + η (e - λ b)
//
// D holds the ratings, or the interactions as 1s and, drawn anew in each epoch, as many times items that the user does not have as 0s. (The
// factor 2 of the gradient is in η.) A new user's p and b solve the same problem with the items fixed; there the drawn 0s are replaced by
// their expectation:
//
//   (Σ_H q̃ q̃ᵀ + |H| ρ E[q̃ q̃ᵀ] + λ |H| (1 + ρ) I) p̃ = Σ_H (r - μ - b_i) q̃ - |H| ρ E[(μ + b_j) q̃_j],   q̃ = (q, 1), p̃ = (p, b)
//
// Koren, Bell, Volinsky, "Matrix factorization techniques for recommender systems", IEEE Computer 42(8), 2009. Gemulla et al., KDD 2011
// (blocks).

/// <summary>
/// Matrix factorisation by stochastic gradient descent, for ratings or for what people did. Compact and quick to serve, generalises beyond
/// items met together; new users and items are folded in by one solve with the other side fixed. An item without interactions is expected
/// to be average (ratings) or not wanted. Immutable; safe for any number of threads; a call allocates nothing after warm-up.
/// </summary>
public sealed partial class Lfm : FactorModel, IModel<Lfm>
{
    private readonly Loss _loss;
    private readonly float _jitter;

    private Lfm(FactorWeights weights, Loss loss, VectorRecall items) : base(weights, items)
    {
        _loss = loss;
        _jitter = Jitter(loss.NegativeMoment, loss.NegativeTarget.Length);
    }

    /// <summary>The topic of an item: its largest factor, -1 for an unknown item or one without interactions.</summary>
    public int TopicOf(int item)
        => HasFactors(item) ? TensorPrimitives.IndexOfMax(ItemFactors(item)) : -1;

    /// <summary>The items whose topic it is, by the weight of that factor.</summary>
    /// <param name="topic">0..<see cref="FactorModel.Factors"/>-1; another topic has no items.</param>
    /// <param name="filter">What is eligible.</param>
    /// <param name="destination">Receives the list, best first, ties by lower id.</param>
    /// <returns>How many were written.</returns>
    public int TopItemsOf(int topic, in ItemFilter filter, Span<ScoredItem> destination)
    {
        var top = new TopItems(destination, filter, ItemCount);
        for (var item = 0; (uint)topic < (uint)Factors && item < ItemCount; item++)
            if (TopicOf(item) == topic) top.Offer(item, ItemFactors(item)[topic]);
        return top.Finish();
    }

    /// <summary>
    /// r̂ for one pair, from what is known of it: μ alone if both are unknown. Ratings are kept within the range that was trained on.
    /// </summary>
    /// <param name="user">Dense user id; unknown ids allowed.</param>
    /// <param name="item">Dense item id; unknown ids allowed.</param>
    public float Predict(int user, int item) => Math.Clamp(Expected(user, item), _loss.Lowest, _loss.Highest);

    // Solves for (p, b).
    private protected override void FoldIn(FactorScratch scratch, out float bias)
    {
        var items = scratch.History.Items;
        var ratings = scratch.History.Values;
        var loss = _loss;
        var size = Factors + (loss.Biases ? 1 : 0);
        var a = ((Scratch)scratch).Normal.AsSpan();       // size × size
        var x = scratch.User.AsSpan(0, size);
        var q = ((Scratch)scratch).Item.AsSpan(0, size);
        TensorPrimitives.Multiply(loss.NegativeMoment, items.Length * loss.NegativeRatio, a);
        TensorPrimitives.Multiply(loss.NegativeTarget, -items.Length * loss.NegativeRatio, x);
        for (var k = 0; k < items.Length; k++)
        {
            ItemFactors(items[k]).CopyTo(q);
            if (loss.Biases) q[Factors] = 1;
            var target = ratings[k] - Mean - ItemBias(items[k]);
            TensorPrimitives.MultiplyAdd(q, target, x, x);
            for (var f = 0; f < size; f++) // the upper triangle is enough
            {
                var row = a.Slice(f * size + f, size - f);
                TensorPrimitives.MultiplyAdd(q[f..], q[f], row, row);
            }
        }
        var ridge = Math.Max(1e-4f, loss.Regularization * items.Length * (1 + loss.NegativeRatio))
            + items.Length * loss.NegativeRatio * _jitter;
        for (var f = 0; f < size; f++) a[f * size + f] += ridge;
        Cholesky.Solve(a, size, x);
        bias = loss.Biases ? x[Factors] : 0;
    }

    private protected override FactorScratch NewScratch() => new Scratch(Weights, _loss);

    private sealed class Scratch(FactorWeights weights, Loss loss)
        : FactorScratch(weights, loss.Explicit ? RepeatedItems.Last : RepeatedItems.One)
    {
        public readonly float[] Item = new float[weights.Factors + 1];
        public readonly float[] Normal = new float[loss.NegativeMoment.Length];
    }
}
