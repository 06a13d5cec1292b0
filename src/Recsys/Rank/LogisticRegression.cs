// p(x) = σ(w·x + b)
// min Σ_i c_i log(1 + exp(-ỹ_i z_i)) + λ₂/2 |w|² + λ₁ |w|₁,   z_i = w·x_i + b,   ỹ = ±1;   the intercept b is not penalised.
//
// FTRL-proximal, per coordinate with gradient g = c (p - y) x:
//   s = (√(n + g²) - √n) / α;   z += g - s w;   n += g²;   w = 0 if |z| ≤ λ₁ else -(z - sign(z) λ₁) / ((β + √n) / α + λ₂)
// McMahan et al., "Ad click prediction: a view from the trenches", KDD 2013, algorithm 1.

using System.Diagnostics;
using System.Numerics.Tensors;
using Recsys.Features;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Rank;

/// <summary>How <see cref="LogisticRegression"/> finds its weights.</summary>
public enum LogisticSolver
{
    /// <summary>Full-batch: L-BFGS, or accelerated proximal gradient where there is an L1 penalty. Reaches the optimum.</summary>
    Batch,

    /// <summary>FTRL-proximal: one example at a time, sparse under L1, for streams and very many features.</summary>
    Ftrl,
}

/// <summary>Options of <see cref="LogisticRegression"/>. The penalties weigh against the sum, not the mean, of the losses: L2 = 1 / C of scikit-learn.</summary>
public sealed record LogisticRegressionOptions
{
    /// <summary>The solver. Default <see cref="LogisticSolver.Batch"/>.</summary>
    public LogisticSolver Solver { get; init => field = Guard.Defined(value); }

    /// <summary>λ₂ of the L2 penalty, 0 or greater. Default 1.</summary>
    public double L2 { get; init => field = Guard.InRange(0, double.MaxValue, value); } = 1;

    /// <summary>λ₁ of the L1 penalty, 0 or greater. Default 0.</summary>
    public double L1 { get; init => field = Guard.InRange(0, double.MaxValue, value); }

    /// <summary>Batch: most iterations, at least 1. Default 200.</summary>
    public int MaxIterations { get; init => field = Guard.AtLeast(1, value); } = 200;

    /// <summary>Batch: stop when no component of the gradient of the mean loss exceeds this. Positive; default 1e-6.</summary>
    public double Tolerance { get; init => field = Guard.Positive(value); } = 1e-6;

    /// <summary>FTRL: α, the scale of the per-coordinate learning rate. Positive; default 0.1.</summary>
    public double LearningRate { get; init => field = Guard.Positive(value); } = 0.1;

    /// <summary>FTRL: β, which damps the first steps of a coordinate. 0 or greater; default 1.</summary>
    public double Beta { get; init => field = Guard.InRange(0, double.MaxValue, value); } = 1;

    /// <summary>FTRL: passes over the examples, at least 1. Default 5. The first keeps the given order, the others shuffle.</summary>
    public int Epochs { get; init => field = Guard.AtLeast(1, value); } = 5;

    /// <summary>Seed of the shuffling. Default 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>Batch: threads, at least 1. Default: all processors. Does not change the result.</summary>
    public int Threads { get; init => field = Guard.AtLeast(1, value); } = Environment.ProcessorCount;
}

/// <summary>Logistic regression on sparse features: a click probability from weights that can be read one by one. Immutable, thread-safe.</summary>
public sealed class LogisticRegression : IRanker, IFeatureModel, IModel<LogisticRegression>
{
    private readonly float[] _weights;
    private readonly double[]? _ftrlZ;
    private readonly double[]? _ftrlN;
    private readonly SparseLayout? _layout;
    private readonly ScratchPool<SparseRows> _rows = new(static () => new SparseRows());

    private LogisticRegression(double[] solution, double loss, FittedSchema? schema, double[]? ftrlZ = null, double[]? ftrlN = null)
        : this([.. solution.Take(solution.Length - 1).Select(w => (float)w)], (float)solution[^1], loss, schema, ftrlZ, ftrlN)
    {
    }

