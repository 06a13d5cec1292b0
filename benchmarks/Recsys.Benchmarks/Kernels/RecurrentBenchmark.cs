using BenchmarkDotNet.Attributes;
using Recsys.Nn;
using Recsys.Numerics;

namespace Recsys.Benchmarks.Kernels;

/// <summary>
/// A recurrent layer over sequences of 50 events of 32 numbers, 64 wide: serving, and forward and back. 16 sequences are what one shard
/// of a batch of 256 gets.
/// </summary>
public class RecurrentBenchmark
{
    private readonly Tape _serving = new(), _training = new(TapeMode.Train);
    private RecurrentLayer _layer = null!;

    [Params("gru", "lstm")]
    public string Kind { get; set; } = "";

    [Params(16, 256)]
    public int Sequences { get; set; }

    [GlobalSetup]
    public void Setup() => _layer = new RecurrentLayer(Kind, Sequences, 50, 32, 64);

    [Benchmark]
    public void Serve()
    {
        _layer.Of(_serving);
        _serving.Reset();
    }

    [Benchmark]
    public void ForwardAndBack()
    {
        _training.Backward(_layer.Of(_training));
        _training.Reset();
    }
}

/// <summary>A GRU or an LSTM over random sequences of one length, whose gradient is wanted too, as that of embeddings is.</summary>
internal sealed class RecurrentLayer
{
    private readonly Func<Sequences, Sequences> _of;
    private readonly float[] _events;
    private readonly int[] _lengths;
    private readonly Shape _shape;

    public RecurrentLayer(string kind, int sequences, int steps, int inputs, int width)
    {
        var scope = ParameterScope.Initialise(1);
        if (kind == "gru") _of = new Gru(scope, inputs, width).Of;
        else _of = new Lstm(scope, inputs, width).Of;
        Parameters = scope.Parameters;
        _shape = new Shape(sequences, steps, inputs);
        _events = new float[_shape.Length];
        new Rng(2).FillNormal(0, _events);
        _lengths = new int[sequences];
        Array.Fill(_lengths, steps);
    }

    public ParameterSet Parameters { get; }

    public Tensor Of(Tape tape) => Of(tape, 0, _lengths.Length);

    /// <summary>The states of some of the sequences. [end - start, steps, width]</summary>
    public Tensor Of(Tape tape, int start, int end)
    {
        var (steps, inputs) = (_shape[1], _shape[2]);
        var shape = new Shape(end - start, steps, inputs);
        var x = tape.Constant(shape, _events.AsSpan(start * steps * inputs, shape.Length));
        tape.At(x.Node).NeedsGradient = tape.Records;
        return _of(new Sequences(x, Segments.Padded(tape, _lengths.AsSpan(start, end - start), steps))).Values;
    }
}
