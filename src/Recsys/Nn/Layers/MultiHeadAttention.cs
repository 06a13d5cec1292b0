namespace Recsys.Nn;

/// <summary>What is added to the output of an attention.</summary>
public enum AttentionResidual
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The queries' rows themselves; they are as long as the output.</summary>
    Identity,

    /// <summary>A learned projection of the queries' rows.</summary>
    Projection,
}

/// <summary>Where an attention is normalised.</summary>
public enum AttentionNorm
{
    /// <summary>Nowhere.</summary>
    None,

    /// <summary>The rows before they are projected; a residual adds the rows as they were.</summary>
    Before,

    /// <summary>The result, after residual and activation.</summary>
    After,
}

/// <summary>Options of a <see cref="MultiHeadAttention"/>. The defaults are the plain attention: no bias, no residual, no norm.</summary>
public sealed record MultiHeadAttentionOptions
{
    /// <summary>H, at least 1. Default 2.</summary>
    public int Heads { get; init => field = Guard.AtLeast(1, value); } = 2;

    /// <summary>d', numbers of a head, at least 1. Default 32.</summary>
    public int HeadWidth { get; init => field = Guard.AtLeast(1, value); } = 32;

    /// <summary>After the projections to queries, keys and values and of the residual. Default <see cref="Activation.None"/>.</summary>
    public Activation ProjectionActivation { get; init => field = Guard.Defined(value); } = Activation.None;

    /// <summary>Whether projections have a bias. Default false.</summary>
    public bool Bias { get; init; }

    /// <summary>Whether scores are divided by √d'. Default true.</summary>
    public bool Scaled { get; init; } = true;

    /// <summary>Whether row i sees the rows 0..i alone. Default false.</summary>
    public bool Causal { get; init; }

    /// <summary>Whether the heads side by side are projected once more (W^O). Default false.</summary>
    public bool OutputProjection { get; init; }

    /// <summary>What is added. Default nothing.</summary>
    public AttentionResidual Residual { get; init => field = Guard.Defined(value); }

    /// <summary>After the residual. Default <see cref="Activation.None"/>.</summary>
    public Activation Activation { get; init => field = Guard.Defined(value); } = Activation.None;

    /// <summary>Where it is normalised. Default nowhere.</summary>
    public AttentionNorm Norm { get; init => field = Guard.Defined(value); }
}

/// <summary>
/// Attention of H heads: head h = softmax(c Q_h K_hᵀ) V_h with Q = X W_Q, K = Y W_K, V = Y W_V; then, as the options say, W^O, residual,
/// activation, norm. Vaswani et al., NIPS 2017. Parameters: <c>query.weight</c>, <c>key.weight</c>, <c>value.weight</c>,
/// <c>residual.weight</c> [in, H d'], <c>output.weight</c> [H d', out], their <c>bias</c>, <c>norm.gain</c>, <c>norm.bias</c>.
/// </summary>
public sealed class MultiHeadAttention
{
    private readonly MultiHeadAttentionOptions _options;
    private readonly Linear _query, _key, _value;
    private readonly Linear? _residual, _output;
    private readonly ActivationLayer? _projected, _activation;
    private readonly LayerNorm? _norm;
    private readonly float _scale;

    /// <param name="scope">Of its parameters.</param>
    /// <param name="inputs">Length of a row of X and Y.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="ArgumentException">An identity residual whose rows are not as long as the output.</exception>
    public MultiHeadAttention(ParameterScope scope, int inputs, MultiHeadAttentionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(scope);
        _options = options ??= new MultiHeadAttentionOptions();
        var width = options.Heads * options.HeadWidth;
        Width = options.OutputProjection ? inputs : width;
        if (options.Residual == AttentionResidual.Identity && Width != inputs)
            throw new ArgumentException($"Rows of {inputs} can't be added to {options.Heads} heads of {options.HeadWidth}; "
                + "project the residual or the output, or choose heads that fit.", nameof(options));
        _query = new Linear(scope.Scope("query"), inputs, width, options.Bias);
        _key = new Linear(scope.Scope("key"), inputs, width, options.Bias);
        _value = new Linear(scope.Scope("value"), inputs, width, options.Bias);
        if (options.Residual == AttentionResidual.Projection) _residual = new Linear(scope.Scope("residual"), inputs, Width, options.Bias);
        if (options.OutputProjection) _output = new Linear(scope.Scope("output"), width, Width, options.Bias);
        if (options.ProjectionActivation != Activation.None)
            _projected = new ActivationLayer(scope.Scope("projected"), options.ProjectionActivation, width);
        if (options.Activation != Activation.None) _activation = new ActivationLayer(scope.Scope("activation"), options.Activation, Width);
        if (options.Norm != AttentionNorm.None)
            _norm = new LayerNorm(scope.Scope("norm"), options.Norm == AttentionNorm.Before ? inputs : Width);
        _scale = options.Scaled ? 1 / MathF.Sqrt(options.HeadWidth) : 1;
    }

