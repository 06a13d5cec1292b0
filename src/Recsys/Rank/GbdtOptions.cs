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

    /// <summary>
    /// Most rounds of this training, at least 1. Default 100. A round adds a tree, or one for each class.
    /// </summary>
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

    /// <summary>Least rows of a leaf, at least 1. Default 1. More is checked exactly, at little cost.</summary>
    public int MinLeafRows { get; init => field = Guard.AtLeast(1, value); } = 1;

    /// <summary>The part of the rows that each tree sees, drawn anew: above 0, at most 1. Default 1.</summary>
    public double RowSample { get; init => field = Guard.InRange(double.Epsilon, 1, value); } = 1;

    /// <summary>
    /// Rows drawn by their gradients: the large ones all, of the others a sample that stands for them. Null (the default): not. It
    /// replaces <see cref="RowSample"/>.
    /// </summary>
    public GbdtGradientSampling? GradientSampling { get; init; }

    /// <summary>The part of the columns that each tree may split, drawn anew, at least one column: above 0, at most 1. Default 1.</summary>
    public double ColumnSample { get; init => field = Guard.InRange(double.Epsilon, 1, value); } = 1;

    /// <summary>
    /// What each column may do to the raw score: 1, it never falls as the column rises; -1, it never rises; 0, anything. A missing value
    /// may stand anywhere. Null (the default): all 0. As long as there are columns; with a schema use
    /// <see cref="MonotoneFeatures"/>. Not with several classes, nor for categories.
    /// </summary>
    public IReadOnlyList<int>? MonotoneColumns
    {
        get;
        init => field = value is null || value.All(sign => sign is -1 or 0 or 1)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(MonotoneColumns), value.First(sign => sign is not (-1 or 0 or 1)),
                "A monotone constraint is 1, -1 or 0.");
    }

    /// <summary>The same by the names of number features; those that are not named are free. Null (the default): none.</summary>
    public IReadOnlyDictionary<string, int>? MonotoneFeatures
    {
        get;
        init => field = value is null || value.Values.All(sign => sign is -1 or 0 or 1)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(MonotoneFeatures), value.First(pair => pair.Value is not (-1 or 0 or 1)),
                "A monotone constraint is 1, -1 or 0.");
    }

    /// <summary>
    /// Columns of a matrix that hold categories, whole numbers 0..2²⁴ without an order, NaN for missing: they are split by sets. Null (the
    /// default): none. With a schema, columns that hold codes are found by themselves.
    /// </summary>
    public IReadOnlyList<int>? CategoricalColumns { get; init; }

    /// <summary>How columns of categories are split.</summary>
    public GbdtCategoryOptions Categories { get; init => field = Guard.NotNull(value); } = new();

    /// <summary>
    /// The model to add trees to; null (the default) to begin anew. The same data, options and seed, cut in two trainings, give the trees
    /// of one. It must have the same columns (with a schema: the same schema and layout; a null <see cref="Layout"/> takes the old one's)
    /// and the same kind of objective; all other options may change, and bins are found anew. Its base score stays. Constraints bind only
    /// the new trees.
    /// </summary>
    public Gbdt? WarmStart { get; init; }

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
    /// Stop after this many rounds without a better validation metric, and keep the trees up to the best. 0 (the default): never, keep all.
    /// </summary>
    public int EarlyStoppingRounds { get; init => field = Guard.AtLeast(0, value); }

    /// <summary>
    /// By what validation rows are judged, from predictions as <see cref="Gbdt.Predict(ReadOnlySpan{float}, Span{float})"/> gives them; null
    /// (the default) for the mean loss of the objective, which is 1 - NDCG@k for LambdaMART. For queries see <see cref="GbdtLosses"/>.
    /// </summary>
    public ValidationMetric? Metric { get; init; }

    /// <summary>Seed of the samples. Default 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>Threads, at least 1. Default: all processors. Does not change the result.</summary>
    public int Threads { get; init => field = Guard.AtLeast(1, value); } = Environment.ProcessorCount;

    /// <summary>
    /// How features become columns; null for codes in columns of their own up to 64 of them (above that one column of categories), and NaN
    /// for missing numbers that were declared with an indicator.
    /// </summary>
    public DenseLayoutOptions? Layout { get; init; }
}

/// <summary>
/// Gradient-based one-side sampling, anew for each tree, from round 1 / η on: of n rows the a n of greatest |g|, and of the rest b n at
/// random, whose g and h then count (1 - a) / b times. Ke et al., "LightGBM", NIPS 2017, algorithm 2.
/// </summary>
public sealed record GbdtGradientSampling
{
    /// <summary>a, above 0 and below 1. Default 0.2.</summary>
    public double Top { get; init => field = Guard.InRange(1e-6, 1 - 1e-6, value); } = 0.2;

    /// <summary>b, above 0, a + b below 1. Default 0.1.</summary>
    public double Other { get; init => field = Guard.InRange(1e-6, 1 - 1e-6, value); } = 0.1;
}

/// <summary>
/// How trees split categories: in a node they are put in the order of G / (H + s), and the first or the last ones go left, all others
/// right, and with them any that the node had not seen.
/// </summary>
public sealed record GbdtCategoryOptions
{
    /// <summary>
    /// Whether columns that hold codes of a schema are split by sets; otherwise the code is a number like others. Default true.
    /// </summary>
    public bool SplitBySets { get; init; } = true;

    /// <summary>s, 0 or greater; also the least rows of a category that goes left. Default 10.</summary>
    public double Smoothing { get; init => field = Guard.InRange(0, double.MaxValue, value); } = 10;

    /// <summary>Added to λ where such a split is judged, 0 or greater. Default 10.</summary>
    public double L2 { get; init => field = Guard.InRange(0, double.MaxValue, value); } = 10;

    /// <summary>Most categories that go left, at least 1. Default 32.</summary>
    public int MaxListed { get; init => field = Guard.AtLeast(1, value); } = 32;

    /// <summary>Least rows that one more try must add on the left, and least rows on the right: at least 1. Default 100.</summary>
    public int MinGroupRows { get; init => field = Guard.AtLeast(1, value); } = 100;

    /// <summary>
    /// Up to so many categories in a node, each is split from the others, without smoothing and penalty: at least 0. Default 4.
    /// </summary>
    public int OneByOneUpTo { get; init => field = Guard.AtLeast(0, value); } = 4;
}
