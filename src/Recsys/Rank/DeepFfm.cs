// ŷ = σ(w₀ + Σ_i w_i x_i + y_DNN([… ⟨e_ij, e_ji⟩ …])) or y_DNN([… e_ij ⊙ e_ji …]) over the pairs i < j of fields, where e_ij is the vector
// that the feature of field i keeps for field j. The pairs are not summed into the output as in an FFM: they are what the deep network reads.
// Zhang, Huang and Zhang, "FAT-DeepFFM: field attentive deep field-aware factorization machine", 2019, arXiv 1905.06336, 3.1 and 3.4.

using Recsys.Features;
using Recsys.Nn;
using Recsys.Persistence;

namespace Recsys.Rank;

/// <summary>How the two vectors of a pair of fields meet.</summary>
public enum PairProduct
{
    /// <summary>Element by element: k inputs of the deep network for each pair. The paper finds it better.</summary>
    Hadamard,

    /// <summary>Their inner product: one input for each pair.</summary>
    Inner,
}

/// <summary>Options of <see cref="DeepFfm"/>. Its dimension is k, of each of the F vectors of a feature; hidden layers are 400, 400, 400.</summary>
public sealed record DeepFfmOptions : DeepOptions, INetworkOptions<DeepFfmOptions>
{
    /// <summary>How pairs meet. Default <see cref="PairProduct.Hadamard"/>.</summary>
    public PairProduct Product { get; init => field = Guard.Defined(value); }

    /// <inheritdoc/>
    public override void Write(ModelWriter writer)
    {
        base.Write(writer);
        writer.Choice("product", Product);
    }

    /// <inheritdoc/>
    public static DeepFfmOptions Read(ModelReader reader)
        => Read<DeepFfmOptions>(reader) with { Product = reader.Choice<PairProduct>("product") };
}

/// <summary>A deep network over the field-aware pairs of an example. Score: probability of a click.</summary>
public sealed class DeepFfm : NeuralRanker<DeepFfm, DeepFfmOptions>, INetwork<DeepFfm, DeepFfmOptions>
{
    private readonly LinearTerms _linear;
    private readonly FieldAwareEmbedding _fields;
    private readonly Tower _deep;

    private DeepFfm(ParameterScope scope, FittedSchema schema, DeepFfmOptions options) : base(scope, schema, options)
    {
        _linear = new LinearTerms(scope.Scope("linear"), schema);
        _fields = new FieldAwareEmbedding(scope.Scope("fields"), schema, options.Dimension);
        _deep = new Tower(scope.Scope("deep"), _fields.PairCount * (options.Product == PairProduct.Inner ? 1 : options.Dimension), options);
    }

    /// <inheritdoc/>
    public static string Kind => "deepffm";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <inheritdoc/>
    public static DeepFfm Create(ParameterScope scope, FittedSchema schema, DeepFfmOptions options) => new(scope, schema, options);

    /// <inheritdoc/>
    protected override Tensor Logit(Tape tape, ExampleBatch batch)
    {
        var e = _fields.Of(tape, batch);                                                                  // [B, F, F, k]
        var pairs = Options.Product == PairProduct.Inner ? e.CrossInner() : e.CrossProducts().Flatten(); // [B, P] or [B, P k]
        return _linear.Of(tape, batch) + _deep.Of(pairs);                                                 // [B]
    }
}
