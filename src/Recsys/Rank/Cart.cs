// Regression:      min over column j, threshold s of  Σ_{x_j ≤ s} (y - c₁)² + Σ_{x_j > s} (y - c₂)²,   c = mean of y on its side.
// Classification:  min over j, s of  Gini(D, s) = |D₁|/|D| Gini(D₁) + |D₂|/|D| Gini(D₂),   Gini(D) = 1 - Σ_k (|C_k| / |D|)².
// Thresholds lie in the middle of neighbouring values; of equally good splits the lowest column, then the lowest threshold wins.
// Breiman, Friedman, Olshen, Stone, "Classification and regression trees", 1984.

using Recsys.Features;
using Recsys.Persistence;
using Recsys.Trees;

namespace Recsys.Rank;

/// <summary>What a <see cref="Cart"/> predicts.</summary>
public enum CartTask
{
    /// <summary>A number; splits by squared error.</summary>
    Regression,

    /// <summary>A class 0, 1, 2 …; splits by the Gini index.</summary>
    Classification,
}

/// <summary>Options of <see cref="Cart"/>.</summary>
public sealed record CartOptions
{
    /// <summary>What to predict. Default <see cref="CartTask.Regression"/>.</summary>
    public CartTask Task { get; init => field = Guard.Defined(value); }

    /// <summary>Most splits between root and leaf, at least 0. Default 6.</summary>
    public int MaxDepth { get; init => field = Guard.AtLeast(0, value); } = 6;

    /// <summary>Least rows of a leaf, at least 1. Default 1.</summary>
    public int MinLeafRows { get; init => field = Guard.AtLeast(1, value); } = 1;

    /// <summary>
    /// What a split must save at least of the summed error: of the squared error, or of rows × Gini. 0 or greater; default 0: anything.
    /// </summary>
    public double MinGain { get; init => field = Guard.InRange(0, double.MaxValue, value); }

    /// <summary>How features become columns; null for codes in columns of their own up to 64 of them.</summary>
    public DenseLayoutOptions? Layout { get; init; }
}

/// <summary>
/// One decision tree, found by trying every split: to teach, to explain, for small data. Immutable, thread-safe. Its score is the mean
/// label of the leaf, or in classification the expected class Σ_k k p_k: with classes 0 and 1 the probability of 1.
/// </summary>
public sealed class Cart : IRanker, IFeatureModel, IModel<Cart>
{
    private const int MostClasses = 1000;
    private readonly DenseInput? _input;
    private readonly float[] _distribution;

    private Cart(TreeEnsemble tree, CartTask task, int classCount, float[] distribution, DenseInput? input)
    {
        if (tree.TreeCount != 1 || (input is not null && input.Layout.ColumnCount != tree.ColumnCount))
            throw new ArgumentException($"{tree.TreeCount} trees over {tree.ColumnCount} columns do not fit the model.");
        (Tree, Task, ClassCount, _distribution, _input) = (tree, task, classCount, distribution, input);
    }

    /// <summary>Its one tree; leaf values are scores, gains what a split saves of the summed error.</summary>
    public TreeEnsemble Tree { get; }

    /// <summary>What it predicts.</summary>
    public CartTask Task { get; }

    /// <summary>Number of classes; 0 in regression.</summary>
    public int ClassCount { get; }

    /// <inheritdoc/>
    public FittedSchema? Schema => _input?.Schema;

    /// <summary>Trains on encoded features.</summary>
    /// <param name="features">The encoders and tables.</param>
    /// <param name="examples">With a finite label; weights weigh the errors.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">One report at the end.</param>
    /// <param name="cancel">Checked for each node.</param>
    /// <exception cref="ArgumentException">No examples, a label that is not finite or no class, or a bad weight.</exception>
    public static Cart Train(FeatureSet features, Examples examples, CartOptions? options = null,
        IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(examples);
        options ??= new CartOptions();
        var input = new DenseInput(features.Schema, (options.Layout ?? DenseInput.ForTrees) with { MissingAsNaN = false });
        var (labels, weights) = DenseInput.Targets(features, examples);
        return Train(input.Matrix(features, examples), input.Layout.ColumnCount, labels, weights, options, input, progress, cancel);
    }

