namespace Recsys.Features;

/// <summary>Whom a feature describes, so where its value is looked up.</summary>
public enum Side
{
    /// <summary>The user: looked up in the user table by dense user id.</summary>
    User,

    /// <summary>The item: looked up in the item table by dense item id.</summary>
    Item,

    /// <summary>The situation of the request (hour, device, page): a row of a context table.</summary>
    Context,

    /// <summary>The example itself: crosses, sequences, labels, position, weight.</summary>
    Example,
}

/// <summary>What a feature is and how it is encoded.</summary>
public enum FeatureKind
{
    /// <summary>The id of the user or item; code = 1 + rank of the id among the kept ones, 0 = unknown.</summary>
    Id,

    /// <summary>One value out of a vocabulary fitted on training data.</summary>
    Category,

    /// <summary>Any number of values out of a vocabulary (genres, tags).</summary>
    MultiCategory,

    /// <summary>A real number, raw or scaled.</summary>
    Number,

    /// <summary>A real number cut into bins; code 0 = missing.</summary>
    Buckets,

    /// <summary>One value, or several, hashed into a fixed number of codes; code 0 = missing.</summary>
    Hash,

    /// <summary>The combination of two or more coded features.</summary>
    Cross,

    /// <summary>The user's events before the example: items, and optionally actions and ages.</summary>
    Sequence,

    /// <summary>What a recall channel said of the candidate.</summary>
    Channel,

    /// <summary>A target to learn.</summary>
    Label,

    /// <summary>Where on the page the item was shown, from 1; 0 = not known (as in serving).</summary>
    Position,

    /// <summary>How much the example counts in training.</summary>
    Weight,
}

/// <summary>In what form a batch holds a feature.</summary>
public enum FeatureShape
{
    /// <summary>One code for each example: <see cref="ExampleBatch.Category(int)"/>.</summary>
    Code,

    /// <summary>A ragged list of codes: <see cref="ExampleBatch.MultiCategory(int)"/>.</summary>
    Codes,

    /// <summary>One float for each example: <see cref="ExampleBatch.Number(int)"/>.</summary>
    Number,

    /// <summary>A ragged list of events: <see cref="ExampleBatch.Sequence(int)"/>.</summary>
    Sequence,

    /// <summary>Not an input of a model: labels, position, weight.</summary>
    Target,
}

/// <summary>What a ranker is told of a candidate that a recall channel proposed; 0 where the channel did not propose it.</summary>
public enum ChannelSignal
{
    /// <summary>The channel's own score.</summary>
    Score,

    /// <summary>1 / its place in the channel's list, from 1: comparable between users and channels.</summary>
    ReciprocalRank,
}

/// <summary>How a number is scaled. All of them give 0 for a missing value unless another is declared.</summary>
public enum NumberScale
{
    /// <summary>As it is.</summary>
    Raw,

    /// <summary>ln(1 + v); v must be 0 or greater.</summary>
    Log,

    /// <summary>(ln v)² for v above 2, else v: Song et al., "AutoInt", CIKM 2019, section 5.1.</summary>
    LogSquared,

    /// <summary>(v − mean) / standard deviation of the training values that are present; a constant feature becomes 0.</summary>
    Standardised,
}

/// <summary>Which bin takes a value that equals an edge, and what the edges mean.</summary>
public enum BinRule
{
    /// <summary>
    /// k edges are boundaries of k + 1 bins: (−∞, e₁), [e₁, e₂), …, [eₖ, ∞). Code = 1 + the number of edges at or below the value.
    /// </summary>
    HalfOpen,

    /// <summary>
    /// k edges are the limits of k − 1 closed bins [e₁, e₂], …, [eₖ₋₁, eₖ]; the first bin with low ≤ v ≤ high takes the value. Edges may
    /// repeat. A value below all goes to the first bin, one above all to the last.
    /// </summary>
    FirstClosed,
}

/// <summary>Where the edges of bins come from.</summary>
public enum BinEdges
{
    /// <summary>Declared in the schema.</summary>
    Given,

    /// <summary>Quantiles of the training values (linear interpolation between order statistics).</summary>
    Quantiles,

    /// <summary>Equal steps between the smallest and the largest training value.</summary>
    EqualWidth,
}
