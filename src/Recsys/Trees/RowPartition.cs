using Recsys.Numerics;

namespace Recsys.Trees;

/// <summary>
/// Divides ranges of row numbers by a split in place, with little memory: rows pass in pieces; of each piece the front takes the place of
/// as many rows of the back that have gathered before it, and those take its. Both sides come out in ascending runs, which differ
/// with the number of threads: nothing that is computed from them may depend on their order.
/// </summary>
internal sealed class RowPartition
{
    // Rows of a piece; all of its memory stays in the second cache.
    private const int Piece = 8192;

    /// <summary>Rows for one thread: below it, waking another costs more than it saves.</summary>
    public const int Grain = 8192;

    private readonly BinnedMatrix _data;
    private readonly CategorySearch? _categories;
    private readonly int[][] _spares;
    private readonly int[] _fronts;

    /// <summary>Prepares the memory.</summary>
    /// <param name="data">The rows.</param>
    /// <param name="categories">Columns that are split by sets; null: none.</param>
    /// <param name="threads">Changes the order within both sides.</param>
    public RowPartition(BinnedMatrix data, CategorySearch? categories, int threads)
    {
        (_data, _categories, _fronts) = (data, categories, new int[threads]);
        _spares = new int[threads][];
        for (var part = 0; part < threads; part++) _spares[part] = new int[Math.Min(Piece, data.RowCount)];
    }

    /// <summary>How many parts rows are cut into, to share them among threads.</summary>
    public int Parts(int count) => Math.Clamp(count / Grain, 1, _fronts.Length);

    /// <summary>Puts the rows that go left to the front, on all threads.</summary>
    /// <returns>How many went to the front.</returns>
    public int Divide(Memory<int> rows, HistogramSplit split)
    {
        var parts = Parts(rows.Length);
        if (parts == 1) return Divide(rows.Span, split, 0);
        Shards.Run(parts, parts, part =>
        {
            var (start, end) = Shards.Range(rows.Length, parts, part);
            _fronts[part] = Divide(rows.Span[start..end], split, part);
        });
        var front = _fronts[0];
        for (var part = 1; part < parts; part++)
            front = Join(rows, front, Shards.Range(rows.Length, parts, part).Start, _fronts[part]);
        return front;
    }

    /// <summary>Puts the rows that go left to the front, on this thread.</summary>
    /// <param name="rows">Row numbers.</param>
    /// <param name="split">What decides.</param>
    /// <param name="part">Whose memory to use: each part has its own.</param>
    /// <returns>How many went to the front.</returns>
    public int Divide(Span<int> rows, in HistogramSplit split, int part)
    {
        var (spare, front) = (_spares[part], 0);
        for (var start = 0; start < rows.Length; start += Piece)
        {
            var piece = rows.Slice(start, Math.Min(Piece, rows.Length - start));
            var fronts = DividePiece(piece, spare.AsSpan(0, piece.Length), split);
            var back = piece.Length - fronts;
            if (fronts <= start - front)
            {
                spare.AsSpan(0, back).CopyTo(piece[fronts..]);
                Histograms.Swap(rows.Slice(front, fronts), piece[..fronts]);
            }
            else
            {
                // Few rows stand between the fronts: they find room beside the back of the piece.
                var between = rows[front..start];
                between.CopyTo(spare.AsSpan(back));
                piece[..fronts].CopyTo(rows[front..]);
                spare.AsSpan(0, back + between.Length).CopyTo(rows[(front + fronts)..]);
            }
            front += fronts;
        }
        return front;
    }

    // rows: front, back, fronts at start, back. Returns the length of the front when both are one.
    private int Join(Memory<int> rows, int front, int start, int fronts)
    {
        var count = Math.Min(fronts, start - front);
        // The last of the fronts, so that no gap is left where there are more of them than rows before them.
        var (to, from) = (front, start + fronts - count);
        var parts = Parts(count);
        Shards.Run(parts, parts, part =>
        {
            var (first, end) = Shards.Range(count, parts, part);
            Histograms.Swap(rows.Span[(to + first)..(to + end)], rows.Span[(from + first)..(from + end)]);
        });
        return front + fronts;
    }

    private int DividePiece(Span<int> rows, Span<int> spare, in HistogramSplit split) => split.Categories is not null
        ? _categories!.Partition(split, rows, spare)
        : Histograms.Partition(_data.Codes, _data.ColumnCount, split.Column, split.Bin, split.MissingLeft, rows, spare);
}
