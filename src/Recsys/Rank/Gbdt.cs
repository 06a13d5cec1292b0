// f = f₀ + η Σ_m T_m(x);  tree m minimises  Σ_i [g_i T(x_i) + ½ h_i T(x_i)²] + γ leaves + ½ λ Σ_j c_j² + α Σ_j |c_j|,
//   g, h = first and second derivative of the loss at f_{m-1};   leaf c_j = -T(G_j) / (H_j + λ), T shrinks by α;
//   a split gains ½ [T(G_L)² / (H_L + λ) + T(G_R)² / (H_R + λ) - T(G)² / (H + λ)] - γ; missing values take the better side.
// Chen and Guestrin, "XGBoost: a scalable tree boosting system", KDD 2016. Histograms, leaf-wise growth: Ke et al., "LightGBM: a highly
// efficient gradient boosting decision tree", NIPS 2017. Gradients in fixed point: Shi et al., "Quantized training of gradient boosting
// decision trees", NeurIPS 2022; here their sums take 32 bits, so that nothing is lost that shows.

using Recsys.Features;
using Recsys.Persistence;
using Recsys.Trees;

namespace Recsys.Rank;

/// <summary>
/// Gradient boosted trees of second order on histograms. Immutable, thread-safe. The same data, options and seed give the same trees for
/// any number of threads.
/// </summary>
public sealed partial class Gbdt : IRanker, IFeatureModel, IModel<Gbdt>
{
    private readonly DenseInput? _input;
    private readonly float[] _starts;
    private readonly ScratchPool<Predictions> _pool = new(static () => new Predictions());

    private Gbdt(TreeEnsemble trees, float[] starts, GbdtObjective objective, double? validationLoss, DenseInput? input)
    {
        if (starts.Length != objective.Outputs || trees.OutputCount != objective.Outputs)
            throw new ArgumentException(
                $"{objective} has {objective.Outputs} outputs; there are trees for {trees.OutputCount} and starts for {starts.Length}.");
        if (input is not null && input.Layout.ColumnCount != trees.ColumnCount)
            throw new ArgumentException($"Trees over {trees.ColumnCount} columns do not fit a layout of {input.Layout.ColumnCount}.");
        (Trees, _starts, Objective, BestValidation, _input) = (trees, starts, objective, validationLoss, input);
    }

    /// <summary>The trees; leaf values have the learning rate in them, gains are those of the formula at the top of the file.</summary>
    public TreeEnsemble Trees { get; }

    /// <summary>f₀, the raw score before the first tree; of the first class where there are several.</summary>
    public double BaseScore => _starts[0];

    /// <summary>f₀ of each output. [outputs]</summary>
    public ReadOnlySpan<float> BaseScores => _starts;

    /// <summary>Scores of a row: 1, or the number of classes.</summary>
    public int OutputCount => _starts.Length;

    /// <summary>Rounds of boosting that the trees come from.</summary>
    public int RoundCount => Trees.TreeCount / OutputCount;

    /// <summary>The loss that was minimised.</summary>
    public GbdtObjective Objective { get; }

    /// <summary>
    /// The best value of the validation metric (or loss) while training, reached after the last tree if training stopped early; null without validation.
    /// </summary>
    public double? BestValidation { get; }

    /// <inheritdoc/>
    public FittedSchema? Schema => _input?.Schema;

    /// <summary>How features became columns, for names of columns; null for a model of a bare matrix.</summary>
    public DenseLayout? Layout => _input?.Layout;

    /// <summary>Trains on encoded features.</summary>
    /// <param name="features">The encoders and tables; the model keeps the schema and refuses batches of another.</param>
    /// <param name="examples">With labels; their weights weigh the losses, their queries group them for ranking.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="validation">Examples to judge by while training, or null.</param>
    /// <param name="progress">One report for each round, with the validation loss or, without validation, the mean training loss.</param>
    /// <param name="cancel">Checked for each split.</param>
    /// <exception cref="ArgumentException">No examples, a label outside the objective's domain, or a bad weight.</exception>
    public static Gbdt Train(FeatureSet features, Examples examples, GbdtOptions? options = null, Examples? validation = null,
        IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(examples);
        options ??= new GbdtOptions();
        var layout = options.Layout ?? options.WarmStart?._input?.Options ?? DenseInput.ForTrees;
        var input = new DenseInput(features.Schema, layout);
        var (x, targets) = Rows(input, features, examples);
        var (judgedX, judged) = validation is null ? (null, null) : Rows(input, features, validation);
        return Train(x, input.Layout.ColumnCount, targets, options, judgedX, judged, input, progress, cancel);
    }

