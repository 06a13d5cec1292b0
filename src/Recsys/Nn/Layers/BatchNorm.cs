namespace Recsys.Nn;

/// <summary>
/// y = γ (x − μ) / √(σ² + ε) + β, column by column. While training μ and σ² are the mean and the variance of the rows of one shard (ghost
/// batches: Hoffer et al., NIPS 2017), so they depend on how many shards there are, never on threads; each shard moves the running
/// statistics
/// by the momentum, as PyTorch does, and the mean over the shards is kept. A shard of one row gives β and moves nothing. Serving uses the
/// running
/// statistics. Parameters: <c>scale</c> [n], <c>shift</c> [n]; statistics <c>mean</c> [n], <c>variance</c> [n].
/// </summary>
public sealed class BatchNorm
{
    private readonly Parameter? _scale, _shift;
    private readonly Parameter _mean, _variance;
    private readonly float _momentum, _epsilon;

    /// <param name="scope">Of its parameters.</param>
    /// <param name="columns">Length of a row, at least 1.</param>
    /// <param name="learned">Whether there are γ and β.</param>
    /// <param name="momentum">The share of a batch in the running statistics, 0..1.</param>
    /// <param name="epsilon">ε, positive.</param>
    public BatchNorm(ParameterScope scope, int columns, bool learned = true, float momentum = 0.1f, float epsilon = 1e-5f)
    {
        ArgumentNullException.ThrowIfNull(scope);
        Guard.AtLeast(1, columns, nameof(columns));
        (_momentum, _epsilon) = (Guard.InRange(0, 1, momentum, nameof(momentum)), Guard.Positive(epsilon, nameof(epsilon)));
        if (learned)
        {
            _scale = scope.Parameter("scale", Initializer.Ones, columns);
            _shift = scope.Parameter("shift", Initializer.Zeros, columns);
        }
        _mean = scope.Statistic("mean", Initializer.Zeros, columns);
        _variance = scope.Statistic("variance", Initializer.Ones, columns);
    }

    /// <summary>The normalised rows. [.., n] → [.., n]</summary>
    public Tensor Of(Tensor x) => _scale is null
        ? BatchNormOp.Of(x, null, null, _mean, _variance, _momentum, _epsilon)
        : BatchNormOp.Of(x, x.Tape.Use(_scale), x.Tape.Use(_shift!), _mean, _variance, _momentum, _epsilon);
}
