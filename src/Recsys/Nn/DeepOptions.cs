using Recsys.Persistence;

namespace Recsys.Nn;

/// <summary>What a network's output means.</summary>
public enum NetworkOutput
{
    /// <summary>The logit of a click: trained by log loss on labels 0 and 1; the score is σ of it, a probability.</summary>
    Click,

    /// <summary>The value itself, as of a rating: trained by squared error on any finite labels; the score is the output.</summary>
    Value,
}

/// <summary>Options of click models with embeddings and hidden layers. A model's own record derives from it and sets its paper's
/// defaults.</summary>
public abstract record DeepOptions
{
    internal const float MostDropout = 0.999f;

    /// <summary>k, length of an embedding, at least 1.</summary>
    public int Dimension { get; init => field = Guard.AtLeast(1, value); } = 10;

    /// <summary>Length of each hidden layer, each at least 1; may be empty.</summary>
    public IReadOnlyList<int> Hidden { get; init => field = Lengths(value); } = [400, 400, 400];

    /// <summary>f, after each hidden layer. Default <see cref="Activation.Relu"/>.</summary>
    public Activation Activation { get; init => field = Guard.Defined(value); }

    /// <summary>Probability that a unit of a hidden layer is dropped while training. 0 to 0.999; default 0.</summary>
    public float Dropout { get; init => field = Guard.InRange(0, MostDropout, value); }

    /// <summary>Whether hidden layers are normalised over the batch before f. Default false.</summary>
    public bool BatchNorm { get; init; }

    /// <summary>What the output means. Default <see cref="NetworkOutput.Click"/>.</summary>
    public NetworkOutput Output { get; init => field = Guard.Defined(value); }

    /// <summary>How it is trained.</summary>
    public TrainerOptions Training { get; init => field = Guard.NotNull(value); } = new();

    /// <summary>Writes the shape of the network.</summary>
    public virtual void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Integer("dimension", Dimension);
        writer.Tensor("hidden", Hidden.ToArray(), Hidden.Count);
        writer.Choice("activation", Activation);
        writer.Real("dropout", Dropout);
        writer.Flag("batchNorm", BatchNorm);
        writer.Choice("output", Output);
    }

    /// <summary>Reads what <see cref="Write"/> wrote of these options.</summary>
    protected static T Read<T>(ModelReader reader) where T : DeepOptions, new()
    {
        ArgumentNullException.ThrowIfNull(reader);
        var hidden = reader.Tensor<int>("hidden", -1);
        foreach (var length in hidden)
            if (length < 1) throw reader.Invalid($"Tensor 'hidden' has a layer of {length} units.");
        return new T
        {
            Dimension = reader.Int32("dimension", 1),
            Hidden = hidden,
            Activation = reader.Choice<Activation>("activation"),
            Dropout = reader.Single("dropout", 0, MostDropout),
            BatchNorm = reader.Flag("batchNorm"),
            Output = reader.Choice<NetworkOutput>("output"),
        };
    }

    private static IReadOnlyList<int> Lengths(IReadOnlyList<int> value)
    {
        ArgumentNullException.ThrowIfNull(value, nameof(Hidden));
        foreach (var length in value) Guard.AtLeast(1, length, nameof(Hidden));
        return value;
    }
}
