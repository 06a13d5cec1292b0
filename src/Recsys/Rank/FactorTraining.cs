using System.Runtime.CompilerServices;
using Recsys.Features;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Rank;

/// <summary>What a batch part amounts to.</summary>
/// <param name="Loss">Σ c L.</param>
/// <param name="Error">Σ c dL/dz, the gradient of the bias.</param>
/// <param name="Mass">Σ c.</param>
internal readonly record struct BatchSums(double Loss, double Error, double Mass);

/// <summary>A factorisation machine's own part of its training.</summary>
internal interface IFactorForward
{
    /// <summary>Examples (or pairs) of an epoch.</summary>
    int Count { get; }

    /// <summary>Floats that an example touches, more or less: whether threads pay.</summary>
    double Work { get; }

    /// <summary>Before an epoch, on one thread.</summary>
    void BeginEpoch(int epoch);

    /// <summary>Adds the gradients of some examples. Shards run at the same time; parameters do not change meanwhile.</summary>
    /// <param name="shard">Of the gradients.</param>
    /// <param name="order">The places of the examples, and behind them those that come next.</param>
    /// <param name="count">How many are the shard's.</param>
    /// <param name="gradients">Receives the gradients.</param>
    BatchSums Gradients(int shard, ReadOnlySpan<int> order, int count, BlockGradients gradients);
}

/// <summary>What a training reached.</summary>
internal readonly record struct FactorOutcome(double TrainingLoss, double? Validation, int Epochs);

/// <summary>
/// The loop that factorisation machines share: shuffled batches, each in two rounds over a fixed number of shards (gradients by example,
/// steps by row), validation after each epoch, the best parameters kept.
/// </summary>
internal sealed class FactorTraining
{
    private const int LeastShardExamples = 8;
    private const double LeastWorkForThreads = 20_000;
    private const double DivergedLoss = 1e12;

    private readonly IFactorForward _forward;
    private readonly FactorRows _rows;
    private readonly FactorMachineOptions _options;
    private readonly BlockGradients _gradients;
    private readonly RowStep _step;
    private readonly BatchSums[] _sums = new BatchSums[BlockGradients.Shards];
    private readonly Action<int> _forwardShard, _stepOwner;
    private readonly int[] _order;
    private int _start, _count, _shards;

    public FactorTraining(IFactorForward forward, FactorRows rows, FactorMachineOptions options, float vectorPenalty, float weightPenalty)
    {
        (_forward, _rows, _options) = (forward, rows, options);
        _gradients = new BlockGradients(rows);
        _step = new RowStep(options.Step == FactorStep.AdaGrad, options.LearningRate, vectorPenalty, weightPenalty);
        (_forwardShard, _stepOwner) = (ForwardShard, StepOwner);
        _order = new int[forward.Count];
        for (var i = 0; i < _order.Length; i++) _order[i] = i;
    }