    private LogisticRegression(float[] weights, float intercept, double loss, FittedSchema? schema, double[]? ftrlZ, double[]? ftrlN)
    {
        _weights = weights;
        Intercept = intercept;
        TrainingLoss = loss;
        Schema = schema;
        _layout = schema is null ? null : new SparseLayout(schema);
        _ftrlZ = ftrlZ;
        _ftrlN = ftrlN;
    }

    /// <inheritdoc/>
    public FittedSchema? Schema { get; }

    /// <summary>w, one for each column of the training matrix.</summary>
    public ReadOnlySpan<float> Weights => _weights;

    /// <summary>b.</summary>
    public float Intercept { get; }

    /// <summary>Batch: the objective reached, penalties included. FTRL: the mean progressive log loss of the last epoch (each example scored before it was learned).</summary>
    public double TrainingLoss { get; }

    /// <summary>Trains on encoded features.</summary>
    /// <param name="features">The encoders and tables; the model keeps the schema and refuses batches of another.</param>
    /// <param name="examples">References to users, items and contexts, with labels 0 or 1; their weights weigh the losses.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="warmStart">Start from this model, trained on a compatible schema; FTRL resumes its state.</param>
    /// <param name="progress">One report per iteration or epoch.</param>
    /// <param name="cancel">Checked per iteration, and per thousand examples.</param>
    /// <exception cref="ArgumentException">A label other than 0 and 1, only one class, or a warm start of another shape.</exception>
    public static LogisticRegression Train(FeatureSet features, Examples examples, LogisticRegressionOptions? options = null,
        LogisticRegression? warmStart = null, IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(examples);
        if (features.Schema.Labels.Count == 0)
            throw new ArgumentException("The schema declares no label; add one with Feature.Label.", nameof(features));
        var x = new SparseLayout(features.Schema).ToMatrix(features, examples);
        return Train(x, examples.Label().ToArray(), examples.Weights.ToArray(), options ?? new LogisticRegressionOptions(), warmStart,
            features.Schema, progress, cancel);
    }

