namespace Recsys.Recall;

/// <summary>How a profile becomes a list.</summary>
public enum ContentScoring
{
    /// <summary>The cosine of the user's and the item's vector: for many terms, as those of texts and tags are.</summary>
    Cosine,

    /// <summary>
    /// Each topic fills its share of the list (⌈w · k⌉ items) from a list of its own, best items first: for few topics, as genres are. A
    /// list is not the beginning of a longer one, because shares depend on its length.
    /// </summary>
    Quotas,
}

/// <summary>How what was long ago counts less.</summary>
public enum ContentDecay
{
    /// <summary>1 / (1 + a · days).</summary>
    Hyperbolic,

    /// <summary>e^(-a · days).</summary>
    Exponential,
}

/// <summary>Options of <see cref="ContentBased"/>.</summary>
public sealed record ContentBasedOptions
{
    /// <summary>How a profile becomes a list. Default <see cref="ContentScoring.Cosine"/>.</summary>
    public ContentScoring Scoring { get; init => field = Guard.Defined(value); }

    /// <summary>K, the most topics kept in a user's profile, those of largest weight. 1..10,000, default 50; 3 to 10 for genres with
    /// quotas.</summary>
    public int Topics { get; init => field = Guard.InRange(1, 10_000, value); } = 50;

    /// <summary>The form of the decay. Default <see cref="ContentDecay.Hyperbolic"/>.</summary>
    public ContentDecay Decay { get; init => field = Guard.Defined(value); }

    /// <summary>
    /// a for one day before the user's last interaction. Needs times; an interaction without one, and those of a given history, count
    /// fully. 0..1000, default 0 (off).
    /// </summary>
    public float DecayPerDay { get; init => field = Guard.InRange(0, 1000, value); }

    /// <summary>
    /// Whether values are strengths, which the profile adds up (topics whose sum isn't positive are dropped), and whose mean ranks the list
    /// of a topic; if not, each interaction counts as 1 and the number of users ranks it. Default false.
    /// </summary>
    public bool UseValues { get; init; }

    /// <summary>
    /// m: the mean value of an item counts m times the overall mean as well, so that one keen user doesn't make an item the best.
    /// 0..1,000,000, default 10. For <see cref="ContentScoring.Quotas"/> with values.
    /// </summary>
    public float MeanSmoothing { get; init => field = Guard.InRange(0, 1_000_000, value); } = 10;
    /// <summary>Threads that make profiles. At least 1, default all processors. Does not change the result.</summary>
    public int Threads { get; init => field = Guard.AtLeast(1, value); } = Environment.ProcessorCount;
}
