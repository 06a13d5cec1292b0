using BenchmarkDotNet.Attributes;
using Recsys.Numerics;

namespace Recsys.Benchmarks.Kernels;

/// <summary>A million interactions of 6,000 users with 4,000 items, popularity by Zipf's law, and draws from such a law.</summary>
public class SparseBenchmark
{
    private const int Users = 6000, Items = 4000;
    private SparseMatrix _matrix = SparseMatrix.FromRows(0, []), _transposed = SparseMatrix.FromRows(0, []);
    private float[] _users = [], _items = [];
    private AliasTable _alias = new([1f]);
    private readonly Zipf _zipf = new(Items, 0.8);
    private readonly Rng _rng = new(7);

    [Params(1, 2)]
    public int Threads { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var (rows, columns) = (new int[1_000_000], new int[1_000_000]);
        for (var i = 0; i < rows.Length; i++)
        {
            rows[i] = _rng.Below((ulong)i, Users);
            columns[i] = _zipf.Sample(_rng.Stream(1), (ulong)i);
        }
        _matrix = SparseMatrix.FromTriplets(Users, Items, rows, columns, [], DuplicateCells.First);
        _transposed = _matrix.Transpose();
        (_users, _items) = (new float[Users], new float[Items]);
        _items.AsSpan().Fill(1);
        _alias = new AliasTable(Enumerable.Range(1, Items).Select(i => 1 / MathF.Pow(i, 0.8f)).ToArray());
    }

    [Benchmark]
    public SparseMatrix Transpose() => _matrix.Transpose(Threads);

    [Benchmark]
    public void TimesVector() => _matrix.Multiply(_items, _users, Threads);

    [Benchmark]
    public void TransposedTimesVector() => _matrix.MultiplyTransposed(_users, _items, Threads);

    [Benchmark]
    public SparseMatrix Gram() => _transposed.Multiply(_matrix, Threads);

    [Benchmark(OperationsPerInvoke = 1000)]
    public int AliasDraws()
    {
        var sum = 0;
        for (var i = 0UL; i < 1000; i++) sum += _alias.Sample(_rng, i);
        return sum;
    }

    [Benchmark(OperationsPerInvoke = 1000)]
    public int ZipfDraws()
    {
        var sum = 0;
        for (var i = 0UL; i < 1000; i++) sum += _zipf.Sample(_rng, i);
        return sum;
    }
}
