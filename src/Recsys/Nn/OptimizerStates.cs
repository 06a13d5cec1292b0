using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>What the optimizers remember of each weight, and how many steps they have made.</summary>
internal sealed class OptimizerStates
{
    private const int Ahead = 12;  // rows fetched before they are stepped
    private readonly Optimizer[] _denseOptimizers, _tableOptimizers;
    private readonly AlignedFloats[][] _dense, _tables;
    private readonly OptimizerStep[] _denseSteps, _tableSteps;

    public OptimizerStates(ParameterSet parameters, Optimizer standard)
    {
        _denseOptimizers = new Optimizer[parameters.DenseList.Count];
        _tableOptimizers = new Optimizer[parameters.TableList.Count];
        _denseSteps = new OptimizerStep[_denseOptimizers.Length];
        _tableSteps = new OptimizerStep[_tableOptimizers.Length];
        _dense = new AlignedFloats[_denseOptimizers.Length][];
        _tables = new AlignedFloats[_tableOptimizers.Length][];
        for (var i = 0; i < _dense.Length; i++)
        {
            var parameter = parameters.DenseList[i];
            _denseOptimizers[i] = parameter.Optimizer ?? standard;
            _dense[i] = Make(_denseOptimizers[i], parameter.IsStatistic ? 0 : parameter.Shape.Length);
        }
        for (var i = 0; i < _tables.Length; i++)
        {
            var table = parameters.TableList[i];
            _tableOptimizers[i] = table.Optimizer ?? standard;
            _tables[i] = Make(_tableOptimizers[i], table.Rows * table.Dimension);
        }
    }

    /// <summary>Steps made or begun.</summary>
    public long Steps { get; private set; }

    public void Begin(float rate)
    {
        Steps++;
        for (var i = 0; i < _denseSteps.Length; i++) _denseSteps[i] = StepOf(_denseOptimizers[i], rate);
        for (var i = 0; i < _tableSteps.Length; i++) _tableSteps[i] = StepOf(_tableOptimizers[i], rate);
    }

    /// <summary>Goes on after so many steps.</summary>
    public void Resume(long steps) => Steps = steps;

    public AlignedFloats[] Of(Parameter parameter) => _dense[parameter.Index];

    public AlignedFloats[] Of(EmbeddingTable table) => _tables[table.Index];

    public void Update(Parameter parameter, int start, int length, ReadOnlySpan<float> gradient)
    {
        var weights = parameter.Mutable.Slice(start, length);
        if (parameter.IsStatistic)
        {
            gradient.CopyTo(weights);
            return;
        }
        var states = _dense[parameter.Index];
        _denseOptimizers[parameter.Index].Update(weights, gradient, Part(states, 0, start, length), Part(states, 1, start, length),
            _denseSteps[parameter.Index]);
    }

    public void Update(EmbeddingTable table, RowSums sums)
    {
        var (optimizer, states, d) = (_tableOptimizers[table.Index], _tables[table.Index], table.Dimension);
        var step = _tableSteps[table.Index];
        var weights = table.Mutable;
        var rows = sums.Rows;
        if (d == 1)
        {
            UpdateSingles(optimizer, weights, states, rows, sums.All, step);
            return;
        }
        for (var k = 0; k < rows.Length; k++)
        {
            if (k + Ahead < rows.Length)
            {
                var next = (nint)rows[k + Ahead] * d;
                LayerKernels.Prefetch<float>(weights, next);
                foreach (var state in states) LayerKernels.Prefetch<float>(state.Span, next);
            }
            var start = rows[k] * d;
            optimizer.Update(weights.Slice(start, d), sums[k], Part(states, 0, start, d), Part(states, 1, start, d), step);
        }
    }

    // Rows of one number would cost a call each: they are stepped many at a time, brought together and taken back.
    private static void UpdateSingles(Optimizer optimizer, Span<float> weights, AlignedFloats[] states, ReadOnlySpan<int> rows,
        ReadOnlySpan<float> sums, in OptimizerStep step)
    {
        const int Most = 128;
        Span<float> near = stackalloc float[3 * Most];
        for (var start = 0; start < rows.Length; start += Most)
        {
            var some = rows.Slice(start, Math.Min(Most, rows.Length - start));
            var w = near[..some.Length];
            var first = near.Slice(Most, some.Length);
            var second = near.Slice(2 * Most, some.Length);
            Gather(weights, some, w);
            if (states.Length > 0) Gather(states[0].Span, some, first);
            if (states.Length > 1) Gather(states[1].Span, some, second);
            optimizer.Update(w, sums.Slice(start, some.Length), states.Length > 0 ? first : [], states.Length > 1 ? second : [], step);
            Scatter(w, some, weights);
            if (states.Length > 0) Scatter(first, some, states[0].Span);
            if (states.Length > 1) Scatter(second, some, states[1].Span);
        }
    }

    private static void Gather(ReadOnlySpan<float> from, ReadOnlySpan<int> rows, Span<float> to)
    {
        for (var i = 0; i < rows.Length; i++) to[i] = from[rows[i]];
    }

    private static void Scatter(ReadOnlySpan<float> from, ReadOnlySpan<int> rows, Span<float> to)
    {
        for (var i = 0; i < rows.Length; i++) to[rows[i]] = from[i];
    }

    private OptimizerStep StepOf(Optimizer optimizer, float rate)
    {
        var (a, b, c) = optimizer.Constants(Steps, rate);
        return new OptimizerStep(Steps, a, b, c);
    }

    private static AlignedFloats[] Make(Optimizer optimizer, int length)
    {
        var states = new AlignedFloats[optimizer.StateCount];
        for (var i = 0; i < states.Length; i++)
        {
            states[i] = new AlignedFloats(length);
            if (optimizer.InitialState(i) is not 0 and var first) states[i].Span.Fill(first);
        }
        return states;
    }

    private static Span<float> Part(AlignedFloats[] states, int state, int start, int length)
        => state < states.Length ? states[state].Slice(start, length) : [];
}
