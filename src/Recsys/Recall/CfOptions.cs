using Recsys.Persistence;

namespace Recsys.Recall;

/// <summary>How alike two items (or users) are.</summary>
public enum CfSimilarity
{
    /// <summary>Σ a b / (|a| |b|): of plain counts (the default), or of values with <see cref="CfOptions.UseValues"/>.</summary>
    Cosine,

    /// <summary>|A ∩ B| / |A ∪ B|; values don't count.</summary>
    Jaccard,

    /// <summary>
    /// Correlation of ratings over what both have in common, each less its row's mean: the item's mean in <see cref="ItemCf"/>, the
    /// user's in <see cref="UserCf"/>.
    /// </summary>
    Pearson,

    /// <summary>
    /// As <see cref="Pearson"/>, but less the mean of the other side: the user's mean in <see cref="ItemCf"/> (users rate on different
    /// scales), the item's in <see cref="UserCf"/>.
    /// </summary>
    AdjustedCosine,
}

/// <summary>How neighbours make a score.</summary>
public enum CfPrediction
{
    /// <summary>Σ s · r over the neighbours: how much speaks for the item. For clicks, purchases and top-N lists in general.</summary>
    Sum,

    /// <summary>
    /// mean + Σ s · (r - mean) / Σ s: the rating to be expected. For ratings. A list sorted by it is led by items that few, but keen, users
    /// rated.
    /// </summary>
    MeanCentred,
}

/// <summary>What item-based and user-based filtering have in common.</summary>
public abstract record CfOptions
{
    /// <summary>How alike two items (or users) are. Default <see cref="CfSimilarity.Cosine"/>.</summary>
    public CfSimilarity Similarity { get; init => field = Guard.Defined(value); }

    /// <summary>How neighbours make a score. Default <see cref="CfPrediction.Sum"/>.</summary>
    public CfPrediction Prediction { get; init => field = Guard.Defined(value); }

    /// <summary>
    /// Whether the values of interactions are strengths that cosine and sum take into account; if not, each counts as 1. Repeated
    /// interactions of a user with an item add up. Pearson, adjusted cosine and the mean-centred prediction always use values, the last one
    /// of repeated interactions. Default false.
    /// </summary>
    public bool UseValues { get; init; }

    /// <summary>
    /// Whether what is common counts less: a user with many items says little about each pair of them (inverse user frequency, in
    /// <see cref="ItemCf"/>), an item that everybody has says little about taste (inverse item frequency, in <see cref="UserCf"/>): weight
    /// 1 / ln(1 + n). Not for Jaccard. Default true in <see cref="ItemCf"/>, false in <see cref="UserCf"/>.
    /// </summary>
    public bool InverseFrequency { get; init; }

    /// <summary>
    /// α for one day: two interactions Δt days apart count 1 / (1 + α Δt). Needs times; an interaction without a time is far from no other.
    /// 0..1000, default 0 (off). Not for Jaccard.
    /// </summary>
    public float TimeDecay { get; init => field = Guard.InRange(0, 1000, value); }

    /// <summary>λ: similarities are multiplied by n / (n + λ), where n is the number of users (or items) in common. 0..1,000,000, default 0
    /// (off). Predicting ratings needs it: 50 to 100, with 100 or more neighbours.</summary>
    public float Shrinkage { get; init => field = Guard.InRange(0, 1_000_000, value); }

    /// <summary>Whether each list of neighbours is divided by its best similarity, which helps items of small groups to be found. Default
    /// false.</summary>
    public bool NormalizeByMax { get; init; }

    /// <summary>K, the most neighbours kept of each item (or user). 1..10,000.</summary>
    public int Neighbours { get; init => field = Guard.InRange(1, 10_000, value); } = 50;

    /// <summary>Threads that train. At least 1, default all processors. Does not change the result.</summary>
    public int Threads { get; init => field = Guard.AtLeast(1, value); } = Environment.ProcessorCount;

    internal void Write(ModelWriter writer)
    {
        writer.Choice("similarity", Similarity);
        writer.Choice("prediction", Prediction);
        writer.Flag("use_values", UseValues);
        writer.Flag("inverse_frequency", InverseFrequency);
        writer.Real("time_decay", TimeDecay);
        writer.Real("shrinkage", Shrinkage);
        writer.Flag("normalize_by_max", NormalizeByMax);
        writer.Integer("neighbours", Neighbours);
    }

    internal static T Read<T>(ModelReader reader, T defaults) where T : CfOptions => defaults with
    {
        Similarity = reader.Choice<CfSimilarity>("similarity"),
        Prediction = reader.Choice<CfPrediction>("prediction"),
        UseValues = reader.Flag("use_values"),
        InverseFrequency = reader.Flag("inverse_frequency"),
        TimeDecay = reader.Single("time_decay"),
        Shrinkage = reader.Single("shrinkage"),
        NormalizeByMax = reader.Flag("normalize_by_max"),
        Neighbours = reader.Int32("neighbours"),
    };

    internal RepeatedItems Repeats => Rated ? RepeatedItems.Last : UseValues ? RepeatedItems.Sum : RepeatedItems.One;

    private bool Rated => Prediction == CfPrediction.MeanCentred || Similarity is CfSimilarity.Pearson or CfSimilarity.AdjustedCosine;
}
