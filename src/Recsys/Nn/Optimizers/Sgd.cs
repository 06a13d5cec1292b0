// v = μ v + g;   w = w − η v      (Nesterov: w = w − η (g + μ v))
// Robbins and Monro 1951; Polyak 1964; Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013,
// in the form of PyTorch's SGD.

using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>Stochastic gradient descent, with momentum if asked; weight decay adds λ w to the gradient.</summary>
public sealed record Sgd : Optimizer
{
    /// <summary>μ, 0 to below 1. Default 0: none. A row of a table keeps its velocity while it is not touched.</summary>
    public float Momentum { get; init => field = Guard.InRange(0, 0.999999f, value); }

    /// <summary>Whether the velocity is looked ahead of. Default false.</summary>
    public bool Nesterov { get; init; }

    /// <summary>λ of the L2 penalty, 0 or greater. Default 0.</summary>
    public float WeightDecay { get; init => field = Guard.InRange(0, float.MaxValue, value); }

    internal override int StateCount => Momentum > 0 ? 1 : 0;

    internal override string Describe() => FormattableString.Invariant($"sgd {LearningRate:R} {Momentum:R} {Nesterov} {WeightDecay:R}");

    internal override void Update(Span<float> weights, ReadOnlySpan<float> gradient, Span<float> first, Span<float> second, in OptimizerStep step)
    {
        if (Momentum > 0) OptimizerKernels.Momentum(weights, gradient, first, step.A, Momentum, Nesterov, WeightDecay);
        else OptimizerKernels.Descend(weights, gradient, step.A, WeightDecay);
    }
}
