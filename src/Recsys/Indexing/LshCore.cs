using Recsys.Numerics;

namespace Recsys.Indexing;

/// <summary>
/// What the two LSH indexes share: visits buckets, scores what it finds there exactly, and scans where that is not enough.
/// </summary>
internal sealed class LshCore
{
    private const int Block = 256;
    private const int ScanFactor = 8;   // scoring that many vectors in a row costs no more than visiting a bucket
    private const int ScanShare = 16;   // up to this part of the items a list of those allowed is scored as a whole

    private readonly LshTables _tables;
    private readonly int _probes;
    private readonly Pool<Scratch> _scratch;

    public LshCore(VectorRows rows, LshTables tables, int probes)
    {
        (Rows, _tables, _probes) = (rows, tables, probes);
        _scratch = new Pool<Scratch>(() => new Scratch(rows, tables));
    }

    public VectorRows Rows { get; }

    public LshTables Tables => _tables;

    public int Search(ReadOnlySpan<float> query, in ItemFilter filter, Span<ScoredItem> destination)
    {
        VectorChecks.Query(query, Rows.Dimensions);
        if (destination.Length > Rows.Count) destination = destination[..Rows.Count];
        if (destination.IsEmpty) return 0;
        var scratch = _scratch.Rent();
        query = Rows.Ready(query, scratch.Query);
        var excluded = Rows.RentExcluded(filter);
        try
        {
            var isWorthIt = Rows.Count > Math.Max((long)ScanFactor * _tables.Tables * _probes, (long)ScanShare * destination.Length);
            if (isWorthIt && (filter.Allow is null || filter.Allow.Count > Rows.Count / ScanShare))
            {
                var found = SearchTables(query, filter, excluded, destination, scratch);
                if (found == destination.Length && !(Rows.HasZeros && destination[^1].Score <= 0)) return found;
            }
            return Rows.Scan(query, filter, excluded, destination);
        }
        finally
        {
            Rows.ReturnExcluded(excluded);
            _scratch.Return(scratch);
        }
    }

    private int SearchTables(
        ReadOnlySpan<float> query, in ItemFilter filter, ulong[]? excluded, Span<ScoredItem> destination, Scratch scratch)
    {
        var top = new TopItems(destination, filter, Rows.Count, excluded);
        var (items, scores, visited, count) = (scratch.Items, scratch.Scores, scratch.Visited, 0);
        visited.AsSpan().Clear();
        _tables.ProjectQuery(query, scratch.Projections);
        for (var table = 0; table < _tables.Tables; table++)
        {
            scratch.Probes.Start(_tables, scratch.Projections, table);
            for (var probe = 0; probe < _probes && scratch.Probes.Next(out var key); probe++)
            {
                foreach (var item in _tables.Items(table, key))
                {
                    ref var word = ref visited[item >> 6];
                    if ((word >> item & 1) != 0) continue;
                    word |= 1UL << item;
                    items[count++] = item;
                    if (count < Block) continue;
                    Offer(query, items, scores, ref top);
                    count = 0;
                }
            }
        }
        Offer(query, items.AsSpan(0, count), scores, ref top);
        return top.Finish();
    }

    private void Offer(ReadOnlySpan<float> query, ReadOnlySpan<int> items, float[] scores, ref TopItems top)
    {
        Rows.Score(query, items, scores.AsSpan(0, items.Length));
        for (var i = 0; i < items.Length; i++) top.Offer(items[i], scores[i]);
    }

    private sealed class Scratch(VectorRows rows, LshTables tables)
    {
        public readonly float[] Query = new float[rows.Dimensions];
        public readonly float[] Projections = new float[tables.Tables * tables.Hashes];
        public readonly LshProbes Probes = new(tables.Hashes);
        public readonly ulong[] Visited = new ulong[(rows.Count + 63) / 64];
        public readonly int[] Items = new int[Block];
        public readonly float[] Scores = new float[Block];
    }
}
