// e'_ij = s_ij e_ij in place of e_ij of a DeepFFM, with a weight s_ij for each pair of fields from the compose-excitation network:
//   compose:  d_ij = relu(u · e_ij + c), a 1 × 1 convolution over the k channels;   excite:  s = relu(W₂ relu(W₁ d)),  W₁ (F²/r, F²)
// Zhang, Huang and Zhang, "FAT-DeepFFM: field attentive deep field-aware factorization machine", 2019, arXiv 1905.06336, section 3.3.
// The text leaves open whether u is shared: here one u for all fields, or one for each. Weights begin near 1, so that no pair begins dead.

using Recsys.Features;
using Recsys.Nn;
using Recsys.Persistence;

namespace Recsys.Rank;

/// <summary>Options of <see cref="FatDeepFfm"/>. Its dimension is k; its activation that of the weights s and of hidden layers.</summary>
public sealed record FatDeepFfmOptions : DeepOptions, INetworkOptions<FatDeepFfmOptions>
{
    /// <summary>How pairs meet. Default <see cref="PairProduct.Hadamard"/>.</summary>
    public PairProduct Product { get; init => field = Guard.Defined(value); }

    /// <summary>r, by how much the hidden layer of the weights is narrower than F², at least 1. Default 16.</summary>
    public int Reduction { get; init => field = Guard.AtLeast(1, value); } = 16;

    /// <summary>Whether each field has a u of its own. Default false.</summary>
    public bool ComposeByField { get; init; }

    /// <inheritdoc/>
    public override void Write(ModelWriter writer)
    {
        base.Write(writer);
        writer.Choice("product", Product);
        writer.Integer("reduction", Reduction);
        writer.Flag("composeByField", ComposeByField);
    }

    /// <inheritdoc/>
    public static FatDeepFfmOptions Read(ModelReader reader) => Read<FatDeepFfmOptions>(reader) with
    {
        Product = reader.Choice<PairProduct>("product"),
        Reduction = reader.Int32("reduction", 1),
        ComposeByField = reader.Flag("composeByField"),
    };
}

/// <summary>A DeepFFM that weighs the vectors of each example's pairs of fields. Score: probability of a click.</summary>
public sealed class FatDeepFfm : NeuralRanker<FatDeepFfm, FatDeepFfmOptions>, INetwork<FatDeepFfm, FatDeepFfmOptions>
{
    private readonly LinearTerms _linear;
    private readonly FieldAwareEmbedding _fields;
    private readonly Parameter _compose, _composeBias;
    private readonly Linear _squeeze, _excite;
    private readonly ActivationLayer _composed, _squeezed, _excited;
    private readonly Tower _deep;

    private FatDeepFfm(ParameterScope scope, FittedSchema schema, FatDeepFfmOptions options) : base(scope, schema, options)
    {
        _linear = new LinearTerms(scope.Scope("linear"), schema);
        _fields = new FieldAwareEmbedding(scope.Scope("fields"), schema, options.Dimension);
        var (f, k, all) = (_fields.FieldCount, options.Dimension, _fields.FieldCount * _fields.FieldCount);
        var narrow = Math.Max(1, all / options.Reduction);
        _compose = scope.Parameter("compose.weight", Initializer.Uniform(MathF.Sqrt(1f / k)), options.ComposeByField ? f : 1, k, 1);
        _composeBias = scope.Parameter("compose.bias", Initializer.Zeros, options.ComposeByField ? f : 1, 1);
        _squeeze = new Linear(scope.Scope("squeeze"), all, narrow, bias: false);
        _excite = new Linear(scope.Scope("excite"), narrow, all);
        _composed = new ActivationLayer(scope.Scope("composed"), options.Activation, f);
        _squeezed = new ActivationLayer(scope.Scope("squeezed"), options.Activation, narrow);
        _excited = new ActivationLayer(scope.Scope("excited"), options.Activation, all);
        _deep = new Tower(scope.Scope("deep"), _fields.PairCount * (options.Product == PairProduct.Inner ? 1 : k), options);
    }

    /// <inheritdoc/>
    public static string Kind => "fat-deepffm";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <inheritdoc/>
    public static FatDeepFfm Create(ParameterScope scope, FittedSchema schema, FatDeepFfmOptions options) => new(scope, schema, options);

    /// <inheritdoc/>
    protected override Tensor Logit(Tape tape, ExampleBatch batch)
    {
        var e = _fields.Of(tape, batch);                                                                  // [B, F, F, k]
        var d = _composed.Of(Compose(e)).Flatten();                                                       // [B, F²]
        var s = _excited.Of(_excite.Of(_squeezed.Of(_squeeze.Of(d))) + 1f);                               // [B, F²]
        e = e.ScaleRows(s);                                                                               // [B, F, F, k]
        var pairs = Options.Product == PairProduct.Inner ? e.CrossInner() : e.CrossProducts().Flatten(); // [B, P] or [B, P k]
        return _linear.Of(tape, batch) + _deep.Of(pairs);                                                 // [B]
    }

    private Tensor Compose(Tensor e)
    {
        var (tape, b, f, k) = (e.Tape, e.Shape[0], _fields.FieldCount, Options.Dimension);
        var (u, c) = (tape.Use(_compose), tape.Use(_composeBias));
        if (!Options.ComposeByField)
            return (e.Reshape(1, b * f * f, k).Times(u) + c.Reshape(1)).Reshape(b, f, f);                 // [B, F, F]
        var byField = e.Reshape(b, f, f * k).SwapAxes(0, 1).Reshape(f, b * f, k).Times(u);                // [F, B F, 1]
        return (byField.Reshape(f, b * f).SwapAxes(0, 1) + c.Reshape(f)).Reshape(b, f, f).SwapAxes(1, 2); // [B, F, F]
    }
}
