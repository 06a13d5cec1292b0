namespace Recsys.Nn;

/// <summary>
/// x₀ ⊙ (x W + b) + x, or of low rank x₀ ⊙ (x V U + b) + x. Wang et al., "DCN V2", WWW 2021. Parameters: <c>weight</c> [n, n] and
/// <c>bias</c> [n]; or <c>down.weight</c> [n, r], <c>up.weight</c> [r, n] and <c>up.bias</c> [n].
/// </summary>
public sealed class CrossLayer
{
    private readonly Parameter? _weight, _bias;
    private readonly Linear? _down, _up;

    /// <param name="scope">Of its parameters.</param>
    /// <param name="columns">n, length of a row, at least 1.</param>
    /// <param name="rank">r; 0 for full.</param>
    public CrossLayer(ParameterScope scope, int columns, int rank = 0)
    {
        ArgumentNullException.ThrowIfNull(scope);
        Guard.AtLeast(1, columns, nameof(columns));
        if (Guard.AtLeast(0, rank, nameof(rank)) > 0)
        {
            _down = new Linear(scope.Scope("down"), columns, rank, bias: false);
            _up = new Linear(scope.Scope("up"), rank, columns);
            return;
        }
        _weight = scope.Parameter("weight", Initializer.XavierUniform, columns, columns);
        _bias = scope.Parameter("bias", Initializer.Zeros, columns);
    }

    /// <param name="first">x₀. [B, n]</param>
    /// <param name="x">[B, n]</param>
    /// <returns>[B, n]</returns>
    public Tensor Of(Tensor first, Tensor x) => _weight is null
        ? first * _up!.Of(_down!.Of(x)) + x
        : Cross.Of(first, x, x.Tape.Use(_weight), x.Tape.Use(_bias!));
}
