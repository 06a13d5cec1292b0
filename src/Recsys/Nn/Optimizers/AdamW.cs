// m, v as in Adam;   w = (1 − η λ) w − η m̂ / (√v̂ + ε)
// Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2, with the decay scaled by η as in PyTorch.

using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>Adam whose weight decay is apart from the gradient. For rows of tables see <see cref="Optimizer"/>.</summary>
public sealed record AdamW : Optimizer
{
    /// <summary>β₁, of the mean of gradients. 0 to below 1; default 0.9.</summary>
    public float Beta1 { get; init => field = Guard.InRange(0, 0.999999f, value); } = 0.9f;

    /// <summary>β₂, of the mean of squares. 0 to below 1; default 0.999.</summary>
    public float Beta2 { get; init => field = Guard.InRange(0, 0.999999f, value); } = 0.999f;

    /// <summary>ε. Positive; default 1e-8.</summary>
    public float Epsilon { get; init => field = Guard.Positive(value); } = 1e-8f;

    /// <summary>λ, 0 or greater. Default 0.01.</summary>
    public float WeightDecay { get; init => field = Guard.InRange(0, float.MaxValue, value); } = 0.01f;

    internal override int StateCount => 2;

    internal override string Describe()
        => FormattableString.Invariant($"adamw {LearningRate:R} {Beta1:R} {Beta2:R} {Epsilon:R} {WeightDecay:R}");

    internal override (float A, float B, float C) Constants(long number, float rate)
        => ((float)(LearningRate * rate / (1 - Math.Pow(Beta1, number))), (float)(1 / Math.Sqrt(1 - Math.Pow(Beta2, number))), LearningRate * rate);

    internal override void Update(Span<float> weights, ReadOnlySpan<float> gradient, Span<float> first, Span<float> second, in OptimizerStep step)
    {
        if (WeightDecay > 0) Elementwise.Scale(1 - step.C * WeightDecay, weights);
        OptimizerKernels.Adam(weights, gradient, first, second, Beta1, Beta2, step.A, step.B, Epsilon, 0);
    }
}
