namespace Recsys.Nn;

/// <summary>
/// A gated recurrent unit over sequences: r = σ(x W_r + b_r + h U_r + c_r), z = σ(x W_z + b_z + h U_z + c_z),
/// n = tanh(x W_n + b_n + r ⊙ (h U_n + c_n)), h' = (1 − z) ⊙ n + z ⊙ h, from h = 0. Cho et al., "Learning phrase representations using RNN
/// encoder-decoder", EMNLP 2014, with the reset after the product, as PyTorch and cuDNN have it. Parameters, gates in the order r, z, n:
/// <c>input.weight</c> [in, 3 h], <c>input.bias</c> [3 h], <c>state.weight</c> [h, 3 h], <c>state.bias</c> [3 h].
/// </summary>
public sealed class Gru
{
    private readonly RecurrentWeights _weights;

    /// <param name="scope">Of its parameters.</param>
    /// <param name="inputs">Numbers of an event, at least 1.</param>
    /// <param name="width">h, numbers of a state, at least 1.</param>
    public Gru(ParameterScope scope, int inputs, int width)
    {
        ArgumentNullException.ThrowIfNull(scope);
        _weights = new RecurrentWeights(scope, inputs, Guard.AtLeast(1, width, nameof(width)), gates: 3);
    }

    /// <summary>The state after each event; <see cref="Sequences.Last"/> is that of the whole sequence. [.., in] → [.., h]</summary>
    public Sequences Of(Sequences x)
    {
        var tape = x.Values.Tape;
        return x.With(GruOp.Of(_weights.Input.Of(x.Values), tape.Use(_weights.Weight), tape.Use(_weights.Bias), x.Segments));
    }
}

/// <summary>
/// Long short-term memory over sequences: c' = σ(a_f) ⊙ c + σ(a_i) ⊙ tanh(a_g), h' = σ(a_o) ⊙ tanh(c'), with a = x W + b + h U + c, from
/// h = c = 0. Hochreiter and Schmidhuber, Neural Computation 1997; forget gate: Gers et al., 2000. Parameters, gates in the order i, f, g, o
/// as PyTorch has them (TensorFlow: i, g, f, o): <c>input.weight</c> [in, 4 h], <c>input.bias</c> [4 h], <c>state.weight</c> [h, 4 h],
/// <c>state.bias</c> [4 h], which begins at 1 for the forget gate.
/// </summary>
public sealed class Lstm
{
    private readonly RecurrentWeights _weights;

    /// <param name="scope">Of its parameters.</param>
    /// <param name="inputs">Numbers of an event, at least 1.</param>
    /// <param name="width">h, numbers of a state, at least 1.</param>
    public Lstm(ParameterScope scope, int inputs, int width)
    {
        ArgumentNullException.ThrowIfNull(scope);
        _weights = new RecurrentWeights(scope, inputs, Guard.AtLeast(1, width, nameof(width)), gates: 4);
        // A memory that is kept at first; a scope that reads parameters brings its own.
        if (!scope.Reads) _weights.Bias.Mutable.Slice(width, width).Fill(1);
    }

    /// <summary>The state after each event; <see cref="Sequences.Last"/> is that of the whole sequence. [.., in] → [.., h]</summary>
    public Sequences Of(Sequences x)
    {
        var tape = x.Values.Tape;
        return x.With(LstmOp.Of(_weights.Input.Of(x.Values), tape.Use(_weights.Weight), tape.Use(_weights.Bias), x.Segments));
    }
}

/// <summary>The parameters of a recurrence with gates: those of the inputs, and those of the state.</summary>
internal sealed class RecurrentWeights
{
    public RecurrentWeights(ParameterScope scope, int inputs, int width, int gates)
    {
        var draw = Initializer.Uniform(MathF.Sqrt(1f / width));
        Input = new Linear(scope.Scope("input"), inputs, gates * width, initializer: draw);
        Weight = scope.Parameter("state.weight", draw, width, gates * width);
        Bias = scope.Parameter("state.bias", Initializer.Zeros, gates * width);
    }

    public Linear Input { get; }

    public Parameter Weight { get; }

    public Parameter Bias { get; }
}
