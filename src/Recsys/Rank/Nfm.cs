// ŷ = w₀ + Σ_i w_i x_i + h · f(W^L … f(W¹ f_BI + b¹) … + b^L)
// f_BI = Σ_{i<j} x_i v_i ⊙ x_j v_j = ½ [(Σ_i x_i v_i)² − Σ_i (x_i v_i)²]
// He and Chua, "Neural factorization machines for sparse predictive analytics", SIGIR 2017, eq. 2 to 4. The paper's task is a regression:
// set the output to a value for it.

using Recsys.Features;
using Recsys.Nn;
using Recsys.Persistence;

namespace Recsys.Rank;

/// <summary>Options of <see cref="Nfm"/>. Defaults: the paper's, factors and one hidden layer of 64.</summary>
public sealed record NfmOptions : DeepOptions, INetworkOptions<NfmOptions>
{
    /// <summary>The defaults.</summary>
    public NfmOptions() => (Dimension, Hidden, Dropout) = (64, [64], 0.2f);

    /// <summary>
    /// Probability that a component of f_BI is dropped while training. 0 to 0.999; default 0.5. With
    /// <see cref="DeepOptions.BatchNorm"/> f_BI is normalised before.
    /// </summary>
    public float InteractionDropout { get; init => field = Guard.InRange(0, MostDropout, value); } = 0.5f;

    /// <inheritdoc/>
    public override void Write(ModelWriter writer)
    {
        base.Write(writer);
        writer.Real("interactionDropout", InteractionDropout);
    }

    /// <inheritdoc/>
    public static NfmOptions Read(ModelReader reader)
        => Read<NfmOptions>(reader) with { InteractionDropout = reader.Single("interactionDropout", 0, MostDropout) };
}

/// <summary>A factorisation machine whose pooled pairs go through hidden layers. Score: probability of a click, or a value.</summary>
public sealed class Nfm : NeuralRanker<Nfm, NfmOptions>, INetwork<Nfm, NfmOptions>
{
    private readonly LinearTerms _linear;
    private readonly FieldEmbedding _fields;
    private readonly BatchNorm? _norm;
    private readonly Mlp _deep;
    private readonly Linear _output;

    private Nfm(ParameterScope scope, FittedSchema schema, NfmOptions options) : base(scope, schema, options)
    {
        _linear = new LinearTerms(scope.Scope("linear"), schema);
        _fields = new FieldEmbedding(scope.Scope("fields"), schema, options.Dimension);
        if (options.BatchNorm) _norm = new BatchNorm(scope.Scope("norm"), options.Dimension);
        _deep = new Mlp(scope.Scope("deep"), options.Dimension, options);
        _output = new Linear(scope.Scope("output"), _deep.Width, 1, bias: false);
    }

    /// <inheritdoc/>
    public static string Kind => "nfm";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <inheritdoc/>
    public static Nfm Create(ParameterScope scope, FittedSchema schema, NfmOptions options) => new(scope, schema, options);

    /// <inheritdoc/>
    protected override Tensor Logit(Tape tape, ExampleBatch batch)
    {
        var pairs = _fields.Parts(tape, batch).BiInteraction();                     // [B, k]
        if (_norm is not null) pairs = _norm.Of(pairs);                             // [B, k]
        var z = _deep.Of(pairs.Dropout(Options.InteractionDropout));                // [B, width]
        return _linear.Of(tape, batch) + _output.Of(z).Reshape(-1);                 // [B]
    }
}
