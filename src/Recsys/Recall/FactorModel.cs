using Recsys.Indexing;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Recall;

// r̂_ui = μ + b_u + b_i + p_u·q_i; a model without μ or without biases has zeros there. cosine(i, j) = q_i·q_j / (|q_i| |q_j|).

/// <summary>
/// Users and items as points whose product is the taste: what <see cref="Als"/>, <see cref="Bpr"/>, <see cref="Lfm"/>
/// and <see cref="Warp"/> share. They differ in how the points are found. Immutable; safe for any number of threads; a call allocates
/// nothing after warm-up.
/// </summary>
public abstract class FactorModel : IRecaller, ISimilarItems
{
    private readonly VectorRecall _items;
    private readonly Pool<FactorScratch> _scratch;

    private protected FactorModel(FactorWeights weights, VectorRecall items)
    {
        Weights = weights;
        _items = items;
        _scratch = new Pool<FactorScratch>(NewScratch);
    }

    /// <summary>Number of users at training; ids from here on are unknown, as are users who had no interactions.</summary>
    public int UserCount => Weights.UserCount;

    /// <summary>Number of items at training.</summary>
    public int ItemCount => Weights.ItemCount;

    /// <summary>F, the number of factors.</summary>
    public int Factors => Weights.Factors;

    /// <summary>μ; 0 in a model without it.</summary>
    public float Mean => Weights.Mean;

    /// <summary>b_u; 0 for a user without interactions and in a model without user biases.</summary>
    /// <param name="user">0..<see cref="UserCount"/>-1.</param>
    public float UserBias(int user) => Weights.UserBias.Length == 0 ? 0 : Weights.UserBias[user];

    /// <summary>b_i; 0 in a model without item biases.</summary>
    /// <param name="item">0..<see cref="ItemCount"/>-1.</param>
    public float ItemBias(int item) => Weights.ItemBias.Length == 0 ? 0 : Weights.ItemBias[item];

    /// <summary>p_u; all zero for a user without interactions.</summary>
    /// <param name="user">0..<see cref="UserCount"/>-1.</param>
    public ReadOnlySpan<float> UserFactors(int user) => Weights.P.AsSpan(user * Factors, Factors);

    /// <summary>q_i; all zero for an item without interactions.</summary>
    /// <param name="item">0..<see cref="ItemCount"/>-1.</param>
    public ReadOnlySpan<float> ItemFactors(int item) => Weights.Q.AsSpan(item * Factors, Factors);

    /// <summary>
    /// The items of highest r̂: exactly min(destination.Length, eligible) for a user with interactions or a history with a known item, none
    /// for others. With an approximate index, nearly the highest.
    /// </summary>
    /// <inheritdoc cref="IRecaller.Recall"/>
    public int Recall(in RecallRequest request, Span<ScoredItem> destination)
    {
        var scratch = _scratch.Rent();
        var count = Find(request, scratch, out var bias)
            ? _items.Recall(scratch.User.AsSpan(0, Factors), request.Filter, destination, Mean + bias)
            : 0;
        _scratch.Return(scratch);
        return count;
    }

    /// <summary>
    /// The items of highest cosine(q_i, q_j), from 1 down to -1; items without interactions have none and are in no list.
    /// </summary>
    /// <inheritdoc cref="ISimilarItems.SimilarItems"/>
    public int SimilarItems(int item, in ItemFilter filter, Span<ScoredItem> destination) => _items.SimilarItems(item, filter, destination);

    /// <summary>r̂ for one pair, from what is known of it: μ alone if both are unknown.</summary>
    private protected float Expected(int user, int item)
    {
        var (knowsUser, knowsItem) = (IsTrained(user), (uint)item < (uint)ItemCount);
        var rating = Mean;
        if (knowsUser) rating += UserBias(user);
        if (knowsItem) rating += ItemBias(item);
        if (knowsUser && knowsItem) rating += Dot.Product(UserFactors(user), ItemFactors(item));
        return rating;
    }

