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

    /// <summary>x W + b of fields in parts. [B, in] → [B, out]</summary>
    public Tensor Of(in FieldVectors x) => Of(x, relu: false);

    /// <summary>max(x W + b, 0) of fields in parts. [B, in] → [B, out]</summary>
    public Tensor Relu(in FieldVectors x) => Of(x, relu: true);

    /// <summary>Several layers of one input by one product: their outputs side by side. [.., in] → [.., out + out + …]</summary>
    internal static Tensor Of(Tensor x, bool relu, params ReadOnlySpan<Linear> layers)
    {
        var weights = (Span<Tensor>)[x, x, x, x];
        weights = weights[..layers.Length];
        for (var i = 0; i < layers.Length; i++) weights[i] = x.Tape.Use(layers[i]._weight);
        var w = InteractionOps.Concat(weights);   // [in, out + out + …]
        if (layers[0]._bias is null) return LinearOp.Of(x, w, null, relu);
        for (var i = 0; i < layers.Length; i++) weights[i] = x.Tape.Use(layers[i]._bias!);
        return LinearOp.Of(x, w, InteractionOps.Concat(weights), relu);
    }

    private Tensor Of(in FieldVectors x, bool relu)
    {
        var tape = x.Codes.Tape;
        Tensor? bias = _bias is null ? null : tape.Use(_bias);
        return x.Kept is null ? FieldLinear.Of(x, tape.Use(_weight), bias, relu) : x.Kept.Linear(x, _weight, bias, relu);
    }

    private Tensor Of(Tensor x, bool relu)
        => LinearOp.Of(x, x.Tape.Use(_weight), _bias is null ? null : x.Tape.Use(_bias), relu);
}
