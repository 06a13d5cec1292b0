using Recsys.Data;
using Recsys.Indexing;
using Recsys.Persistence;

namespace Recsys.Recall;

// Bayesian personalised ranking: what a user has should stand above what the user has not.
//
//   x_uij = r̂_ui - r̂_uj,  r̂_ui = b_i + p_u·q_i,  i an item of u, j another one drawn anew in each epoch
//   max Σ ln σ(x_uij) - λ/2 (|p_u|² + |q_i|² + |q_j|² + b_i² + b_j²)
//   p_u ← p_u + η (σ(-x) (q_i - q_j) - λ p_u),  q_i ← q_i + η (σ(-x) p_u - λ q_i),  q_j ← q_j + η (-σ(-x) p_u - λ q_j)
//
// A new user's p solves the same problem by the same steps, with the items fixed.
//
// Rendle, Freudenthaler, Gantner, Schmidt-Thieme, "BPR: Bayesian personalized ranking from implicit feedback", UAI 2009.

/// <summary>
/// Matrix factorisation for the order of pairs, from what people did: learns ranking directly and copes with any catalogue; values don't
/// count.
/// An item without interactions has zero factors and the lowest bias. Immutable; safe for any number of threads; a call allocates nothing
/// after
/// warm-up.
/// </summary>
public sealed class Bpr : FactorModel, IItemFoldIn<Bpr>, IModel<Bpr>
{
    private readonly PairwiseFoldIn _foldIn;

    private Bpr(FactorWeights weights, PairwiseFoldIn foldIn, VectorRecall items) : base(weights, items) => _foldIn = foldIn;

    /// <inheritdoc/>
    public static string Kind => "bpr";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <summary>Trains factors. Time Epochs · n · F; memory 16 bytes for each interaction and 4 for each factor.</summary>
    /// <param name="data">What users did; repeated pairs count once.</param>
    /// <param name="options">The options; the defaults if null.</param>
    /// <param name="progress">Told after each epoch, with the mean σ(-x): the share of pairs in the wrong order, softly counted.</param>
    /// <param name="cancel">Stops the training.</param>
    /// <exception cref="ArgumentException">The model to go on from does not fit.</exception>
    /// <exception cref="ArithmeticException">The training diverged; the message names the options to change.</exception>
    public static Bpr Train(
        Interactions data, BprOptions? options = null, IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        options ??= new BprOptions();
        var (weights, foldIn) = PairwiseTraining.Run(data, options, options.WarmStart?.Weights, new Rule(), progress, cancel);
        return new Bpr(weights, foldIn, weights.Search(options.Index, options.Threads, cancel));
    }

    private protected override void FoldIn(FactorScratch scratch, out float bias)
    {
        bias = 0;
        _foldIn.Run(Weights, scratch.History, new Rule(), scratch.User.AsSpan(0, Factors));
    }

    private protected override FactorScratch NewScratch() => new(Weights, RepeatedItems.One);

    /// <inheritdoc/>
    /// <remarks>
    /// By the steps of the training on the new item alone: 30 epochs of its users, and of as many other pairs as it would be drawn for. The
    /// same log gives the same vector.
    /// </remarks>
    public Bpr WithItems(Interactions grown, IndexOptions? index = null, CancellationToken cancel = default)
    {
        var (weights, foldIn) = PairwiseItems.Run(grown, Weights, _foldIn, new Rule(), cancel);
        return new Bpr(weights, foldIn, weights.Search(index ?? new ExactIndexOptions(), Environment.ProcessorCount, cancel));
    }

    /// <inheritdoc/>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Integer("factors", Factors);
        Weights.WriteVectors(writer);
        writer.Tensor("item_biases", Weights.ItemBias);
        _foldIn.Write(writer);
        WriteIndex(writer);
    }

    /// <inheritdoc/>
    public static Bpr Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var weights = PairwiseTraining.ReadWeights(reader);
        return new Bpr(weights, PairwiseFoldIn.Read(reader, weights.ItemCount), weights.ReadSearch(reader));
    }

    internal readonly struct Rule : IPairRule
    {
        public int Tries => 1;

        public float Slope(float x, int tries, ref double loss)
        {
            var slope = 1 / (1 + MathF.Exp(x));
            loss += slope;
            return slope;
        }
    }
}
