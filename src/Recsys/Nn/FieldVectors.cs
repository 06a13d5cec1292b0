using Recsys.Features;

namespace Recsys.Nn;

/// <summary>
/// The vectors of the fields of a batch, [B, F, d] or side by side [B, F · d], in parts: rows for codes, and numbers, each of which is a
/// value times a vector, x_n v_n. So W (x_n v_n) = x_n (W v_n) costs a first layer one multiplication instead of d. In a request the rows
/// that all candidates share are there once. Made by <see cref="FieldEmbedding.Parts"/> and <see cref="DeepInput.Parts"/>; read by
/// <see cref="Linear"/>, <see cref="Mlp"/>, <see cref="Tower"/> and <see cref="BiInteraction"/>. Good until the tape is reset.
/// </summary>
public readonly struct FieldVectors
{
    internal FieldLayout Layout { get; init; }

    /// <summary>[B, C, d]: the fields of codes; of a request those that differ between candidates.</summary>
    internal Tensor Codes { get; init; }

    /// <summary>[1, S, d]: the others of a request; null if there is nothing shared.</summary>
    internal Tensor? Shared { get; init; }

    /// <summary>[N, B]: the numbers; null without.</summary>
    internal Tensor? Values { get; init; }

    /// <summary>[N, d]: v; null for numbers as they are.</summary>
    internal Tensor? Vectors { get; init; }

    /// <summary>Σ_{i&lt;j} x_i ⊙ x_j over the fields, in time linear in them. [B, d]</summary>
    /// <exception cref="InvalidOperationException">Numbers are there as they are, without vectors.</exception>
    public Tensor BiInteraction()
    {
        var pairs = FieldPairs.Of(this);
        return Kept is null ? pairs : Kept.AddPairs(pairs, Table!, Batch!);
    }

    /// <summary>What was kept of the candidates, which these vectors then leave out; null without.</summary>
    internal KeptItems? Kept { get; init; }

    /// <summary>Whose rows the codes pick.</summary>
    internal EmbeddingTable? Table { get; init; }

    /// <summary>Of the candidates.</summary>
    internal ExampleBatch? Batch { get; init; }

    internal FieldPart Part => Shared is null ? Layout.Codes : Layout.Owned;
}
