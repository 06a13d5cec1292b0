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
    private readonly GbdtLoss _loss;
    private readonly float _start;

    private Gbdt(TreeEnsemble trees, float start, GbdtObjective objective, double? validationLoss, DenseInput? input)
    {
        if (input is not null && input.Layout.ColumnCount != trees.ColumnCount)
            throw new ArgumentException($"Trees over {trees.ColumnCount} columns do not fit a layout of {input.Layout.ColumnCount}.");
        (Trees, _start, Objective, BestValidationLoss, _input) = (trees, start, objective, validationLoss, input);
        _loss = GbdtLoss.Of(objective);
    }

    /// <summary>The trees; leaf values have the learning rate in them, gains are those of the formula at the top of the file.</summary>
    public TreeEnsemble Trees { get; }

    /// <summary>f₀, the raw score before the first tree.</summary>
    public double BaseScore => _start;

    /// <summary>The loss that was minimised.</summary>
    public GbdtObjective Objective { get; }

    /// <summary>
    /// The least validation loss while training, reached after the last tree if training stopped early; null without validation.
    /// </summary>
    public double? BestValidationLoss { get; }

    /// <inheritdoc/>
    public FittedSchema? Schema => _input?.Schema;

    /// <summary>How features became columns, for names of columns; null for a model of a bare matrix.</summary>
    public DenseLayout? Layout => _input?.Layout;

    /// <summary>Trains on encoded features.</summary>
    /// <param name="features">The encoders and tables; the model keeps the schema and refuses batches of another.</param>
    /// <param name="examples">With labels; their weights weigh the losses.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="validation">Examples to judge by while training, or null.</param>
    /// <param name="progress">One report for each tree, with the validation loss or, without validation, the mean training loss.</param>
    /// <param name="cancel">Checked for each split.</param>
    /// <exception cref="ArgumentException">No examples, a label outside the objective's domain, or a bad weight.</exception>
    public static Gbdt Train(FeatureSet features, Examples examples, GbdtOptions? options = null, Examples? validation = null,
        IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(examples);
        options ??= new GbdtOptions();
        var input = new DenseInput(features.Schema, options.Layout ?? DenseInput.ForTrees);
        var (labels, weights) = DenseInput.Targets(features, examples);
        var judged = default(GbdtValidation);
        if (validation is not null)
        {
            var (y, w) = DenseInput.Targets(features, validation);
            judged = new GbdtValidation(input.Matrix(features, validation), y, w);
        }
        return Train(input.Matrix(features, examples), input.Layout.ColumnCount, labels, weights, options, judged, input, progress, cancel);
    }

    /// <summary>Trains on a dense matrix.</summary>
    /// <param name="x">Row-major; NaN is missing, infinite values count as the largest and the smallest float. [rows, columns]</param>
    /// <param name="columns">Of a row, at least 1.</param>
    /// <param name="labels">0 or 1 for log loss, finite otherwise. [rows]</param>
    /// <param name="weights">0 or greater: null (all 1) or [rows]. Rows of weight 0 are left out.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="validation">Rows to judge by while training, or null.</param>
    /// <param name="progress">One report for each tree, with the validation loss or, without validation, the mean training loss.</param>
    /// <param name="cancel">Checked for each split.</param>
    /// <exception cref="ArgumentException">A label outside the objective's domain, a bad weight, or lengths that differ.</exception>
    /// <exception cref="ArithmeticException">Labels so large that sums of gradients are not finite.</exception>
    public static Gbdt Train(float[] x, int columns, float[] labels, float[]? weights = null, GbdtOptions? options = null,
        GbdtValidation? validation = null, IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
        => Train(x, columns, labels, weights ?? [], options ?? new GbdtOptions(), validation, null, progress, cancel);

    private static Gbdt Train(float[] x, int columns, float[] labels, float[] weights, GbdtOptions options, GbdtValidation? validation,
        DenseInput? input, IProgress<TrainProgress>? progress, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(labels);
        DenseInput.Check(x, columns, labels, weights);
        var loss = GbdtLoss.Of(options.Objective);
        loss.CheckLabels(labels);
        if (validation is not null)
        {
            DenseInput.Check(validation.X, columns, validation.Labels, validation.Weights ?? []);
            loss.CheckLabels(validation.Labels);
        }
        else if (options.EarlyStoppingRounds > 0)
        {
            throw new ArgumentException($"{nameof(options.EarlyStoppingRounds)} is {options.EarlyStoppingRounds}, but there are no " +
                "validation rows to stop by.", nameof(validation));
        }
        return new GbdtTraining(x, columns, labels, weights, options, loss, validation).Run(
            (trees, start, best) => new Gbdt(trees, start, options.Objective, best, input), progress, cancel);
    }

    /// <summary>Scores a batch: probabilities, or labels. Allocates nothing after warm-up.</summary>
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

    /// <summary>Scores the rows of a matrix: probabilities, or labels. Allocates nothing.</summary>
    /// <param name="x">[scores, columns], row-major; NaN is missing.</param>
    /// <param name="scores">Receives one score for each row.</param>
    public void Predict(ReadOnlySpan<float> x, Span<float> scores)
    {
        RawScores(x, scores);
        _loss.Predict(scores);
    }

    /// <summary>Raw scores f of the rows of a matrix: log-odds, or labels. Allocates nothing.</summary>
    /// <param name="x">[scores, columns], row-major; NaN is missing.</param>
    /// <param name="scores">Receives one score for each row.</param>
    public void RawScores(ReadOnlySpan<float> x, Span<float> scores)
    {
        scores.Fill(_start);
        Trees.AddTo(x, scores);
    }

    internal float[] Matrix(FeatureSet features, Examples examples) => _input!.Matrix(features, examples);

    /// <summary>The same trees with other leaf values, whose sum is a logit.</summary>
    internal Gbdt WithLeafValues(ReadOnlySpan<float> values, float start)
        => new(Trees.WithLeafValues(values), start, GbdtObjective.Logistic, null, _input);

    /// <inheritdoc/>
    public static string Kind => "gbdt";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <inheritdoc/>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        DenseInput.Write(writer, _input);
        Trees.Write(writer.Scope("trees"));
        writer.Choice("objective", Objective);
        writer.Real("start", _start);
        writer.Flag("validated", BestValidationLoss is not null);
        if (BestValidationLoss is { } best) writer.Real("validation-loss", best);
    }

    /// <inheritdoc/>
    public static Gbdt Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var input = DenseInput.Read(reader);
        return new Gbdt(TreeEnsemble.Read(reader.Scope("trees")), reader.Single("start"), reader.Choice<GbdtObjective>("objective"),
            reader.Flag("validated") ? reader.Real("validation-loss") : null, input);
    }
}
