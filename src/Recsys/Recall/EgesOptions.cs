using Recsys.Indexing;

namespace Recsys.Recall;

/// <summary>What an item's embedding is made of.</summary>
public enum EgesVariant
{
    /// <summary>Its own vector and those of its side information, by weights learned for each item (EGES).</summary>
    Eges,

    /// <summary>The plain mean of its own vector and those of its side information (GES).</summary>
    Ges,

    /// <summary>Its own vector alone (BGE).</summary>
    Bge,
}

/// <summary>Options of <see cref="Eges"/>.</summary>
public sealed record EgesOptions
{
    /// <summary>What an embedding is made of. Default <see cref="EgesVariant.Eges"/>.</summary>
    public EgesVariant Variant { get; init => field = Guard.Defined(value); }

    /// <summary>
    /// The features that are side information, each coded and of side Item; null (the default): all such features but the item's id.
    /// </summary>
    public IReadOnlyList<string>? Features { get; init; }

    /// <summary>A session ends where the next action is later than this; null: never. Not negative, default 1 hour.</summary>
    public TimeSpan? SessionGap { get; init => field = SessionGaps.Check(value); } = TimeSpan.FromHours(1);

    /// <summary>d, the length of a vector. 1..4096, default 160.</summary>
    public int Dimensions { get; init => field = Guard.InRange(1, 4096, value); } = 160;

    /// <summary>w, walks from each item. 1..100,000, default 20.</summary>
    public int Walks { get; init => field = Guard.InRange(1, 100_000, value); } = 20;

    /// <summary>l, items of a walk. 2..10,000, default 10.</summary>
    public int WalkLength { get; init => field = Guard.InRange(2, 10_000, value); } = 10;

    /// <summary>k, most items to either side in a walk, shrunk at random for each centre. 1..10,000, default 5.</summary>
    public int Window { get; init => field = Guard.InRange(1, 10_000, value); } = 5;

    /// <summary>#ns, negatives for each positive. 1..255, default 5.</summary>
    public int Negatives { get; init => field = Guard.InRange(1, 255, value); } = 5;

    /// <summary>Negatives are drawn by frequency to this power. 0..2, default 0.75.</summary>
    public double NegativePower { get; init => field = Guard.InRange(0, 2, value); } = 0.75;

    /// <summary>η at the start; it falls in a line to a ten-thousandth. Positive, default 0.05, twice that of word2vec.</summary>
    public float LearningRate { get; init => field = Guard.Positive(value); } = 0.05f;

    /// <summary>What the items of a list are ordered by. Default <see cref="EmbeddingScoring.Prediction"/>.</summary>
    public EmbeddingScoring Scoring { get; init => field = Guard.Defined(value); }

    /// <summary>
    /// α: a user is n^-α times the sum of the n items taken, so 0 is the sum and 1 the mean; only for
    /// <see cref="EmbeddingScoring.Prediction"/>. 0..1, default 0.75.
    /// </summary>
    public float HistoryExponent { get; init => field = Guard.InRange(0, 1, value); } = 0.75f;

    /// <summary>
    /// In a history, with each later item the weight of an earlier one is multiplied by this. 1 (the default): all count alike; 0.9 or
    /// so for what comes next. 0..1, not 0.
    /// </summary>
    public float HistoryDecay { get; init => field = Guard.InRange(1e-6f, 1, value); } = 1;

    /// <summary>The seed of walks, first vectors, windows and negatives. Default 1.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>
    /// Items are dealt into at most this many blocks of at least 64, so at most this many threads help. Changes the result: blocks learn
    /// the side information that they share in rounds of 128 steps. 1..1024, default 16.
    /// </summary>
    public int Shards { get; init => field = Guard.InRange(1, 1024, value); } = 16;

    /// <summary>Threads that train. At least 1, default all processors. Does not change the result.</summary>
    public int Threads { get; init => field = Guard.AtLeast(1, value); } = Environment.ProcessorCount;

    /// <summary>How lists are found: exactly by default, or by an approximate index.</summary>
    public IndexOptions Index { get; init => field = Guard.NotNull(value); } = new ExactIndexOptions();

    /// <summary>
    /// A model to go on from, or null: its items keep their ids, new ones come after them. Dimensions, variant and the fitted side
    /// information must be
    /// the same.
    /// </summary>
    public Eges? WarmStart { get; init; }
}
