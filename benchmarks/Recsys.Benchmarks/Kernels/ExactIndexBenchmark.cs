using BenchmarkDotNet.Attributes;
using Recsys.Indexing;
using Recsys.Numerics;

namespace Recsys.Benchmarks.Kernels;

/// <summary>Exact top-100 of 100,000 vectors of 64 floats, for one query and for 256.</summary>
public class ExactIndexBenchmark
{
    private readonly ScoredItem[] _lists = new ScoredItem[256 * 100];
    private readonly int[] _counts = new int[256];
    private ExactIndex _index = null!;
    private float[] _queries = [];

    [Params(1, 2)]
    public int Threads { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var rng = new Rng(1);
        var vectors = new float[100_000 * 64];
        for (var i = 0; i < vectors.Length; i++) vectors[i] = rng.Uniform((ulong)i) - 0.5f;
        _index = ExactIndex.Build(vectors, 64, new ExactIndexOptions { Threads = Threads });
        _queries = vectors[..(256 * 64)];
    }

    [Benchmark]
    public int Search() => _index.Search(_queries.AsSpan(0, 64), _lists.AsSpan(0, 100));

    [Benchmark]
    public void SearchBatch() => _index.SearchBatch(_queries, default, _lists, _counts);
}
