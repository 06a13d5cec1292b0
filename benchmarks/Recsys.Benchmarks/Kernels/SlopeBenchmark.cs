using BenchmarkDotNet.Attributes;
using Recsys.Nn;

namespace Recsys.Benchmarks.Kernels;

/// <summary>Activations with a learned slope over a shard of a hidden layer, forward and back; ReLU beside them.</summary>
public class SlopeBenchmark
{
    private readonly Tape _tape = new(TapeMode.Train);
    private Parameter _x = null!, _normalised = null!, _slope = null!;

    [Params(10, 256)]
    public int Columns { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var scope = ParameterScope.Initialise(1);
        _x = scope.Parameter("x", Initializer.Normal(1), 256, Columns);
        _normalised = scope.Parameter("normalised", Initializer.Normal(1), 256, Columns);
        _slope = scope.Parameter("slope", Initializer.Constant(0.25f), Columns);
    }

    [Benchmark(Baseline = true)]
    public void Relu() => Back(_tape.Use(_x).Relu());

    [Benchmark]
    public void PRelu() => Back(_tape.Use(_x).PRelu(_tape.Use(_slope)));

    [Benchmark]
    public void Dice() => Back(_tape.Use(_x).Dice(_tape.Use(_normalised), _tape.Use(_slope)));

    private void Back(Tensor y)
    {
        _tape.Backward(y);
        _tape.Reset();
    }
}
