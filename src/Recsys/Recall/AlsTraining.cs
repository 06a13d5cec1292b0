using System.Numerics.Tensors;
using Recsys.Data;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Recall;

public sealed partial class Als
{
    /// <inheritdoc/>
    public static string Kind => "als";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <summary>
    /// Trains factors. Time of an iteration 4 (steps + 1) n F with conjugate gradients, n F² + (users + items) F³ / 3 with Cholesky; memory
    /// the
    /// interactions by user and by item (8 bytes each), the factors and F² for each thread.
    /// </summary>
    /// <param name="data">What users did (repeated pairs are added up), or ratings (the last one counts).</param>
    /// <param name="options">The options; the defaults if null.</param>
    /// <param name="progress">Told after each iteration, with the minimised sum over the number of interactions; it costs a pass over
    /// them.</param>
    /// <param name="cancel">Stops the training.</param>
    /// <exception cref="ArgumentException">The model to go on from does not fit.</exception>
    /// <exception cref="ArithmeticException">Values are so large that sums overflow.</exception>
    public static Als Train(
        Interactions data, AlsOptions? options = null, IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        options ??= new AlsOptions();
        var loss = AlsLoss.Of(options);
        var users = InteractionRows.OfUsers(data, loss.Explicit ? RepeatedItems.Last : RepeatedItems.Sum);
        CheckFits(users, loss, options);
        var old = options.WarmStart?.Weights;
        var items = users.Transpose(options.Threads);
        var mean = old?.Mean ?? (loss.Biases ? CfRows.Mean(users.Values, 0) : 0);

        var rng = new Rng(options.Seed);
        var p = new AlsSide(users, loss, options, mean, old?.P, old?.UserBias, rng.Stream(0));
        var q = new AlsSide(items, loss, options, mean, old?.Q, old?.ItemBias, rng.Stream(1));
        for (var iteration = 0; iteration < options.Iterations; iteration++)
        {
            q.Solve(p, options.Threads, cancel);
            p.Solve(q, options.Threads, cancel);
            double? value = progress is null ? null : p.Objective(q, options.Threads, cancel) / Math.Max(1, users.Count);
            progress?.Report(new TrainProgress("iteration", iteration + 1, options.Iterations, value));
        }
        var weights = new FactorWeights(options.Factors, mean, p.Vectors(), q.Vectors(), p.Biases, q.Biases);
        if (!TensorPrimitives.IsFiniteAll<float>(weights.P) || !TensorPrimitives.IsFiniteAll<float>(weights.Q))
            throw new ArithmeticException("Training gave factors that are not finite: scale the values down.");
        return new Als(weights, loss, Range(users, loss, options), weights.Search(options.Index, options.Threads, cancel));
    }

    private static void CheckFits(SparseMatrix users, AlsLoss loss, AlsOptions options)
    {
        if (options.WarmStart is not { } old) return;
        FactorWeights.Refuse(
            old._loss.Explicit != loss.Explicit ? $"it was trained on the other feedback than {options.Feedback}"
            : old._loss.Biases != loss.Biases ? $"{nameof(options.Biases)} is {options.Biases}, but was not when it was trained"
            : old.Weights.Misfit(options.Factors, users.RowCount, users.ColumnCount));
    }

    private static (float, float) Range(SparseMatrix users, AlsLoss loss, AlsOptions options)
    {
        var (lowest, highest) = options.WarmStart?._range ?? (float.MaxValue, float.MinValue);
        if (!loss.Explicit || (users.Count == 0 && lowest > highest)) return (float.MinValue, float.MaxValue);
        return users.Count == 0
            ? (lowest, highest)
            : (Math.Min(lowest, TensorPrimitives.Min<float>(users.Values)), Math.Max(highest, TensorPrimitives.Max<float>(users.Values)));
    }

