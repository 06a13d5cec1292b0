using Recsys.Nn;
using Recsys.Numerics;

namespace Recsys.Tests.Nn;

/// <summary>
/// Runs a case of an op in every way in which a network may: inputs that learn or don't, reshaped, used elsewhere too, given twice; with a
/// sink for the gradients and without. The values are compared with the twin, the gradients of a weighted sum of the output with central
/// differences of the twin, which are good to ten digits because the twin computes in double.
/// </summary>
internal sealed class OpCheck
{
    private const double Step = 1e-5, Tolerance = 1e-4;
    private readonly OpCase _case;
    private readonly ParameterSet _set;
    private readonly Parameter?[] _parameters;
    private readonly EmbeddingTable?[] _tables;
    private readonly double[][] _inputs;
    private readonly float[] _weights;

    public OpCheck(OpCase of)
    {
        _case = of;
        var scope = ParameterScope.Initialise(3);
        _set = scope.Parameters;
        _parameters = new Parameter?[of.Inputs.Length];
        _tables = new EmbeddingTable?[of.Inputs.Length];
        _inputs = new double[of.Inputs.Length][];
        for (var i = 0; i < of.Inputs.Length; i++)
        {
            var (input, name) = (of.Inputs[i], $"x{i}");
            Span<float> values;
            if (input.IsTable)
            {
                _tables[i] = scope.Table(name, input.Sizes[0], input.Sizes[1], Initializer.Zeros);
                values = _tables[i]!.Mutable;
            }
            else
            {
                _parameters[i] = input.IsStatistic
                    ? scope.Statistic(name, Initializer.Zeros, input.Sizes)
                    : scope.Parameter(name, Initializer.Zeros, input.Sizes);
                values = _parameters[i]!.Mutable;
            }
            var rng = new Rng(17, (ulong)i);
            for (var k = 0; k < values.Length; k++)
                values[k] = input.Given is { } given ? given[k] : (rng.Bits((ulong)k) & 1) == 0 ? Magnitude(rng, k) : -Magnitude(rng, k);
            _inputs[i] = [.. values.ToArray().Select(v => (double)v)];
        }
        var weights = new Rng(18);
        _weights = new float[of.Twin(_inputs).Length];
        weights.FillUniform(0, _weights, -1, 1);
    }

    public void Run()
    {
        var expected = Differences(_inputs);
        var values = ValuesAreThoseOfTheTwin();
        var plain = Gradients(Learning(), new Way());
        Compare(expected, plain, "alone");
        SameBits(plain, Gradients(Learning(), new Way { NoSink = true }), "without a sink");
        Compare(expected, Gradients(Learning(), new Way { Reshaped = true }), "of reshaped inputs");
        var elsewhere = expected.Select((g, i) => g.Select((v, k) => v + (Learns(i) ? 0.5 + 0.125 * k : 0)).ToArray()).ToArray();
        Compare(elsewhere, Gradients(Learning(), new Way { Elsewhere = true }), "of inputs that are used elsewhere too");
        Compare(elsewhere, Gradients(Learning(), new Way { Elsewhere = true, NoSink = true }), "used elsewhere, without a sink");
        for (var fixedOne = 0; fixedOne < _inputs.Length; fixedOne++)
        {
            if (!Learns(fixedOne)) continue;
            var learning = Learning();
            learning[fixedOne] = false;
            var some = Gradients(learning, new Way());
            Assert.True(some[fixedOne].All(g => g == 0), $"Input {fixedOne} is a constant and got a gradient.");
            some[fixedOne] = plain[fixedOne];
            SameBits(plain, some, $"with input {fixedOne} constant");
        }
        OneInputInTwoPlaces();
        if (_case.Mode != TapeMode.Train) SameBits([values], [Values(TapeMode.Serve)], "when serving");
        NothingIsAllocated();
    }

    private float[] ValuesAreThoseOfTheTwin()
    {
        var twin = _case.Twin(_inputs);
        var values = Values(_case.Mode);
        Assert.Equal(twin.Length, values.Length);
        for (var k = 0; k < twin.Length; k++)
            Assert.True(Math.Abs(values[k] - twin[k]) <= 1e-5 * (1 + Math.Abs(twin[k])),
                $"Element {k} is {values[k]}; the twin says {twin[k]}.");
        return values;
    }

