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
/// items met together; a new item needs a new training. Immutable; safe for any number of threads; a call allocates nothing after warm-up.
/// </summary>
public sealed partial class Lfm : IRecaller, ISimilarItems, IModel<Lfm>
{
    private readonly Weights _weights;
    private readonly VectorRecall _items;
    private readonly float _jitter;
    private readonly Pool<Scratch> _scratch;

    private Lfm(Weights weights, VectorRecall items)
    {
        _weights = weights;
        _items = items;
        _jitter = Jitter(weights.NegativeMoment, weights.NegativeTarget.Length);
        _scratch = new Pool<Scratch>(() => new Scratch(weights));
    }

    /// <summary>Number of users at training; ids from here on are unknown, as are users who had no interactions.</summary>
    public int UserCount => _weights.UserBias.Length;

    /// <summary>Number of items at training. One that had no interactions is expected to be average (ratings) or not wanted.</summary>
    public int ItemCount => _weights.ItemBias.Length;

    /// <summary>F, the number of factors.</summary>
    public int Factors => _weights.Factors;

    /// <summary>μ, 0 without biases.</summary>
    public float Mean => _weights.Mean;

    /// <summary>b_u; 0 for a user without interactions.</summary>
    /// <param name="user">0..<see cref="UserCount"/>-1.</param>
    public float UserBias(int user) => _weights.UserBias[user];

    /// <summary>b_i.</summary>
    /// <param name="item">0..<see cref="ItemCount"/>-1.</param>
    public float ItemBias(int item) => _weights.ItemBias[item];

    /// <summary>p_u; all zero for a user without interactions.</summary>
    /// <param name="user">0..<see cref="UserCount"/>-1.</param>
    public ReadOnlySpan<float> UserFactors(int user) => _weights.P.AsSpan(user * Factors, Factors);

    /// <summary>q_i; all zero for an item without interactions.</summary>
    /// <param name="item">0..<see cref="ItemCount"/>-1.</param>
    public ReadOnlySpan<float> ItemFactors(int item) => _weights.Q.AsSpan(item * Factors, Factors);

    /// <summary>
    /// The items of highest r̂: exactly min(destination.Length, eligible) for a user with interactions or a history with a known item, none
    /// for others. With an approximate index, nearly the highest.
    /// </summary>
    /// <inheritdoc cref="IRecaller.Recall"/>
    public int Recall(in RecallRequest request, Span<ScoredItem> destination)
    {
        var scratch = _scratch.Rent();
        var count = 0;
        var known = true;
        var user = scratch.User.AsSpan(0, Factors);
        var bias = 0f;
        if (!request.History.IsEmpty) known = FoldIn(request, scratch, out bias);
        else if (IsTrained(request.User))
        {
            UserFactors(request.User).CopyTo(user);
            bias = _weights.UserBias[request.User];
        }
        else known = false;

        if (known) count = _items.Recall(user, request.Filter, destination, Mean + bias);
        _scratch.Return(scratch);
        return count;
    }

    /// <summary>The items of highest cosine(q_i, q_j), from 1 down to -1; items without interactions have none and are in no
    /// list.</summary>
    /// <inheritdoc cref="ISimilarItems.SimilarItems"/>
    public int SimilarItems(int item, in ItemFilter filter, Span<ScoredItem> destination) => _items.SimilarItems(item, filter, destination);

    /// <summary>The topic of an item: its largest factor, -1 for an unknown item or one without interactions.</summary>
    public int TopicOf(int item)
        => _items.Has(item) ? TensorPrimitives.IndexOfMax(ItemFactors(item)) : -1;

    /// <summary>The items whose topic it is, by the weight of that factor.</summary>
    /// <param name="topic">0..<see cref="Factors"/>-1; another topic has no items.</param>
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
    public float Predict(int user, int item)
    {
        var (knowsUser, knowsItem) = (IsTrained(user), (uint)item < (uint)ItemCount);
        var rating = Mean;
        if (knowsUser) rating += _weights.UserBias[user];
        if (knowsItem) rating += _weights.ItemBias[item];
        if (knowsUser && knowsItem) rating += Dot.Product(UserFactors(user), ItemFactors(item));
        return Math.Clamp(rating, _weights.Lowest, _weights.Highest);
    }

    private bool IsTrained(int user) => (uint)user < (uint)UserCount && UserFactors(user).ContainsAnyExcept(0f);

    // Solves for (p, b) of a history; false if it holds no known item.
    private bool FoldIn(in RecallRequest request, Scratch scratch, out float bias)
    {
        bias = 0;
        scratch.History.Load(request);
        var items = scratch.History.Items;
        var ratings = scratch.History.Values;
        if (items.IsEmpty) return false;

        var w = _weights;
        var size = Factors + (w.Biases ? 1 : 0);
        var a = scratch.Normal.AsSpan();       // size × size
        var x = scratch.User.AsSpan(0, size);
        var q = scratch.Item.AsSpan(0, size);
        TensorPrimitives.Multiply(w.NegativeMoment, items.Length * w.NegativeRatio, a);
        TensorPrimitives.Multiply(w.NegativeTarget, -items.Length * w.NegativeRatio, x);
        for (var k = 0; k < items.Length; k++)
        {
            ItemFactors(items[k]).CopyTo(q);
            if (w.Biases) q[Factors] = 1;
            var target = ratings[k] - Mean - w.ItemBias[items[k]];
            TensorPrimitives.MultiplyAdd(q, target, x, x);
            for (var f = 0; f < size; f++) // the upper triangle is enough
            {
                var row = a.Slice(f * size + f, size - f);
                TensorPrimitives.MultiplyAdd(q[f..], q[f], row, row);
            }
        }
        var ridge = Math.Max(1e-4f, w.Regularization * items.Length * (1 + w.NegativeRatio)) + items.Length * w.NegativeRatio * _jitter;
        for (var f = 0; f < size; f++) a[f * size + f] += ridge;
        Cholesky.Solve(a, size, x);
        if (w.Biases) bias = x[Factors];
        return true;
    }

    private sealed class Scratch(Weights w)
    {
        public readonly HistoryRow History = new(w.ItemBias.Length, w.Explicit ? RepeatedItems.Last : RepeatedItems.One);
        public readonly float[] User = new float[w.Factors + 1];
        public readonly float[] Item = new float[w.Factors + 1];
        public readonly float[] Normal = new float[w.NegativeMoment.Length];
    }
}
