// s = (√(n + g²) − √n) / α;   z = z + g − s w;   n = n + g²;   w = 0 where |z| ≤ λ₁, else −(z − sign(z) λ₁) / ((β + √n) / α + λ₂)
// McMahan et al., "Ad click prediction: a view from the trenches", KDD 2013, algorithm 1 (FTRL-proximal).

using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>
/// FTRL-proximal: weights that L1 holds at exactly 0. α is <see cref="Optimizer.LearningRate"/>. A weight is a function of what was
/// summed of
/// its gradients, so it must begin at 0 (else its first step forgets where it began). For rows of tables see <see cref="Optimizer"/>.
/// </summary>
public sealed record Ftrl : Optimizer
{
    /// <summary>β, damps the first steps. 0 or greater; default 1.</summary>
    public float Beta { get; init => field = Guard.InRange(0, float.MaxValue, value); } = 1;

    /// <summary>λ₁, against the gradients of one step (means over a batch). 0 or greater; default 0.</summary>
    public float L1 { get; init => field = Guard.InRange(0, float.MaxValue, value); }

    /// <summary>λ₂, 0 or greater. Default 0.</summary>
    public float L2 { get; init => field = Guard.InRange(0, float.MaxValue, value); }

    internal override int StateCount => 2;

    internal override string Describe() => FormattableString.Invariant($"ftrl {LearningRate:R} {Beta:R} {L1:R} {L2:R}");

    internal override void Update(
        Span<float> weights, ReadOnlySpan<float> gradient, Span<float> first, Span<float> second, in OptimizerStep step)
        => OptimizerKernels.Ftrl(weights, gradient, first, second, step.A, Beta, L1, L2);
}