    /// <summary>Runs the epochs; the best parameters are in the rows afterwards.</summary>
    /// <param name="stage">The name of the model, for reports.</param>
    /// <param name="validate">The validation metric of the parameters as they are; null without validation.</param>
    /// <param name="progress">One report per epoch.</param>
    /// <param name="cancel">Checked within each batch.</param>
    public FactorOutcome Run(string stage, Func<double>? validate, IProgress<TrainProgress>? progress, CancellationToken cancel)
    {
        if (validate is null && _options.EarlyStoppingRounds > 0)
            throw new ArgumentException($"{nameof(_options.EarlyStoppingRounds)} is {_options.EarlyStoppingRounds}, but there are no " +
                "validation examples to stop by.");
        var best = validate is null ? null : _rows.Like();
        var (bestValue, bestEpoch, training) = (ValidationMetric.Worst(_options.Metric), 0, 0.0);
        var rng = new Rng(_options.Seed).Stream(1);
        for (var epoch = 1; epoch <= _options.Epochs; epoch++)
        {
            _forward.BeginEpoch(epoch);
            rng.Stream((ulong)epoch).Shuffle(0, _order.AsSpan());
            training = Epoch(cancel);
            if (!double.IsFinite(training) || training > DivergedLoss) throw Diverged($"the loss of epoch {epoch} is {training}");
            progress?.Report(new TrainProgress(stage, epoch, _options.Epochs, training));
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
            var threads = _count * _forward.Work < LeastWorkForThreads ? 1 : _options.Threads;
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

    private void ForwardShard(int shard)
    {
        var (start, end) = Shards.Range(_count, _shards, shard);
        _sums[shard] = _forward.Gradients(shard, _order.AsSpan(_start + start), end - start, _gradients);
    }

    private void StepOwner(int owner) => _gradients.Step(owner, _step);

    /// <summary>Turns raw scores into errors c dL/dz.</summary>
    /// <param name="logistic">Log loss of labels 0 and 1; else ½ (z - y)².</param>
    /// <param name="z">Raw scores; replaced by the errors.</param>
    /// <param name="places">Which examples they are of.</param>
    /// <param name="labels">By place; empty: all 1.</param>
    /// <param name="weights">c, by place; empty: all 1.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // long loops within few calls: the first training is the only one
    public static BatchSums Errors(bool logistic, Span<float> z, ReadOnlySpan<int> places, float[] labels, float[] weights)
    {
        const int Block = 128; // a product of so many factors between 1 and 2 doesn't overflow
        double loss = 0, error = 0, mass = 0;
        Span<float> tails = stackalloc float[Block];
        for (var first = 0; first < z.Length; first += Block)
        {
            var part = z.Slice(first, Math.Min(Block, z.Length - first));
            if (logistic)
            {
                for (var i = 0; i < part.Length; i++) tails[i] = -Math.Abs(part[i]);
                Elementwise.Exp(tails[..part.Length], tails[..part.Length]);
            }
            var product = 1.0;
            for (var i = 0; i < part.Length; i++)
            {
                var place = places[first + i];
                var (y, c) = (labels.Length == 0 ? 1 : labels[place], weights.Length == 0 ? 1 : weights[place]);
                if (logistic)
                {
                    var p = (part[i] >= 0 ? 1 : tails[i]) / (1 + tails[i]);
                    loss += c * (Math.Max(part[i], 0) - y * part[i]);
                    if (c == 1) product *= 1 + tails[i];
                    else loss += c * double.LogP1(tails[i]);
                    part[i] = c * (p - y);
                }
                else
                {
                    var e = part[i] - y;
                    loss += 0.5 * c * e * e;
                    part[i] = c * e;
                }
                error += part[i];
                mass += c;
            }
            loss += Math.Log(product);
        }
        return new BatchSums(loss, error, mass);
    }

    /// <summary>The validation metric as a function of the parameters as they are; null without validation.</summary>
    /// <param name="validation">The examples, or null.</param>
    /// <param name="features">Their encoders.</param>
    /// <param name="input">The model's input.</param>
    /// <param name="logistic">Whether scores are probabilities σ(z).</param>
    /// <param name="options">May name another metric than the loss.</param>
    /// <param name="score">Writes z for each row.</param>
    public static Func<double>? Validation(
        Examples? validation, FeatureSet features, SparseInput input, bool logistic, FactorMachineOptions options,
        Action<SparseMatrix, float[]> score)
    {
        if (validation is null) return null;
        var (labels, weights) = SparseInput.Targets(features, validation, logistic, bothClasses: false);
        var x = input.Matrix(features, validation);
        var scores = new float[x.RowCount];
        return () =>
        {
            score(x, scores);
            if (options.Metric is not { } metric) return MeanLoss(logistic, scores, labels, weights);
            if (logistic) Elementwise.Sigmoid(scores, scores);
            return metric.Measure(scores, labels, weights);
        };
    }

    /// <summary>Working memory of a shard, kept between batches.</summary>
    public static Span<float> Scratch(float[][] of, int shard, int length)
    {
        if (of[shard] is null || of[shard].Length < length) of[shard] = new float[2 * length];
        return of[shard].AsSpan(0, length);
    }

    /// <summary>The mean loss of raw scores.</summary>
    public static double MeanLoss(bool logistic, ReadOnlySpan<float> z, float[] labels, float[] weights)
    {
        double loss = 0, mass = 0;
        for (var i = 0; i < z.Length; i++)
        {
            double c = weights.Length == 0 ? 1 : weights[i];
            double e = z[i] - labels[i];
            loss += c * (logistic ? Math.Max(z[i], 0) - labels[i] * z[i] + double.LogP1(Math.Exp(-Math.Abs(z[i]))) : 0.5 * e * e);
            mass += c;
        }
        return loss / mass;
    }

    /// <summary>The constant that fits the labels best, the first bias: a log-odds or a mean.</summary>
    public static float Prior(bool logistic, float[] labels, float[] weights)
    {
        double sum = 0, mass = 0;
        for (var i = 0; i < labels.Length; i++)
        {
            double c = weights.Length == 0 ? 1 : weights[i];
            sum += c * labels[i];
            mass += c;
        }
        // Half an example of each class more, so that weights of 0 for all of one class do no harm.
        return (float)(logistic ? Math.Log((sum + 0.5) / (mass - sum + 0.5)) : sum / mass);
    }

    /// <summary>First factors of rows without an older model; rows of one keep what it learned.</summary>
    /// <param name="rows">Receives them.</param>
    /// <param name="columns">The old row of each row, -1 for none; null without an older model.</param>
    /// <param name="old">The older vectors and weights.</param>
    /// <param name="fill">Draws the first factors of a row.</param>
    public static void Start(FactorRows rows, int[]? columns, FactorTable? old, Action<int, Span<float>> fill)
    {
        for (var row = 0; row < rows.Rows; row++)
        {
            var then = columns is null ? -1 : columns[row];
            if (rows.Weights.Length > 0 && then >= 0 && old!.Weights.Length > 0) rows.Weights[2 * row] = old.Weights[then];
            if (row >= rows.Vectors.Rows) continue;
            if (then >= 0) old!.Vectors[then].CopyTo(rows.Vectors[row]);
            else fill(row, rows.Vectors[row]);
        }
    }

    /// <summary>What was learned. A row that no example touched is 0, so that an unknown value adds nothing.</summary>
    public static FactorTable Finish(FactorRows rows, SparseMatrix x, int[]? columns)
    {
        var touched = new bool[rows.Rows];
        foreach (var column in x.Columns) touched[column] = true;
        var weights = new float[rows.Weights.Length / 2];
        for (var row = 0; row < rows.Rows; row++)
        {
            touched[row] |= columns is not null && columns[row] >= 0;
            if (weights.Length > 0 && touched[row]) weights[row] = rows.Weights[2 * row];
            if (row < rows.Vectors.Rows && !touched[row]) rows.Vectors[row].Clear();
        }
        return new FactorTable(rows.Bias, weights, rows.Vectors);
    }

    public static void Write(ModelWriter writer, FactorOutcome outcome)
    {
        writer.Real("training-loss", outcome.TrainingLoss);
        writer.Flag("validated", outcome.Validation is not null);
        if (outcome.Validation is { } value) writer.Real("validation-loss", value);
        writer.Integer("epochs", outcome.Epochs);
    }

    public static FactorOutcome Read(ModelReader reader) => new(
        reader.Real("training-loss"), reader.Flag("validated") ? reader.Real("validation-loss") : null, reader.Int32("epochs", 0));
}
