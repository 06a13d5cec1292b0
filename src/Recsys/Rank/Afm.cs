// ŷ = σ(w₀ + Σ_i w_i x_i + p · Σ_{i<j} a_ij (v_i ⊙ v_j) x_i x_j),   a = softmax(a'),   a'_ij = h · relu(W (v_i ⊙ v_j) x_i x_j + b)
// Xiao et al., "Attentional factorization machines: learning the weight of feature interactions via attention networks", IJCAI 2017,
// eq. 3 to 6.

using Recsys.Features;
using Recsys.Nn;
using Recsys.Persistence;

namespace Recsys.Rank;

/// <summary>
/// Options of <see cref="Afm"/>. Its dimension is k; its activation that of the attention; its dropout is on the pooled pairs; hidden
/// layers, none by default, would stand in place of p.
/// </summary>
public sealed record AfmOptions : DeepOptions, INetworkOptions<AfmOptions>
{
    /// <summary>Without hidden layers.</summary>
    public AfmOptions() => Hidden = [];

    /// <summary>t, units of the attention, at least 1. Default 10.</summary>
    public int AttentionWidth { get; init => field = Guard.AtLeast(1, value); } = 10;

    /// <inheritdoc/>
    public override void Write(ModelWriter writer)
    {
        base.Write(writer);
        writer.Integer("attentionWidth", AttentionWidth);
    }

    /// <inheritdoc/>
    public static AfmOptions Read(ModelReader reader) => Read<AfmOptions>(reader) with { AttentionWidth = reader.Int32("attentionWidth", 1) };
}

/// <summary>A factorisation machine whose pairs of fields are weighted by attention. Score: probability of a click.</summary>
public sealed class Afm : NeuralRanker<Afm, AfmOptions>, INetwork<Afm, AfmOptions>
{
    private readonly LinearTerms _linear;
    private readonly FieldEmbedding _fields;
    private readonly Linear _attention, _weight;
    private readonly ActivationLayer _activation;
    private readonly Tower _output;

    private Afm(ParameterScope scope, FittedSchema schema, AfmOptions options) : base(scope, schema, options)
    {
        _linear = new LinearTerms(scope.Scope("linear"), schema);
        _fields = new FieldEmbedding(scope.Scope("fields"), schema, options.Dimension);
        _attention = new Linear(scope.Scope("attention"), options.Dimension, options.AttentionWidth);
        _activation = new ActivationLayer(scope.Scope("activation"), options.Activation, options.AttentionWidth);
        _weight = new Linear(scope.Scope("weight"), options.AttentionWidth, 1, bias: false);
        _output = new Tower(scope.Scope("deep"), options.Dimension, options);
    }

    /// <inheritdoc/>
    public static string Kind => "afm";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <inheritdoc/>
    public static Afm Create(ParameterScope scope, FittedSchema schema, AfmOptions options) => new(scope, schema, options);

    /// <inheritdoc/>
    protected override Tensor Logit(Tape tape, ExampleBatch batch)
    {
        var pairs = _fields.Of(tape, batch).PairProducts();                                                // [B, P, k]
        var scores = _weight.Of(_activation.Of(_attention.Of(pairs)));                                     // [B, P, 1]
        var weights = scores.Reshape(batch.Count, -1).Softmax();                                           // [B, P]
        var pooled = pairs.WeightedSum(weights).Dropout(Options.Dropout);                                  // [B, k]
        return _linear.Of(tape, batch) + _output.Of(pooled);                                               // [B]
    }
}