    /// <summary>Whether the item has factors, that is: had interactions.</summary>
    private protected bool HasFactors(int item) => _items.Has(item);

    private protected FactorWeights Weights { get; }

    private protected void WriteIndex(ModelWriter writer) => _items.Write(writer);

    /// <summary>The working memory of one call; a model that folds in with more derives its own.</summary>
    private protected abstract FactorScratch NewScratch();

    /// <summary>
    /// Finds the vector (the first F floats of scratch.User) and bias of a user who has scratch.History, which is not empty.
    /// </summary>
    private protected abstract void FoldIn(FactorScratch scratch, out float bias);

    private protected FactorScratch Rent() => _scratch.Rent();

    private protected void Return(FactorScratch scratch) => _scratch.Return(scratch);

    private bool Find(in RecallRequest request, FactorScratch scratch, out float bias)
    {
        bias = 0;
        if (!request.History.IsEmpty)
        {
            scratch.History.Load(request);
            if (scratch.History.Items.IsEmpty) return false;
            FoldIn(scratch, out bias);
            return true;
        }
        if (!IsTrained(request.User)) return false;
        UserFactors(request.User).CopyTo(scratch.User);
        bias = UserBias(request.User);
        return true;
    }

    private bool IsTrained(int user) => (uint)user < (uint)UserCount && UserFactors(user).ContainsAnyExcept(0f);
}

/// <summary>Working memory of one call to a factor model.</summary>
internal class FactorScratch(FactorWeights weights, RepeatedItems repeats)
{
    public readonly HistoryRow History = new(weights.ItemCount, repeats);
    public readonly float[] User = new float[weights.Factors + 1];
}

/// <summary>The points. P and Q are users × F and items × F; biases that a model does not have are empty.</summary>
internal sealed record FactorWeights(int Factors, float Mean, float[] P, float[] Q, float[] UserBias, float[] ItemBias)
{
    public int UserCount => P.Length / Factors;

    public int ItemCount => Q.Length / Factors;

    public void WriteVectors(ModelWriter writer)
    {
        writer.Tensor("user_factors", P, UserCount, Factors);
        writer.Tensor("item_factors", Q, ItemCount, Factors);
    }

    public VectorRecall Search(IndexOptions index, int threads, CancellationToken cancel)
        => VectorRecall.Build(Q, Factors, index, threads, ItemBias.Length == 0 ? null : ItemBias, cancel: cancel);

    public VectorRecall ReadSearch(ModelReader reader) => VectorRecall.Read(reader, Q, Factors, ItemBias.Length == 0 ? null : ItemBias);

    /// <summary>
    /// Fills rows that stand <paramref name="stride"/> apart: those of an older model, and N(0, scale² / F) where it has none or zeros.
    /// </summary>
    public static void Start(Span<float> to, int stride, int rows, int factors, float[]? old, double scale, Rng rng)
    {
        scale /= Math.Sqrt(factors);
        for (var row = 0; row < rows; row++)
        {
            var target = to.Slice(row * stride, factors);
            if (old is not null && row < old.Length / factors) old.AsSpan(row * factors, factors).CopyTo(target);
            if (target.ContainsAnyExcept(0f)) continue;
            for (var k = 0; k < factors; k++) target[k] = (float)(scale * rng.Normal((ulong)row * (ulong)factors + (ulong)k));
        }
    }

    /// <summary>Why training cannot go on from these points, or null.</summary>
    public string? Misfit(int factors, int users, int items)
        => Factors != factors ? $"it has {Factors} factors, but {nameof(Factors)} is {factors}"
            : UserCount > users || ItemCount > items
                ? $"it knows {UserCount} users and {ItemCount} items, the data only {users} and {items}; " +
                  "extend its id maps instead of making new ones"
            : null;

    /// <exception cref="ArgumentException">There is a reason.</exception>
    public static void Refuse(string? reason, string argument = "options")
    {
        if (reason is not null) throw new ArgumentException($"The model of WarmStart doesn't fit: {reason}.", argument);
    }
}