    /// <summary>Length of a row of the output.</summary>
    public int Width { get; }

    /// <summary>The attention of rows on each other. [B, M, in] → [B, M, <see cref="Width"/>]</summary>
    /// <param name="x">X, which is Y too.</param>
    /// <param name="lengths">How many rows count for each example, padded to M; null for all.</param>
    public Tensor Of(Tensor x, Segments? lengths = null) => Of(x, lengths, out _);

    /// <inheritdoc cref="Of(Tensor, Segments?)"/>
    /// <param name="x">X, which is Y too.</param>
    /// <param name="lengths">How many rows count for each example, padded to M; null for all.</param>
    /// <param name="attention">Whose <see cref="AttentionOps.AttentionMaps"/> are the weights.</param>
    public Tensor Of(Tensor x, Segments? lengths, out Tensor attention)
    {
        var y = _options.Norm == AttentionNorm.Before ? _norm!.Of(x) : x;
        // One product for all projections, and what follows it in one op, where nothing stands between.
        var plain = _options.ProjectionActivation is Activation.None or Activation.Relu;
        if (!plain) return Finish(x, Attend(y, y, lengths, out attention));
        var inside = _residual is not null && _output is null && _options.Norm != AttentionNorm.Before;
        var relu = _options.Activation == Activation.Relu && _output is null && (inside || _options.Residual == AttentionResidual.None);
        var p = inside ? Linear.Of(y, _options.ProjectionActivation == Activation.Relu, _query, _key, _value, _residual!)
            : Linear.Of(y, _options.ProjectionActivation == Activation.Relu, _query, _key, _value);   // [B, M, 3 or 4 · H d']
        attention = p.SelfAttention(_options.Heads, _scale, lengths, _options.Causal, inside, relu);
        return Finish(x, attention, inside, relu);
    }

    /// <summary>The attention of rows on others. [B, M, in] and [B, T, in] → [B, M, <see cref="Width"/>]</summary>
    /// <param name="x">X, which asks.</param>
    /// <param name="y">Y, which is asked; not normalised here.</param>
    /// <param name="lengths">How many rows of Y count for each example, padded to T; null for all.</param>
    public Tensor Of(Tensor x, Tensor y, Segments? lengths = null) => Of(x, y, lengths, out _);

    /// <inheritdoc cref="Of(Tensor, Tensor, Segments?)"/>
    /// <param name="x">X, which asks.</param>
    /// <param name="y">Y, which is asked; not normalised here.</param>
    /// <param name="lengths">How many rows of Y count for each example, padded to T; null for all.</param>
    /// <param name="attention">Whose <see cref="AttentionOps.AttentionMaps"/> are the weights.</param>
    public Tensor Of(Tensor x, Tensor y, Segments? lengths, out Tensor attention)
        => Finish(x, Attend(_options.Norm == AttentionNorm.Before ? _norm!.Of(x) : x, y, lengths, out attention));

    private Tensor Attend(Tensor x, Tensor y, Segments? lengths, out Tensor attention)
    {
        var (q, k, v) = (Projected(_query.Of(x)), Projected(_key.Of(y)), Projected(_value.Of(y)));
        return attention = q.Attention(k, v, _options.Heads, _scale, lengths, _options.Causal);
    }

    private Tensor Projected(Tensor x) => _projected is null ? x : _projected.Of(x);

    private Tensor Finish(Tensor x, Tensor y, bool added = false, bool activated = false)
    {
        if (_output is not null) y = _output.Of(y);
        if (_options.Residual == AttentionResidual.Identity) y += x;
        else if (_residual is not null && !added) y += Projected(_residual.Of(x));
        if (_activation is not null && !activated) y = _activation.Of(y);
        return _options.Norm == AttentionNorm.After ? _norm!.Of(y) : y;
    }
}
