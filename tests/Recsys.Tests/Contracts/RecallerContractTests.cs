using Recsys.Data;
using Recsys.Persistence;

namespace Recsys.Tests.Contracts;

/// <summary>The contract can be met: by a plain recaller that scores an item by how often it met the items of the history.</summary>
public sealed class RecallerContractTests : RecallerContract<CoOccurrenceRecaller>
{
    protected override CoOccurrenceRecaller Train(Interactions data, ContractRun run)
        => CoOccurrenceRecaller.Train(data, 1, run.Progress, run.Cancel);

    protected override IReadOnlyList<Action> InvalidOptions => [() => CoOccurrenceRecaller.Train(ContractData.OneRow(), 0)];
}

/// <summary>
/// score(i) = Σ over the history j of value × (users who have both, once each user) / (1 + users of i). Items × items memory: for tests
/// only.
/// </summary>
public sealed class CoOccurrenceRecaller : IRecaller, ISimilarItems, IModel<CoOccurrenceRecaller>
{
    private readonly float[] _together;
    private readonly long[] _offsets;
    private readonly int[] _history;
    private readonly float[] _values;
    private readonly int _items;

    private CoOccurrenceRecaller(int items, float[] together, long[] offsets, int[] history, float[] values)
        => (_items, _together, _offsets, _history, _values) = (items, together, offsets, history, values);

    public static string Kind => "test-co-occurrence";

    public static int Version => 1;

    public static CoOccurrenceRecaller Train(
        Interactions data, int weight = 1, IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentOutOfRangeException.ThrowIfLessThan(weight, 1);
        var items = data.ItemCount;
        var together = new float[items * items];
        var users = new int[items];
        for (var user = 0; user < data.UserCount; user++)
        {
            cancel.ThrowIfCancellationRequested();
            var own = data.ItemsOf(user).ToArray().Distinct().ToArray();
            foreach (var i in own)
            {
                users[i]++;
                foreach (var j in own) together[i * items + j] += weight;
            }
            progress?.Report(new TrainProgress("count", user + 1, data.UserCount));
        }
        for (var i = 0; i < items; i++)
            for (var j = 0; j < items; j++) together[i * items + j] /= 1 + users[j];
        return new(items, together, data.UserOffsets.ToArray(), data.ItemColumn.ToArray(), data.ValueColumn.ToArray());
    }

    public int Recall(in RecallRequest request, Span<ScoredItem> destination)
    {
        var history = request.History;
        var values = request.HistoryValues;
        if (history.IsEmpty && request.User >= 0 && request.User < _offsets.Length - 1)
        {
            var range = (int)_offsets[request.User]..(int)_offsets[request.User + 1];
            history = _history.AsSpan(range);
            values = _values.AsSpan(range);
        }
        if (history.IsEmpty) return 0;
        var top = new TopItems(destination, request.Filter, _items);
        for (var item = 0; item < _items; item++)
        {
            float score = 0;
            for (var i = 0; i < history.Length; i++)
                if ((uint)history[i] < (uint)_items) score += (values.IsEmpty ? 1 : values[i]) * _together[history[i] * _items + item];
            top.Offer(item, score);
        }
        return top.Finish();
    }

    public int SimilarItems(int item, in ItemFilter filter, Span<ScoredItem> destination)
    {
        if ((uint)item >= (uint)_items) return 0;
        var top = new TopItems(destination, filter, _items);
        for (var other = 0; other < _items; other++)
            if (other != item) top.Offer(other, _together[item * _items + other]);
        return top.Finish();
    }

    public void Write(ModelWriter writer)
    {
        writer.Integer("items", _items);
        writer.Tensor("together", _together, _items, _items);
        writer.Tensor("offsets", _offsets, _offsets.Length);
        writer.Tensor("history", _history, _history.Length);
        writer.Tensor("values", _values, _values.Length);
    }

    public static CoOccurrenceRecaller Read(ModelReader reader)
    {
        var items = reader.Int32("items");
        return new(
            items, reader.Tensor<float>("together", items, items), reader.Tensor<long>("offsets", -1), reader.Tensor<int>("history", -1),
            reader.Tensor<float>("values", -1));
    }
}
