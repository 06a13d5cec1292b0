using Recsys.Indexing;

namespace Recsys.Recall;

/// <summary>What <see cref="Item2Vec"/> predicts from what.</summary>
public enum Item2VecObjective
{
    /// <summary>Each item of a window from the centre alone (skip-gram).</summary>
    SkipGram,

    /// <summary>The centre from the mean of its window (continuous bag of words).</summary>
    Cbow,
}

/// <summary>Options of <see cref="Item2Vec"/>.</summary>
public sealed record Item2VecOptions
{
    /// <summary>What is predicted. Default <see cref="Item2VecObjective.SkipGram"/>.</summary>
    public Item2VecObjective Objective { get; init => field = Guard.Defined(value); }

    /// <summary>m, the length of a vector. 1..4096, default 64.</summary>
    public int Dimensions { get; init => field = Guard.InRange(1, 4096, value); } = 64;

    /// <summary>
    /// Most items to either side in the order of time, shrunk at random for each centre, as word2vec does; 0: a basket is a set, all pairs
    /// of it count
    /// alike. Sets cost the square of their size. 0..10,000, default 5.
    /// </summary>
    public int Window { get; init => field = Guard.InRange(0, 10_000, value); } = 5;

    /// <summary>
    /// A basket ends where the next action is later than this; null (the default): all rows of a user are one basket. Not negative.
    /// </summary>
    public TimeSpan? SessionGap { get; init => field = SessionGaps.Check(value); }

    /// <summary>
    /// Whether each pass shuffles every basket, so that a window holds a random part of it: a set for the price of a window. Null (the
    /// default): where the log has no times, because the order of its rows means nothing then.
    /// </summary>
    public bool? Shuffle { get; init; }

    /// <summary>N, negatives for each positive. 1..255, default 5. (The paper: 15.)</summary>
    public int Negatives { get; init => field = Guard.InRange(1, 255, value); } = 5;

    /// <summary>Negatives are drawn by frequency to this power. 0..2, default 0.75.</summary>
    public double NegativePower { get; init => field = Guard.InRange(0, 2, value); } = 0.75;

    /// <summary>
    /// ρ: an occurrence of an item that makes up the share f of all rows stays with probability √(ρ / f). 0 (the default) keeps all; the
    /// paper takes
    /// 1e-5 (music) and 1e-3 (store). 0..1.
    /// </summary>
    public double Subsample { get; init => field = Guard.InRange(0, 1, value); }

    /// <summary>Items with fewer rows get no vector. 1 or more, default 1.</summary>
    public int MinCount { get; init => field = Guard.AtLeast(1, value); } = 1;

    /// <summary>Passes over the data. 1..100,000, default 20.</summary>
    public int Epochs { get; init => field = Guard.InRange(1, 100_000, value); } = 20;

    /// <summary>
    /// η at the start; it falls in a line to a ten-thousandth. Positive, default 0.05, twice that of word2vec: thin logs are learned in
    /// half the epochs.
    /// </summary>
    public float LearningRate { get; init => field = Guard.Positive(value); } = 0.05f;

    /// <summary>What the items of a list are ordered by. Default <see cref="EmbeddingScoring.Prediction"/>.</summary>
    public EmbeddingScoring Scoring { get; init => field = Guard.Defined(value); }

    /// <summary>
    /// α: a user is n^-α times the sum of the n items taken, so 0 is the sum and 1 the mean; only for
    /// <see cref="EmbeddingScoring.Prediction"/>. 0..1, default 0.75.
    /// </summary>
    public float HistoryExponent { get; init => field = Guard.InRange(0, 1, value); } = 0.75f;

    /// <summary>
    /// With each later item the weight of an earlier one is multiplied by this. 1 (the default): all count alike, for lists of
    /// everything that may please; 0.9 or so for what comes next. 0..1, not 0.
    /// </summary>
    public float HistoryDecay { get; init => field = Guard.InRange(1e-6f, 1, value); } = 1;

    /// <summary>The seed of first vectors, windows and negatives. Default 1.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>
    /// Deals the items into at most this many blocks of at least 64, so at most this many threads help. Changes the result.
    /// 1..1024, default 16.
    /// </summary>
    public int Shards { get; init => field = Guard.InRange(1, 1024, value); } = 16;

    /// <summary>Threads that train. At least 1, default all processors. Does not change the result.</summary>
    public int Threads { get; init => field = Guard.AtLeast(1, value); } = Environment.ProcessorCount;

    /// <summary>How lists are found: exactly by default, or by an approximate index.</summary>
    public IndexOptions Index { get; init => field = Guard.NotNull(value); } = new ExactIndexOptions();

    /// <summary>A model to go on from, or null: its items keep their ids, new ones come after them. Its dimensions must be the
    /// same.</summary>
    public Item2Vec? WarmStart { get; init; }
}

internal static class SessionGaps
{
    public static TimeSpan? Check(TimeSpan? value, [System.Runtime.CompilerServices.CallerMemberName] string name = "")
        => !(value < TimeSpan.Zero) ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} must not be negative.");
}
