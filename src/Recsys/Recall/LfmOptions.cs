using Recsys.Indexing;

namespace Recsys.Recall;

/// <summary>What interactions mean to <see cref="Lfm"/>.</summary>
public enum LfmFeedback
{
    /// <summary>Every interaction is a 1; 0s are drawn from the items that the user does not have. Values don't count.</summary>
    Implicit,

    /// <summary>The value is a rating, the last one if there are several; only ratings are learned.</summary>
    Explicit,
}

/// <summary>
/// Options of <see cref="Lfm"/>. The defaults suit implicit feedback, <see cref="ForRatings"/> suits ratings; both were chosen on
/// validation parts of MovieLens.
/// </summary>
public sealed record LfmOptions
{
    /// <summary>
    /// A start for ratings of about 1 to 5: explicit feedback, biases, 64 factors, 60 epochs from η = 0.02 with decay 0.97, λ = 0.1 and
    /// small first factors.
    /// </summary>
    public static LfmOptions ForRatings { get; } = new()
    {
        Feedback = LfmFeedback.Explicit,
        Biases = true,
        Factors = 64,
        Epochs = 60,
        LearningRate = 0.02f,
        LearningRateDecay = 0.97f,
        Regularization = 0.1f,
        InitialScale = 0.3f,
    };

    /// <summary>What interactions mean. Default <see cref="LfmFeedback.Implicit"/>.</summary>
    public LfmFeedback Feedback { get; init => field = Guard.Defined(value); }

    /// <summary>F, the number of latent factors (topics). 1..4096, default 32.</summary>
    public int Factors { get; init => field = Guard.InRange(1, 4096, value); } = 32;

    /// <summary>Passes over the data. 1..100,000, default 30.</summary>
    public int Epochs { get; init => field = Guard.InRange(1, 100_000, value); } = 30;

    /// <summary>η of the first epoch. Positive, default 0.05. (The factor 2 of the gradient of a square is part of it.)</summary>
    public float LearningRate { get; init => field = Guard.Positive(value); } = 0.05f;

    /// <summary>η is multiplied by this after each epoch. 0..1, default 0.95.</summary>
    public float LearningRateDecay { get; init => field = Guard.InRange(0, 1, value); } = 0.95f;

    /// <summary>λ, for factors and biases. 0..1000, default 0.02.</summary>
    public float Regularization { get; init => field = Guard.InRange(0, 1000, value); } = 0.02f;

    /// <summary>Whether μ, b_u and b_i are part of the prediction; if not, it is p·q alone. Default false; ratings need them.</summary>
    public bool Biases { get; init; }

    /// <summary>
    /// 0s drawn for each 1, anew in each epoch. 1..1000, default 1; 2 to 4 usually rank better and cost as much more time. For implicit
    /// feedback.
    /// </summary>
    public int NegativeRatio { get; init => field = Guard.InRange(1, 1000, value); } = 1;

    /// <summary>
    /// α: 0s are drawn by popularity^α: what was much exposed and not taken was probably not wanted. 0 draws all items alike, 1 by exposure
    /// itself. 0..2, default 0.5. For implicit feedback.
    /// </summary>
    public double NegativePower { get; init => field = Guard.InRange(0, 2, value); } = 0.5;

    /// <summary>The standard deviation of first factors, times 1/√F. 0.000001..10, default 1.</summary>
    public float InitialScale { get; init => field = Guard.InRange(1e-6f, 10, value); } = 1;

    /// <summary>The seed of first factors, negatives and order. Default 1.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>The data is cut into shards × shards blocks, so at most this many threads help. Changes the result. 1..1024, default
    /// 16.</summary>
    public int Shards { get; init => field = Guard.InRange(1, 1024, value); } = 16;

    /// <summary>Threads that train. At least 1, default all processors. Does not change the result.</summary>
    public int Threads { get; init => field = Guard.AtLeast(1, value); } = Environment.ProcessorCount;

    /// <summary>
    /// How lists are found: exactly by default, or by an approximate index, which pays from some ten thousand items on. Its similarity and
    /// threads are set by the model.
    /// </summary>
    public IndexOptions Index { get; init => field = Guard.NotNull(value); } = new ExactIndexOptions();

    /// <summary>
    /// A model to go on from, or null: its users and items keep their dense ids, new ones come after them (extended id maps do so). Its
    /// factors, feedback, biases and μ must be the same and stay.
    /// </summary>
    public Lfm? WarmStart { get; init; }
}
