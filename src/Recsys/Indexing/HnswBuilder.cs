using System.Runtime.InteropServices;
using Recsys.Numerics;

namespace Recsys.Indexing;

/// <summary>
/// Inserts vectors in batches. All vectors of a batch search the graph as it was before the batch, at the same time, and compare themselves
/// with the batch's earlier vectors one by one; then each vector that got new links takes them in the order of the batch. Who does which
/// search does not matter, so the graph is the same for any number of threads; and it is nearly the graph of one insertion after another.
/// <para>The order is by layer, highest first, and random within a layer, so that vectors that are alike rarely meet in one batch.</para>
/// </summary>
internal sealed class HnswBuilder
{
    private const int LargestBatch = 1024;   // at most, and at most an eighth of the vectors inserted before
    private const int Turn = 8;              // vectors of a batch that one thread takes at once
    private const int Partitions = 64;       // of the vectors that get links back

    private readonly HnswGraph _graph;
    private readonly VectorRows _rows;
    private readonly int _breadth;
    private readonly int _threads;
    private readonly Pool<Work> _works;
    private readonly float[] _batchVectors;      // [batch, Dimensions]
    private readonly int[] _chosen;              // the links that each vector of the batch chose on the lowest layer, as slots
    private int[] _chosenAbove = [];             // and on the others
    private readonly int[] _aboveStarts = new int[LargestBatch];

    public HnswBuilder(HnswGraph graph, int breadth, int threads)
    {
        (_graph, _rows, _breadth, _threads) = (graph, graph.Rows, breadth, threads);
        _works = new Pool<Work>(() => new Work(graph, breadth));
        var batch = Math.Min(LargestBatch, graph.Count);
        _batchVectors = new float[batch * graph.Rows.Dimensions];
        _chosen = new int[batch * (1 + graph.Capacity(0))];
    }

    /// <summary>The layer of each vector: ⌊-ln(u) / ln(M)⌋, u uniform in (0, 1].</summary>
    public static byte[] Levels(int first, int count, int links, ulong seed)
    {
        var rng = new Rng(seed, 1);
        var levels = new byte[count];
        for (var i = 0; i < count; i++)
        {
            var level = -Math.Log(1 - rng.UniformDouble((ulong)(first + i))) / Math.Log(links);
            levels[i] = (byte)Math.Min(level, HnswGraph.MostLevels);
        }
        return levels;
    }

    /// <summary>
    /// Links the vectors from the first on; those before it are linked. By cosine a zero vector, as near to all as to none, gets no links.
    /// </summary>
    public void Insert(int first, ulong seed, IProgress<TrainProgress>? progress, CancellationToken cancel)
    {
        var order = Order(first, seed);
        var done = 0;
        while (done < order.Length)
        {
            cancel.ThrowIfCancellationRequested();
            if (_graph.Entry < 0 || _graph.Levels[order[done]] > _graph.Levels[_graph.Entry])
            {
                // A new highest layer has nothing to link to; on the layers below, the vector is linked as a batch of its own.
                if (_graph.Entry >= 0) InsertBatch(order.AsMemory(done, 1), cancel);
                _graph.Entry = order[done++];
                continue;
            }
            var size = Math.Min(Math.Clamp((first + done) / 8, 1, LargestBatch), order.Length - done);
            InsertBatch(order.AsMemory(done, size), cancel);
            done += size;
            progress?.Report(new TrainProgress("index", done, order.Length));
        }
    }

    private int[] Order(int first, ulong seed)
    {
        var rng = new Rng(seed, 2);
        var (nodes, keys) = (new List<int>(), new List<ulong>());
        for (var node = first; node < _graph.Count; node++)
        {
            if (_graph.Copies is { } copies && copies.IsCopy(node)) continue;
            if (_rows.Similarity == VectorSimilarity.Cosine && _rows.IsZero(node)) continue;
            nodes.Add(node);
            keys.Add((ulong)(255 - _graph.Levels[node]) << 56 | rng.Bits((ulong)node) >> 8);
        }
        int[] order = [.. nodes];
        CollectionsMarshal.AsSpan(keys).Sort(order.AsSpan());
        return order;
    }

    private void InsertBatch(ReadOnlyMemory<int> batch, CancellationToken cancel)
    {
        var d = _rows.Dimensions;
        var above = 0;
        for (var i = 0; i < batch.Length; i++)
        {
            _rows.Vector(batch.Span[i]).CopyTo(_batchVectors.AsSpan(i * d, d));
            _aboveStarts[i] = above;
            above += _graph.Levels[batch.Span[i]];
        }
        if (above * (1 + _graph.MostLinks) > _chosenAbove.Length) _chosenAbove = new int[above * (1 + _graph.MostLinks)];
        Shards.Run((batch.Length + Turn - 1) / Turn, _threads, turn =>
        {
            var work = _works.Rent();
            for (var i = turn * Turn; i < Math.Min(batch.Length, (turn + 1) * Turn); i++) Link(batch.Span, i, work);
            _works.Return(work);
        }, cancel);
        var partitions = batch.Length < 64 ? 1 : Partitions;
        Shards.Run(partitions, _threads, partition =>
        {
            var work = _works.Rent();
            LinkBack(batch.Span, partition, partitions, work);
            _works.Return(work);
        }, CancellationToken.None);
    }

