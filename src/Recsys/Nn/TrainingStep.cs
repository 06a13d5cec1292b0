using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>
/// One step of a training: the batch is cut into shards, each goes forward and back on a tape; then every parameter, in pieces, and every
/// table, in parts, sums the gradients of the shards in shard order and takes its step. Nothing depends on the number of threads.
/// </summary>
internal sealed class TrainingStep
{
    private const int Piece = 8192;
    private readonly ParameterSet _parameters;
    private readonly TrainingShard[] _work;
    private readonly ShardGradients[] _gradients;
    private readonly double[] _losses;
    private readonly ScratchPool<Tape> _tapes = new(() => new Tape(TapeMode.Train));
    private readonly (int Parameter, int Start, int Length)[] _pieces;
    private readonly RowSums[][] _sums;
    private readonly int[] _starts;
    private readonly double[] _squares;
    private readonly float _clip;
    private readonly int _threads;
    private readonly ulong _seed;

    public TrainingStep(ParameterSet parameters, OptimizerStates states, TrainingShard[] work, ulong seed, int threads, float clip)
    {
        (_parameters, States, _work, _seed, _threads, _clip) = (parameters, states, work, seed, threads, clip);
        _gradients = new ShardGradients[work.Length];
        for (var i = 0; i < work.Length; i++) _gradients[i] = new ShardGradients(parameters);
        _losses = new double[work.Length];
        _starts = ShardGradients.Starts(parameters, out _);
        var pieces = new List<(int, int, int)>();
        for (var p = 0; p < parameters.DenseList.Count; p++)
            for (var start = 0; start < parameters.DenseList[p].Shape.Length; start += Piece)
                pieces.Add((p, start, Math.Min(Piece, parameters.DenseList[p].Shape.Length - start)));
        _pieces = [.. pieces];
        _sums = new RowSums[parameters.TableList.Count][];
        for (var t = 0; t < _sums.Length; t++)
        {
            var table = parameters.TableList[t];
            var slots = new int[table.Rows];
            _sums[t] = new RowSums[RowGradients.Parts];
            for (var part = 0; part < RowGradients.Parts; part++) _sums[t][part] = new RowSums(table, slots);
        }
        _squares = new double[_pieces.Length + _sums.Length * RowGradients.Parts];
    }

    public OptimizerStates States { get; }

    /// <summary>Trains on some examples.</summary>
    /// <param name="places">Of the batch.</param>
    /// <param name="rate">What the schedule makes of the learning rate.</param>
    /// <returns>The summed loss.</returns>
    public double Run(ReadOnlySpan<int> places, float rate)
    {
        States.Begin(rate);
        Shards.Run(_work.Length, _threads, new ShardBody { Step = this, Places = places });
        // A few large parts first, so that the many small pieces fill what time is left.
        if (_clip == float.PositiveInfinity)
        {
            Shards.Run(_squares.Length, _threads, new UpdateBody { Step = this, Sum = true, Factor = 1, Update = true });
        }
        else
        {
            Shards.Run(_squares.Length, _threads, new UpdateBody { Step = this, Sum = true });
            var norm = Math.Sqrt(_squares.Sum());
            var factor = norm > _clip ? (float)(_clip / norm) : 1;
            Shards.Run(_squares.Length, _threads, new UpdateBody { Step = this, Factor = factor, Update = true });
        }
        var loss = 0.0;
        foreach (var part in _losses) loss += part;
        return loss;
    }

