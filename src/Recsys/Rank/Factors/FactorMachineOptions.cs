using Recsys.Features;

namespace Recsys.Rank;

/// <summary>How a factorisation machine steps along a gradient g.</summary>
public enum FactorStep
{
    /// <summary>
    /// G ← G + g², p ← p - η g / √G for each parameter: Duchi, Hazan and Singer, "Adaptive subgradient methods", JMLR 2011, as libffm does.
    /// Within a batch the gradients of a parameter are added.
    /// </summary>
    AdaGrad,

    /// <summary>p ← p - η g, as libFM does. Within a batch the mean is taken over the examples that have the parameter's value.</summary>
    Sgd,
}

/// <summary>What <see cref="FmOptions"/>, <see cref="FfmOptions"/> and <see cref="SvdFeatureOptions"/> share.</summary>
public abstract record FactorMachineOptions
{
    private protected FactorMachineOptions()
    {
    }

    /// <summary>k, the number of factors. 1..1024; default 16, of <see cref="FfmOptions"/> 4.</summary>
    public int Factors { get; init => field = Guard.InRange(1, 1024, value); } = 16;

    /// <summary>Passes over the examples, shuffled each time. 1..100,000, default 10.</summary>
    public int Epochs { get; init => field = Guard.InRange(1, 100_000, value); } = 10;

    /// <summary>
    /// Examples whose gradients see the same parameters and make one step. 1 is stochastic gradient descent as printed; more let threads
    /// help. Changes the result. 1..1,000,000, default 256.
    /// </summary>
    public int BatchSize { get; init => field = Guard.InRange(1, 1_000_000, value); } = 256;

    /// <summary>How a step is taken. Default <see cref="FactorStep.AdaGrad"/>.</summary>
    public FactorStep Step { get; init => field = Guard.Defined(value); }

    /// <summary>η. Positive; default 0.05, of <see cref="FfmOptions"/> 0.2.</summary>
    public float LearningRate { get; init => field = Guard.Positive(value); } = 0.05f;

    /// <summary>AdaGrad: the first value of G, which damps first steps. Positive; default 0.1, of <see cref="FfmOptions"/> 1.</summary>
    public float InitialAccumulator { get; init => field = Guard.Positive(value); } = 0.1f;

    /// <summary>The inputs that the model sees, in this order; null (the default) takes all.</summary>
    public IReadOnlyList<string>? Features { get; init; }

    /// <summary>What the values of a list weigh: 1 / n each (mean, the default) or 1 each (sum).</summary>
    public ListWeight ListWeight { get; init => field = Guard.Defined(value); } = ListWeight.Mean;

    /// <summary>
    /// With validation examples the parameters of the best epoch are kept; this many epochs without a better one end the training. 0 (the
    /// default): never before the last.
    /// </summary>
    public int EarlyStoppingRounds { get; init => field = Guard.AtLeast(0, value); }

    /// <summary>By what validation examples are judged; null (the default) for the mean loss that training minimises.</summary>
    public ValidationMetric? Metric { get; init; }

    /// <summary>Seed of the first factors and of the order. Default 1.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Threads, at least 1. Default: all processors. Does not change the result.</summary>
    public int Threads { get; init => field = Guard.AtLeast(1, value); } = Environment.ProcessorCount;
}
