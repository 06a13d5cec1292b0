namespace Recsys.Nn;

/// <summary>How a network is trained.</summary>
public sealed record TrainerOptions
{
    /// <summary>Passes over the examples, at least 1. Default 5.</summary>
    public int Epochs { get; init => field = Guard.AtLeast(1, value); } = 5;

    /// <summary>Examples of one step, at least 1. Default 1024.</summary>
    public int BatchSize { get; init => field = Guard.AtLeast(1, value); } = 1024;

    /// <summary>Steps the weights, save those whose scope asks for another. Default <see cref="Adam"/> at 0.001.</summary>
    public Optimizer Optimizer { get; init => field = Guard.NotNull(value); } = new Adam();

    /// <summary>How the learning rate of every optimizer changes. Default <see cref="LearningSchedule.Constant"/>.</summary>
    public LearningSchedule Schedule { get; init => field = Guard.NotNull(value); } = LearningSchedule.Constant;

    /// <summary>
    /// The greatest length of the gradient of all weights together; a longer one is scaled down. Positive; default infinite: no limit.
    /// </summary>
    public float ClipNorm
    {
        get;
        init => field = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(ClipNorm), value, "ClipNorm must be positive.");
    } = float.PositiveInfinity;

    /// <summary>
    /// By what validation examples are judged after each epoch; the weights of the best epoch are kept. Default
    /// <see cref="ValidationMetric.LogLoss"/>. Not used without validation examples.
    /// </summary>
    public ValidationMetric Metric { get; init => field = Guard.NotNull(value); } = ValidationMetric.LogLoss;

    /// <summary>Epochs without a better validation metric after which training stops, 0 or more. Default 0: it never stops early.</summary>
    public int Patience { get; init => field = Guard.AtLeast(0, value); }

    /// <summary>Where the state of the training is kept, to go on after a crash; null (the default) for nowhere.</summary>
    public CheckpointOptions? Checkpoint { get; init; }

    /// <summary>Parts of a batch that are worked on independently, at least 1. Default 8. Changes the result by rounding.</summary>
    public int Shards { get; init => field = Guard.AtLeast(1, value); } = 8;

    /// <summary>Threads, at least 1. Default: all processors. Does not change the result.</summary>
    public int Threads { get; init => field = Guard.AtLeast(1, value); } = Environment.ProcessorCount;

    /// <summary>Seed of the first weights, of the shuffling and of dropout. Default 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>All that the result depends on.</summary>
    internal string Describe() => FormattableString.Invariant(
        $"epochs {Epochs}, batch {BatchSize}, {Optimizer.Describe()}, schedule {Schedule.Describe()}, clip {ClipNorm:R}, ")
        + FormattableString.Invariant($"metric {Metric.Name}, patience {Patience}, shards {Shards}, seed {Seed}");
}

/// <summary>
/// The file in which a training keeps its state. A training that is started again with the same options and data goes on from there and
/// ends with the same bits as one that was never stopped; one with others is refused. The file is removed when the training ends.
/// </summary>
/// <param name="Path">The file; its folder must exist. Written beside and renamed, so a crash leaves the last whole one.</param>
public sealed record CheckpointOptions(string Path)
{
    /// <summary>Steps from one writing to the next, 0 or more. Default 0: after each epoch.</summary>
    public int EverySteps { get; init => field = Guard.AtLeast(0, value); }
}

/// <summary>What an epoch of a training came to.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Loss">Mean loss of its examples while they were trained on, so with changing weights and with dropout.</param>
/// <param name="Validation">The validation metric after it; null without validation examples.</param>
public readonly record struct EpochResult(int Epoch, double Loss, double? Validation);
