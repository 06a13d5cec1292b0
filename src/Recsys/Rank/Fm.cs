// z(x) = w₀ + Σ_i w_i x_i + Σ_{i<j} (v_i·v_j) x_i x_j
//      = w₀ + Σ_i w_i x_i + ½ Σ_f [(Σ_i v_if x_i)² - Σ_i v_if² x_i²]                          (eq. 1 and lemma 3.1)
// p = σ(z), L = log(1 + exp(-ỹ z)) for labels ỹ = ±1, or L = ½ (z - y)² for other labels;   e = dL/dz = p - y or z - y
// w₀ ← w₀ - η e,   w_i ← w_i - η (e x_i + λ_w w_i),   v_if ← v_if - η (e x_i (Σ_j v_jf x_j - v_if x_i) + λ_v v_if)   (eq. 4)
//
// Rendle, "Factorization machines", ICDM 2010; a penalty for each order as in Rendle, "Factorization machines with libFM", ACM TIST 2012.
// AdaGrad, the default, divides each step by the root of the squared gradients so far.

using System.Runtime.CompilerServices;
using Recsys.Features;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Rank;

/// <summary>What an <see cref="Fm"/> predicts.</summary>
public enum FmTask
{
    /// <summary>Labels 0 and 1, by log loss; the score is a probability.</summary>
    Classification,

    /// <summary>Any labels, by half the squared error; the score is the predicted label.</summary>
    Regression,
}

/// <summary>Options of <see cref="Fm"/>.</summary>
public sealed record FmOptions : FactorMachineOptions
{
    /// <summary>What is predicted. Default <see cref="FmTask.Classification"/>.</summary>
    public FmTask Task { get; init => field = Guard.Defined(value); }

    /// <summary>λ_w, the L2 penalty of the weights w, for each example that has the value. 0..1000, default 1e-5.</summary>
    public float WeightPenalty { get; init => field = Guard.InRange(0, 1000, value); } = 1e-5f;

    /// <summary>λ_v, the L2 penalty of the factors v, for each example that has the value. 0..1000, default 0.01.</summary>
    public float FactorPenalty { get; init => field = Guard.InRange(0, 1000, value); } = 0.01f;

    /// <summary>The standard deviation of the first factors. 0.000001..10, default 0.01.</summary>
    public float InitialScale { get; init => field = Guard.InRange(1e-6f, 10, value); } = 0.01f;
}

/// <summary>
/// A factorisation machine of second order: every two values of an example interact by the product of their factors, so that pairs that
/// never met in training have an estimate too. A value that training did not see adds nothing. Immutable; safe for any number of threads.
/// </summary>
public sealed class Fm : IRanker, IFeatureModel, IModel<Fm>
{
    private readonly SparseInput _input;
    private readonly FactorTable _table;

    private Fm(SparseInput input, FactorTable table, FmTask task, FactorOutcome outcome)
        => (_input, _table, Task, TrainingLoss, BestValidation, Epochs)
            = (input, table, task, outcome.TrainingLoss, outcome.Validation, outcome.Epochs);

    /// <inheritdoc/>
    public FittedSchema? Schema => _input.Schema;

    /// <summary>How features became columns, for the names of columns.</summary>
    public SparseLayout Layout => _input.Layout;

    /// <summary>What is predicted.</summary>
    public FmTask Task { get; }

    /// <summary>k, the number of factors.</summary>
    public int Factors => _table.Vectors.Columns;

    /// <summary>w₀.</summary>
    public float Bias => _table.Bias;

    /// <summary>w, one for each column of the layout.</summary>
    public ReadOnlySpan<float> Weights => _table.Weights;

    /// <summary>The mean loss of the last epoch, each example scored before it was learned; without penalties.</summary>
    public double TrainingLoss { get; }

    /// <summary>The best value of the validation metric (or loss); null without validation.</summary>
    public double? BestValidation { get; }

    /// <summary>The epochs behind the parameters: with validation those up to the best.</summary>
    public int Epochs { get; }

    /// <summary>v_i. [Factors]</summary>
    /// <param name="column">A column of the layout.</param>
    public ReadOnlySpan<float> Vector(int column) => _table.Vectors[column];