    /// <inheritdoc/>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Integer("factors", Factors);
        writer.Flag("explicit", _loss.Explicit);
        writer.Flag("biases", _loss.Biases);
        writer.Flag("logarithmic", _loss.Logarithmic);
        writer.Real("mean", Mean);
        writer.Real("regularization", _loss.Lambda);
        writer.Real("regularization_exponent", _loss.Exponent);
        writer.Real("alpha", _loss.Alpha);
        writer.Real("unobserved_weight", _loss.Unobserved);
        writer.Real("confidence_scale", _loss.Scale);
        writer.Real("lowest", _range.Lowest);
        writer.Real("highest", _range.Highest);
        Weights.WriteVectors(writer);
        if (_loss.Biases)
        {
            writer.Tensor("user_biases", Weights.UserBias);
            writer.Tensor("item_biases", Weights.ItemBias);
        }
        WriteIndex(writer);
    }

    /// <inheritdoc/>
    public static Als Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var factors = reader.Int32("factors", 1, 4096);
        var (isExplicit, biases) = (reader.Flag("explicit"), reader.Flag("biases"));
        if (biases && !isExplicit) throw reader.Invalid("only a model of ratings has biases.");
        var loss = new AlsLoss(
            isExplicit, biases, reader.Single("regularization", 1e-6f, 1e6f), reader.Single("regularization_exponent", 0, 1),
            reader.Single("alpha", float.Epsilon, float.MaxValue),
            reader.Single("unobserved_weight", isExplicit ? 0 : 1e-6f, isExplicit ? 0 : 1),
            reader.Flag("logarithmic"), reader.Single("confidence_scale", float.Epsilon, float.MaxValue));
        var range = (Lowest: reader.Single("lowest"), Highest: reader.Single("highest"));
        if (!(range.Lowest <= range.Highest)) throw reader.Invalid($"the lowest rating is {range.Lowest} and the highest {range.Highest}.");
        var (p, q) = (reader.Tensor<float>("user_factors", -1, factors), reader.Tensor<float>("item_factors", -1, factors));
        var (userBias, itemBias) = biases
            ? (reader.Tensor<float>("user_biases", p.Length / factors), reader.Tensor<float>("item_biases", q.Length / factors))
            : ([], []);
        var weights = new FactorWeights(factors, reader.Single("mean"), p, q, userBias, itemBias);
        return new Als(weights, loss, range, weights.ReadSearch(reader));
    }
}

/// <summary>Users or items while they are trained. Vectors stand Stride apart, padded with zeros; with biases, x̃ = (x, 1).</summary>
internal sealed class AlsSide
{
    private const int ShardCount = 256;   // a row's solution depends on no other row, so this never shows in the result

    private readonly SparseMatrix _cells;
    private readonly AlsLoss _loss;
    private readonly AlsOptions _options;
    private readonly float _mean;
    private readonly AlignedFloats _x;
    private readonly int _stride;
    private readonly int _size;
    private readonly int[] _cuts;
    private readonly float[] _gram;
    private readonly Pool<Scratch> _scratch;

    public AlsSide(SparseMatrix cells, AlsLoss loss, AlsOptions options, float mean, float[]? old, float[]? oldBiases, Rng rng)
    {
        (_cells, _loss, _options, _mean, _size) = (cells, loss, options, mean, loss.Size(options.Factors));
        _stride = NormalEquations.PaddedLength(_size);
        _x = new AlignedFloats(checked(cells.RowCount * _stride));
        Biases = new float[loss.Biases ? cells.RowCount : 0];
        oldBiases?.CopyTo(Biases, 0);
        FactorWeights.Start(_x.Span, _stride, cells.RowCount, options.Factors, old, options.InitialScale, rng);
        var kept = old is null ? 0 : old.Length / options.Factors;
        for (var row = kept; row < cells.RowCount; row++)
            if (cells.RowOffsets[row] == cells.RowOffsets[row + 1]) _x.Slice(row * _stride, options.Factors).Clear();
        for (var row = 0; loss.Biases && row < cells.RowCount; row++) _x.Span[row * _stride + options.Factors] = 1;
        _cuts = InteractionRows.Cut(cells.RowOffsets, 16, Math.Max(1, Math.Min(ShardCount, cells.RowCount)));
        var width = options.Solver == AlsSolver.Cholesky ? _size : _stride;
        _gram = loss.Explicit ? [] : new float[width * width];
        var longest = 0L;
        for (var row = 0; row < cells.RowCount; row++) longest = Math.Max(longest, cells.RowOffsets[row + 1] - cells.RowOffsets[row]);
        _scratch = new Pool<Scratch>(() => new Scratch((int)longest, _size, _stride, options.Solver));
    }

    public float[] Biases { get; }

    /// <summary>The vectors without padding.</summary>
    public float[] Vectors()
    {
        var f = _options.Factors;
        var vectors = new float[_cells.RowCount * f];
        for (var row = 0; row < _cells.RowCount; row++) _x.Slice(row * _stride, f).CopyTo(vectors.AsSpan(row * f));
        return vectors;
    }

    /// <summary>Solves for every row that has cells, with the other side fixed.</summary>
    public void Solve(AlsSide other, int threads, CancellationToken cancel)
    {
        if (!_loss.Explicit) other.Gram(_loss.Unobserved, _gram, threads);
        Shards.Run(_cuts.Length - 1, threads, new SolveBody { Side = this, Other = other }, cancel);
    }

    private void Gram(float weight, float[] gram, int threads)
    {
        var width = (int)Math.Sqrt(gram.Length);
        ReadOnlySpan<float> x = _x.Span;
        Gemm.Multiply(Transpose.Yes, Transpose.No, width, width, _cells.RowCount, weight, x, _stride, x, _stride, 0, gram, width, threads);
    }

    private struct SolveBody : IShardBody
    {
        public AlsSide Side;
        public AlsSide Other;

