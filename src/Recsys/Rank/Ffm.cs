// φ(x) = Σ_{a<b} (w_{a,f_b}·w_{b,f_a}) x_a x_b / |x|²    [ + b + Σ_a w_a x_a / |x|, on request ]
// min Σ_i log(1 + exp(-ỹ_i φ(x_i))) + λ/2 |w|²;   κ = dL/dφ = σ(φ) - y;   for each pair of an example:
//   g_{a,f_b} = λ w_{a,f_b} + κ w_{b,f_a} x_a x_b / |x|²,  g_{b,f_a} likewise;   G ← G + g²;   w ← w - η g / √G,  G = 1 at first
//
// Juan, Zhuang, Chin and Lin, "Field-aware factorization machines for CTR prediction", RecSys 2016, eq. 5 to 8 and algorithm 1; the
// division by |x|² is libffm's instance-wise normalisation.

using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using Recsys.Features;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Rank;

/// <summary>Options of <see cref="Ffm"/>. More than a few epochs overfit: give validation examples.</summary>
public sealed record FfmOptions : FactorMachineOptions
{
    /// <summary>The defaults, those of libffm but for the batch.</summary>
    public FfmOptions() => (Factors, LearningRate, InitialAccumulator, Epochs) = (4, 0.2f, 1, 15);

    /// <summary>λ, the L2 penalty, for each pair that a vector takes part in. 0..1000, default 2e-5.</summary>
    public float Penalty { get; init => field = Guard.InRange(0, 1000, value); } = 2e-5f;

    /// <summary>Whether the values of an example are scaled to length 1. Default true.</summary>
    public bool Normalise { get; init; } = true;

    /// <summary>Whether there are a bias b and a weight for each value too. Default false, as in libffm.</summary>
    public bool Linear { get; init; }

    /// <summary>First factors are uniform in 0..this / √k. 0.000001..10, default 1.</summary>
    public float InitialScale { get; init => field = Guard.InRange(1e-6f, 10, value); } = 1;
}

/// <summary>
/// A field-aware factorisation machine for labels 0 and 1: a value has other factors for each field that it meets, so that what matters
/// between a user and a film need not matter between a user and an hour. A value that training did not see adds nothing. Memory values ·
/// fields · k. Immutable; safe for any number of threads.
/// </summary>
public sealed class Ffm : IRanker, IFeatureModel, IModel<Ffm>
{
    private readonly SparseInput _input;
    private readonly FactorTable _table;
    private readonly int _width;
    private readonly int[] _fieldOf;

    private Ffm(SparseInput input, FactorTable table, int factors, bool normalise, FactorOutcome outcome)
        => (_input, _fieldOf, _table, Factors, _width, Normalises, TrainingLoss, BestValidation, Epochs) = (
            input, input.FieldOfColumns(), table, factors, FieldAwareKernel.Padded(factors), normalise, outcome.TrainingLoss,
            outcome.Validation, outcome.Epochs);

    /// <inheritdoc/>
    public FittedSchema? Schema => _input.Schema;

    /// <summary>How features became columns: a feature is a field.</summary>
    public SparseLayout Layout => _input.Layout;

    /// <summary>k, the number of factors.</summary>
    public int Factors { get; }

    /// <summary>Whether the values of an example are scaled to length 1.</summary>
    public bool Normalises { get; }

    /// <summary>b; 0 without.</summary>
    public float Bias => _table.Bias;

    /// <summary>w, one for each column of the layout; empty without.</summary>
    public ReadOnlySpan<float> Weights => _table.Weights;

    /// <summary>The mean log loss of the last epoch, each example scored before it was learned.</summary>
    public double TrainingLoss { get; }

    /// <summary>The best value of the validation metric (or loss); null without validation.</summary>
    public double? BestValidation { get; }

    /// <summary>The epochs behind the parameters: with validation those up to the best.</summary>
    public int Epochs { get; }

