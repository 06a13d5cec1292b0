using BenchmarkDotNet.Attributes;
using Recsys.Data;
using Recsys.Features;
using Recsys.Numerics;

namespace Recsys.Benchmarks.Features;

/// <summary>
/// Filling batches of 1024 from a training set and of 200 candidates from a request: 12 features of a million users and 200,000 items, in
/// random order, so that rows come from memory rather than the cache.
/// </summary>
public class AssemblyBenchmark
{
    private const int UserCount = 1_000_000, ItemCount = 200_000, ExampleCount = 1 << 18, BatchSize = 1024, Candidates = 200;
    private FeatureSet _set = null!;
    private Examples _examples = null!;
    private ExampleBatch _batch = null!, _served = null!;
    private SparseLayout _sparse = null!;
    private readonly SparseRows _rows = new();
    private readonly int[] _places = new int[BatchSize], _candidates = new int[Candidates], _history = new int[50];
    private int _start;

    /// <summary>Whether the schema also has the newest 50 events of the user.</summary>
    [Params(false, true)]
    public bool History { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var rng = new Rng(1);
        Columns users = Columns.From(Enumerable.Range(0, UserCount)).Text("gender", u => u % 3 == 0 ? "f" : "m").Text("city",
            u => $"c{u * 7919L % 500}")
            .Number("age", u => 15 + u * 31L % 60).Text("job", u => $"j{u % 21}").Number("days", u => u % 1000);
        Columns items = Columns.From(Enumerable.Range(0, ItemCount)).Text("brand", i => $"b{i * 7919L % 5000}").Number("price",
            i => i % 997)
            .List("genres", i => Enumerable.Range(0, 1 + i % 4).Select(g => $"g{(i + g * 5) % 20}"));
        List<Feature> features =
        [
            Feature.Id("user", Side.User), Feature.Category("gender", Side.User), Feature.Category("city", Side.User),
                Feature.Buckets("age", Side.User, 10),
            Feature.Category("job", Side.User), Feature.Number("days", Side.User, NumberScale.Log), Feature.Id("item", Side.Item),
            Feature.Category("brand", Side.Item), Feature.Number("price", Side.Item, NumberScale.Standardised),
                Feature.MultiCategory("genres", Side.Item),
            Feature.Cross("gender×age", "gender", "age"), Feature.Cross("city×brand", "city", "brand", 1 << 20), Feature.Label("click"),
        ];
        if (History) features.Insert(12, Feature.Sequence("history", ["item", "brand"], 50));
        _set = new FeatureSchema(features).Fit(users, items);
        var data = new ExampleData
        {
            Users = Draw(ExampleCount, UserCount),
            Items = Draw(ExampleCount, ItemCount),
            Labels = [Array.ConvertAll(Draw(ExampleCount, 2), label => (float)label)],
        };
        _examples = _set.Examples(History ? data with
        {
            History = Log(),
            HistoryEnds = [.. data.Users.Select(u => u < 50_000 ? 60 : 0)]
        } : data);
        _batch = _set.CreateBatch(BatchSize);
        _served = _set.CreateBatch(Candidates);
        _sparse = new SparseLayout(_set.Schema);
        Draw(Candidates, ItemCount).CopyTo(_candidates, 0);
        Draw(50, ItemCount).CopyTo(_history, 0);

        int[] Draw(int count, int bound)
        {
            var stream = rng.Stream((ulong)(count + bound));
            return [.. Enumerable.Range(0, count).Select(i => stream.Below((ulong)i, bound))];
        }

        // One user in twenty has a log of 60 events, as a working set; the others none.
        Interactions Log()
        {
            var builder = new InteractionsBuilder(IdMap.FromLongs([.. Enumerable.Range(0, 50_000)]),
                IdMap.FromLongs([.. Enumerable.Range(0, ItemCount)]));
            for (var user = 0; user < 50_000; user++)
                for (var n = 0; n < 60; n++) builder.AddDense(user, (user * 60 + n * 7919) % ItemCount);
            return builder.Build();
        }
    }

    [Benchmark(OperationsPerInvoke = BatchSize)]
    public void TrainingInOrder()
    {
        _start = (_start + BatchSize) % ExampleCount;
        _set.Assemble(_examples, _start, BatchSize, _batch);
    }

    [Benchmark(OperationsPerInvoke = BatchSize)]
    public void TrainingShuffled()
    {
        _start = (_start + BatchSize) % ExampleCount;
        new Permutation(ExampleCount, new Rng(2)).Fill(_start, _places);
        _set.Assemble(_examples, _places, _batch);
    }

    [Benchmark(OperationsPerInvoke = BatchSize)]
    public void TrainingAndSparseRows()
    {
        TrainingInOrder();
        _sparse.Fill(_batch, _rows);
    }

    [Benchmark(OperationsPerInvoke = Candidates)]
    public void Serving()
        => _set.Assemble(new CandidateRequest(_start, _candidates) { History = History ? _history : [] }, _served);
}
