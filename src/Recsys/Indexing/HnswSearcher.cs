namespace Recsys.Indexing;

/// <summary>Working memory of one search through a graph. Not for two threads at once.</summary>
internal sealed class HnswSearcher(HnswGraph graph)
{
    private readonly ulong[] _visited = new ulong[(graph.Count + 63) / 64];
    private readonly int[] _fresh = new int[2 * graph.MostLinks];
    private readonly float[] _scores = new float[2 * graph.MostLinks];

    /// <summary>What the search has found.</summary>
    public Candidates Found { get; } = new();

    /// <summary>
    /// Goes from the entry point to the best node of each layer above the given one, which becomes the start of what follows.
    /// </summary>
    public void Descend(ReadOnlySpan<float> query, int aboveLayer)
    {
        Found.Start(1);
        Span<float> score = stackalloc float[1];
        graph.Rows.Score(query, [graph.Entry], score);
        Found.Insert(Candidates.Key(graph.Entry, score[0]));
        for (var layer = (int)graph.Levels[graph.Entry]; layer > aboveLayer; layer--) Explore(query, layer, 1);
    }

    /// <summary>Finds the best nodes of a layer, starting from those found so far.</summary>
    public void Explore(ReadOnlySpan<float> query, int layer, int breadth)
    {
        Found.Restart(breadth);
        _visited.AsSpan().Clear();
        foreach (var key in Found.Keys) Visit(Candidates.Node(key));
        var next = 0;
        for (int node; (node = Found.Take(ref next)) >= 0;)
        {
            var count = Fresh(node, layer);
            graph.Rows.Score(query, _fresh.AsSpan(0, count), _scores.AsSpan(0, count));
            for (var i = 0; i < count; i++)
            {
                var key = Candidates.Key(_fresh[i], _scores[i]);
                if (Found.Accepts(key)) next = Math.Min(next, Found.Insert(key));
            }
        }
    }

    /// <summary>
    /// The same on the lowest layer for nodes that pass a filter: goes on until the best node not yet expanded is worse than every one
    /// kept. False if that takes more scores than allowed.
    /// </summary>
    public bool ExploreFiltered(ReadOnlySpan<float> query, ref TopItems top, Span<ScoredItem> kept, int mostScores, Frontier frontier)
    {
        _visited.AsSpan().Clear();
        frontier.Clear();
        foreach (var key in Found.Keys)
        {
            Visit(Candidates.Node(key));
            frontier.Push(key);
            Offer(ref top, Candidates.Node(key), Candidates.Score(key));
        }
        while (frontier.TryPop(out var best))
        {
            if (top.Kept == kept.Length && Candidates.Score(best) < kept[0].Score) return true;
            var count = Fresh(Candidates.Node(best), 0);
            mostScores -= count;
            if (mostScores < 0) return false;
            graph.Rows.Score(query, _fresh.AsSpan(0, count), _scores.AsSpan(0, count));
            for (var i = 0; i < count; i++)
            {
                if (top.Kept == kept.Length && _scores[i] < kept[0].Score) continue;
                frontier.Push(Candidates.Key(_fresh[i], _scores[i]));
                Offer(ref top, _fresh[i], _scores[i]);
            }
        }
        return true;
    }

    /// <summary>Offers all that the search has found.</summary>
    public void OfferFound(ref TopItems top)
    {
        foreach (var key in Found.Keys) Offer(ref top, Candidates.Node(key), Candidates.Score(key));
    }

    private void Offer(ref TopItems top, int node, float score)
    {
        top.Offer(node, score);
        if (graph.Copies is null) return;
        while ((node = graph.Copies.Next(node)) >= 0) top.Offer(node, score);
    }

    // The neighbours not met before.
    private int Fresh(int node, int layer)
    {
        var (fresh, visited, count) = (_fresh, _visited, 0);
        foreach (var other in graph.Links(node, layer))
        {
            ref var word = ref visited[other >> 6];
            var bit = 1UL << other;
            fresh[count] = other;
            count += (word & bit) == 0 ? 1 : 0;
            word |= bit;
        }
        return count;
    }

    private void Visit(int node) => _visited[node >> 6] |= 1UL << node;
}

/// <summary>The nodes still to be expanded, the best on top: a binary heap of keys.</summary>
internal sealed class Frontier
{
    private ulong[] _keys = new ulong[1024];
    private int _count;

    public void Clear() => _count = 0;

    public void Push(ulong key)
    {
        if (_count == _keys.Length) Array.Resize(ref _keys, 2 * _count);
        var hole = _count++;
        while (hole > 0 && _keys[(hole - 1) >> 1] < key)
        {
            _keys[hole] = _keys[(hole - 1) >> 1];
            hole = (hole - 1) >> 1;
        }
        _keys[hole] = key;
    }

    public bool TryPop(out ulong key)
    {
        key = 0;
        if (_count == 0) return false;
        key = _keys[0];
        var last = _keys[--_count];
        var hole = 0;
        while (2 * hole + 1 < _count)
        {
            var child = 2 * hole + 1;
            if (child + 1 < _count && _keys[child + 1] > _keys[child]) child++;
            if (_keys[child] <= last) break;
            _keys[hole] = _keys[child];
            hole = child;
        }
        _keys[hole] = last;
        return true;
    }
}