    private float[] Values(TapeMode mode)
    {
        var tape = new Tape(mode);
        var y = _case.Call(Call(tape, Learning(), new Way()));
        var pushed = Enumerable.Range(0, tape.Count).Any(i => tape.At(i).Op.GetType() == _case.Op);
        Assert.True(pushed, $"The call does not push {_case.Op.Name}.");
        return y.Values.ToArray();
    }

    // Two uses of one parameter, and one tensor given twice, each get the sum of the two gradients.
    private void OneInputInTwoPlaces()
    {
        for (var a = 0; a < _inputs.Length; a++)
        {
            for (var b = a + 1; b < _inputs.Length; b++)
            {
                if (!Learns(a) || !Learns(b) || !_case.Inputs[a].Sizes.SequenceEqual(_case.Inputs[b].Sizes)) continue;
                var inputs = _inputs.ToArray();
                inputs[b] = inputs[a];
                var expected = Differences(inputs);
                expected[a] = [.. expected[a].Zip(expected[b], (x, y) => x + y)];
                expected[b] = new double[expected[b].Length];
                foreach (var sink in (ReadOnlySpan<bool>)[false, true])
                {
                    var twice = Gradients(Learning(), new Way { Same = (a, b), NoSink = !sink });
                    Compare(expected, twice, $"with inputs {a} and {b} one tensor");
                }
                Compare(expected, Gradients(Learning(), new Way { SameParameter = (a, b) }), $"with inputs {a} and {b} one parameter");
            }
        }
    }

    private void NothingIsAllocated()
    {
        var tape = new Tape(_case.Mode);
        var sink = new ShardGradients(_set);
        var call = new OpCall { Tape = tape, Tensors = new Tensor[_inputs.Length], Tables = _tables, Parameters = _parameters };
        Allocations.AssertNone(() =>
        {
            tape.Sink = sink;
            for (var i = 0; i < _parameters.Length; i++)
                if (_parameters[i] is { IsStatistic: false } parameter) call.Tensors[i] = tape.Use(parameter);
            tape.Backward(WeightedOutput.Of(_case.Call(call), _weights));
            tape.Reset();
            sink.Reset();
        });
    }

    private float[][] Gradients(bool[] learning, Way way)
    {
        var tape = new Tape(_case.Mode);
        var sink = new ShardGradients(_set);
        if (!way.NoSink) tape.Sink = sink;
        var call = Call(tape, learning, way);
        var loss = WeightedOutput.Of(_case.Call(call), _weights);
        if (way.Elsewhere)
        {
            for (var i = 0; i < _inputs.Length; i++)
            {
                if (!Learns(i)) continue;
                var ramp = new float[_inputs[i].Length];
                for (var k = 0; k < ramp.Length; k++) ramp[k] = 0.5f + 0.125f * k;
                loss += WeightedOutput.Of(call[i], ramp);
            }
        }
        tape.Backward(loss);
        var gradients = new float[_inputs.Length][];
        for (var i = 0; i < gradients.Length; i++)
        {
            gradients[i] = new float[_inputs[i].Length];
            if (_case.Inputs[i].IsStatistic) continue;
            if (_tables[i] is { } table) AddRows(sink.Rows(table), gradients[i]);
            else if (way.NoSink) call[i].Gradient.CopyTo(gradients[i]);
            else if (sink.Touched(i)) sink.Dense(_parameters[i]!, out _).Span.CopyTo(gradients[i]);
        }
        if (way.NoSink && way.Same is { } same) gradients[same.B].AsSpan().Clear();
        // Without a sink the rows of tables go nowhere; that is right, so nothing is compared.
        if (way.NoSink)
            for (var i = 0; i < gradients.Length; i++)
                if (_tables[i] is not null) gradients[i] = Gradients(learning, way with { NoSink = false })[i];
        return gradients;
    }