    /// <summary>Trains on a sparse matrix.</summary>
    /// <param name="x">[examples, columns]</param>
    /// <param name="labels">0 or 1. [examples]</param>
    /// <param name="weights">c, 0 or greater: empty (all 1) or [examples].</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="warmStart">Start from this model, of the same number of columns.</param>
    /// <param name="progress">One report per iteration or epoch.</param>
    /// <param name="cancel">Checked per iteration, and per thousand examples.</param>
    /// <exception cref="ArgumentException">A label other than 0 and 1, only one class, a bad weight, or lengths that differ.</exception>
    public static LogisticRegression Train(SparseMatrix x, float[] labels, float[]? weights = null, LogisticRegressionOptions? options = null,
        LogisticRegression? warmStart = null, IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
        => Train(x, labels, weights ?? [], options ?? new LogisticRegressionOptions(), warmStart, null, progress, cancel);

    private static LogisticRegression Train(SparseMatrix x, float[] labels, float[] weights, LogisticRegressionOptions options,
        LogisticRegression? warmStart, FittedSchema? schema, IProgress<TrainProgress>? progress, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(labels);
        Check(x, labels, weights, mayBeOneClass: warmStart is not null && options.Solver == LogisticSolver.Ftrl);
        if (warmStart is not null && warmStart._weights.Length != x.ColumnCount)
            throw new ArgumentException(
                $"The warm start has {warmStart._weights.Length} weights, the data {x.ColumnCount} columns; train it on the same features.", nameof(warmStart));

        return options.Solver == LogisticSolver.Ftrl
            ? TrainFtrl(x, labels, weights, options, warmStart, schema, progress, cancel)
            : TrainBatch(x, labels, weights, options, warmStart, schema, progress, cancel);
    }

    private static LogisticRegression TrainBatch(SparseMatrix x, float[] labels, float[] weights, LogisticRegressionOptions options,
        LogisticRegression? warmStart, FittedSchema? schema, IProgress<TrainProgress>? progress, CancellationToken cancel)
    {
        var objective = new LogLoss(x, labels, weights, options);
        var solution = new double[objective.Dimension];
        if (warmStart is not null)
        {
            for (var j = 0; j < warmStart._weights.Length; j++) solution[j] = warmStart._weights[j];
            solution[^1] = warmStart.Intercept;
        }
        var limits = new MinimizeOptions
        {
            MaxIterations = options.MaxIterations,
            Tolerance = options.Tolerance * Math.Max(1, labels.Length),
            OnIteration = (step, loss) => progress?.Report(new TrainProgress("logistic regression", step, options.MaxIterations, loss)),
            Cancel = cancel,
        };
        var result = options.L1 > 0
            ? ProximalGradient.Minimize(objective, solution, options.L1, x.ColumnCount, limits)
            : LBfgs.Minimize(objective, solution, limits);
        return new LogisticRegression(solution, result.Value, schema);
    }

    private static LogisticRegression TrainFtrl(SparseMatrix x, float[] labels, float[] weights, LogisticRegressionOptions options,
        LogisticRegression? warmStart, FittedSchema? schema, IProgress<TrainProgress>? progress, CancellationToken cancel)
    {
        var intercept = x.ColumnCount;
        double[] z = warmStart?._ftrlZ is { } oldZ ? [.. oldZ] : new double[x.ColumnCount + 1];
        double[] n = warmStart?._ftrlN is { } oldN ? [.. oldN] : new double[x.ColumnCount + 1];
        if (warmStart is not null && warmStart._ftrlZ is null)
            throw new ArgumentException("The warm start was not trained by FTRL, so it has no state to resume.", nameof(warmStart));

        var (alpha, beta, l1, l2) = (options.LearningRate, options.Beta, options.L1, options.L2);
        double Weight(int j, double l1, double l2)
            => Math.Abs(z[j]) <= l1 ? 0 : -(z[j] - Math.Sign(z[j]) * l1) / ((beta + Math.Sqrt(n[j])) / alpha + l2);
        void Update(int j, double g, double w)
        {
            var s = (Math.Sqrt(n[j] + g * g) - Math.Sqrt(n[j])) / alpha;
            z[j] += g - s * w;
            n[j] += g * g;
        }

        var w = new double[x.ColumnCount + 1];
        var meanLoss = 0.0;
        for (var epoch = 0; epoch < options.Epochs; epoch++)
        {
            double loss = 0, mass = 0;
            var order = new Permutation(x.RowCount, new Rng(options.Seed, (ulong)epoch));
            for (var t = 0; t < x.RowCount; t++)
            {
                if (t % 1024 == 0) cancel.ThrowIfCancellationRequested();
                var i = epoch == 0 ? t : order[t];
                var row = x.Row(i);
                var logit = w[intercept] = Weight(intercept, 0, 0);
                for (var k = 0; k < row.Columns.Length; k++)
                {
                    var j = row.Columns[k];
                    logit += row.Values[k] * (w[j] = Weight(j, l1, l2));
                }
                var c = weights.Length == 0 ? 1 : weights[i];
                var error = c * (Sigmoid(logit) - labels[i]);
                loss += c * Loss(logit, labels[i]);
                mass += c;
                for (var k = 0; k < row.Columns.Length; k++) Update(row.Columns[k], error * row.Values[k], w[row.Columns[k]]);
                Update(intercept, error, w[intercept]);
            }
            meanLoss = mass > 0 ? loss / mass : 0;
            progress?.Report(new TrainProgress("logistic regression", epoch + 1, options.Epochs, meanLoss));
        }
        for (var j = 0; j < intercept; j++) w[j] = Weight(j, l1, l2);
        w[intercept] = Weight(intercept, 0, 0);
        return new LogisticRegression(w, meanLoss, schema, z, n);
    }

    /// <summary>Click probabilities of a batch: σ(w·x + b), each in [0, 1]. Allocates nothing.</summary>
    /// <exception cref="InvalidOperationException">The model was trained on a bare matrix, so it has no schema.</exception>
    public void Score(ExampleBatch batch, Span<float> scores)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (_layout is null)
            throw new InvalidOperationException("This model was trained on a matrix, not on a feature schema; use Probabilities(SparseMatrix, …).");
        ArgumentOutOfRangeException.ThrowIfLessThan(scores.Length, batch.Count, nameof(scores));
        var rows = _rows.Rent();
        _layout.Fill(batch, rows);
        var offsets = rows.Offsets;
        var columns = rows.Columns;
        var values = rows.Values;
        for (var i = 0; i < batch.Count; i++)
        {
            double logit = Intercept;
            for (var k = offsets[i]; k < offsets[i + 1]; k++) logit += values[k] * _weights[columns[k]];
            scores[i] = (float)Sigmoid(logit);
        }
        _rows.Return(rows);
    }

