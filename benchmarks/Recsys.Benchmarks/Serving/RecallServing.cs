using BenchmarkDotNet.Attributes;
using Recsys.Recall;

namespace Recsys.Benchmarks.Serving;

/// <summary>One recall call: 100 items out of 3,700, seen items left out, for a known user and for a history.</summary>
public class RecallServing
{
    private const int User = 17;
    private readonly ScoredItem[] _list = new ScoredItem[100];
    private IRecaller _model = null!;
    private int[] _seen = null!;

    [Params("Popularity", "ItemCf", "UserCf", "Lfm")]
    public string Model { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        _model = Model switch
        {
            "Popularity" => Popularity.Train(RecallData.Log),
            "ItemCf" => ItemCf.Train(RecallData.Log),
            "UserCf" => UserCf.Train(RecallData.Log),
            _ => Lfm.Train(RecallData.Log, new LfmOptions { Epochs = 2 }),
        };
        _seen = RecallData.Log.ItemsOf(User).ToArray();
    }

    [Benchmark]
    public int KnownUser() => _model.Recall(new RecallRequest(User) { Filter = new ItemFilter { Exclude = _seen } }, _list);

    [Benchmark]
    public int History() => _model.Recall(new RecallRequest(-1) { History = _seen, Filter = new ItemFilter { Exclude = _seen } }, _list);
}