    private OpCall Call(Tape tape, bool[] learning, Way way)
    {
        var tensors = new Tensor[_inputs.Length];
        for (var i = 0; i < tensors.Length; i++)
        {
            if (_parameters[i] is not { IsStatistic: false } parameter) continue;
            if (way.SameParameter is { } one && one.B == i) parameter = _parameters[one.A]!;
            tensors[i] = way.Same is { } same && same.B == i ? tensors[same.A]
                : learning[i] ? tape.Use(parameter)
                : tape.Constant(parameter.Shape, parameter.Values);
            if (way.Reshaped) tensors[i] = tensors[i].Reshape(-1).Reshape(_case.Inputs[i].Sizes);
        }
        return new OpCall { Tape = tape, Tensors = tensors, Tables = _tables, Parameters = _parameters };
    }

    /// <summary>Adds the rows that a table got to a matrix of its size.</summary>
    public static void AddRows(RowGradients rows, float[] to)
    {
        rows.Group();
        var slots = new int[rows.Table.Rows];
        for (var part = 0; part < RowGradients.Parts; part++)
        {
            var sums = new RowSums(rows.Table, slots);
            rows.AddTo(sums, part);
            for (var k = 0; k < sums.Count; k++) sums[k].CopyTo(to.AsSpan(sums.Rows[k] * rows.Table.Dimension));
        }
    }

    private double[][] Differences(double[][] at)
    {
        var gradients = new double[at.Length][];
        for (var i = 0; i < at.Length; i++)
        {
            gradients[i] = new double[at[i].Length];
            if (_case.Inputs[i].IsStatistic) continue;
            for (var k = 0; k < at[i].Length; k++)
            {
                var moved = at.Select(v => (double[])v.Clone()).ToArray();
                moved[i][k] = at[i][k] + Step;
                var up = Sum(moved);
                moved[i][k] = at[i][k] - Step;
                gradients[i][k] = (up - Sum(moved)) / (2 * Step);
            }
        }
        return gradients;
    }

    private double Sum(double[][] inputs)
    {
        var y = _case.Twin(inputs);
        var sum = 0.0;
        for (var k = 0; k < y.Length; k++) sum += _weights[k] * y[k];
        return sum;
    }

    private bool Learns(int input) => _tables[input] is null && !_case.Inputs[input].IsStatistic;

    private bool[] Learning() => [.. _inputs.Select(_ => true)];

    private static float Magnitude(in Rng rng, int k) => 0.1f + 0.9f * rng.Stream(1).Uniform((ulong)k);

    private static void Compare(double[][] expected, float[][] actual, string what)
    {
        for (var i = 0; i < expected.Length; i++)
            for (var k = 0; k < expected[i].Length; k++)
                Assert.True(Math.Abs(actual[i][k] - expected[i][k]) <= Tolerance * (1 + Math.Abs(expected[i][k])),
                    $"∂/∂x{i}[{k}] {what} is {actual[i][k]}; differences say {expected[i][k]}.");
    }

    private static void SameBits(float[][] expected, float[][] actual, string what)
    {
        for (var i = 0; i < expected.Length; i++)
            for (var k = 0; k < expected[i].Length; k++)
                Assert.True(actual[i][k].Equals(expected[i][k]), $"x{i}[{k}] {what} is {actual[i][k]:R}, else {expected[i][k]:R}.");
    }

    private readonly record struct Way(
        bool NoSink = false, bool Reshaped = false, bool Elsewhere = false,
        (int A, int B)? Same = null, (int A, int B)? SameParameter = null);
}

/// <summary>Σ w y with fixed weights: what the tests differentiate.</summary>
internal sealed class WeightedOutput : Op
{
    public static readonly WeightedOutput Instance = new();

    public override string Name => "weighted output";

    public static Tensor Of(Tensor x, ReadOnlySpan<float> weights)
    {
        var y = x.Tape.Push(Instance, new Shape(), x);
        var kept = x.Tape.At(y.Node).Kept = x.Tape.Take(x.Shape.Length);
        weights.CopyTo(kept.Span);
        var sum = 0.0;
        for (var i = 0; i < weights.Length; i++) sum += (double)weights[i] * x.Values[i];
        y.Mutable[0] = (float)sum;
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        if (!node.Wants(0)) return;
        var dx = node.GradientOf(0);
        for (var i = 0; i < dx.Length; i++) dx[i] += node.Gradient[0] * node.Kept[i];
    }
}
