namespace Recsys.Nn;

/// <summary>How the learning rate changes over a training: a factor for each step. Immutable.</summary>
public sealed record LearningSchedule
{
    private enum Law { Constant, Linear, Cosine, Exponential }

    private Law Kind { get; init; }

    private double Parameter { get; init; }

    private LearningSchedule()
    {
    }

    /// <summary>Always 1.</summary>
    public static LearningSchedule Constant { get; } = new();

    /// <summary>From 1 down to 0 at the end, in a line.</summary>
    public static LearningSchedule Linear { get; } = new() { Kind = Law.Linear };

    /// <summary>From 1 down to 0 at the end, ½ (1 + cos πt). Loshchilov and Hutter, "SGDR", ICLR 2017, eq. 5 without restarts.</summary>
    public static LearningSchedule Cosine { get; } = new() { Kind = Law.Cosine };

    /// <summary>Multiplied by a factor after each epoch.</summary>
    /// <param name="factor">Above 0, at most 1.</param>
    public static LearningSchedule Exponential(double factor)
        => factor > 0 && factor <= 1
            ? new() { Kind = Law.Exponential, Parameter = factor }
            : throw new ArgumentOutOfRangeException(nameof(factor), factor, "The factor must lie above 0 and be at most 1.");

    /// <summary>Steps over which the rate first climbs from 0 in a line, 0 or more. Default 0.</summary>
    public int WarmUpSteps { get; init => field = Guard.AtLeast(0, value); }

    /// <summary>The factor of one step.</summary>
    /// <param name="step">From 0.</param>
    /// <param name="steps">In all.</param>
    /// <param name="stepsPerEpoch">At least 1.</param>
    internal float Factor(long step, long steps, int stepsPerEpoch)
    {
        if (step < WarmUpSteps) return (float)((step + 1.0) / WarmUpSteps);
        var part = steps <= WarmUpSteps ? 1 : (double)(step - WarmUpSteps) / (steps - WarmUpSteps);
        return (float)(Kind switch
        {
            Law.Linear => 1 - part,
            Law.Cosine => (1 + Math.Cos(Math.PI * part)) / 2,
            Law.Exponential => Math.Pow(Parameter, step / stepsPerEpoch),
            _ => 1,
        });
    }

    internal string Describe() => FormattableString.Invariant($"{Kind} {Parameter:R} {WarmUpSteps}");
}
