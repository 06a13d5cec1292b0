// x_{l+1} = x_0 ⊙ (W_l x_l + b_l) + x_l;   of low rank W_l = U_l V_lᵀ;   x_0 = [e_1 … e_F, x_1 … x_n]
// stacked: ŷ = σ(h · deep(x_L) + b);   parallel: ŷ = σ(h · [x_L, deep(x_0)] + b)
// Wang et al., "DCN V2: improved deep & cross network and practical lessons for web-scale learning to rank systems", WWW 2021.

using Recsys.Features;
using Recsys.Nn;
using Recsys.Persistence;

namespace Recsys.Rank;

/// <summary>Options of <see cref="DcnV2"/>.</summary>
public sealed record DcnV2Options : DeepOptions, INetworkOptions<DcnV2Options>
{
    /// <summary>The defaults.</summary>
    public DcnV2Options() => (Dimension, Hidden) = (16, [256, 128]);

    /// <summary>L, number of cross layers, 1 to 100. Default 2.</summary>
    public int CrossLayers { get; init => field = Guard.InRange(1, 100, value); } = 2;

    /// <summary>r, rank of the cross weights, 0 or more. Default 0: full.</summary>
    public int Rank { get; init => field = Guard.AtLeast(0, value); }

    /// <summary>Whether the deep network stands beside the cross layers, not upon them. Default false.</summary>
    public bool Parallel { get; init; }

    /// <inheritdoc/>
    public override void Write(ModelWriter writer)
    {
        base.Write(writer);
        writer.Integer("crossLayers", CrossLayers);
        writer.Integer("rank", Rank);
        writer.Flag("parallel", Parallel);
    }

    /// <inheritdoc/>
    public static DcnV2Options Read(ModelReader reader) => Read<DcnV2Options>(reader) with
    {
        CrossLayers = reader.Int32("crossLayers", 1, 100),
        Rank = reader.Int32("rank", 0),
        Parallel = reader.Flag("parallel"),
    };
}

/// <summary>
/// Cross layers, each of which raises the degree of the interactions by one, with a deep network. Score: probability of a click.
/// </summary>
public sealed class DcnV2 : NeuralRanker<DcnV2, DcnV2Options>, INetwork<DcnV2, DcnV2Options>
{
    private readonly DeepInput _input;
    private readonly CrossLayer[] _cross;
    private readonly Mlp _deep;
    private readonly Linear _output;

    private DcnV2(ParameterScope scope, FittedSchema schema, DcnV2Options options) : base(scope, schema, options)
    {
        _input = new DeepInput(scope, schema, schema.Inputs, options.Dimension);
        _cross = new CrossLayer[options.CrossLayers];
        for (var l = 0; l < _cross.Length; l++) _cross[l] = new CrossLayer(scope.Scope($"cross.{l}"), _input.Width, options.Rank);
        _deep = new Mlp(scope.Scope("deep"), _input.Width, options);
        _output = new Linear(scope.Scope("output"), _deep.Width + (options.Parallel ? _input.Width : 0), 1);
    }

    /// <inheritdoc/>
    public static string Kind => "dcn-v2";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <inheritdoc/>
    public static DcnV2 Create(ParameterScope scope, FittedSchema schema, DcnV2Options options) => new(scope, schema, options);

    /// <inheritdoc/>
    protected override Tensor Logit(Tape tape, ExampleBatch batch)
    {
        var first = _input.Of(tape, batch);   // [B, n]
        var x = first;
        foreach (var layer in _cross) x = layer.Of(first, x);   // [B, n]
        var top = Options.Parallel ? InteractionOps.Concat(x, _deep.Of(first)) : _deep.Of(x);   // [B, (n +) width]
        return _output.Of(top).Reshape(-1);   // [B]
    }
}
