namespace Recsys.Nn;

/// <summary>
/// y = g ⊙ (x − mean) / √(variance + ε) + b over the last axis: each row by itself, the same in training and serving. Ba, Kiros and Hinton,
/// "Layer normalization", 2016. Parameters: <c>gain</c> [n], which begins at 1, and <c>bias</c> [n], at 0.
/// </summary>
public sealed class LayerNorm
{
    private readonly Parameter _gain, _bias;
    private readonly float _epsilon;

    /// <param name="scope">Of its parameters.</param>
    /// <param name="columns">n, length of a row, at least 1.</param>
    /// <param name="epsilon">ε, positive.</param>
    public LayerNorm(ParameterScope scope, int columns, float epsilon = 1e-5f)
    {
        ArgumentNullException.ThrowIfNull(scope);
        Guard.AtLeast(1, columns, nameof(columns));
        _epsilon = Guard.Positive(epsilon, nameof(epsilon));
        _gain = scope.Parameter("gain", Initializer.Ones, columns);
        _bias = scope.Parameter("bias", Initializer.Zeros, columns);
    }

    /// <summary>[.., n] → [.., n]</summary>
    public Tensor Of(Tensor x) => LayerNormOp.Of(x, x.Tape.Use(_gain), x.Tape.Use(_bias), _epsilon);
}
