using System.Numerics.Tensors;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using Recsys.Numerics;

namespace Recsys.Benchmarks.Kernels;

/// <summary>Our kernels for functions with an exponential against TensorPrimitives: the reason that we have our own.</summary>
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory)]
[CategoriesColumn]
public class ElementwiseBenchmark
{
    private float[] _x = [], _y = [];

    [Params(16, 100, 4096)]
    public int Length { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        (_x, _y) = (new float[Length], new float[Length]);
        new Rng(1).FillNormal(0, _x, 0, 4);
    }

    [Benchmark(Baseline = true), BenchmarkCategory("exp")]
    public void ExpTensorPrimitives() => TensorPrimitives.Exp<float>(_x, _y);

    [Benchmark, BenchmarkCategory("exp")]
    public void Exp() => Elementwise.Exp(_x, _y);

    [Benchmark(Baseline = true), BenchmarkCategory("sigmoid")]
    public void SigmoidTensorPrimitives() => TensorPrimitives.Sigmoid<float>(_x, _y);

    [Benchmark, BenchmarkCategory("sigmoid")]
    public void Sigmoid() => Elementwise.Sigmoid(_x, _y);

    [Benchmark(Baseline = true), BenchmarkCategory("tanh")]
    public void TanhTensorPrimitives() => TensorPrimitives.Tanh<float>(_x, _y);

    [Benchmark, BenchmarkCategory("tanh")]
    public void Tanh() => Elementwise.Tanh(_x, _y);

    [Benchmark(Baseline = true), BenchmarkCategory("softmax")]
    public void SoftMaxTensorPrimitives() => TensorPrimitives.SoftMax<float>(_x, _y);

    [Benchmark, BenchmarkCategory("softmax")]
    public void Softmax() => Elementwise.Softmax(_x, _y);

    [Benchmark, BenchmarkCategory("log")]
    public void LogSigmoid() => Elementwise.LogSigmoid(_x, _y);

    [Benchmark, BenchmarkCategory("axpy")]
    public void Axpy() => Elementwise.Axpy(1e-9f, _x, _y);
}
