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

    /// <summary>The longest that the gradient of all weights may be; longer ones are scaled down. Positive; default infinite: no limit.</summary>
    public float ClipNorm { get; init => field = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(ClipNorm), value, "ClipNorm must be positive."); }
        = float.PositiveInfinity;

    /// <summary>Parts of a batch that are worked on independently, at least 1. Default 8. Changes the result by rounding.</summary>
    public int Shards { get; init => field = Guard.AtLeast(1, value); } = 8;

    /// <summary>Threads, at least 1. Default: all processors. Does not change the result.</summary>
    public int Threads { get; init => field = Guard.AtLeast(1, value); } = Environment.ProcessorCount;

    /// <summary>Seed of the first weights, of the shuffling and of dropout. Default 0.</summary>
    public ulong Seed { get; init; }
}
