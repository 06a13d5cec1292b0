// G = G + g²;   w = w − η g / (√G + ε)
// Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic optimization", JMLR 2011, with a diagonal
// matrix.

using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>Adagrad; weight decay adds λ w to the gradient, as in PyTorch. For rows of tables see <see cref="Optimizer"/>.</summary>
public sealed record Adagrad : Optimizer
{
    /// <summary>What G begins with, 0 or greater. Default 0.1, as in TensorFlow; PyTorch and many papers take 0.</summary>
    public float InitialAccumulator { get; init => field = Guard.InRange(0, float.MaxValue, value); } = 0.1f;

    /// <summary>ε. Positive; default 1e-10.</summary>
    public float Epsilon { get; init => field = Guard.Positive(value); } = 1e-10f;

    /// <summary>λ of the L2 penalty, 0 or greater. Default 0.</summary>
    public float WeightDecay { get; init => field = Guard.InRange(0, float.MaxValue, value); }

    internal override int StateCount => 1;

    internal override string Describe()
        => FormattableString.Invariant($"adagrad {LearningRate:R} {InitialAccumulator:R} {Epsilon:R} {WeightDecay:R}");

    internal override float InitialState(int state) => InitialAccumulator;

    internal override void Update(
        Span<float> weights, ReadOnlySpan<float> gradient, Span<float> first, Span<float> second, in OptimizerStep step)
        => OptimizerKernels.Adagrad(weights, gradient, first, step.A, Epsilon, WeightDecay);
}
