using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>The summed gradients of the rows that a batch touched, of one part of a table.</summary>
internal sealed class RowSums(EmbeddingTable table, int[] slots)
{
    private int[] _rows = new int[64];
    private AlignedFloats _sums = new(64 * table.Dimension);
    private int _count;

    public int Count => _count;

    public ReadOnlySpan<int> Rows => _rows.AsSpan(0, _count);

    public Span<float> this[int touched] => _sums.Slice(touched * table.Dimension, table.Dimension);

    public Span<float> All => _sums.Slice(0, _count * table.Dimension);

    public void Prefetch(int row) => LayerKernels.Prefetch<int>(slots, row);

    /// <param name="row">A row of this part.</param>
    /// <param name="vector">Its gradient.</param>
    /// <param name="scale">Of the vector.</param>
    public void Add(int row, ReadOnlySpan<float> vector, float scale)
    {
        // slots is shared by all parts, which own different rows of it: 1 + the place here, 0 for untouched.
        ref var slot = ref slots[row];
        if (slot == 0)
        {
            if (_count == _rows.Length) Grow();
            _rows[_count] = row;
            slot = ++_count;
            var sum = this[_count - 1];
            if (scale == 1)
            {
                vector.CopyTo(sum);
                return;
            }
            sum.Clear();
        }
        LayerKernels.AddScaled(vector, scale, this[slot - 1]);
    }

    public void Clear()
    {
        foreach (var row in Rows) slots[row] = 0;
        _count = 0;
    }

    private void Grow()
    {
        Array.Resize(ref _rows, 2 * _count);
        var sums = new AlignedFloats(2 * _count * table.Dimension);
        All.CopyTo(sums.Span);
        _sums = sums;
    }
}