    /// <summary>Trains on a dense matrix.</summary>
    /// <param name="x">Row-major; NaN is missing, infinite values count as the largest and the smallest float. [rows, columns]</param>
    /// <param name="columns">Of a row, at least 1.</param>
    /// <param name="labels">0 or 1 for log loss; else as the objective says, finite. [rows]</param>
    /// <param name="weights">0 or greater: null (all 1) or [rows]. Rows of weight 0 are left out.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="validation">Rows to judge by while training, or null.</param>
    /// <param name="progress">One report for each round, with the validation loss or, without validation, the mean training loss.</param>
    /// <param name="cancel">Checked for each split.</param>
    /// <exception cref="ArgumentException">A label outside the objective's domain, a bad weight, or lengths that differ.</exception>
    /// <exception cref="ArithmeticException">Labels so large that sums of gradients are not finite.</exception>
    public static Gbdt Train(float[] x, int columns, float[] labels, float[]? weights = null, GbdtOptions? options = null,
        GbdtValidation? validation = null, IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
        => Train(new GbdtRows(x, columns, labels) { Weights = weights }, options, validation, progress, cancel);

    /// <summary>Trains on a dense matrix with queries.</summary>
    /// <param name="rows">What to train on.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="validation">Rows to judge by while training, or null.</param>
    /// <param name="progress">One report for each round, with the validation loss or, without validation, the mean training loss.</param>
    /// <param name="cancel">Checked for each split.</param>
    /// <exception cref="ArgumentException">
    /// A label outside the objective's domain, a bad weight, lengths that differ, or sizes of queries that do not add up.
    /// </exception>
    /// <exception cref="ArithmeticException">Labels so large that sums of gradients are not finite.</exception>
    public static Gbdt Train(GbdtRows rows, GbdtOptions? options = null, GbdtValidation? validation = null,
        IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var targets = Targets(rows.X, rows.Columns, rows.Labels, rows.Weights, rows.Groups);
        var judged = validation is null
            ? null
            : Targets(validation.X, rows.Columns, validation.Labels, validation.Weights, validation.Groups);
        return Train(rows.X, rows.Columns, targets, options ?? new GbdtOptions(), validation?.X, judged, null, progress, cancel);
    }

    private static Gbdt Train(float[] x, int columns, GbdtTargets targets, GbdtOptions options, float[]? validationX,
        GbdtTargets? validation, DenseInput? input, IProgress<TrainProgress>? progress, CancellationToken cancel)
    {
        var described = GbdtColumns.Of(columns, options, input?.Layout);
        CheckWarmStart(columns, options, input);
        if (options.GradientSampling is { } sampling)
        {
            if (options.RowSample < 1)
                throw new ArgumentException($"{nameof(options.GradientSampling)} replaces {nameof(options.RowSample)}, which is " +
                    $"{options.RowSample}: use one.", nameof(options));
            if (options.Objective.HasLeafValues || sampling.Top + sampling.Other > 1)
                throw new ArgumentException(options.Objective.HasLeafValues
                    ? $"The gradients of {options.Objective} do not tell rows apart; {nameof(options.GradientSampling)} needs that."
                    : $"Top {sampling.Top} and Other {sampling.Other} are more than all rows.", nameof(options));
        }
        options.Objective.Check(targets);
        if (validation is not null)
        {
            options.Objective.Check(validation);
            if (options.Metric is null && options.Objective.Kind == GbdtObjectiveKind.Own)
                throw new ArgumentException($"An objective of your own tells no loss: set {nameof(options.Metric)} to judge " +
                    "validation rows.", nameof(options));
        }
        else if (options.EarlyStoppingRounds > 0)
        {
            throw new ArgumentException($"{nameof(options.EarlyStoppingRounds)} is {options.EarlyStoppingRounds}, but there are no " +
                "validation rows to stop by.", nameof(validation));
        }
        return new GbdtTraining(x, described, targets, options, validationX, validation).Run(
            (trees, starts, best) => new Gbdt(trees, starts, options.Objective, best, input), progress, cancel);
    }

    private static void CheckWarmStart(int columns, GbdtOptions options, DenseInput? input)
    {
        if (options.WarmStart is not { } old) return;
        if (old.Objective.Kind != options.Objective.Kind || old.OutputCount != options.Objective.Outputs)
            throw new ArgumentException($"The model of {nameof(options.WarmStart)} minimises {old.Objective}, not {options.Objective}.",
                nameof(options));
        if (options.BaseScore is { } given)
            throw new ArgumentException($"{nameof(options.BaseScore)} is {given}, but that of {nameof(options.WarmStart)} stays: leave " +
                "one out.", nameof(options));
        if (old._input is null != input is null)
            throw new ArgumentException($"The model of {nameof(options.WarmStart)} was trained on " +
                (old._input is null ? "a matrix, not on a feature schema." : "a feature schema, not on a matrix."), nameof(options));
        if (input is not null) old._input!.Schema.EnsureCompatible(input.Schema);
        else if (old.Trees.ColumnCount != columns)
            throw new ArgumentException(
                $"The model of {nameof(options.WarmStart)} has {old.Trees.ColumnCount} columns, the data {columns}.", nameof(options));
        if (input is not null && !old._input!.HasLayoutOf(input))
            throw new ArgumentException($"The model of {nameof(options.WarmStart)} has other columns; leave {nameof(options.Layout)} " +
                "null to take them.", nameof(options));
    }

    private static (float[] X, GbdtTargets Targets) Rows(DenseInput input, FeatureSet features, Examples examples)
    {
        var (labels, weights) = DenseInput.Targets(features, examples);
        var x = input.Matrix(features, examples);
        DenseInput.Check(x, input.Layout.ColumnCount, labels, weights);
        return (x, new GbdtTargets(labels, weights, QueryRows.OfNumbers(examples.Queries)));
    }

    private static GbdtTargets Targets(float[] x, int columns, float[] labels, float[]? weights, int[]? groups)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(labels);
        DenseInput.Check(x, columns, labels, weights ?? []);
        return new GbdtTargets(labels, weights ?? [], groups is null ? null : QueryRows.OfSizes(groups, labels.Length, nameof(groups)));
    }