    /// <summary>Trains on a dense matrix.</summary>
    /// <param name="x">Finite values, row-major. [rows, columns]</param>
    /// <param name="columns">Of a row, at least 1.</param>
    /// <param name="labels">Finite; in classification whole numbers from 0, below 1000. [rows]</param>
    /// <param name="weights">0 or greater: null (all 1) or [rows]. Rows of weight 0 are left out.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">One report at the end.</param>
    /// <param name="cancel">Checked for each node.</param>
    /// <exception cref="ArgumentException">A bad value, label or weight, or lengths that differ.</exception>
    public static Cart Train(float[] x, int columns, float[] labels, float[]? weights = null, CartOptions? options = null,
        IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
        => Train(x, columns, labels, weights ?? [], options ?? new CartOptions(), null, progress, cancel);

    private static Cart Train(float[] x, int columns, float[] labels, float[] weights, CartOptions options, DenseInput? input,
        IProgress<TrainProgress>? progress, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(labels);
        DenseInput.Check(x, columns, labels, weights);
        DenseInput.CheckFinite(x, columns);
        var classes = options.Task == CartTask.Classification ? CountClasses(labels) : 0;
        var outputs = Math.Max(1, classes);
        var y = new double[(long)labels.Length * outputs];                                   // [rows, outputs]
        for (var i = 0; i < labels.Length; i++)
            if (classes == 0) y[i] = labels[i];
            else y[(i * outputs) + (int)labels[i]] = 1;

        var builder = new TreeBuilder();
        var means = new Dictionary<int, double[]>();
        var rows = Enumerable.Range(0, labels.Length).Where(i => weights.Length == 0 || weights[i] > 0).ToArray();
        new ExactTree(x, columns, y, outputs, weights).Grow(
            builder, rows, new ExactTreeLimits(options.MaxDepth, options.MinLeafRows, options.MinGain),
            (node, mean, _) =>
            {
                means[node] = mean;
                builder.SetValue(node, classes == 0 ? mean[0] : mean.Select((p, k) => k * p).Sum());
            }, cancel);
        progress?.Report(new TrainProgress("cart", 1, 1));
        // Leaves are numbered in the order of their nodes.
        float[] distribution = classes == 0 ? [] : [.. means.OrderBy(m => m.Key).SelectMany(m => m.Value).Select(p => (float)p)];
        return new Cart(builder.Build(columns), options.Task, classes, distribution, input);
    }

    /// <summary>Scores a batch. Allocates nothing after warm-up.</summary>
    /// <exception cref="InvalidOperationException">The model was trained on a bare matrix, so it has no schema.</exception>
    public void Score(ExampleBatch batch, Span<float> scores)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (_input is null)
            throw new InvalidOperationException("This model was trained on a matrix, not on a feature schema; use Predict.");
        ArgumentOutOfRangeException.ThrowIfLessThan(scores.Length, batch.Count, nameof(scores));
        var rows = _input.Rent(batch);
        Predict(rows.Values, scores[..batch.Count]);
        _input.Return(rows);
    }

    /// <summary>Scores the rows of a matrix; a missing value (NaN) goes where the heavier side went. Allocates nothing.</summary>
    /// <param name="x">[scores, columns], row-major.</param>
    /// <param name="scores">Receives one score for each row.</param>
    public void Predict(ReadOnlySpan<float> x, Span<float> scores)
    {
        scores.Clear();
        Tree.AddTo(x, scores);
    }

    /// <summary>The share of each class in the leaf of one row. Classification only.</summary>
    /// <param name="row">[columns]</param>
    public ReadOnlySpan<float> Probabilities(ReadOnlySpan<float> row)
    {
        if (ClassCount == 0) throw new InvalidOperationException("A regression tree has no classes; train with CartTask.Classification.");
        Span<int> leaf = stackalloc int[1];
        Tree.Leaves(row, 1, leaf);
        return _distribution.AsSpan(leaf[0] * ClassCount, ClassCount);
    }

    private static int CountClasses(float[] labels)
    {
        var most = 0;
        for (var i = 0; i < labels.Length; i++)
        {
            if (labels[i] != MathF.Floor(labels[i]) || labels[i] < 0 || labels[i] >= MostClasses)
                throw new ArgumentException(
                    $"The label of row {i} is {labels[i]}; a class is a whole number from 0 to {MostClasses - 1}.", nameof(labels));
            most = Math.Max(most, (int)labels[i]);
        }
        return most + 1;
    }

    /// <inheritdoc/>
    public static string Kind => "cart";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <inheritdoc/>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        DenseInput.Write(writer, _input);
        Tree.Write(writer.Scope("tree"));
        writer.Choice("task", Task);
        if (Task == CartTask.Classification) writer.Tensor("distribution", _distribution, Tree.LeafCount, ClassCount);
    }

    /// <inheritdoc/>
    public static Cart Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var input = DenseInput.Read(reader);
        var tree = TreeEnsemble.Read(reader.Scope("tree"));
        var task = reader.Choice<CartTask>("task");
        if (task == CartTask.Regression) return new Cart(tree, task, 0, [], input);
        var distribution = reader.Tensor<float>("distribution", tree.LeafCount, -1);
        var classes = distribution.Length / Math.Max(1, tree.LeafCount);
        return classes > 0
            ? new Cart(tree, task, classes, distribution, input)
            : throw reader.Invalid("a classification tree has no classes.");
    }
}