    /// <summary>The factors of a value when it meets a field. [Factors]</summary>
    /// <param name="column">A column of the layout.</param>
    /// <param name="field">0..<see cref="SparseLayout.Fields"/>.Count-1.</param>
    public ReadOnlySpan<float> Vector(int column, int field)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(field);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(field, Layout.Fields.Count);
        return _table.Vectors[column].Slice(field * _width, Factors);
    }

    /// <summary>Trains on encoded features. Time Epochs · examples · values² · k; memory 8 bytes for each factor.</summary>
    /// <param name="features">The encoders and tables; the model keeps the schema and refuses batches of another.</param>
    /// <param name="examples">With labels 0 and 1; their weights weigh the losses.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="validation">Examples to judge each epoch by, or null.</param>
    /// <param name="warmStart">A model to go on from: same declarations and factors; ids may have been added.</param>
    /// <param name="progress">One report per epoch, with the training loss.</param>
    /// <param name="cancel">Checked within each batch.</param>
    /// <exception cref="ArgumentException">A label other than 0 and 1, only one class, or a misfit.</exception>
    /// <exception cref="ArithmeticException">The training diverged.</exception>
    public static Ffm Train(
        FeatureSet features, Examples examples, FfmOptions? options = null, Examples? validation = null, Ffm? warmStart = null,
        IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(examples);
        options ??= new FfmOptions();
        if (warmStart is not null && (warmStart.Factors != options.Factors || warmStart.Normalises != options.Normalise
            || warmStart.Weights.IsEmpty == options.Linear))
            throw new ArgumentException($"The model to go on from has {warmStart.Factors} factors, normalises: {warmStart.Normalises}, " +
                $"linear terms: {!warmStart.Weights.IsEmpty}; the options ask for {options.Factors}, {options.Normalise} and " +
                $"{options.Linear}.", nameof(warmStart));
        var input = new SparseInput(features.Schema, options.Features, options.ListWeight);
        var (labels, weights) = SparseInput.Targets(features, examples, binary: true, bothClasses: warmStart is null);
        var columns = warmStart is null ? null : input.ColumnsIn(warmStart._input);
        var x = input.Matrix(features, examples);

        var (k, width, fields) = (options.Factors, FieldAwareKernel.Padded(options.Factors), input.Layout.Fields.Count);
        var fieldOf = input.FieldOfColumns();
        var rng = new Rng(options.Seed);
        var rows = new FactorRows(
            x.ColumnCount, x.ColumnCount, fields * width, options.Linear, options.Step == FactorStep.AdaGrad, options.InitialAccumulator)
        { LearnsBias = options.Linear };
        var highest = options.InitialScale / MathF.Sqrt(k);
        FactorTraining.Start(rows, columns, warmStart?._table, (row, w) =>
        {
            for (var field = 0; field < fields; field++)
                rng.FillUniform((ulong)(((long)row * fields + field) * k), w.Slice(field * width, k), 0, highest);
        });
        if (options.Linear) rows.Bias = warmStart?.Bias ?? FactorTraining.Prior(true, labels, weights);

        void Scores(SparseMatrix part, float[] scores) => Shards.Run(BlockGradients.Shards, options.Threads, shard =>
        {
            var (start, end) = Shards.Range(part.RowCount, BlockGradients.Shards, shard);
            for (var i = start; i < end; i++) scores[i] = Logit(part.Row(i), rows, width, fieldOf, options.Normalise);
        }, cancel);
        var forward = new Forward(x, labels, weights, rows, fieldOf, width, options);
        var outcome = new FactorTraining(forward, rows, options, 0, options.Penalty).Run(
            "ffm", FactorTraining.Validation(validation, features, input, true, options, Scores), progress, cancel);
        return new Ffm(input, FactorTraining.Finish(rows, x, columns), k, options.Normalise, outcome);
    }

    /// <summary>Probabilities of a batch. Time values² · k; allocates nothing after warm-up.</summary>
    /// <inheritdoc/>
    public void Score(ExampleBatch batch, Span<float> scores)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentOutOfRangeException.ThrowIfLessThan(scores.Length, batch.Count, nameof(scores));
        var rows = _input.Rent(batch);
        for (var i = 0; i < batch.Count; i++)
        {
            var row = rows.Row(i);
            var scale = Scale(row, Normalises);
            scores[i] = scale * FieldAwareKernel.Pairs(_table.Vectors, _width, _fieldOf, row.Columns, row.Values);
            if (_table.Weights.Length > 0)
                scores[i] += _table.Bias + MathF.Sqrt(scale) * FactorKernel.Linear(_table.Weights, 1, row.Columns, row.Values);
        }
        _input.Return(rows);
        Elementwise.Sigmoid(scores[..batch.Count], scores[..batch.Count]);
    }

    private static float Logit(SparseRow row, FactorRows rows, int width, int[] fieldOf, bool normalise)
    {
        var scale = Scale(row, normalise);
        var pairs = scale * FieldAwareKernel.Pairs(rows.Vectors, width, fieldOf, row.Columns, row.Values);
        return rows.Weights.Length == 0 ? pairs
            : pairs + rows.Bias + MathF.Sqrt(scale) * FactorKernel.Linear(rows.Weights, 2, row.Columns, row.Values);
    }

    // 1 / |x|²; 1 for a row of zeros, whose pairs are 0 anyway.
    private static float Scale(SparseRow row, bool normalise)
    {
        if (!normalise) return 1;
        var squares = TensorPrimitives.SumOfSquares(row.Values);
        return squares > 0 && float.IsFinite(1 / squares) ? 1 / squares : 1;
    }

    /// <inheritdoc/>
    public static string Kind => "ffm";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <inheritdoc/>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        _input.Write(writer);
        writer.Integer("factors", Factors);
        writer.Flag("normalise", Normalises);
        writer.Flag("linear", _table.Weights.Length > 0);
        FactorTraining.Write(writer, new FactorOutcome(TrainingLoss, BestValidation, Epochs));
        if (_table.Weights.Length > 0)
        {
            writer.Real("bias", Bias);
            writer.Tensor("weights", _table.Weights, _table.Weights.Length);
        }
        var (rows, fields) = (_table.Vectors.Rows, Layout.Fields.Count);
        var vectors = new float[checked(rows * fields * Factors)];
        for (var vector = 0; vector < rows * fields; vector++)
            Vector(vector / fields, vector % fields).CopyTo(vectors.AsSpan(vector * Factors));
        writer.Tensor("vectors", vectors, rows, fields, Factors);
    }

    /// <inheritdoc/>
    public static Ffm Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var input = SparseInput.Read(reader);
        var (rows, fields, factors) = (input.Layout.ColumnCount, input.Layout.Fields.Count, reader.Int32("factors", 1, 1024));
        var linear = reader.Flag("linear");
        var bias = linear ? reader.Single("bias") : 0;
        var weights = linear ? reader.Tensor<float>("weights", rows) : [];
        var vectors = reader.Tensor<float>("vectors", rows, fields, factors);
        var width = FieldAwareKernel.Padded(factors);
        var table = new AlignedRows(rows, fields * width);
        for (var vector = 0; vector < rows * fields; vector++)
            vectors.AsSpan(vector * factors, factors).CopyTo(table[vector / fields][(vector % fields * width)..]);
        return new Ffm(
            input, new FactorTable(bias, weights, table), factors, reader.Flag("normalise"), FactorTraining.Read(reader));
    }

    private sealed class Forward(
        SparseMatrix x, float[] labels, float[] weights, FactorRows rows, int[] fieldOf, int width, FfmOptions options) : IFactorForward
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
            var cells = 0;
            foreach (var place in places) cells += x.Row(place).Length;
            gradients.Begin(shard, cells);
            var errors = FactorTraining.Scratch(_errors, shard, places.Length);
            for (var i = 0; i < places.Length; i++)
            {
                FactorKernel.FetchAhead(x, order, i, rows.Vectors);
                errors[i] = Logit(x.Row(places[i]), rows, width, fieldOf, options.Normalise);
            }
            var sums = FactorTraining.Errors(true, errors, places, labels, weights);
            var cell = 0;
            for (var i = 0; i < places.Length; i++)
            {
                var row = x.Row(places[i]);
                var mass = weights.Length == 0 ? 1 : weights[places[i]];
                var scale = Scale(row, options.Normalise);
                var error = errors[i] * MathF.Sqrt(scale);
                FieldAwareKernel.Gradients(rows.Vectors, width, fieldOf, row.Columns, row.Values, errors[i] * scale,
                    mass * options.Penalty, gradients.Vectors(shard, cell, row.Length));
                for (var k = 0; k < row.Length; k++)
                    gradients.Add(shard, row.Columns[k], cell++, 1, 0, error * row.Values[k], mass);
            }
            return sums;
        }
    }
}
