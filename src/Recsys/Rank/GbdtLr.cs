// Trees as a transform of features: row x becomes the leaves that it reaches, one of each tree, one-hot;
//   p(x) = σ(b + Σ_m w[leaf_m(x)]),   w by logistic regression on the leaves.
// A weight belongs to a leaf, so serving is one walk through trees whose leaf values are the weights.
// He et al., "Practical lessons from predicting clicks on ads at Facebook", ADKDD 2014.

using Recsys.Features;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Rank;

/// <summary>Options of <see cref="GbdtLr"/>.</summary>
public sealed record GbdtLrOptions
{
    /// <summary>The trees. Default: 100 trees of at most 12 leaves, as in the paper's study.</summary>
    public GbdtOptions Trees { get; init => field = Guard.NotNull(value); } = new() { MaxLeaves = 12 };

    /// <summary>The regression on leaves. Default: L2 = 1, full batch.</summary>
    public LogisticRegressionOptions Linear { get; init => field = Guard.NotNull(value); } = new();

    /// <summary>
    /// The part of the examples, drawn at random, that trains the trees, while the rest trains the regression: above 0, below 1. Null (the
    /// default): both train on all; simple, but the regression then trusts leaves that fitted the same labels.
    /// </summary>
    public double? TreePart
    {
        get;
        init => field = value is null or (> 0 and < 1)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(TreePart), value, $"{nameof(TreePart)} must lie above 0 and below 1.");
    }

    /// <summary>Seed of the parts. Default 1.</summary>
    public ulong Seed { get; init; } = 1;
}

/// <summary>
/// Logistic regression on the leaves of boosted trees. It scores as fast as the trees alone. Immutable, thread-safe. Its score is a
/// probability.
/// </summary>
public sealed class GbdtLr : IRanker, IScoreExplainer, IFeatureModel, IModel<GbdtLr>
{
    private readonly Gbdt _weighted;

    private GbdtLr(Gbdt weighted) => _weighted = weighted;

    /// <summary>The trees, with the weights of the regression as their leaf values and its intercept as base score.</summary>
    public Gbdt Trees => _weighted;

    /// <inheritdoc/>
    public FittedSchema? Schema => _weighted.Schema;

    /// <summary>Trains the trees, then the regression on their leaves.</summary>
    /// <param name="features">The encoders and tables; the model keeps the schema and refuses batches of another.</param>
    /// <param name="examples">With labels 0 and 1; their weights weigh the losses of both.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="validation">Examples for the trees to stop by, or null.</param>
    /// <param name="progress">The reports of both trainings.</param>
    /// <param name="cancel">Checked as by both trainings.</param>
    /// <exception cref="ArgumentException">A label other than 0 and 1, only one class in a part, or a bad weight.</exception>
    public static GbdtLr Train(FeatureSet features, Examples examples, GbdtLrOptions? options = null, Examples? validation = null,
        IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(examples);
        options ??= new GbdtLrOptions();
        var (forTrees, forLinear) = options.TreePart is { } part ? examples.Split(part, options.Seed) : (examples, examples);
        var trees = Gbdt.Train(features, forTrees, options.Trees, validation, progress, cancel);
        var (labels, weights) = DenseInput.Targets(features, forLinear);
        var leaves = Leaves(trees, trees.Matrix(features, forLinear), labels.Length);
        var linear = LogisticRegression.Train(leaves, labels, weights, options.Linear, null, progress, cancel);
        return new GbdtLr(trees.WithLeafValues(linear.Weights, linear.Intercept));
    }

    /// <summary>The leaves of each row as ones. [rows, leaves]</summary>
    internal static SparseMatrix Leaves(Gbdt trees, float[] x, int rows)
    {
        var count = trees.Trees.TreeCount;
        var columns = new int[checked(rows * count)];
        trees.Trees.Leaves(x, rows, columns);
        var (offsets, ones) = (new long[rows + 1], new float[columns.Length]);
        for (var row = 0; row <= rows; row++) offsets[row] = (long)row * count;
        Array.Fill(ones, 1);
        return new SparseMatrix(rows, trees.Trees.LeafCount, offsets, columns, ones);
    }

    /// <summary>Click probabilities of a batch. Allocates nothing after warm-up.</summary>
    public void Score(ExampleBatch batch, Span<float> scores) => _weighted.Score(batch, scores);

    /// <inheritdoc/>
    public DenseLayout? Layout => _weighted.Layout;

    /// <inheritdoc/>
    public void Explain(ExampleBatch batch, Span<double> contributions) => _weighted.Explain(batch, contributions);

    /// <inheritdoc/>
    public static string Kind => "gbdt-lr";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <inheritdoc/>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Model("weighted", _weighted);
    }

    /// <inheritdoc/>
    public static GbdtLr Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var weighted = reader.Model<Gbdt>("weighted");
        return weighted.Objective.Kind == GbdtObjectiveKind.Logistic && weighted.Schema is not null
            ? new GbdtLr(weighted)
            : throw reader.Invalid("the trees have no schema or no logistic scores.");
    }
}
