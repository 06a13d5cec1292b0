namespace Recsys.Nn;

/// <summary>Losses: each gives a number for each example or row, to be summed. Log loss is in <see cref="TensorOps"/>.</summary>
public static class LossOps
{
    /// <summary>c (z − y)². Shape of z.</summary>
    /// <param name="outputs">z.</param>
    /// <param name="labels">y; as many as outputs.</param>
    /// <param name="weights">c, 0 or greater; empty for 1.</param>
    public static Tensor SquaredError(this Tensor outputs, ReadOnlySpan<float> labels, ReadOnlySpan<float> weights = default)
        => Nn.SquaredError.Of(outputs, labels, weights);

    /// <summary>c max(0, 1 − (2 y − 1) z). Shape of z.</summary>
    /// <param name="outputs">z.</param>
    /// <param name="labels">y, 0 or 1; as many as outputs.</param>
    /// <param name="weights">c, 0 or greater; empty for 1.</param>
    public static Tensor Hinge(this Tensor outputs, ReadOnlySpan<float> labels, ReadOnlySpan<float> weights = default)
        => Nn.Hinge.Of(outputs, labels, weights);

    /// <summary>−log σ(p − n): Bayesian personalised ranking. Rendle et al., UAI 2009. Shape of both.</summary>
    /// <param name="positives">p, scores of what was taken.</param>
    /// <param name="negatives">n, scores of what was not.</param>
    public static Tensor PairwiseLoss(this Tensor positives, Tensor negatives) => Nn.PairwiseLoss.Of(positives, negatives);

    /// <summary>−c log softmax(z)_t for each row. [rows, classes] → [rows]</summary>
    /// <param name="logits">z.</param>
    /// <param name="targets">t, the column of each row that is right.</param>
    /// <param name="weights">c, one for each row; empty for 1.</param>
    public static Tensor SoftmaxCrossEntropy(this Tensor logits, ReadOnlySpan<int> targets, ReadOnlySpan<float> weights = default)
        => SoftmaxLoss.Of(logits, targets, weights, [], []);

    /// <summary>
    /// Softmax cross-entropy over sampled candidates, z − log q in place of z: with it the loss tends to that over all classes, however the
    /// candidates were drawn. [rows, candidates] → [rows]
    /// </summary>
    /// <param name="logits">z.</param>
    /// <param name="targets">t, the column of each row that is right.</param>
    /// <param name="logProbabilities">log q, with what probability a candidate is drawn: one for each column, or one for each
    /// logit.</param>
    /// <param name="items">
    /// What the columns stand for, one for each column or each logit; a column that stands for the target's item again is left out.
    /// Empty: none is.
    /// </param>
    /// <param name="weights">c, one for each row; empty for 1.</param>
    public static Tensor SampledSoftmax(this Tensor logits, ReadOnlySpan<int> targets, ReadOnlySpan<float> logProbabilities,
        ReadOnlySpan<int> items = default, ReadOnlySpan<float> weights = default)
        => SoftmaxLoss.Of(logits, targets, weights, logProbabilities, items);

    /// <summary>Σ_t c_t Σ ℓ_t: the losses of several tasks as one number.</summary>
    /// <param name="losses">ℓ_t, of any shapes.</param>
    /// <param name="weights">c_t, as many.</param>
    public static Tensor WeightedSum(ReadOnlySpan<Tensor> losses, ReadOnlySpan<float> weights) => Nn.WeightedSum.Of(losses, weights);
}
