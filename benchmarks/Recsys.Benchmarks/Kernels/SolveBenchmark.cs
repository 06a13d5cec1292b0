using BenchmarkDotNet.Attributes;
using MathNet.Numerics.LinearAlgebra.Single;
using Recsys.Numerics;

namespace Recsys.Benchmarks.Kernels;

/// <summary>The systems of alternating least squares: 64 of them, as many unknowns as factors.</summary>
public class SolveBenchmark
{
    private const int Systems = 64;
    private float[] _matrices = [], _right = [], _a = [], _b = [], _x = [], _workspace = [];
    private DenseMatrix[] _mathNet = [];
    private DenseVector[] _mathNetRight = [];

    [Params(32, 64, 128)]
    public int Size { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var n = Size;
        (_matrices, _right) = (new float[Systems * n * n], new float[Systems * n]);
        new Rng(1).FillNormal(0, _right);
        var g = new float[n * n];
        for (var s = 0; s < Systems; s++)
        {
            new Rng(2, (ulong)s).FillNormal(0, g);
            var a = _matrices.AsSpan(s * n * n, n * n);
            Gemm.Multiply(Transpose.Yes, Transpose.No, n, n, n, 1f / n, g, n, g, n, 0, a, n);
            for (var i = 0; i < n; i++) a[i * n + i] += 1;
        }
        (_a, _b, _x, _workspace) = (new float[_matrices.Length], new float[_right.Length], new float[_right.Length], new float[3 * n]);
        _mathNet = [.. Enumerable.Range(0, Systems).Select(s => new DenseMatrix(n, n, _matrices[(s * n * n)..((s + 1) * n * n)]))];
        _mathNetRight = [.. Enumerable.Range(0, Systems).Select(s => new DenseVector(_right[(s * n)..((s + 1) * n)]))];
    }

    [Benchmark(Baseline = true)]
    public void MathNetCholesky()
    {
        for (var s = 0; s < Systems; s++) _mathNet[s].Cholesky().Solve(_mathNetRight[s]);
    }

    [Benchmark]
    public void CholeskyBatch()
    {
        _matrices.CopyTo(_a, 0);
        _right.CopyTo(_b, 0);
        Cholesky.SolveBatch(_a, Size, _b);
    }

    [Benchmark]
    public ConjugateGradientResult ThreeConjugateGradientSteps()
    {
        _x.AsSpan().Clear();
        return ConjugateGradient.SolveBatch(new Dense(_matrices), Size, _right, _x, _workspace, 3);
    }

    private readonly ref struct Dense(ReadOnlySpan<float> matrices) : ILinearOperator
    {
        private readonly ReadOnlySpan<float> _matrices = matrices;

        public void Apply(int system, ReadOnlySpan<float> x, Span<float> y)
            => Dot.Rows(_matrices.Slice(system * x.Length * x.Length, x.Length * x.Length), x.Length, x, y);
    }
}
