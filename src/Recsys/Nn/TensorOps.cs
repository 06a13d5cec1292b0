namespace Recsys.Nn;

/// <summary>The operations of a network, as extensions of what they work on.</summary>
public static class TensorOps
{
    /// <summary>All axes but the first as one. [B, …] → [B, rest]</summary>
    public static Tensor Flatten(this Tensor x) => x.Reshape(x.Shape[0], -1);

    /// <summary>Σ over the last axis. [.., n] → [..]</summary>
    public static Tensor RowSum(this Tensor x) => Nn.RowSum.Of(x);

    /// <summary>Σ_{i&lt;j} x_i ⊙ x_j over the fields, in time linear in them. [B, F, d] → [B, d]</summary>
    public static Tensor BiInteraction(this Tensor x) => Nn.BiInteraction.Of(x);

    /// <summary>−c [y log σ(z) + (1 − y) log(1 − σ(z))] for each logit z, stable for any z. [n] → [n]</summary>
    /// <param name="logits">z.</param>
    /// <param name="labels">y, 0..1. As many as logits.</param>
    /// <param name="weights">c, 0 or greater; empty for 1.</param>
    public static Tensor LogLoss(this Tensor logits, ReadOnlySpan<float> labels, ReadOnlySpan<float> weights = default)
        => LogLossOp.Of(logits, labels, weights);
}
