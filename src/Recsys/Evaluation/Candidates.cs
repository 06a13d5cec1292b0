namespace Recsys.Evaluation;

/// <summary>How the items are chosen that a ranking evaluation ranks.</summary>
public enum CandidateKind
{
    /// <summary>All items.</summary>
    Full,

    /// <summary>The user's targets and items drawn uniformly.</summary>
    UniformSample,

    /// <summary>The user's targets and items drawn by popularity.</summary>
    PopularitySample,
}

/// <summary>Which items are ranked for each user. Immutable.</summary>
/// <remarks>
/// A metric over samples is another metric: it is higher, and it can put models in another order (Krichene and Rendle, "On sampled metrics
/// for item recommendation", KDD 2020). Samples are for comparing with papers that used them; results name them.
/// </remarks>
public sealed record Candidates
{
    private Candidates(CandidateKind kind, int count) => (Kind, Count) = (kind, count);

    /// <summary>The whole catalogue: the default.</summary>
    public static Candidates Full { get; } = new(CandidateKind.Full, 0);

    /// <summary>The targets and so many distinct items that the user has not interacted with, drawn uniformly from the catalogue.</summary>
    /// <param name="count">At least 1; fewer are taken where there are fewer.</param>
    public static Candidates UniformSample(int count) => new(CandidateKind.UniformSample, Guard.AtLeast(1, count, nameof(count)));

    /// <summary>
    /// The targets and so many distinct items that the user has not interacted with, drawn one after the other with probability
    /// proportional to their number of training users.
    /// </summary>
    /// <param name="count">At least 1; fewer are taken where there are fewer.</param>
    public static Candidates PopularitySample(int count) => new(CandidateKind.PopularitySample, Guard.AtLeast(1, count, nameof(count)));

    /// <summary>How the items are chosen.</summary>
    public CandidateKind Kind { get; }

    /// <summary>Number of sampled items besides the targets; 0 for <see cref="CandidateKind.Full"/>.</summary>
    public int Count { get; }

    /// <summary>As it stands in results: "full catalogue", "targets + 100 uniform samples", "targets + 100 popularity samples".</summary>
    public override string ToString() => Kind switch
    {
        CandidateKind.Full => "full catalogue",
        CandidateKind.UniformSample => FormattableString.Invariant($"targets + {Count} uniform samples"),
        _ => FormattableString.Invariant($"targets + {Count} popularity samples"),
    };
}
