using Recsys.Data;
using Recsys.Indexing;
using Recsys.Persistence;

namespace Recsys.Recall;

// Weighted approximate-rank pairwise loss: a pair in the wrong order counts the more, the lower the item stands in the whole list.
//
//   L(k) = Σ_{n=1..k} 1/n / Σ_{n=1..|I|-1} 1/n,  x_uij = r̂_ui - r̂_uj,  r̂_ui = b_i + p_u·q_i
//   draw items j that u does not have until x_uij < 1, after N draws; then rank_i ≈ ⌊(|I|-1) / N⌋
//   p_u ← p_u + η (L(rank_i) (q_i - q_j) - λ p_u),  q_i ← q_i + η (L(rank_i) p_u - λ q_i),  q_j ← q_j + η (-L(rank_i) p_u - λ q_j)
//
// The paper bounds the lengths of the vectors; here λ keeps them small. L is scaled to 1 at most, so that η does not depend on |I|. A new
// user's
// p solves the same problem by the same steps, with the items fixed.
//
// Weston, Bengio, Usunier, "WSABIE: scaling up to large vocabulary image annotation", IJCAI 2011.

/// <summary>
/// Matrix factorisation for the top of the list, from what people did: like <see cref="Bpr"/>, but it works on the pairs that are still in
/// the
/// wrong order and most on items that stand far too low. Values don't count. An item without interactions has zero factors and the lowest
/// bias.
/// Immutable; safe for any number of threads; a call allocates nothing after warm-up.
/// </summary>
public sealed class Warp : FactorModel, IItemFoldIn<Warp>, IModel<Warp>
{
    private readonly PairwiseFoldIn _foldIn;
    private readonly Rule _rule;

    private Warp(FactorWeights weights, PairwiseFoldIn foldIn, int tries, VectorRecall items) : base(weights, items)
        => (_foldIn, _rule) = (foldIn, new Rule(weights.ItemCount, tries));

    /// <inheritdoc/>
    public static string Kind => "warp";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <summary>Trains factors. Time at most Epochs · n · F · Tries; memory 16 bytes for each interaction and 4 for each factor.</summary>
    /// <param name="data">What users did; repeated pairs count once.</param>
    /// <param name="options">The options; the defaults if null.</param>
    /// <param name="progress">Told after each epoch, with the mean of L(rank) (1 - x) where x is below 1.</param>
    /// <param name="cancel">Stops the training.</param>
    /// <exception cref="ArgumentException">The model to go on from does not fit.</exception>
    /// <exception cref="ArithmeticException">The training diverged; the message names the options to change.</exception>
    public static Warp Train(
        Interactions data, WarpOptions? options = null, IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        options ??= new WarpOptions();
        var rule = new Rule(data.ItemCount, options.Tries);
        var (weights, foldIn) = PairwiseTraining.Run(data, options, options.WarmStart?.Weights, rule, progress, cancel);
        return new Warp(weights, foldIn, options.Tries, weights.Search(options.Index, options.Threads, cancel));
    }

    private protected override void FoldIn(FactorScratch scratch, out float bias)
    {
        bias = 0;
        _foldIn.Run(Weights, scratch.History, _rule, scratch.User.AsSpan(0, Factors));
    }

    private protected override FactorScratch NewScratch() => new(Weights, RepeatedItems.One);

    /// <inheritdoc/>
    /// <remarks>
    /// By the steps of the training on the new item alone: 30 epochs of its users, and of as many other pairs as it would be drawn for. The
    /// same log gives the same vector.
    /// </remarks>
    public Warp WithItems(Interactions grown, IndexOptions? index = null, CancellationToken cancel = default)
    {
        var (weights, foldIn) = PairwiseItems.Run(grown, Weights, _foldIn, _rule, cancel);
        return new Warp(weights, foldIn, _rule.Tries, weights.Search(index ?? new ExactIndexOptions(), Environment.ProcessorCount, cancel));
    }

    /// <inheritdoc/>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Integer("factors", Factors);
        writer.Integer("tries", _rule.Tries);
        Weights.WriteVectors(writer);
        writer.Tensor("item_biases", Weights.ItemBias);
        _foldIn.Write(writer);
        WriteIndex(writer);
    }

    /// <inheritdoc/>
    public static Warp Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var weights = PairwiseTraining.ReadWeights(reader);
        var foldIn = PairwiseFoldIn.Read(reader, weights.ItemCount);
        return new Warp(weights, foldIn, reader.Int32("tries", 1, 10_000), weights.ReadSearch(reader));
    }

    internal readonly struct Rule : IPairRule
    {
        private readonly float[] _weights;   // L of the rank after that many draws

        public Rule(int items, int tries)
        {
            _weights = new float[tries + 1];
            var harmonic = new double[Math.Max(2, items)];
            for (var k = 1; k < harmonic.Length; k++) harmonic[k] = harmonic[k - 1] + 1.0 / k;
            for (var n = 1; n <= tries; n++) _weights[n] = (float)(harmonic[Math.Max(1, (items - 1) / n)] / harmonic[^1]);
        }

        public int Tries => _weights.Length - 1;

        public float Slope(float x, int tries, ref double loss)
        {
            if (x >= 1) return 0;
            loss += _weights[tries] * (1 - x);
            return _weights[tries];
        }
    }
}
