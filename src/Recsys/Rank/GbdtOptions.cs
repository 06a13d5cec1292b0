using Recsys.Features;
using Recsys.Trees;

namespace Recsys.Rank;

/// <summary>Which leaf of a tree is split next.</summary>
public enum GbdtGrowth
{
    /// <summary>The one that gains most.</summary>
    LeafWise,

    /// <summary>The one nearest the root.</summary>
    DepthWise,
}

/// <summary>Options of <see cref="Gbdt"/>.</summary>
public sealed record GbdtOptions
{
    /// <summary>The loss. Default <see cref="GbdtObjective.Logistic"/>.</summary>
    public GbdtObjective Objective { get; init => field = Guard.NotNull(value); } = GbdtObjective.Logistic;

    /// <summary>Most rounds, at least 1. Default 100. A round adds a tree, or one for each class.</summary>
    public int Trees { get; init => field = Guard.AtLeast(1, value); } = 100;

    /// <summary>η, the part of each tree that is added: positive. Default 0.1.</summary>
    public double LearningRate { get; init => field = Guard.Positive(value); } = 0.1;

    /// <summary>Which leaf is split next. Default <see cref="GbdtGrowth.LeafWise"/>.</summary>
    public GbdtGrowth Growth { get; init => field = Guard.Defined(value); }

    /// <summary>Most leaves of a tree, at least 2. Default 31. It bounds depth-wise trees too.</summary>
    public int MaxLeaves { get; init => field = Guard.AtLeast(2, value); } = 31;

    /// <summary>Most splits between root and leaf, at least 1; 0 (the default) sets no limit.</summary>
    public int MaxDepth { get; init => field = Guard.AtLeast(0, value); }

    /// <summary>λ, the L2 penalty of leaf values, 0 or greater. Default 1.</summary>
    public double L2 { get; init => field = Guard.InRange(0, double.MaxValue, value); } = 1;

    /// <summary>α, the L1 penalty of leaf values, 0 or greater. Default 0.</summary>
    public double L1 { get; init => field = Guard.InRange(0, double.MaxValue, value); }

    /// <summary>γ, what a split must gain at least, 0 or greater. Default 0: anything.</summary>
    public double MinGain { get; init => field = Guard.InRange(0, double.MaxValue, value); }

    /// <summary>
    /// Least sum of second derivatives in a leaf, 0 or greater. Default 1; for ranking, where those are small, rather 0.001.
    /// </summary>
    public double MinChildWeight { get; init => field = Guard.InRange(0, double.MaxValue, value); } = 1;

    /// <summary>Least rows of a leaf, at least 1. Default 1; more takes about twice the time, since rows must be counted too.</summary>
    public int MinLeafRows { get; init => field = Guard.AtLeast(1, value); } = 1;

    /// <summary>The part of the rows that each tree sees, drawn anew: above 0, at most 1. Default 1.</summary>
    public double RowSample { get; init => field = Guard.InRange(double.Epsilon, 1, value); } = 1;

    /// <summary>The part of the columns that each tree may split, drawn anew, at least one column: above 0, at most 1. Default 1.</summary>
    public double ColumnSample { get; init => field = Guard.InRange(double.Epsilon, 1, value); } = 1;

    /// <summary>Most bins of a column, 2..255; missing values have one more. Default 255.</summary>
    public int MaxBins { get; init => field = Guard.InRange(2, BinnedMatrix.MostBins, value); } = BinnedMatrix.MostBins;

    /// <summary>Rows that bins are found from, drawn at random where there are more. At least 1; default 50,000.</summary>
    public int BinSampleRows { get; init => field = Guard.AtLeast(1, value); } = 50_000;

    /// <summary>The raw score before the first tree (log-odds, or a label); null for the best constant. Finite.</summary>
    public double? BaseScore
    {
        get;
        init => field = value is { } score ? Guard.InRange(-1e30, 1e30, score) : null;
    }

    /// <summary>
    /// Stop after this many rounds without a better validation loss, and keep the trees up to the best. 0 (the default): never, keep all.
    /// </summary>
    public int EarlyStoppingRounds { get; init => field = Guard.AtLeast(0, value); }

    /// <summary>
    /// The validation loss from predictions (as <see cref="Gbdt.Predict(ReadOnlySpan{float}, Span{float})"/> gives them) and labels, lower
    /// is better; null for the mean loss of the objective, which is 1 - NDCG@k for LambdaMART. Any metric: 1 - AUC, say, or one of
    /// <see cref="GbdtLosses"/>.
    /// </summary>
    public Func<float[], float[], double>? ValidationLoss { get; init; }

    /// <summary>Seed of the samples. Default 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>Threads, at least 1. Default: all processors. Does not change the result.</summary>
    public int Threads { get; init => field = Guard.AtLeast(1, value); } = Environment.ProcessorCount;

    /// <summary>
    /// How features become columns; null for codes in columns of their own up to 64 of them (above that the code is a number), and NaN for
    /// missing numbers that were declared with an indicator.
    /// </summary>
    public DenseLayoutOptions? Layout { get; init; }
}
