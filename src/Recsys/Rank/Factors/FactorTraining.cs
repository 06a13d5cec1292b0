using System.Runtime.CompilerServices;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Rank;

/// <summary>What a training reached.</summary>
internal readonly record struct FactorOutcome(double TrainingLoss, double? Validation, int Epochs)
{
    public void Write(ModelWriter writer)
    {
        writer.Real("training-loss", TrainingLoss);
        writer.Flag("validated", Validation is not null);
        if (Validation is { } value) writer.Real("validation-loss", value);
        writer.Integer("epochs", Epochs);
    }

    public static FactorOutcome Read(ModelReader reader) => new(
        reader.Real("training-loss"), reader.Flag("validated") ? reader.Real("validation-loss") : null, reader.Int32("epochs", 0));
}

/// <summary>
/// The loop that factorisation machines share: shuffled batches, each in two rounds over a fixed number of shards (gradients by example,
/// steps by row), validation after each epoch, the best parameters kept.
/// </summary>
internal sealed class FactorTraining<TModel, TOptions>
    where TModel : FactorMachine<TModel, TOptions>, IFactorMachine<TModel, TOptions>
    where TOptions : FactorMachineOptions, new()
{
    private const int LeastShardExamples = 8;
    private const double LeastWorkForThreads = 20_000;
    private const double DivergedLoss = 1e12;

    private readonly TModel _model;
    private readonly TOptions _options;
    private readonly FactorRows _rows;
    private readonly SparseMatrix _x;
    private readonly float[] _labels, _weights;
    private readonly PairDraws? _pairs;
    private readonly BlockGradients _gradients;
    private readonly RowStep _step;
    private readonly BatchSums[] _sums = new BatchSums[BlockGradients.Shards];
    private readonly float[][] _errors = new float[BlockGradients.Shards][];
    private readonly Action<int> _forwardShard, _stepOwner;
    private readonly int[] _order;
    private readonly double _work; // floats that an example touches, more or less: whether threads pay
    private int _start, _count, _shards;

    /// <param name="model">What is trained.</param>
    /// <param name="rows">Its parameters.</param>
    /// <param name="x">The examples.</param>
    /// <param name="labels">Of each.</param>
    /// <param name="weights">Of each; empty: all 1.</param>
    /// <param name="pairs">Which two examples are learned together; null: each alone.</param>
    public FactorTraining(TModel model, FactorRows rows, SparseMatrix x, float[] labels, float[] weights, PairDraws? pairs)
    {
        (_model, _options, _rows, _x, _pairs) = (model, model.Options, rows, x, pairs);
        // The label of a pair is 1, its weight that of the first.
        _labels = pairs is null ? labels : [];
        _weights = pairs is null || weights.Length == 0 ? weights : Array.ConvertAll(pairs.Positives, place => weights[place]);
        _gradients = new BlockGradients(rows);
        var (vectors, linear) = model.Penalties;
        _step = new RowStep(_options.Step == FactorStep.AdaGrad, _options.LearningRate, vectors, linear);
        (_forwardShard, _stepOwner) = (ForwardShard, StepOwner);
        _order = new int[pairs?.Positives.Length ?? x.RowCount];
        for (var i = 0; i < _order.Length; i++) _order[i] = i;
        _work = (double)Sides * x.Count / x.RowCount * rows.Vectors.Stride;
    }

    private int Sides => _pairs is null ? 1 : 2;

    /// <summary>Runs the epochs; the best parameters are in the rows afterwards.</summary>
    /// <param name="validate">The validation metric of the parameters as they are; null without validation.</param>
    /// <param name="progress">One report per epoch.</param>
    /// <param name="cancel">Checked within each batch.</param>
    public FactorOutcome Run(Func<double>? validate, IProgress<TrainProgress>? progress, CancellationToken cancel)
    {
        if (validate is null && _options.EarlyStoppingRounds > 0)
            throw new ArgumentException($"{nameof(_options.EarlyStoppingRounds)} is {_options.EarlyStoppingRounds}, but there are no " +
                "validation examples to stop by.");
        var best = validate is null ? null : _rows.Like();
        var (bestValue, bestEpoch, training) = (ValidationMetric.Worst(_options.Metric), 0, 0.0);
        var rng = new Rng(_options.Seed).Stream(1);
        for (var epoch = 1; epoch <= _options.Epochs; epoch++)
        {
            _pairs?.Draw(epoch);
            rng.Stream((ulong)epoch).Shuffle(0, _order.AsSpan());
            training = Epoch(cancel);
            if (!double.IsFinite(training) || training > DivergedLoss) throw Diverged($"the loss of epoch {epoch} is {training}");
            progress?.Report(new TrainProgress(TModel.Kind, epoch, _options.Epochs, training));
            if (best is null) continue;
            var value = validate!();
            if (double.IsNaN(value)) throw Diverged($"the validation metric of epoch {epoch} is NaN");
            if (ValidationMetric.IsBetter(_options.Metric, value, bestValue))
            {
                (bestValue, bestEpoch) = (value, epoch);
                _rows.CopyTo(best);
            }
            else if (_options.EarlyStoppingRounds > 0 && epoch - bestEpoch >= _options.EarlyStoppingRounds)
            {
                break;
            }
        }
        if (bestEpoch > 0) best!.CopyTo(_rows);
        if (!_rows.IsFinite()) throw Diverged("parameters are not finite");
        return new FactorOutcome(training, best is null ? null : bestValue, best is null ? _options.Epochs : bestEpoch);
    }

    private ArithmeticException Diverged(string what) => new($"The training diverged: {what}. Lower " +
        $"{nameof(_options.LearningRate)} (it is {_options.LearningRate}), or scale the numbers among the features.");

    private double Epoch(CancellationToken cancel)
    {
        double loss = 0, mass = 0;
        for (_start = 0; _start < _order.Length; _start += _options.BatchSize)
        {
            cancel.ThrowIfCancellationRequested();
            _count = Math.Min(_options.BatchSize, _order.Length - _start);
            _shards = _gradients.Begin(Math.Clamp(_count / LeastShardExamples, 1, BlockGradients.Shards));
            var threads = _count * _work < LeastWorkForThreads ? 1 : _options.Threads;
            Shards.Run(_shards, threads, _forwardShard, cancel);
            Shards.Run(_shards, threads, _stepOwner, cancel);
            double error = 0, batchMass = 0;
            for (var shard = 0; shard < _shards; shard++)
            {
                loss += _sums[shard].Loss;
                error += _sums[shard].Error;
                batchMass += _sums[shard].Mass;
            }
            mass += batchMass;
            _rows.StepBias((float)error, (float)batchMass, _step);
        }
        return mass > 0 ? loss / mass : 0;
    }

    // Shards run at the same time; parameters do not change meanwhile.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // long loops within few calls: the first training is the only one
    private void ForwardShard(int shard)
    {
        var (start, end) = Shards.Range(_count, _shards, shard);
        var order = _order.AsSpan(_start + start); // behind the shard's own places those that come next
        var places = order[..(end - start)];
        var (table, sums, sides) = (_rows.Table, _model.Sums, Sides);
        _gradients.Begin(shard, sums > 0 ? places.Length * sides * sums : Cells(places));
        var errors = Scratch(shard, places.Length);
        var first = 0;
        for (var i = 0; i < places.Length; i++)
        {
            if (sides == 1) FactorKernel.FetchAhead(_x, order, i, table.Vectors);
            for (var side = 0; side < sides; side++)
            {
                var row = Row(places[i], side);
                var z = _model.Logit(row, table, _gradients.Vectors(shard, first, sums));
                errors[i] = side == 0 ? z : errors[i] - z;
                first += sums > 0 ? sums : row.Length;
            }
        }
        _sums[shard] = FactorLosses.Errors(_model.Loss != FactorLoss.Squared, errors, places, _labels, _weights);
        first = 0;
        for (var i = 0; i < places.Length; i++)
        {
            var mass = _weights.Length == 0 ? 1 : _weights[places[i]];
            for (var side = 0; side < sides; side++)
            {
                var row = Row(places[i], side);
                _model.AddGradients(row, side == 0 ? errors[i] : -errors[i], mass, table, _gradients, shard, first);
                first += sums > 0 ? sums : row.Length;
            }
        }
    }

    private void StepOwner(int owner) => _gradients.Step(owner, _step);

    private int Cells(ReadOnlySpan<int> places)
    {
        var cells = 0;
        foreach (var place in places)
            for (var side = 0; side < Sides; side++) cells += Row(place, side).Length;
        return cells;
    }

    private SparseRow Row(int place, int side) => _x.Row(_pairs is null ? place : _pairs.Of(place, side));

    // Kept between batches.
    private Span<float> Scratch(int shard, int length)
    {
        if (_errors[shard] is null || _errors[shard].Length < length) _errors[shard] = new float[2 * length];
        return _errors[shard].AsSpan(0, length);
    }
}
