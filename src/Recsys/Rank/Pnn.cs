// ŷ = σ(h · a^L + b),   a¹ = relu(W_z z + W_p p + b¹),   z = [e_1 … e_F],   a^l = relu(W^l a^{l-1} + b^l)
// inner (IPNN): p = all ⟨e_i, e_j⟩, i < j;   outer (OPNN): p = s sᵀ with s = Σ_i e_i;   both (PNN*): the two side by side
// Qu et al., "Product-based neural networks for user response prediction", ICDM 2016, eq. 2 to 13.

using Recsys.Features;
using Recsys.Nn;
using Recsys.Persistence;

namespace Recsys.Rank;

/// <summary>Which products of fields a <see cref="Pnn"/> reads.</summary>
public enum PnnProduct
{
    /// <summary>Inner products of all pairs.</summary>
    Inner,

    /// <summary>The outer product of the sum of all fields with itself.</summary>
    Outer,

    /// <summary>Both.</summary>
    Both,
}

/// <summary>Options of <see cref="Pnn"/>. Defaults: the paper's, embeddings of 10, three hidden layers, dropout 0.5.</summary>
public sealed record PnnOptions : DeepOptions, INetworkOptions<PnnOptions>
{
    /// <summary>The defaults.</summary>
    public PnnOptions() => (Dimension, Hidden, Dropout) = (10, [300, 300, 300], 0.5f);

    /// <summary>Which products. Default <see cref="PnnProduct.Inner"/>.</summary>
    public PnnProduct Product { get; init => field = Guard.Defined(value); }

    /// <inheritdoc/>
    public override void Write(ModelWriter writer)
    {
        base.Write(writer);
        writer.Choice("product", Product);
    }

    /// <inheritdoc/>
    public static PnnOptions Read(ModelReader reader) => Read<PnnOptions>(reader) with { Product = reader.Choice<PnnProduct>("product") };
}

/// <summary>Hidden layers over embeddings and products of them. Score: probability of a click.</summary>
public sealed class Pnn : NeuralRanker<Pnn, PnnOptions>, INetwork<Pnn, PnnOptions>
{
    private readonly FieldEmbedding _fields;
    private readonly Tower _deep;

    private Pnn(ParameterScope scope, FittedSchema schema, PnnOptions options) : base(scope, schema, options)
    {
        _fields = new FieldEmbedding(scope.Scope("fields"), schema, options.Dimension);
        var pairs = _fields.FieldCount * (_fields.FieldCount - 1) / 2;
        var square = checked(options.Dimension * options.Dimension);
        var products = options.Product switch { PnnProduct.Inner => pairs, PnnProduct.Outer => square, _ => pairs + square };
        _deep = new Tower(scope.Scope("deep"), _fields.Width + products, options);
    }

    /// <inheritdoc/>
    public static string Kind => "pnn";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <inheritdoc/>
    public static Pnn Create(ParameterScope scope, FittedSchema schema, PnnOptions options) => new(scope, schema, options);

    /// <inheritdoc/>
    protected override Tensor Logit(Tape tape, ExampleBatch batch)
    {
        var e = _fields.Of(tape, batch);   // [B, F, k]
        return _deep.Of(Options.Product switch   // [B]
        {
            PnnProduct.Inner => InteractionOps.Concat(e.Flatten(), e.InnerProducts()),   // [B, F k + F(F−1)/2]
            PnnProduct.Outer => InteractionOps.Concat(e.Flatten(), e.OuterProduct().Flatten()),   // [B, F k + k²]
            _ => InteractionOps.Concat(e.Flatten(), e.InnerProducts(), e.OuterProduct().Flatten()),   // [B, F k + both]
        });
    }
}
