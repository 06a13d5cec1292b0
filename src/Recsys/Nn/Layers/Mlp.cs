namespace Recsys.Nn;

/// <summary>Hidden layers with rectifiers: a^l = relu(W^l a^{l-1} + b^l). Parameters: <c>0.weight</c>, <c>0.bias</c>, <c>1.weight</c>, ….</summary>
public sealed class Mlp
{
    private readonly Linear[] _layers;

    /// <param name="scope">Of its parameters.</param>
    /// <param name="inputs">Length of a row of the input.</param>
    /// <param name="hidden">Length of each layer's rows, each at least 1; may be empty.</param>
    public Mlp(ParameterScope scope, int inputs, IReadOnlyList<int> hidden)
    {
        ArgumentNullException.ThrowIfNull(scope);
        ArgumentNullException.ThrowIfNull(hidden);
        _layers = new Linear[hidden.Count];
        for (var i = 0; i < _layers.Length; i++)
        {
            _layers[i] = new Linear(scope.Scope($"{i}"), inputs, hidden[i]);
            inputs = hidden[i];
        }
        Width = inputs;
    }

    /// <summary>Length of a row of the output.</summary>
    public int Width { get; }

    /// <summary>The last layer's output. [.., in] → [.., <see cref="Width"/>]</summary>
    public Tensor Of(Tensor x)
    {
        foreach (var layer in _layers) x = layer.Relu(x);
        return x;
    }
}
