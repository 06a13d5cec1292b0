using Recsys.Indexing;

namespace Recsys.Recall;

/// <summary>What <see cref="BprOptions"/> and <see cref="WarpOptions"/> share.</summary>
public abstract record PairwiseOptions
{
    private protected PairwiseOptions()
    {
    }

    /// <summary>F, the number of factors. 1..4096, default 64.</summary>
    public int Factors { get; init => field = Guard.InRange(1, 4096, value); } = 64;

    /// <summary>Passes over the interactions. 1..100,000, default 100, of <see cref="WarpOptions"/> 30.</summary>
    public int Epochs { get; init => field = Guard.InRange(1, 100_000, value); } = 100;

    /// <summary>η of the first epoch; it falls linearly to a tenth in the last. Positive, default 0.05.</summary>
    public float LearningRate { get; init => field = Guard.Positive(value); } = 0.05f;

    /// <summary>λ, for factors and biases. 0..1000, default 0.01, of <see cref="WarpOptions"/> 0.05.</summary>
    public float Regularization { get; init => field = Guard.InRange(0, 1000, value); } = 0.01f;

    /// <summary>Whether items have a bias b_i, which learns popularity. Default true.</summary>
    public bool ItemBiases { get; init; } = true;

    /// <summary>
    /// β: the item that a pair puts second is drawn by popularity^β among those that the user does not have; 0 draws all alike. 0..2,
    /// default 0.
    /// </summary>
    public double NegativePower { get; init => field = Guard.InRange(0, 2, value); }

    /// <summary>The standard deviation of first factors, times 1/√F. 0.000001..10, default 0.1.</summary>
    public float InitialScale { get; init => field = Guard.InRange(1e-6f, 10, value); } = 0.1f;

    /// <summary>The seed of first factors, order and draws. Default 1.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>
    /// The data is cut into shards × shards blocks, so at most this many threads help; a catalogue of fewer than 64 items for each is cut
    /// into
    /// fewer. Changes the result. 1..1024, default 16.
    /// </summary>
    public int Shards { get; init => field = Guard.InRange(1, 1024, value); } = 16;

    /// <summary>Threads that train. At least 1, default all processors. Does not change the result.</summary>
    public int Threads { get; init => field = Guard.AtLeast(1, value); } = Environment.ProcessorCount;

    /// <summary>
    /// How lists are found: exactly by default, or by an approximate index, which pays from some ten thousand items on. Its similarity and
    /// threads are set by the model.
    /// </summary>
    public IndexOptions Index { get; init => field = Guard.NotNull(value); } = new ExactIndexOptions();
}

/// <summary>Options of <see cref="Bpr"/>.</summary>
public sealed record BprOptions : PairwiseOptions
{
    /// <summary>
    /// A model to go on from, or null: its users and items keep their dense ids, new ones come after them (extended id maps do so). Its
    /// factors
    /// and biases must be the same.
    /// </summary>
    public Bpr? WarmStart { get; init; }
}

/// <summary>Options of <see cref="Warp"/>.</summary>
public sealed record WarpOptions : PairwiseOptions
{
    /// <summary>The defaults.</summary>
    public WarpOptions() => (Epochs, Regularization) = (30, 0.05f);

    /// <summary>Items drawn to find one that stands too high, before the pair counts as well ordered. 1..10,000, default 30.</summary>
    public int Tries { get; init => field = Guard.InRange(1, 10_000, value); } = 30;

    /// <summary>
    /// A model to go on from, or null: its users and items keep their dense ids, new ones come after them (extended id maps do so). Its
    /// factors
    /// and biases must be the same.
    /// </summary>
    public Warp? WarmStart { get; init; }
}
