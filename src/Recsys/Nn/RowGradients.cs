using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>
/// The gradient that a shard gives to a table: lookups, each a row and a place in a block of gradients, scaled. Sorted by part of the table,
/// in the order of the lookups, so that each part can be summed by one thread.
/// </summary>
internal sealed class RowGradients(EmbeddingTable table)
{
    /// <summary>Parts that are summed and stepped independently.</summary>
    public const int Parts = 16;

    private const int Ahead = 16;   // lookups whose memory is fetched before they are summed

    private readonly List<Block> _blocks = [];
    private readonly int[] _partStart = new int[Parts + 1];
    private int[] _order = [];
    private int _count;

    public EmbeddingTable Table => table;

    public int Count => _count;

    /// <summary>Adds lookups. Row rows[k] gets scales[k] (or 1) times the gradient's vector slots[k] (or k).</summary>
    public void Add(IntBlock rows, IntBlock slots, FloatBlock scales, FloatBlock gradient)
    {
        _blocks.Add(new Block { Rows = rows, Slots = slots, Scales = scales, Gradient = gradient, First = _count });
        _count += rows.Length;
    }

    public void Clear()
    {
        _blocks.Clear();
        _count = 0;
    }

    /// <summary>Groups the lookups by part; called once all are added.</summary>
    public void Group()
    {
        if (_order.Length < _count) _order = new int[Math.Max(_count, 2 * _order.Length)];
        Array.Clear(_partStart);
        foreach (var block in _blocks)
            foreach (var row in block.Rows.Span) _partStart[(row & Parts - 1) + 1]++;
        for (var part = 0; part < Parts; part++) _partStart[part + 1] += _partStart[part];
        Span<int> next = stackalloc int[Parts];
        _partStart.AsSpan(0, Parts).CopyTo(next);
        var k = 0;
        foreach (var block in _blocks)
            foreach (var row in block.Rows.Span) _order[next[row & Parts - 1]++] = k++;
    }

    /// <summary>Adds the lookups of one part to the sums.</summary>
    public void AddTo(RowSums sums, int part)
    {
        var order = _order.AsSpan(_partStart[part], _partStart[part + 1] - _partStart[part]);
        var dimension = table.Dimension;
        var at = 0;
        foreach (var block in _blocks)
        {
            var rows = block.Rows.Span;
            var slots = block.Slots.Span;
            var scales = block.Scales.Span;
            ReadOnlySpan<float> gradient = block.Gradient.Span;
            for (; at < order.Length && order[at] < block.First + rows.Length; at++)
            {
                var k = order[at] - block.First;
                if (at + Ahead < order.Length && order[at + Ahead] - block.First is var next && next < rows.Length)
                {
                    sums.Prefetch(rows[next]);
                    LayerKernels.Prefetch(gradient, (nint)(slots.IsEmpty ? next : slots[next]) * dimension);
                }
                var slot = slots.IsEmpty ? k : slots[k];
                sums.Add(rows[k], gradient.Slice(slot * dimension, dimension), scales.IsEmpty ? 1 : scales[k]);
            }
        }
    }

    private struct Block
    {
        public IntBlock Rows, Slots;
        public FloatBlock Scales, Gradient;
        public int First;
    }
}