    /// <summary>Trains on encoded features. Time Epochs · values · k; memory 8 bytes for each value of the examples.</summary>
    /// <param name="features">The encoders and tables; the model keeps the schema and refuses batches of another.</param>
    /// <param name="examples">With labels; their weights weigh the losses.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="validation">Examples to judge each epoch by, or null.</param>
    /// <param name="warmStart">A model to go on from: same declarations and factors; ids may have been added.</param>
    /// <param name="progress">One report per epoch, with the training loss.</param>
    /// <param name="cancel">Checked within each batch.</param>
    /// <exception cref="ArgumentException">A label other than 0 and 1 or only one class (classification), or a misfit.</exception>
    /// <exception cref="ArithmeticException">The training diverged.</exception>
    public static Fm Train(
        FeatureSet features, Examples examples, FmOptions? options = null, Examples? validation = null, Fm? warmStart = null,
        IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(examples);
        options ??= new FmOptions();
        if (warmStart is not null && (warmStart.Factors != options.Factors || warmStart.Task != options.Task))
            throw new ArgumentException($"The model to go on from has {warmStart.Factors} factors for {warmStart.Task}; the options ask " +
                $"for {options.Factors} for {options.Task}.", nameof(warmStart));
        var logistic = options.Task == FmTask.Classification;
        var input = new SparseInput(features.Schema, options.Features, options.ListWeight);
        var (labels, weights) = SparseInput.Targets(features, examples, logistic, bothClasses: warmStart is null);
        var columns = warmStart is null ? null : input.ColumnsIn(warmStart._input);
        var x = input.Matrix(features, examples);

        var rng = new Rng(options.Seed);
        var rows = new FactorRows(
            x.ColumnCount, x.ColumnCount, options.Factors, true, options.Step == FactorStep.AdaGrad, options.InitialAccumulator);
        FactorTraining.Start(rows, columns, warmStart?._table, (row, v)
            => rng.FillNormal((ulong)row * (ulong)options.Factors, v, 0, options.InitialScale));
        rows.Bias = warmStart?.Bias ?? FactorTraining.Prior(logistic, labels, weights);

        var training = new FactorTraining(
            new Forward(x, labels, weights, rows, logistic), rows, options, options.FactorPenalty, options.WeightPenalty);
        var validate = FactorTraining.Validation(
            validation, features, input, logistic, options, (part, scores) => Scores(part, rows, options.Threads, scores));
        var outcome = training.Run("fm", validate, progress, cancel);
        return new Fm(input, FactorTraining.Finish(rows, x, columns), options.Task, outcome);
    }

    /// <summary>Probabilities, or labels, of a batch. Time values · k; allocates nothing after warm-up.</summary>
    /// <inheritdoc/>
    public void Score(ExampleBatch batch, Span<float> scores)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentOutOfRangeException.ThrowIfLessThan(scores.Length, batch.Count, nameof(scores));
        var rows = _input.Rent(batch);
        Span<float> sum = stackalloc float[_table.Vectors.Stride];
        for (var i = 0; i < batch.Count; i++)
        {
            var row = rows.Row(i);
            scores[i] = _table.Bias + FactorKernel.Linear(_table.Weights, 1, row.Columns, row.Values)
                + FactorKernel.Pairs(_table.Vectors, row.Columns, row.Values, sum);
        }
        _input.Return(rows);
        if (Task == FmTask.Classification) Elementwise.Sigmoid(scores[..batch.Count], scores[..batch.Count]);
    }

    private static void Scores(SparseMatrix x, FactorRows rows, int threads, float[] scores)
        => Shards.Run(BlockGradients.Shards, threads, shard =>
        {
            var (start, end) = Shards.Range(x.RowCount, BlockGradients.Shards, shard);
            Span<float> sum = stackalloc float[rows.Vectors.Stride];
            for (var i = start; i < end; i++) scores[i] = Logit(x.Row(i), rows, sum);
        });

    private static float Logit(SparseRow row, FactorRows rows, Span<float> sum)
        => rows.Bias + FactorKernel.Linear(rows.Weights, 2, row.Columns, row.Values)
            + FactorKernel.Pairs(rows.Vectors, row.Columns, row.Values, sum);

    /// <inheritdoc/>
    public static string Kind => "fm";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <inheritdoc/>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        _input.Write(writer);
        writer.Choice("task", Task);
        writer.Integer("factors", Factors);
        FactorTraining.Write(writer, new FactorOutcome(TrainingLoss, BestValidation, Epochs));
        writer.Real("bias", Bias);
        writer.Tensor("weights", _table.Weights, _table.Weights.Length);
        writer.Tensor("vectors", _table.Packed(), _table.Vectors.Rows, Factors);
    }

    /// <inheritdoc/>
    public static Fm Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var input = SparseInput.Read(reader);
        var (rows, factors) = (input.Layout.ColumnCount, reader.Int32("factors", 1, 1024));
        var table = new FactorTable(reader.Single("bias"), reader.Tensor<float>("weights", rows),
            FactorTable.Unpack(reader.Tensor<float>("vectors", rows, factors), rows, factors));
        return new Fm(input, table, reader.Choice<FmTask>("task"), FactorTraining.Read(reader));
    }

    private sealed class Forward(SparseMatrix x, float[] labels, float[] weights, FactorRows rows, bool logistic) : IFactorForward
    {
        private readonly float[][] _errors = new float[BlockGradients.Shards][];

        public int Count => x.RowCount;

        public double Work => (double)x.Count / x.RowCount * rows.Vectors.Stride;

        public void BeginEpoch(int epoch)
        {
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public BatchSums Gradients(int shard, ReadOnlySpan<int> order, int count, BlockGradients gradients)
        {
            var places = order[..count];
            gradients.Begin(shard, places.Length);
            var errors = FactorTraining.Scratch(_errors, shard, places.Length);
            for (var i = 0; i < places.Length; i++)
            {
                FactorKernel.FetchAhead(x, order, i, rows.Vectors);
                errors[i] = Logit(x.Row(places[i]), rows, gradients.Vector(shard, i));
            }
            var sums = FactorTraining.Errors(logistic, errors, places, labels, weights);
            for (var i = 0; i < places.Length; i++)
            {
                var row = x.Row(places[i]);
                var mass = weights.Length == 0 ? 1 : weights[places[i]];
                for (var k = 0; k < row.Columns.Length; k++)
                {
                    var g = errors[i] * row.Values[k];
                    gradients.Add(shard, row.Columns[k], i, g, g * row.Values[k], g, mass);
                }
            }
            return sums;
        }
    }
}
