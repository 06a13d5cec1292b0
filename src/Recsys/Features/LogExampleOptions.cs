using Recsys.Data;

namespace Recsys.Features;

/// <summary>How the rows of an event log become examples.</summary>
public sealed record LogExampleOptions
{
    /// <summary>
    /// For a binary label: rows with at least this value are positive, the others negative. Null (the default): every row is positive.
    /// A label that is not binary is the value itself.
    /// </summary>
    public float? Threshold
    {
        get;
        init => field = value is null || float.IsFinite(value.Value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Threshold), value, "Threshold must be finite.");
    }

    /// <summary>Sampled negatives that follow each positive row, 0 or more; 0 by default. A user who has every item gets none.</summary>
    public int NegativesPerPositive { get; init => field = Guard.InRange(0, 10_000, value); }

    /// <summary>Where negatives come from; needed if <see cref="NegativesPerPositive"/> is above 0.</summary>
    public NegativeSampler? Sampler { get; init; }

    /// <summary>Seed of the negatives; 1 by default.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>
    /// The log that sequence features read. Null (the default): the log of the examples itself. Another log without times (as that of a
    /// training part, for the examples of a test part) is taken to lie before all examples.
    /// </summary>
    public Interactions? History { get; init; }
}
