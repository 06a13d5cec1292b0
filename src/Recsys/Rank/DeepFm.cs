// ŷ = σ(y_FM + y_DNN)
// y_FM = w₀ + Σ_i w_i x_i + Σ_{i<j} ⟨v_i, v_j⟩ x_i x_j;   y_DNN = h · relu(W^L … relu(W¹ [e_1 … e_F] + b¹) … + b^L) + b
// with one table of embeddings e for both. Guo et al., "DeepFM: a factorization-machine based neural network for CTR prediction", IJCAI
// 2017.

using Recsys.Features;
using Recsys.Nn;
using Recsys.Persistence;

namespace Recsys.Rank;

/// <summary>
/// Options of <see cref="DeepFm"/>. Defaults: the paper's, embeddings of 10, hidden layers of 400, 400 and 400; save dropout, 0.5 there.
/// </summary>
public sealed record DeepFmOptions : DeepOptions, INetworkOptions<DeepFmOptions>
{
    /// <inheritdoc/>
    public static DeepFmOptions Read(ModelReader reader) => Read<DeepFmOptions>(reader);
}

/// <summary>
/// A factorisation machine and a deep network over the same embeddings; without hidden layers the factorisation machine alone. Score:
/// probability of a click.
/// </summary>
public sealed class DeepFm : NeuralRanker<DeepFm, DeepFmOptions>, INetwork<DeepFm, DeepFmOptions>
{
    private readonly LinearTerms _linear;
    private readonly FieldEmbedding _fields;
    private readonly Tower? _deep;

    private DeepFm(ParameterScope scope, FittedSchema schema, DeepFmOptions options) : base(scope, schema, options)
    {
        _linear = new LinearTerms(scope.Scope("linear"), schema);
        _fields = new FieldEmbedding(scope.Scope("fields"), schema, options.Dimension);
        if (options.Hidden.Count > 0) _deep = new Tower(scope.Scope("deep"), _fields.Width, options);
    }

    /// <inheritdoc/>
    public static string Kind => "deepfm";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <inheritdoc/>
    public static DeepFm Create(ParameterScope scope, FittedSchema schema, DeepFmOptions options) => new(scope, schema, options);

    /// <inheritdoc/>
    protected override Tensor Logit(Tape tape, ExampleBatch batch)
    {
        var e = _fields.Parts(tape, batch);                                     // [B, F, k]
        var fm = _linear.Of(tape, batch) + e.BiInteraction().RowSum();          // [B]
        return _deep is null ? fm : fm + _deep.Of(e);                           // [B]
    }
}