    /// <summary>Click probabilities of the rows of a matrix.</summary>
    /// <param name="x">[rows, columns of the training matrix]</param>
    /// <param name="scores">Receives the probabilities. [rows]</param>
    public void Probabilities(SparseMatrix x, Span<float> scores)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.ColumnCount != _weights.Length)
            throw new ArgumentException($"The matrix has {x.ColumnCount} columns; the model was trained on {_weights.Length}.", nameof(x));
        ArgumentOutOfRangeException.ThrowIfLessThan(scores.Length, x.RowCount, nameof(scores));
        for (var i = 0; i < x.RowCount; i++)
        {
            var row = x.Row(i);
            double logit = Intercept;
            for (var k = 0; k < row.Columns.Length; k++) logit += row.Values[k] * _weights[row.Columns[k]];
            scores[i] = (float)Sigmoid(logit);
        }
    }

    private static double Sigmoid(double z) => 1 / (1 + Math.Exp(-z));

    // log(1 + e^z) - y z without overflow.
    private static double Loss(double z, double y) => Math.Max(z, 0) + double.LogP1(Math.Exp(-Math.Abs(z))) - y * z;

    private static void Check(SparseMatrix x, float[] labels, float[] weights, bool mayBeOneClass)
    {
        if (labels.Length != x.RowCount)
            throw new ArgumentException($"There are {labels.Length} labels for {x.RowCount} examples.", nameof(labels));
        if (weights.Length != 0 && weights.Length != labels.Length)
            throw new ArgumentException($"There are {weights.Length} weights for {labels.Length} examples.", nameof(weights));
        var positives = 0;
        for (var i = 0; i < labels.Length; i++)
        {
            if (labels[i] is not (0f or 1f)) throw new ArgumentException($"The label of example {i} is {labels[i]}; it must be 0 or 1.", nameof(labels));
            if (labels[i] == 1f) positives++;
        }
        for (var i = 0; i < weights.Length; i++)
            if (!(weights[i] >= 0) || float.IsInfinity(weights[i]))
                throw new ArgumentException($"The weight of example {i} is {weights[i]}; it must be 0 or greater and finite.", nameof(weights));
        if (!mayBeOneClass && (positives == 0 || positives == labels.Length))
            throw new ArgumentException(
                labels.Length == 0 ? "There are no examples." : $"All {labels.Length} labels are {labels[0]}; both classes are needed.", nameof(labels));
    }

    /// <inheritdoc/>
    public static string Kind => "logistic-regression";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <inheritdoc/>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Tensor("weights", _weights, _weights.Length);
        writer.Real("intercept", Intercept);
        writer.Real("loss", TrainingLoss);
        writer.Flag("schema", Schema is not null);
        if (Schema is not null) writer.Model("features", Schema);
        writer.Flag("ftrl", _ftrlZ is not null);
        if (_ftrlZ is null) return;
        writer.Tensor("ftrl.z", _ftrlZ, _ftrlZ.Length);
        writer.Tensor("ftrl.n", _ftrlN!, _ftrlN!.Length);
    }

    /// <inheritdoc/>
    public static LogisticRegression Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var schema = reader.Flag("schema") ? reader.Model<FittedSchema>("features") : null;
        var weights = reader.Tensor<float>("weights", schema is null ? -1 : new SparseLayout(schema).ColumnCount);
        var resumes = reader.Flag("ftrl");
        return new LogisticRegression(weights, (float)reader.Real("intercept"), reader.Real("loss"), schema,
            resumes ? reader.Tensor<double>("ftrl.z", weights.Length + 1) : null,
            resumes ? reader.Tensor<double>("ftrl.n", weights.Length + 1) : null);
    }

    // The summed loss and its gradient, with b as the last component. Rows give the residuals, columns (the transpose) the gradient, so
    // every sum has one owner and a fixed order.
    private sealed class LogLoss : IObjective
    {
        private const int Parts = 64, RowsPerBlock = 256, FactorsPerLog = 512;
        private const long LeastCellsForThreads = 100_000;
        private readonly SparseMatrix _rows;
        private readonly SparseMatrix _columns;
        private readonly float[] _labels;
        private readonly float[] _weights;
        private readonly double _l2;
        private readonly int _threads;
        private readonly bool _allOnes;
        private readonly double[] _residuals;
        private readonly double[] _losses = new double[Parts];
        private readonly double[] _errors = new double[Parts];
        private readonly double[] _w;
        private readonly double[] _gradient;
        private readonly Action<int> _residualsOf, _gradientOf;

        public LogLoss(SparseMatrix x, float[] labels, float[] weights, LogisticRegressionOptions options)
        {
            _rows = x;
            _columns = x.Transpose();
            _labels = labels;
            _weights = weights;
            _l2 = options.L2;
            _threads = x.Count < LeastCellsForThreads ? 1 : options.Threads;
            _allOnes = x.Values.AsSpan().IndexOfAnyExcept(1f) < 0;
            _residuals = new double[x.RowCount];
            _w = new double[Dimension];
            _gradient = new double[Dimension];
            (_residualsOf, _gradientOf) = (Residuals, Gradient);
        }

        public int Dimension => _rows.ColumnCount + 1;

        public double Evaluate(ReadOnlySpan<double> w, Span<double> gradient)
        {
            w.CopyTo(_w);
            Shards.Run(Parts, _threads, _residualsOf);
            Shards.Run(Parts, _threads, _gradientOf);

            double loss = 0, error = 0, squares = 0;
            for (var part = 0; part < Parts; part++)
            {
                loss += _losses[part];
                error += _errors[part];
            }
            for (var j = 0; j < _rows.ColumnCount; j++) squares += _w[j] * _w[j];
            _gradient[^1] = error;
            _gradient.CopyTo(gradient);
            return loss + _l2 / 2 * squares;
        }

        private double Dot(SparseRow row, ReadOnlySpan<double> dense)
            => _allOnes ? SparseDot.Sum(row.Columns, dense) : SparseDot.Product(row.Columns, row.Values, dense);

        private void Residuals(int part)
        {
            var (start, end) = Shards.Range(_rows.RowCount, Parts, part);
            Span<double> logits = stackalloc double[RowsPerBlock], tails = stackalloc double[RowsPerBlock];
            double loss = 0, error = 0;
            for (var first = start; first < end; first += RowsPerBlock)
            {
                var count = Math.Min(RowsPerBlock, end - first);
                for (var k = 0; k < count; k++)
                {
                    logits[k] = _w[^1] + Dot(_rows.Row(first + k), _w);
                    tails[k] = -Math.Abs(logits[k]);
                }
                TensorPrimitives.Exp(tails[..count], tails);
                loss += Losses(first, logits[..count], tails);
                for (var k = 0; k < count; k++)
                {
                    var p = (logits[k] >= 0 ? 1 : tails[k]) / (1 + tails[k]);
                    error += _residuals[first + k] = WeightOf(first + k) * (p - _labels[first + k]);
                }
            }
            (_losses[part], _errors[part]) = (loss, error);
        }

        // Σ c (log(1 + e^-|z|) + max(z, 0) - y z). Without weights the logarithm is taken of products: each factor lies between 1 and 2.
        private double Losses(int first, ReadOnlySpan<double> logits, ReadOnlySpan<double> tails)
        {
            Debug.Assert(logits.Length <= FactorsPerLog, "The product of that many factors must not overflow.");
            double sum = 0, product = 1;
            for (var k = 0; k < logits.Length; k++)
            {
                var linear = Math.Max(logits[k], 0) - _labels[first + k] * logits[k];
                if (_weights.Length == 0)
                {
                    product *= 1 + tails[k];
                    sum += linear;
                }
                else
                {
                    sum += _weights[first + k] * (linear + double.LogP1(tails[k]));
                }
            }
            return sum + Math.Log(product);
        }

        private float WeightOf(int row) => _weights.Length == 0 ? 1 : _weights[row];

        private void Gradient(int part)
        {
            var (start, end) = Shards.Range(_rows.ColumnCount, Parts, part);
            for (var j = start; j < end; j++) _gradient[j] = _l2 * _w[j] + Dot(_columns.Row(j), _residuals);
        }
    }
}
