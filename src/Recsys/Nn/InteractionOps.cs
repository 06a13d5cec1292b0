namespace Recsys.Nn;

/// <summary>How the fields of an example meet, and how tensors are put together and cut.</summary>
public static class InteractionOps
{
    /// <summary>⟨x_i, x_j⟩ for all i &lt; j, ordered by i and then j. [B, F, d] → [B, F (F − 1) / 2]</summary>
    public static Tensor InnerProducts(this Tensor x) => Nn.InnerProducts.Of(x);

    /// <summary>s sᵀ with s the sum over the fields. [B, F, d] → [B, d, d]</summary>
    public static Tensor OuterProduct(this Tensor x) => Nn.OuterProduct.Of(x);

    /// <summary>The tensors side by side along the last axis; their other axes agree. [.., m], [.., n], … → [.., m + n + …]</summary>
    public static Tensor Concat(params ReadOnlySpan<Tensor> parts) => Nn.Concat.Of(parts);

    /// <summary>Some columns: the piece of the last axis. [.., n] → [.., length]</summary>
    /// <param name="x">[.., n].</param>
    /// <param name="start">The first column, from 0.</param>
    /// <param name="length">How many.</param>
    public static Tensor Columns(this Tensor x, int start, int length) => Slice.Of(x, start, length);
}