    private void ForwardAndBack(int shard, ReadOnlySpan<int> places)
    {
        var (start, end) = Shards.Range(places.Length, _work.Length, shard);
        var gradients = _gradients[shard];
        gradients.Reset();
        _losses[shard] = 0;
        if (start < end)
        {
            var tape = _tapes.Rent();
            try
            {
                tape.Sink = gradients;
                tape.Random = new Rng(_seed, (ulong)States.Steps).Stream((ulong)shard);
                _work[shard].Assemble(places[start..end]);
                var loss = _work[shard].Loss(tape);
                _losses[shard] = Elementwise.Sum(loss.Values);
                if (!double.IsFinite(_losses[shard]))
                    throw new NonFiniteException($"The loss is {_losses[shard]} at step {States.Steps}: "
                        + (tape.FirstNonFinite() ?? "a sum overflows") + "; lower the learning rate, clip gradients or look at the inputs.");
                tape.Backward(loss, 1f / places.Length);
            }
            finally
            {
                tape.Reset();
                tape.Sink = null;
                _tapes.Return(tape);
            }
        }
        foreach (var table in _parameters.TableList) gradients.Rows(table).Group();
    }

    private double SumDense(int piece)
    {
        var (p, start, length) = _pieces[piece];
        var sum = PieceOf(piece);
        if (!_gradients[0].Touched(p)) sum.Clear();
        for (var shard = 1; shard < _gradients.Length; shard++)
            if (_gradients[shard].Touched(p)) Elementwise.Add(sum, _gradients[shard].Dense(_starts[p] + start, length), sum);
        if (!_parameters.DenseList[p].IsStatistic) return Squares(sum, _parameters.DenseList[p].Name);
        // Each shard left the new value as it sees it; the mean of them is kept. It takes no part in the norm of the gradient.
        var touched = 0;
        foreach (var gradients in _gradients) touched += gradients.Touched(p) ? 1 : 0;
        if (touched > 1) Elementwise.Scale(1f / touched, sum);
        return 0;
    }

    private void UpdateDense(int piece, float factor)
    {
        var (p, start, length) = _pieces[piece];
        var touched = false;
        foreach (var gradients in _gradients) touched |= gradients.Touched(p);
        if (!touched) return;
        var sum = PieceOf(piece);
        if (factor != 1 && !_parameters.DenseList[p].IsStatistic) Elementwise.Scale(factor, sum);
        States.Update(_parameters.DenseList[p], start, length, sum);
    }

    private Span<float> PieceOf(int piece)
    {
        var (p, start, length) = _pieces[piece];
        return _gradients[0].Dense(_starts[p] + start, length);
    }

    private double SumRows(int table, int part)
    {
        var sums = _sums[table][part];
        sums.Clear();
        foreach (var gradients in _gradients) gradients.Rows(_parameters.TableList[table]).AddTo(sums, part);
        return Squares(sums.All, _parameters.TableList[table].Name);
    }

    private void UpdateRows(int table, int part, float factor)
    {
        var sums = _sums[table][part];
        if (factor != 1) Elementwise.Scale(factor, sums.All);
        States.Update(_parameters.TableList[table], sums);
    }

    private double Squares(ReadOnlySpan<float> gradient, string name)
    {
        if (_clip != float.PositiveInfinity)
        {
            var squares = (double)Elementwise.SumOfSquares(gradient);
            if (double.IsFinite(squares)) return squares;
        }
        if (Elementwise.IndexOfNonFinite(gradient) is >= 0 and var at)
            throw new NonFiniteException($"The gradient of '{name}' holds {gradient[at]} at step {States.Steps}; "
                + "lower the learning rate, clip gradients or look at the inputs.");
        return 0;
    }

    private ref struct ShardBody : IShardBody
    {
        public TrainingStep Step;
        public ReadOnlySpan<int> Places;

        public readonly void Run(int shard) => Step.ForwardAndBack(shard, Places);
    }

    private struct UpdateBody : IShardBody
    {
        public TrainingStep Step;
        public bool Sum, Update;
        public float Factor;

        public readonly void Run(int task)
        {
            var parts = Step._sums.Length * RowGradients.Parts;
            if (task < parts)
            {
                var (table, part) = (task / RowGradients.Parts, task % RowGradients.Parts);
                if (Sum) Step._squares[task] = Step.SumRows(table, part);
                if (Update) Step.UpdateRows(table, part, Factor);
                return;
            }
            if (Sum) Step._squares[task] = Step.SumDense(task - parts);
            if (Update) Step.UpdateDense(task - parts, Factor);
        }
    }
}
