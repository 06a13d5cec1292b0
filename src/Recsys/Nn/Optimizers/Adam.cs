// m = β₁ m + (1 − β₁) g;   v = β₂ v + (1 − β₂) g²;   w = w − η m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + ε)
// Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1.

using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>Adam; weight decay adds λ w to the gradient, as in PyTorch's Adam. For rows of tables see <see cref="Optimizer"/>.</summary>
public sealed record Adam : Optimizer
{
    /// <summary>β₁, of the mean of gradients. 0 to below 1; default 0.9.</summary>
    public float Beta1 { get; init => field = Guard.InRange(0, 0.999999f, value); } = 0.9f;

    /// <summary>β₂, of the mean of squares. 0 to below 1; default 0.999.</summary>
    public float Beta2 { get; init => field = Guard.InRange(0, 0.999999f, value); } = 0.999f;

    /// <summary>ε. Positive; default 1e-8.</summary>
    public float Epsilon { get; init => field = Guard.Positive(value); } = 1e-8f;

    /// <summary>λ of the L2 penalty, 0 or greater. Default 0.</summary>
    public float WeightDecay { get; init => field = Guard.InRange(0, float.MaxValue, value); }

    internal override int StateCount => 2;

    internal override string Describe()
        => FormattableString.Invariant($"adam {LearningRate:R} {Beta1:R} {Beta2:R} {Epsilon:R} {WeightDecay:R}");

    internal override (float A, float B, float C) Constants(long number, float rate)
        => ((float)(LearningRate * rate / (1 - Math.Pow(Beta1, number))), (float)(1 / Math.Sqrt(1 - Math.Pow(Beta2, number))), 0);

    internal override void Update(Span<float> weights, ReadOnlySpan<float> gradient, Span<float> first, Span<float> second, in OptimizerStep step)
        => OptimizerKernels.Adam(weights, gradient, first, second, Beta1, Beta2, step.A, step.B, Epsilon, WeightDecay);
}
