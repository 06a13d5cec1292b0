// ŷ = σ(y_FM + y_DNN)
// y_FM = w₀ + Σ_i w_i x_i + Σ_{i<j} ⟨v_i, v_j⟩ x_i x_j;   y_DNN = h · relu(W^L … relu(W¹ [e_1 … e_F] + b¹) … + b^L) + b
// with one table of embeddings e for both. Guo et al., "DeepFM: a factorization-machine based neural network for CTR prediction", IJCAI 2017.

using Recsys.Features;
using Recsys.Nn;
using Recsys.Persistence;

namespace Recsys.Rank;

/// <summary>Options of <see cref="DeepFm"/>. The defaults are the paper's, save dropout.</summary>
public sealed record DeepFmOptions : INetworkOptions<DeepFmOptions>
{
    /// <summary>k, length of an embedding, at least 1. Default 10.</summary>
    public int Dimension { get; init => field = Guard.AtLeast(1, value); } = 10;

    /// <summary>Length of each hidden layer; empty leaves an FM. Default 400, 400, 400.</summary>
    public IReadOnlyList<int> Hidden { get; init => field = Guard.NotNull(value); } = [400, 400, 400];

    /// <inheritdoc/>
    public TrainerOptions Training { get; init => field = Guard.NotNull(value); } = new();

    /// <inheritdoc/>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Integer("dimension", Dimension);
        writer.Tensor("hidden", Hidden.ToArray(), Hidden.Count);
    }

    /// <inheritdoc/>
    public static DeepFmOptions Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return new DeepFmOptions { Dimension = reader.Int32("dimension", 1), Hidden = reader.Tensor<int>("hidden", -1) };
    }
}

/// <summary>A factorisation machine and a deep network over the same embeddings. Score: probability of a click.</summary>
public sealed class DeepFm : NeuralRanker<DeepFm, DeepFmOptions>, INetwork<DeepFm, DeepFmOptions>
{
    private readonly LinearTerms _linear;
    private readonly FieldEmbedding _fields;
    private readonly Mlp? _deep;
    private readonly Linear? _output;

    private DeepFm(ParameterScope scope, FittedSchema schema, DeepFmOptions options) : base(scope, schema, options)
    {
        _linear = new LinearTerms(scope.Scope("linear"), schema);
        _fields = new FieldEmbedding(scope.Scope("fields"), schema, options.Dimension);
        if (options.Hidden.Count == 0) return;
        _deep = new Mlp(scope.Scope("deep"), _fields.Width, options.Hidden);
        _output = new Linear(scope.Scope("output"), _deep.Width, 1);
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
        var e = _fields.Of(tape, batch);                                                   // [B, F, k]
        var fm = _linear.Of(tape, batch) + e.BiInteraction().RowSum();                     // [B]
        return _deep is null ? fm : fm + _output!.Of(_deep.Of(e.Flatten())).Reshape(-1);   // [B]
    }
}
