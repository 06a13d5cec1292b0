namespace Recsys.Nn;

/// <summary>Hidden layers and one output: h · a^L + b. Parameters: those of the <see cref="Mlp"/>, <c>output.weight</c> [width, 1],
/// <c>output.bias</c> [1].</summary>
public sealed class Tower
{
    private readonly Mlp _hidden;
    private readonly Linear _output;
    private readonly bool _deep;

    /// <param name="scope">Of its parameters.</param>
    /// <param name="inputs">Length of a row of the input.</param>
    /// <param name="options">Of the hidden layers; without any the output is linear in the input.</param>
    public Tower(ParameterScope scope, int inputs, DeepOptions options)
    {
        ArgumentNullException.ThrowIfNull(scope);
        _hidden = new Mlp(scope, inputs, options);
        _deep = options.Hidden.Count > 0;
        _output = new Linear(scope.Scope("output"), _hidden.Width, 1);
    }

    /// <summary>[B, in] → [B]</summary>
    public Tensor Of(Tensor x) => _output.Of(_hidden.Of(x)).Reshape(-1);

    /// <summary>Fields in parts: [B, in] → [B]</summary>
    public Tensor Of(in FieldVectors x) => (_deep ? _output.Of(_hidden.Of(x)) : _output.Of(x)).Reshape(-1);
}