        public readonly void Run(int shard)
        {
            var scratch = Side._scratch.Rent();
            for (var row = Side._cuts[shard]; row < Side._cuts[shard + 1]; row++)
                if (Side._cells.RowOffsets[row] < Side._cells.RowOffsets[row + 1]) Side.SolveRow(row, Other, scratch);
            Side._scratch.Return(scratch);
        }
    }

    private void SolveRow(int row, AlsSide other, Scratch scratch)
    {
        var cells = _cells.Row(row);
        var weights = scratch.Weights.AsSpan(0, cells.Length);
        var targets = scratch.Targets.AsSpan(0, cells.Length);
        _loss.Fill(cells.Values, weights, targets);
        _loss.Centre(cells.Columns, _mean, other.Biases, targets);
        var equations = new NormalEquations(
            other._x.Span, _stride, cells.Columns, weights, _gram, _loss.Ridge(cells.Length, _cells.ColumnCount));
        var x = _x.Slice(row * _stride, _stride);
        var f = _options.Factors;
        if (_loss.Biases) x[f] = Biases[row];
        if (_options.Solver == AlsSolver.Cholesky)
        {
            equations.Factor(targets, scratch.A, scratch.B, scratch.Work.Span);
            Cholesky.SolveFactored(scratch.A, _size, scratch.B);
            scratch.B.CopyTo(x);
        }
        else
        {
            equations.Residual(targets, x, scratch.Work.Slice(0, _stride));
            ConjugateGradient.Improve(equations, row, x, scratch.Work.Span, _options.ConjugateGradientSteps, 1e-20f);
        }
        if (_loss.Biases)
        {
            Biases[row] = x[f];
            x[f] = 1;
        }
        // Who rates as everyone does may have the zero vector, which means "unknown": a vector too short to matter stands for it.
        if (_loss.Explicit && !x[..f].ContainsAnyExcept(0f)) x[0] = 1e-30f;
    }

    /// <summary>What is minimised.</summary>
    public double Objective(AlsSide other, int threads, CancellationToken cancel)
    {
        var shards = _cuts.Length - 1;
        var parts = new double[shards];
        Shards.Run(shards, threads, shard =>
        {
            var scratch = _scratch.Rent();
            for (var row = _cuts[shard]; row < _cuts[shard + 1]; row++) parts[shard] += RowObjective(row, other, scratch);
            _scratch.Return(scratch);
        }, cancel);
        var sum = other.Penalty();
        foreach (var part in parts) sum += part;
        if (_loss.Explicit) return sum;

        // Σ_all (x·y)² = tr(XᵀX YᵀY); the gram of this side's equations is α0 YᵀY.
        other.Gram(_loss.Unobserved, _gram, threads);
        Gram(1, other._gram, threads);
        return sum + TensorPrimitives.Dot<float>(_gram, other._gram);
    }

    private double RowObjective(int row, AlsSide other, Scratch scratch)
    {
        var cells = _cells.Row(row);
        var weights = scratch.Weights.AsSpan(0, cells.Length);
        var targets = scratch.Targets.AsSpan(0, cells.Length);
        _loss.Fill(cells.Values, weights, targets);
        _loss.Centre(cells.Columns, _mean, other.Biases, targets);
        var x = _x.Slice(row * _stride, _options.Factors);
        var sum = RowPenalty(row);
        for (var k = 0; k < cells.Length; k++)
        {
            // w (x·y)² - 2 t x·y + t p; a rating's p is its t. The α0 (x·y)² of the pair is in the trace.
            double score = TensorPrimitives.Dot<float>(x, other._x.Slice(cells.Columns[k] * _stride, x.Length));
            if (_loss.Biases) score += Biases[row];
            double t = targets[k];
            sum += weights[k] * score * score - 2 * t * score + (_loss.Explicit ? t * t : t);
        }
        return sum;
    }

    private double Penalty()
    {
        var sum = 0.0;
        for (var row = 0; row < _cells.RowCount; row++) sum += RowPenalty(row);
        return sum;
    }

    private double RowPenalty(int row)
    {
        var count = _cells.Row(row).Length;
        if (count == 0) return 0;
        var squares = TensorPrimitives.SumOfSquares<float>(_x.Slice(row * _stride, _options.Factors));
        if (_loss.Biases) squares += Biases[row] * Biases[row];
        return (double)_loss.Ridge(count, _cells.ColumnCount) * squares;
    }

    private sealed class Scratch(int longest, int size, int stride, AlsSolver solver)
    {
        public readonly float[] Weights = new float[longest];
        public readonly float[] Targets = new float[longest];
        public readonly float[] A = new float[solver == AlsSolver.Cholesky ? size * size : 0];
        public readonly float[] B = new float[size];
        public readonly AlignedFloats Work = new(
            solver == AlsSolver.Cholesky ? NormalEquations.ScratchLength(size) : ConjugateGradient.WorkspaceLength(stride));
    }
}
