namespace Recsys.Nn;

/// <summary>Extensions for attention and pairs of fields. See <see cref="TensorOps"/>.</summary>
public static class AttentionOps
{
    /// <summary>e^x / Σ e^x over the last axis. [.., n] → [.., n]</summary>
    /// <param name="x">x.</param>
    /// <param name="lengths">How many elements count for each example, padded to n: the rest get 0, as do all of an empty example. Null for
    /// all.</param>
    public static Tensor Softmax(this Tensor x, Segments? lengths = null) => Nn.Softmax.Of(x, lengths);

    /// <summary>A B for each pair of matrices. [.., m, k] and [.., k, n] → [.., m, n]</summary>
    public static Tensor Times(this Tensor a, Tensor b) => BatchedProduct.Of(a, b, transposed: false);

    /// <summary>A Bᵀ for each pair of matrices. [.., m, k] and [.., n, k] → [.., m, n]</summary>
    public static Tensor TimesTransposed(this Tensor a, Tensor b) => BatchedProduct.Of(a, b, transposed: true);

    /// <summary>
    /// Attention of several heads: softmax(c Q Kᵀ) V for each head; heads lie side by side in the last axis.
    /// [B, M, w], [B, T, w] and [B, T, u] → [B, M, u]
    /// </summary>
    /// <param name="queries">Q.</param>
    /// <param name="keys">K.</param>
    /// <param name="values">V.</param>
    /// <param name="heads">At least 1; divides w and u.</param>
    /// <param name="scale">c, usually 1 / √(w / heads).</param>
    /// <param name="lengths">How many keys count for each example, padded to T; null for all. A query without keys gives zero.</param>
    /// <param name="causal">Whether query i sees the keys 0..i alone.</param>
    public static Tensor Attention(
        this Tensor queries, Tensor keys, Tensor values, int heads, float scale, Segments? lengths = null, bool causal = false)
        => Nn.Attention.Of(queries, keys, values, heads, scale, lengths, causal);

    /// <summary>
    /// The attention of rows on each other from all projections of them at once: [Q | K | V] of w columns each, or [Q | K | V | R] with a
    /// residual R that is added. [B, M, 3 w] or [B, M, 4 w] → [B, M, w]
    /// </summary>
    /// <param name="projections">The projections side by side.</param>
    /// <param name="heads">At least 1; divides w.</param>
    /// <param name="scale">c, usually 1 / √(w / heads).</param>
    /// <param name="lengths">How many rows count for each example, padded to M; null for all.</param>
    /// <param name="causal">Whether row i sees the rows 0..i alone.</param>
    /// <param name="residual">Whether there is an R.</param>
    /// <param name="relu">Whether the result is rectified.</param>
    public static Tensor SelfAttention(this Tensor projections, int heads, float scale, Segments? lengths = null, bool causal = false,
        bool residual = false, bool relu = false)
        => Nn.SelfAttention.Of(projections, heads, scale, lengths, causal, residual, relu);

    /// <summary>The weights of an attention, [B, H, M, T] row-major: a row sums to 1, or is 0. Good until the tape is reset.</summary>
    /// <param name="attention">What <see cref="Attention"/> or <see cref="SelfAttention"/> returned.</param>
    public static ReadOnlySpan<float> AttentionMaps(this Tensor attention)
        => attention.Tape.At(attention.Node).Op is Nn.Attention or Nn.SelfAttention
            ? attention.Tape.At(attention.Node).Kept.Span
            : throw new ArgumentException($"{attention} is not an attention.", nameof(attention));

    /// <summary>x_i ⊙ x_j for all pairs i &lt; j of fields. [B, F, d] → [B, F (F − 1) / 2, d]</summary>
    public static Tensor PairProducts(this Tensor x) => Nn.PairProducts.Of(x);

    /// <summary>x_ij ⊙ x_ji for all pairs i &lt; j of fields; x_ij is what field i keeps for j. [B, F, F, d] → [B, F (F − 1) / 2, d]</summary>
    public static Tensor CrossProducts(this Tensor x) => CrossPairs.Of(x, inner: false);

    /// <summary>⟨x_ij, x_ji⟩ for all pairs i &lt; j of fields. [B, F, F, d] → [B, F (F − 1) / 2]</summary>
    public static Tensor CrossInner(this Tensor x) => CrossPairs.Of(x, inner: true);

    /// <summary>s_r x_r: a number for each row. [.., n] and as many numbers as there are rows → [.., n]</summary>
    public static Tensor ScaleRows(this Tensor x, Tensor scales) => Nn.ScaleRows.Of(x, scales);

    /// <summary>Σ_i w_i x_i over the second to last axis. [B, n, d] and [B, n] → [B, d]</summary>
    public static Tensor WeightedSum(this Tensor x, Tensor weights)
        => weights.Reshape(x.Shape[0], 1, -1).Times(x).Reshape(x.Shape[0], -1);

    /// <summary>Two axes swapped.</summary>
    /// <param name="x">x.</param>
    /// <param name="first">An axis, from the start or the end.</param>
    /// <param name="second">Another.</param>
    public static Tensor SwapAxes(this Tensor x, Index first, Index second) => Nn.SwapAxes.Of(x, first, second);
}
