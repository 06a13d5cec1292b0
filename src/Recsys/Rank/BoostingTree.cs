// f₀ = 0 (or the mean of y);  r_i = y_i - f_{m-1}(x_i), the negative gradient of ½ (y - f)²;
// T_m = the tree that fits r by squared error;  f_m = f_{m-1} + ν T_m.
// Friedman, "Greedy function approximation: a gradient boosting machine", Annals of Statistics 29 (2001), algorithm 2 with trees.

using Recsys.Features;
using Recsys.Persistence;
using Recsys.Trees;

namespace Recsys.Rank;

/// <summary>Options of <see cref="BoostingTree"/>.</summary>
public sealed record BoostingTreeOptions
{
    /// <summary>M, the number of trees, at least 1. Default 50.</summary>
    public int Trees { get; init => field = Guard.AtLeast(1, value); } = 50;

    /// <summary>ν, the part of each tree that is added: positive. Default 1.</summary>
    public double LearningRate { get; init => field = Guard.Positive(value); } = 1;

    /// <summary>Most splits between root and leaf, at least 1. Default 1: stumps.</summary>
    public int MaxDepth { get; init => field = Guard.AtLeast(1, value); } = 1;

    /// <summary>Least rows of a leaf, at least 1. Default 1.</summary>
    public int MinLeafRows { get; init => field = Guard.AtLeast(1, value); } = 1;

    /// <summary>Whether f₀ is the mean label rather than 0. Default false.</summary>
    public bool StartFromMean { get; init; }

    /// <summary>How features become columns; null for codes in columns of their own up to 64 of them.</summary>
    public DenseLayoutOptions? Layout { get; init; }
}

/// <summary>
/// Least-squares boosting of exact trees, as textbooks have it: to teach and for small data; <see cref="Gbdt"/> is the fast one. Immutable,
/// thread-safe. Its score is the predicted label.
/// </summary>
public sealed class BoostingTree : IRanker, IFeatureModel, IModel<BoostingTree>
{
    private readonly DenseInput? _input;

    private BoostingTree(TreeEnsemble trees, float start, double trainingError, DenseInput? input)
    {
        if (input is not null && input.Layout.ColumnCount != trees.ColumnCount)
            throw new ArgumentException($"Trees over {trees.ColumnCount} columns do not fit a layout of {input.Layout.ColumnCount}.");
        (Trees, Start, TrainingError, _input) = (trees, start, trainingError, input);
    }

    /// <summary>The trees; their leaf values have the learning rate in them.</summary>
    public TreeEnsemble Trees { get; }

    /// <summary>f₀.</summary>
    public float Start { get; }

    /// <summary>Σ w (y - f)² over the training rows after the last tree.</summary>
    public double TrainingError { get; }

    /// <inheritdoc/>
    public FittedSchema? Schema => _input?.Schema;

    /// <summary>Trains on encoded features.</summary>
    /// <param name="features">The encoders and tables.</param>
    /// <param name="examples">With a finite label; weights weigh the errors.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">One report for each tree, with the summed squared error.</param>
    /// <param name="cancel">Checked for each node.</param>
    /// <exception cref="ArgumentException">No examples, or a bad label or weight.</exception>
    public static BoostingTree Train(FeatureSet features, Examples examples, BoostingTreeOptions? options = null,
        IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(examples);
        options ??= new BoostingTreeOptions();
        var input = new DenseInput(features.Schema, (options.Layout ?? DenseInput.ForTrees) with { MissingAsNaN = false });
        var (labels, weights) = DenseInput.Targets(features, examples);
        return Train(input.Matrix(features, examples), input.Layout.ColumnCount, labels, weights, options, input, progress, cancel);
    }

    /// <summary>Trains on a dense matrix.</summary>
    /// <param name="x">Finite values, row-major. [rows, columns]</param>
    /// <param name="columns">Of a row, at least 1.</param>
    /// <param name="labels">Finite. [rows]</param>
    /// <param name="weights">0 or greater: null (all 1) or [rows]. Rows of weight 0 are left out.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">One report for each tree, with the summed squared error.</param>
    /// <param name="cancel">Checked for each node.</param>
    /// <exception cref="ArgumentException">A bad value, label or weight, or lengths that differ.</exception>
    public static BoostingTree Train(float[] x, int columns, float[] labels, float[]? weights = null, BoostingTreeOptions? options = null,
        IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
        => Train(x, columns, labels, weights ?? [], options ?? new BoostingTreeOptions(), null, progress, cancel);

    private static BoostingTree Train(float[] x, int columns, float[] labels, float[] weights, BoostingTreeOptions options,
        DenseInput? input, IProgress<TrainProgress>? progress, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(labels);
        DenseInput.Check(x, columns, labels, weights);
        DenseInput.CheckFinite(x, columns);
        double Weight(int row) => weights.Length == 0 ? 1 : weights[row];
        var rows = Enumerable.Range(0, labels.Length).Where(i => Weight(i) > 0).ToArray();
        var start = options.StartFromMean ? (float)(rows.Sum(i => Weight(i) * labels[i]) / rows.Sum(Weight)) : 0;
        var residuals = Array.ConvertAll(labels, y => (double)y - start);                    // [rows]
        var tree = new ExactTree(x, columns, residuals, 1, weights);
        var builder = new TreeBuilder();
        var error = 0.0;
        for (var m = 0; m < options.Trees; m++)
        {
            // Leaves are told of when the tree is grown: residuals must stand still until then.
            var steps = new List<(int[] Rows, double Step)>();
            tree.Grow(builder, rows, new ExactTreeLimits(options.MaxDepth, options.MinLeafRows, 0), (node, mean, inside) =>
            {
                builder.SetValue(node, options.LearningRate * mean[0]);
                steps.Add((inside, options.LearningRate * mean[0]));
            }, cancel);
            foreach (var (inside, step) in steps)
                foreach (var row in inside) residuals[row] -= step;
            error = rows.Sum(i => Weight(i) * residuals[i] * residuals[i]);
            progress?.Report(new TrainProgress("boosting tree", m + 1, options.Trees, error));
        }
        return new BoostingTree(builder.Build(columns), start, error, input);
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
        scores.Fill(Start);
        Trees.AddTo(x, scores);
    }

    /// <inheritdoc/>
    public static string Kind => "boosting-tree";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <inheritdoc/>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        DenseInput.Write(writer, _input);
        Trees.Write(writer.Scope("trees"));
        writer.Real("start", Start);
        writer.Real("error", TrainingError);
    }

    /// <inheritdoc/>
    public static BoostingTree Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var input = DenseInput.Read(reader);
        return new BoostingTree(TreeEnsemble.Read(reader.Scope("trees")), reader.Single("start"), reader.Real("error"), input);
    }
}
