namespace Recsys.Nn;

/// <summary>y = x W + b, with a rectifier in the same op if asked. Parameters: <c>weight</c> [in, out], <c>bias</c> [out].</summary>
public sealed class Linear
{
    private readonly Parameter _weight;
    private readonly Parameter? _bias;

    /// <param name="scope">Of its parameters.</param>
    /// <param name="inputs">Length of a row of x, at least 1.</param>
    /// <param name="outputs">Length of a row of y, at least 1.</param>
    /// <param name="bias">Whether there is a b.</param>
    /// <param name="initializer">Of W; null for <see cref="Initializer.XavierUniform"/>. b begins at 0.</param>
    public Linear(ParameterScope scope, int inputs, int outputs, bool bias = true, Initializer? initializer = null)
    {
        ArgumentNullException.ThrowIfNull(scope);
        Guard.AtLeast(1, inputs, nameof(inputs));
        Guard.AtLeast(1, outputs, nameof(outputs));
        _weight = scope.Parameter("weight", initializer ?? Initializer.XavierUniform, inputs, outputs);
        if (bias) _bias = scope.Parameter("bias", Initializer.Zeros, outputs);
    }

    /// <summary>x W + b. [.., in] → [.., out]</summary>
    public Tensor Of(Tensor x) => Of(x, relu: false);

    /// <summary>max(x W + b, 0). [.., in] → [.., out]</summary>
    public Tensor Relu(Tensor x) => Of(x, relu: true);

    private Tensor Of(Tensor x, bool relu)
        => LinearOp.Of(x, x.Tape.Use(_weight), _bias is null ? null : x.Tape.Use(_bias), relu);
}
