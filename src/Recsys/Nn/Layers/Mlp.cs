namespace Recsys.Nn;

/// <summary>
/// Hidden layers: a^l = dropout(f(norm(a^{l-1} W^l + b^l))). Parameters: <c>0.weight</c>, <c>0.bias</c>, <c>1.weight</c>, …, with
/// <c>0.norm.scale</c> … and <c>0.activation.slope</c> … where there are such.
/// </summary>
public sealed class Mlp
{
    private readonly Linear[] _layers;
    private readonly BatchNorm[]? _norms;
    private readonly ActivationLayer[]? _activations;
    private readonly float _dropout;

    /// <param name="scope">Of its parameters.</param>
    /// <param name="inputs">Length of a row of the input.</param>
    /// <param name="hidden">Length of each layer's rows, each at least 1; may be empty.</param>
    /// <param name="activation">f.</param>
    /// <param name="dropout">The probability that a unit is dropped while training, 0 to below 1.</param>
    /// <param name="batchNorm">Whether rows are normalised before f.</param>
    public Mlp(ParameterScope scope, int inputs, IReadOnlyList<int> hidden, Activation activation = Activation.Relu, float dropout = 0,
        bool batchNorm = false)
    {
        ArgumentNullException.ThrowIfNull(scope);
        ArgumentNullException.ThrowIfNull(hidden);
        _dropout = Guard.InRange(0, DeepOptions.MostDropout, dropout, nameof(dropout));
        _layers = new Linear[hidden.Count];
        _norms = batchNorm ? new BatchNorm[hidden.Count] : null;
        // A rectifier goes with the product, in one op.
        _activations = activation == Activation.Relu && !batchNorm ? null : new ActivationLayer[hidden.Count];
        for (var i = 0; i < _layers.Length; i++)
        {
            var layer = scope.Scope($"{i}");
            _layers[i] = new Linear(layer, inputs, hidden[i]);
            inputs = hidden[i];
            if (_norms is not null) _norms[i] = new BatchNorm(layer.Scope("norm"), inputs);
            if (_activations is not null) _activations[i] = new ActivationLayer(layer.Scope("activation"), activation, inputs);
        }
        Width = inputs;
    }

    /// <summary>The hidden layers that options ask for.</summary>
    public Mlp(ParameterScope scope, int inputs, DeepOptions options)
        : this(scope, inputs, Guard.NotNull(options).Hidden, options.Activation, options.Dropout, options.BatchNorm)
    {
    }

    /// <summary>Length of a row of the output.</summary>
    public int Width { get; }

    /// <summary>The last layer's output. [.., in] → [.., <see cref="Width"/>]</summary>
    public Tensor Of(Tensor x)
    {
        for (var i = 0; i < _layers.Length; i++) x = Finish(i, _activations is null ? _layers[i].Relu(x) : _layers[i].Of(x));
        return x;
    }

    /// <summary>The last layer's output for fields in parts; there must be a layer. [B, in] → [B, <see cref="Width"/>]</summary>
    /// <exception cref="InvalidOperationException">There are no hidden layers.</exception>
    public Tensor Of(in FieldVectors x)
    {
        if (_layers.Length == 0) throw new InvalidOperationException("Without a hidden layer there is nothing that takes fields in parts.");
        var y = Finish(0, _activations is null ? _layers[0].Relu(x) : _layers[0].Of(x));
        for (var i = 1; i < _layers.Length; i++) y = Finish(i, _activations is null ? _layers[i].Relu(y) : _layers[i].Of(y));
        return y;
    }

    private Tensor Finish(int layer, Tensor x)
    {
        if (_norms is not null) x = _norms[layer].Of(x);
        if (_activations is not null) x = _activations[layer].Of(x);
        return x.Dropout(_dropout);
    }
}
