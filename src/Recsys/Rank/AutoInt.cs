// ŷ = σ(w · [e_1^Res … e_F^Res] + b),   e_m^Res = relu(ẽ_m + W_Res e_m),   ẽ_m = [ẽ_m¹ … ẽ_m^H],   ẽ_m^h = Σ_k α_mk^h W_V^h e_k,
// α_mk^h = softmax_k ⟨W_Q^h e_m, W_K^h e_k⟩, in several layers; AutoInt+ adds a deep network over the embeddings e.
// Song et al., "AutoInt: automatic feature interaction learning via self-attentive neural networks", CIKM 2019, eq. 5 to 9.

using Recsys.Features;
using Recsys.Nn;
using Recsys.Persistence;

namespace Recsys.Rank;

/// <summary>
/// Options of <see cref="AutoInt"/>. The defaults are the paper's. Its dimension is d, 16; its activation that of e^Res and of hidden layers;
/// hidden layers, none by default, make AutoInt+; dropout, 0, is on the output of each layer of attention and of each hidden layer.
/// </summary>
public sealed record AutoIntOptions : DeepOptions, INetworkOptions<AutoIntOptions>
{
    /// <summary>With the paper's shape.</summary>
    public AutoIntOptions() => (Dimension, Hidden) = (16, []);

    /// <summary>
    /// As the authors' program does it, other than the paper: scores divided by √d', projections with biases and rectified, rows
    /// normalised.
    /// </summary>
    public static AutoIntOptions Reference { get; } = new() { Scaled = true, Bias = true, RectifiedProjections = true, LayerNorm = true };

    /// <summary>Layers of attention, at least 1. Default 3.</summary>
    public int Layers { get; init => field = Guard.AtLeast(1, value); } = 3;

    /// <summary>H, heads of a layer, at least 1. Default 2.</summary>
    public int Heads { get; init => field = Guard.AtLeast(1, value); } = 2;

    /// <summary>d', numbers of a head, at least 1. Default 32.</summary>
    public int HeadWidth { get; init => field = Guard.AtLeast(1, value); } = 32;

    /// <summary>Whether e_m is added through W_Res. Default true.</summary>
    public bool Residual { get; init; } = true;

    /// <summary>Whether scores are divided by √d'. Default false.</summary>
    public bool Scaled { get; init; }

    /// <summary>Whether queries, keys, values and W_Res e have biases. Default false.</summary>
    public bool Bias { get; init; }

    /// <summary>Whether queries, keys, values and W_Res e are rectified. Default false.</summary>
    public bool RectifiedProjections { get; init; }

    /// <summary>Whether e^Res is normalised. Default false.</summary>
    public bool LayerNorm { get; init; }

    internal MultiHeadAttentionOptions Attention => new()
    {
        Heads = Heads,
        HeadWidth = HeadWidth,
        Scaled = Scaled,
        Bias = Bias,
        ProjectionActivation = RectifiedProjections ? Activation.Relu : Activation.None,
        Residual = Residual ? AttentionResidual.Projection : AttentionResidual.None,
        Activation = Activation,
        Norm = LayerNorm ? AttentionNorm.After : AttentionNorm.None,
    };

    /// <inheritdoc/>
    public override void Write(ModelWriter writer)
    {
        base.Write(writer);
        writer.Integer("layers", Layers);
        writer.Integer("heads", Heads);
        writer.Integer("headWidth", HeadWidth);
        writer.Flag("residual", Residual);
        writer.Flag("scaled", Scaled);
        writer.Flag("bias", Bias);
        writer.Flag("rectifiedProjections", RectifiedProjections);
        writer.Flag("layerNorm", LayerNorm);
    }

    /// <inheritdoc/>
    public static AutoIntOptions Read(ModelReader reader) => Read<AutoIntOptions>(reader) with
    {
        Layers = reader.Int32("layers", 1),
        Heads = reader.Int32("heads", 1),
        HeadWidth = reader.Int32("headWidth", 1),
        Residual = reader.Flag("residual"),
        Scaled = reader.Flag("scaled"),
        Bias = reader.Version > 1 && reader.Flag("bias"),
        RectifiedProjections = reader.Flag("rectifiedProjections"),
        LayerNorm = reader.Flag("layerNorm"),
    };
}

/// <summary>Layers in which the fields of an example attend to each other. Score: probability of a click.</summary>
public sealed class AutoInt : NeuralRanker<AutoInt, AutoIntOptions>, INetwork<AutoInt, AutoIntOptions>
{
    private readonly FieldEmbedding _fields;
    private readonly List<MultiHeadAttention> _layers = [];
    private readonly Linear _output;
    private readonly Tower? _deep;

    private AutoInt(ParameterScope scope, FittedSchema schema, AutoIntOptions options) : base(scope, schema, options)
    {
        _fields = new FieldEmbedding(scope.Scope("fields"), schema, options.Dimension);
        var width = options.Dimension;
        for (var i = 0; i < options.Layers; i++)
        {
            // A list, so that a file that announces more layers than it holds fails at the first that it lacks.
            _layers.Add(new MultiHeadAttention(scope.Scope($"attention.{i}"), width, options.Attention));
            width = _layers[i].Width;
        }
        _output = new Linear(scope.Scope("output"), _fields.FieldCount * width, 1);
        if (options.Hidden.Count > 0) _deep = new Tower(scope.Scope("deep"), _fields.Width, options);
    }

    /// <inheritdoc/>
    public static string Kind => "autoint";

    /// <inheritdoc/>
    public static int Version => 2;

    /// <inheritdoc/>
    public static AutoInt Create(ParameterScope scope, FittedSchema schema, AutoIntOptions options) => new(scope, schema, options);

    /// <summary>
    /// Which fields each field attends to: what makes up a score. Row m of a map says how much of each field enters field m; it sums to 1.
    /// </summary>
    /// <param name="batch">Examples.</param>
    /// <param name="layer">0 to the number of layers less 1; the first is about the fields themselves.</param>
    /// <returns>α of [examples, heads, fields, fields], row-major; fields in the order of the schema's inputs.</returns>
    public float[] AttentionMaps(ExampleBatch batch, int layer = 0)
    {
        if ((uint)layer >= (uint)_layers.Count)
            throw new ArgumentOutOfRangeException(nameof(layer), layer, $"There are {_layers.Count} layers, from 0.");
        var x = _fields.Of(new Tape(), batch);
        Tensor attention = default;
        for (var i = 0; i <= layer; i++) x = _layers[i].Of(x, null, out attention);
        return attention.AttentionMaps().ToArray();
    }

    /// <inheritdoc/>
    protected override Tensor Logit(Tape tape, ExampleBatch batch)
    {
        var e = _fields.Of(tape, batch);                                                                  // [B, F, d]
        var x = e;
        foreach (var layer in _layers) x = layer.Of(x).Dropout(Options.Dropout);                          // [B, F, H d']
        var z = _output.Of(x.Flatten()).Reshape(-1);                                                      // [B]
        return _deep is null ? z : z + _deep.Of(e.Flatten());                                             // [B]
    }
}
