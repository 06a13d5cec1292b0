using Recsys.Numerics;

namespace Recsys.Recall;

/// <summary>A given history made like a trained row: known items only, each once, with 1, the sum of its values or its last
/// rating.</summary>
internal sealed class HistoryRow(int itemCount, RepeatedItems repeats)
{
    private readonly int[] _placePlusOne = new int[itemCount];
    private int[] _items = new int[64];
    private float[] _values = new float[64];
    private int _count;

    public ReadOnlySpan<int> Items => _items.AsSpan(0, _count);

    public Span<float> Values => _values.AsSpan(0, _count);

    /// <summary>The row that a request speaks of: its history, else the trained row of its user; empty for an unknown user.</summary>
    /// <exception cref="ArgumentException">The values are not as many as the items, or one is not finite.</exception>
    public SparseRow RowOf(in RecallRequest request, SparseMatrix users)
    {
        if (request.History.IsEmpty) return (uint)request.User < (uint)users.RowCount ? users.Row(request.User) : default;
        Load(request);
        return new SparseRow(Items, Values);
    }

    public bool Contains(int item) => _placePlusOne[item] != 0;

    /// <exception cref="ArgumentException">The values are not as many as the items, or one, or a sum of an item's,
    /// is not finite.</exception>
    public void Load(in RecallRequest request)
    {
        foreach (var item in Items) _placePlusOne[item] = 0;
        _count = 0;
        var history = request.History;
        var values = request.HistoryValues;
        if (!values.IsEmpty && values.Length != history.Length)
            throw new ArgumentException($"There are {values.Length} history values for {history.Length} items; give as many, or none.",
                nameof(request));
        if (_items.Length < Math.Min(history.Length, itemCount))
        {
            _items = new int[Math.Min(history.Length, itemCount)];
            _values = new float[_items.Length];
        }
        for (var i = 0; i < history.Length; i++)
        {
            var value = values.IsEmpty ? 1 : values[i];
            if (!float.IsFinite(value))
                throw new ArgumentException($"History value {i} is {value}; values must be finite.", nameof(request));
            if ((uint)history[i] >= (uint)itemCount) continue;
            ref var place = ref _placePlusOne[history[i]];
            if (place == 0)
            {
                _items[_count] = history[i];
                _values[_count] = repeats == RepeatedItems.One ? 1 : value;
                place = ++_count;
            }
            else if (repeats == RepeatedItems.Last) _values[place - 1] = value;
            else if (repeats == RepeatedItems.Sum)
            {
                var sum = _values[place - 1] += value;
                if (!float.IsFinite(sum))
                {
                    throw new ArgumentException(
                        $"The history values of item {history[i]} add up to {sum}; scale them down.", nameof(request));
                }
            }
        }
    }
}

/// <summary>What the values of an item that stands in a history several times make.</summary>
internal enum RepeatedItems
{
    /// <summary>1, whatever they are.</summary>
    One,

    /// <summary>Their sum.</summary>
    Sum,

    /// <summary>The last of them.</summary>
    Last,
}