    // A vector of the batch chooses its links; nobody else reads or writes them yet.
    private void Link(ReadOnlySpan<int> batch, int i, Work work)
    {
        var node = batch[i];
        var query = _rows.Vector(node);
        var earlier = work.BatchScores.AsSpan(0, i);
        _rows.ScoreRows(query, _batchVectors.AsSpan(0, i * _rows.Dimensions), earlier);

        var top = Math.Min(_graph.Levels[node], _graph.Levels[_graph.Entry]);
        var searcher = work.Searcher;
        searcher.Descend(query, top);
        for (int layer = top; layer >= 0; layer--)
        {
            searcher.Explore(query, layer, _breadth);
            var found = work.Merged;
            found.CopyFrom(searcher.Found);
            for (var j = 0; j < earlier.Length; j++)
            {
                // The order is by layer, so the earlier ones are on this layer too.
                var key = Candidates.Key(batch[j], earlier[j]);
                if (found.Accepts(key)) found.Insert(key);
            }
            var slot = _graph.Slot(node, layer);
            Select(found.Keys, _graph.Capacity(layer), slot, work);
            slot.CopyTo(Chosen(i, layer));
        }
    }

    // The links of the batch the other way round. Each linked vector belongs to one partition, so its links have one writer.
    private void LinkBack(ReadOnlySpan<int> batch, int partition, int partitions, Work work)
    {
        var links = work.Back;
        links.Clear();
        for (var i = 0; i < batch.Length; i++)
        {
            var top = Math.Min(_graph.Levels[batch[i]], _graph.Levels[_graph.Entry]);
            for (int layer = 0; layer <= top; layer++)
                foreach (var target in ChosenBy(i, layer))
                    if (target % partitions == partition) links.Add(((long)layer << 31 | (long)target) << 16 | (long)i);
        }
        links.Sort();
        for (var start = 0; start < links.Count;)
        {
            var end = start + 1;
            while (end < links.Count && links[end] >> 16 == links[start] >> 16) end++;
            var (layer, target) = ((int)(links[start] >> 47), (int)(links[start] >> 16 & int.MaxValue));
            Receive(target, layer, batch, CollectionsMarshal.AsSpan(links)[start..end], work);
            start = end;
        }
    }

    private void Receive(int target, int layer, ReadOnlySpan<int> batch, ReadOnlySpan<long> links, Work work)
    {
        var slot = _graph.Slot(target, layer);
        var old = slot[0];
        if (old + links.Length < slot.Length)
        {
            foreach (var link in links) slot[1 + slot[0]++] = batch[(int)(link & 0xFFFF)];
            return;
        }
        work.Room(old + links.Length, out var ids, out var scores);
        slot.Slice(1, old).CopyTo(ids);
        for (var i = 0; i < links.Length; i++) ids[old + i] = batch[(int)(links[i] & 0xFFFF)];
        var vector = _rows.Vector(target);
        _rows.Score(vector, ids, scores);
        work.Merged.Start(ids.Length);
        for (var i = 0; i < ids.Length; i++) work.Merged.Insert(Candidates.Key(ids[i], scores[i]));
        Select(work.Merged.Keys, slot.Length - 1, slot, work);
    }

    // Algorithm 4 of the paper: a candidate is linked if it is closer to the vector than to every one linked before it, so that links lead
    // in all directions.
    private void Select(ReadOnlySpan<ulong> keys, int capacity, Span<int> slot, Work work)
    {
        work.Room(keys.Length, out var ids, out var others);
        var scores = work.Scores(keys.Length);
        for (var i = 0; i < keys.Length; i++) (ids[i], scores[i]) = (Candidates.Node(keys[i]), Candidates.Score(keys[i]));

        var (taken, start, end) = (0, 0, keys.Length);
        while (start < end && taken < capacity)
        {
            var best = ids[start++];
            slot[1 + taken++] = best;
            _rows.Score(_rows.Vector(best), ids[start..end], others[start..end]);
            var left = start;
            for (var i = start; i < end; i++)
            {
                (ids[left], scores[left]) = (ids[i], scores[i]);
                left += others[i] <= scores[i] ? 1 : 0;
            }
            end = left;
        }
        slot[0] = taken;
    }

    private Span<int> Chosen(int i, int layer)
    {
        var row = 1 + _graph.Capacity(layer);
        return layer == 0 ? _chosen.AsSpan(i * row, row) : _chosenAbove.AsSpan((_aboveStarts[i] + layer - 1) * row, row);
    }

    private ReadOnlySpan<int> ChosenBy(int i, int layer)
    {
        var chosen = Chosen(i, layer);
        return chosen.Slice(1, chosen[0]);
    }

    private sealed class Work(HnswGraph graph, int breadth)
    {
        private int[] _ids = new int[breadth];
        private float[] _others = new float[breadth];
        private float[] _scores = new float[breadth];

        public readonly HnswSearcher Searcher = new(graph);
        public readonly Candidates Merged = new();
        public readonly float[] BatchScores = new float[LargestBatch];
        public readonly List<long> Back = [];

        public void Room(int count, out Span<int> ids, out Span<float> scores)
        {
            if (count > _ids.Length)
            {
                _ids = new int[2 * count];
                _others = new float[2 * count];
            }
            ids = _ids.AsSpan(0, count);
            scores = _others.AsSpan(0, count);
        }

        public Span<float> Scores(int count)
        {
            if (count > _scores.Length) _scores = new float[2 * count];
            return _scores.AsSpan(0, count);
        }
    }
}
