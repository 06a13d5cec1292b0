using BenchmarkDotNet.Attributes;
using Recsys.Numerics;

namespace Recsys.Benchmarks.Kernels;

/// <summary>The selection of a list from the scores of a whole catalogue, in random order and in the worst.</summary>
public class TopItemsBenchmark
{
    private readonly ScoredItem[] _list = new ScoredItem[100];
    private float[] _scores = [];

    [Params(10_000, 1_000_000)]
    public int Items { get; set; }

    [Params(false, true)]
    public bool Ascending { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var rng = new Rng(1);
        _scores = new float[Items];
        for (var i = 0; i < Items; i++) _scores[i] = Ascending ? i : rng.Uniform((ulong)i);
    }

    [Benchmark]
    public int Select()
    {
        var top = new TopItems(_list, default, Items);
        top.OfferBlock(0, _scores);
        return top.Finish();
    }
}
