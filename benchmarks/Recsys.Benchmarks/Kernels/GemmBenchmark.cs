using BenchmarkDotNet.Attributes;
using Recsys.Numerics;

namespace Recsys.Benchmarks.Kernels;

/// <summary>Square products, and the shapes of a dense layer.</summary>
public class GemmBenchmark
{
    private float[] _a = [], _b = [], _c = [];
    private int _m, _n, _k;

    [Params("64x64x64", "1024x1024x1024", "4096x256x416", "4096x128x256")]
    public string Shape { get; set; } = "";

    [Params(1, 2)]
    public int Threads { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var sizes = Shape.Split('x');
        (_m, _n, _k) = (int.Parse(sizes[0]), int.Parse(sizes[1]), int.Parse(sizes[2]));
        var rng = new Rng(1);
        (_a, _b, _c) = (new float[_m * _k], new float[_k * _n], new float[_m * _n]);
        for (var i = 0; i < _a.Length; i++) _a[i] = rng.Uniform((ulong)i);
        for (var i = 0; i < _b.Length; i++) _b[i] = rng.Uniform((ulong)i);
    }

    [Benchmark]
    public void Multiply() => Gemm.Multiply(_m, _n, _k, _a, _b, _c, Threads);
}
