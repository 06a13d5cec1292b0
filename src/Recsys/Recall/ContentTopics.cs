using Recsys.Numerics;

namespace Recsys.Recall;

/// <summary>Adds up the topics of some items. Working memory for one caller: 16 bytes for each term.</summary>
internal sealed class ProfileBuilder(int terms, int mostTopics)
{
    private readonly float[] _sums = new float[terms];
    private readonly bool[] _met = new bool[terms];
    private readonly int[] _touched = new int[terms];
    private readonly ScoredItem[] _profile = new ScoredItem[Math.Min(mostTopics, terms)];

    /// <summary>
    /// w: the topics of largest positive weight, largest first, ties by lower term; they weigh 1 together. The caller may reorder them, until
    /// the next call.
    /// </summary>
    public Span<ScoredItem> Build(SparseMatrix items, ReadOnlySpan<int> history, ReadOnlySpan<float> strengths)
    {
        var count = 0;
        for (var k = 0; k < history.Length; k++)
        {
            var row = items.Row(history[k]);
            for (var i = 0; i < row.Length; i++)
            {
                var term = row.Columns[i];
                if (!_met[term]) _touched[count++] = term;
                _met[term] = true;
                _sums[term] += row.Values[i] * strengths[k];
            }
        }
        var top = new TopItems(_profile, default, terms);
        foreach (var term in _touched.AsSpan(0, count))
        {
            if (_sums[term] > 0) top.Offer(term, _sums[term]);
            (_sums[term], _met[term]) = (0, false);
        }
        return Normalise(top.Finish());
    }

    /// <summary>A trained profile in the same order.</summary>
    public ReadOnlySpan<ScoredItem> Load(SparseRow profile)
    {
        var top = new TopItems(_profile, default, terms);
        for (var k = 0; k < profile.Length; k++) top.Offer(profile.Columns[k], profile.Values[k]);
        return _profile.AsSpan(0, top.Finish());
    }

    private Span<ScoredItem> Normalise(int count)
    {
        var sum = 0f;
        foreach (var (_, weight) in _profile.AsSpan(0, count)) sum += weight;
        var kept = 0;
        for (var k = 0; k < count; k++)
        {
            var weight = _profile[k].Score / sum;
            if (weight > 0) _profile[kept++] = new ScoredItem(_profile[k].Item, weight); // not after a sum near the largest float
        }
        return _profile.AsSpan(0, kept);
    }
}

/// <summary>For each topic its items, best first; a list for a user takes from each in proportion. Immutable.</summary>
internal sealed class TopicLists
{
    private readonly SparseMatrix? _topics;
    private readonly ScoredItem[] _lists = [];
    private readonly Pool<int[]> _taken;

    /// <param name="topics">Topics × items; null where no lists are needed.</param>
    /// <param name="quality">q_i.</param>
    public TopicLists(SparseMatrix? topics, float[] quality)
    {
        _topics = topics;
        _taken = new Pool<int[]>(() => new int[quality.Length]);
        if (topics is null) return;
        _lists = new ScoredItem[topics.Count];
        for (var topic = 0; topic < topics.RowCount; topic++)
        {
            var row = topics.Row(topic);
            var list = _lists.AsSpan((int)topics.RowOffsets[topic], row.Length);
            for (var k = 0; k < list.Length; k++) list[k] = new ScoredItem(row.Columns[k], row.Values[k] * quality[row.Columns[k]]);
            list.Sort(static (a, b) => a.Before(b) ? -1 : b.Before(a) ? 1 : 0);
        }
    }

    /// <summary>
    /// Takes ⌈w k⌉ items of each topic, the heaviest topic first, then, if places are left, whatever the topics still have. An item scores
    /// w · its place value in the topic that took it.
    /// </summary>
    public int Fill(ReadOnlySpan<ScoredItem> profile, in ItemFilter filter, Span<ScoredItem> destination, int itemCount)
    {
        var taken = _taken.Rent();
        var excluded = TopItems.RentExcluded(filter, itemCount);
        var count = 0;
        foreach (var (topic, weight) in profile)
            count += Take(topic, weight, (int)Math.Min(destination.Length - count, MathF.Ceiling(weight * destination.Length)), count,
                filter, destination, itemCount, excluded, taken);
        foreach (var (topic, weight) in profile)
            count += Take(topic, weight, destination.Length - count, count, filter, destination, itemCount, excluded, taken);
        TopItems.ReturnExcluded(excluded);
        foreach (var (item, _) in destination[..count]) taken[item] = 0;
        _taken.Return(taken);
        destination[..count].Sort(static (a, b) => a.Before(b) ? -1 : b.Before(a) ? 1 : 0);
        return count;
    }

    private int Take(int topic, float weight, int quota, int at, in ItemFilter filter, Span<ScoredItem> destination, int itemCount,
        ulong[]? excluded, int[] taken)
    {
        if (quota <= 0) return 0;
        var places = destination.Slice(at, quota);
        var top = new TopItems(places, filter, itemCount, excluded);
        var list = _lists.AsSpan((int)_topics!.RowOffsets[topic], _topics.Row(topic).Length);
        foreach (var (item, score) in list)
        {
            if (top.Kept == places.Length) break; // the list falls, so nothing better follows
            if (taken[item] == 0) top.Offer(item, weight * score);
        }
        var count = top.Finish();
        foreach (var (item, _) in places[..count]) taken[item] = 1;
        return count;
    }
}