    /// <summary>
    /// Scores a batch: probabilities, labels or rank scores, as the objective says; with several classes the expected class Σ_k k p_k
    /// (Li, Burges and Wu, "McRank", NIPS 2007), to rank by grades. Allocates nothing after warm-up.
    /// </summary>
    /// <exception cref="InvalidOperationException">The model was trained on a bare matrix, so it has no schema.</exception>
    public void Score(ExampleBatch batch, Span<float> scores)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentOutOfRangeException.ThrowIfLessThan(scores.Length, batch.Count, nameof(scores));
        if (OutputCount == 1)
        {
            Predict(batch, scores[..batch.Count]);
            return;
        }
        var all = _pool.Rent();
        var predictions = all.Take(batch.Count * OutputCount);
        Predict(batch, predictions);
        for (var row = 0; row < batch.Count; row++)
        {
            scores[row] = 0;
            for (var k = 1; k < OutputCount; k++) scores[row] += k * predictions[(row * OutputCount) + k];
        }
        _pool.Return(all);
    }

    /// <summary>Predictions for a batch, as for the rows of a matrix. Allocates nothing after warm-up.</summary>
    /// <param name="batch">The examples.</param>
    /// <param name="predictions">[examples, outputs], row-major.</param>
    /// <exception cref="InvalidOperationException">The model was trained on a bare matrix, so it has no schema.</exception>
    public void Predict(ExampleBatch batch, Span<float> predictions)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (_input is null)
            throw new InvalidOperationException("This model was trained on a matrix, not on a feature schema; use Predict.");
        var rows = _input.Rent(batch);
        Predict(rows.Values, predictions);
        _input.Return(rows);
    }

    /// <summary>
    /// Predictions for the rows of a matrix: probabilities, labels or rank scores, as the objective says. Allocates nothing.
    /// </summary>
    /// <param name="x">[rows, columns], row-major; NaN is missing.</param>
    /// <param name="predictions">[rows, outputs], row-major: one for each row, or the probability of each class.</param>
    public void Predict(ReadOnlySpan<float> x, Span<float> predictions)
    {
        RawScores(x, predictions);
        Objective.Predict(predictions);
    }

    /// <summary>Raw scores f of the rows of a matrix: log-odds, labels, logarithms of counts. Allocates nothing.</summary>
    /// <param name="x">[rows, columns], row-major; NaN is missing.</param>
    /// <param name="scores">[rows, outputs], row-major.</param>
    public void RawScores(ReadOnlySpan<float> x, Span<float> scores)
    {
        if (OutputCount == 1) scores.Fill(_starts[0]);
        else for (var i = 0; i < scores.Length; i++) scores[i] = _starts[i % OutputCount];
        Trees.AddTo(x, scores);
    }

    internal float[] Matrix(FeatureSet features, Examples examples) => _input!.Matrix(features, examples);

    /// <summary>The same trees with other leaf values, whose sum is a logit.</summary>
    internal Gbdt WithLeafValues(ReadOnlySpan<float> values, float start)
        => new(Trees.WithLeafValues(values), [start], GbdtObjective.Logistic, null, _input);

    /// <inheritdoc/>
    public static string Kind => "gbdt";

    /// <inheritdoc/>
    public static int Version => 2;

    /// <inheritdoc/>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        DenseInput.Write(writer, _input);
        Trees.WriteAll(writer.Scope("trees"));
        Objective.Write(writer);
        writer.Tensor("starts", _starts, OutputCount);
        writer.Flag("validated", BestValidation is not null);
        if (BestValidation is { } best) writer.Real("validation-loss", best);
    }

    /// <inheritdoc/>
    public static Gbdt Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var input = DenseInput.Read(reader);
        // Version 1 knew one output and thresholds alone.
        var isFirst = reader.Version == 1;
        var trees = isFirst ? TreeEnsemble.Read(reader.Scope("trees")) : TreeEnsemble.ReadAll(reader.Scope("trees"));
        var objective = GbdtObjective.Read(reader);
        float[] starts = isFirst ? [reader.Single("start")] : reader.Tensor<float>("starts", objective.Outputs);
        return new Gbdt(trees, starts, objective, reader.Flag("validated") ? reader.Real("validation-loss") : null, input);
    }

    private sealed class Predictions
    {
        private float[] _values = [];

        public Span<float> Take(int count)
        {
            if (_values.Length < count) _values = new float[count];
            return _values.AsSpan(0, count);
        }
    }
}
