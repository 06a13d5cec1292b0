using Recsys.Indexing;

namespace Recsys.Recall;

/// <summary>Which graph <see cref="DeepWalk"/> makes of a log.</summary>
public enum DeepWalkNodes
{
    /// <summary>Users and items, an undirected edge for each interaction.</summary>
    UsersAndItems,

    /// <summary>Items alone, a directed edge from each item to what was taken right after it, weighing how often.</summary>
    ItemsInSequence,
}

/// <summary>Options of <see cref="DeepWalk"/>.</summary>
public sealed record DeepWalkOptions
{
    /// <summary>What the nodes are where a log is given. Default <see cref="DeepWalkNodes.UsersAndItems"/>.</summary>
    public DeepWalkNodes Nodes { get; init => field = Guard.Defined(value); }

    /// <summary>For items in sequence: a session ends where the next action is later than this; null (the default): never. Not
    /// negative.</summary>
    public TimeSpan? SessionGap { get; init => field = SessionGaps.Check(value); }

    /// <summary>d, the length of a vector. 1..4096, default 128.</summary>
    public int Dimensions { get; init => field = Guard.InRange(1, 4096, value); } = 128;

    /// <summary>γ, walks from each node. 1..100,000, default 80.</summary>
    public int Walks { get; init => field = Guard.InRange(1, 100_000, value); } = 80;

    /// <summary>t, nodes of a walk. 2..10,000, default 40.</summary>
    public int WalkLength { get; init => field = Guard.InRange(2, 10_000, value); } = 40;

    /// <summary>
    /// w, most nodes to either side in a walk, shrunk at random for each centre. Where walks carry labels it is doubled, so that it reaches
    /// as many
    /// nodes. 1..5,000, default 10.
    /// </summary>
    public int Window { get; init => field = Guard.InRange(1, 5_000, value); } = 10;

    /// <summary>N, negatives for each positive. 1..255, default 5.</summary>
    public int Negatives { get; init => field = Guard.InRange(1, 255, value); } = 5;

    /// <summary>Negatives are drawn by frequency to this power. 0..2, default 0.75.</summary>
    public double NegativePower { get; init => field = Guard.InRange(0, 2, value); } = 0.75;

    /// <summary>η at the start; it falls in a line to a ten-thousandth. Positive, default 0.025.</summary>
    public float LearningRate { get; init => field = Guard.Positive(value); } = 0.025f;

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
    /// Nodes are dealt into at most this many blocks of at least 64, so at most this many threads help. Changes the result. 1..1024,
    /// default 16.
    /// </summary>
    public int Shards { get; init => field = Guard.InRange(1, 1024, value); } = 16;

    /// <summary>Threads that train. At least 1, default all processors. Does not change the result.</summary>
    public int Threads { get; init => field = Guard.AtLeast(1, value); } = Environment.ProcessorCount;

    /// <summary>How lists are found: exactly by default, or by an approximate index.</summary>
    public IndexOptions Index { get; init => field = Guard.NotNull(value); } = new ExactIndexOptions();

    /// <summary>
    /// A model to go on from, or null: its users, items and labels keep their ids, new ones come after them. Dimensions and kind of nodes
    /// must be the
    /// same.
    /// </summary>
    public DeepWalk? WarmStart { get; init; }
}
