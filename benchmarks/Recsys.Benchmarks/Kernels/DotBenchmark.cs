using BenchmarkDotNet.Attributes;
using Recsys.Numerics;

namespace Recsys.Benchmarks.Kernels;

/// <summary>One vector against every row of a matrix that fits the cache, and of one that doesn't.</summary>
public class DotBenchmark
{
    private float[] _matrix = [], _vector = [], _scores = [];

    [Params(1_000, 1_000_000)]
    public int Rows { get; set; }

    [Params(64)]
    public int Columns { get; set; }

    [Params(1, 2)]
    public int Threads { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var rng = new Rng(1);
        (_matrix, _vector, _scores) = (new float[Rows * Columns], new float[Columns], new float[Rows]);
        for (var i = 0; i < _matrix.Length; i++) _matrix[i] = rng.Uniform((ulong)i);
        for (var i = 0; i < _vector.Length; i++) _vector[i] = rng.Uniform((ulong)i);
    }

    [Benchmark]
    public void Score() => Dot.Rows(_matrix, Columns, _vector, _scores, Threads);
}
