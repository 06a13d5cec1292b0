namespace Recsys.Nn;

/// <summary>What stands between the layers of a network.</summary>
public enum Activation
{
    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>Nothing: x.</summary>
    None,

    /// <summary>1 / (1 + e⁻ˣ).</summary>
    Sigmoid,

    /// <summary>tanh x.</summary>
    Tanh,

    /// <summary>x Φ(x).</summary>
    Gelu,

    /// <summary>x where x &gt; 0, else a learned slope times x; the slope begins at 0.25.</summary>
    PRelu,

    /// <summary>p x + (1 − p) a x, p = σ of x normalised over the batch; the slope a begins at 0.</summary>
    Dice,
}

/// <summary>An activation with what it learns: <c>slope</c> [n] of PReLU and Dice, the statistics <c>mean</c> and <c>variance</c> of
/// Dice.</summary>
public sealed class ActivationLayer
{
    private readonly Activation _kind;
    private readonly Parameter? _slope;
    private readonly BatchNorm? _norm;

    /// <param name="scope">Of its parameters.</param>
    /// <param name="kind">Which.</param>
    /// <param name="columns">Length of a row, at least 1.</param>
    public ActivationLayer(ParameterScope scope, Activation kind, int columns)
    {
        ArgumentNullException.ThrowIfNull(scope);
        _kind = Guard.Defined(kind, nameof(kind));
        if (kind is Activation.PRelu or Activation.Dice)
            _slope = scope.Parameter("slope", Initializer.Constant(kind == Activation.PRelu ? 0.25f : 0), columns);
        if (kind == Activation.Dice) _norm = new BatchNorm(scope, columns, learned: false, epsilon: 1e-8f);
    }

    /// <summary>[.., n] → [.., n]</summary>
    public Tensor Of(Tensor x) => _kind switch
    {
        Activation.Relu => x.Relu(),
        Activation.Sigmoid => x.Sigmoid(),
        Activation.Tanh => x.Tanh(),
        Activation.Gelu => x.Gelu(),
        Activation.PRelu => x.PRelu(x.Tape.Use(_slope!)),
        Activation.Dice => x.Dice(_norm!.Of(x), x.Tape.Use(_slope!)),
        _ => x,
    };
}
