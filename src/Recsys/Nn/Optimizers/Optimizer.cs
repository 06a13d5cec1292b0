namespace Recsys.Nn;

/// <summary>
/// How weights follow gradients. Tables are stepped row by row: a row that no example of the batch touched keeps its weights and its state,
/// so a lazy Adam is not a dense Adam, and weight decay shrinks only what is touched.
/// </summary>
public abstract record Optimizer
{
    private protected Optimizer()
    {
    }

    /// <summary>η, the learning rate. Positive; default 0.001.</summary>
    public float LearningRate { get; init => field = Guard.Positive(value); } = 1e-3f;

    /// <summary>How many numbers it keeps for each weight, 0..2.</summary>
    internal abstract int StateCount { get; }

    /// <summary>What these begin with.</summary>
    internal virtual float InitialState(int state) => 0;

    /// <summary>Numbers of a step that don't depend on the weight, worked out once for all.</summary>
    internal virtual (float A, float B, float C) Constants(long number, float rate) => (LearningRate * rate, 0, 0);

    /// <summary>All that it depends on, for telling one training from another.</summary>
    internal abstract string Describe();

    /// <summary>Steps some weights that lie side by side.</summary>
    internal abstract void Update(Span<float> weights, ReadOnlySpan<float> gradient, Span<float> first, Span<float> second, in OptimizerStep step);
}

/// <summary>Where a training stands when an optimizer steps.</summary>
/// <param name="Number">Steps with this one, from 1.</param>
/// <param name="A">First of <see cref="Optimizer.Constants"/>.</param>
/// <param name="B">Second of <see cref="Optimizer.Constants"/>.</param>
/// <param name="C">Third of <see cref="Optimizer.Constants"/>.</param>
internal readonly record struct OptimizerStep(long Number, float A, float B, float C);
