using System.Buffers;

namespace Recsys.Numerics;

// Every result cell is summed in one fixed order, so no product depends on the number of threads.
public sealed partial class SparseMatrix
{
    // Below this many stored cells starting threads costs more than they save.
    private const int WorthThreads = 1 << 15;

    /// <summary>The transpose. Time linear in stored cells plus rows and columns.</summary>
    /// <param name="threads">At least 1; the result is the same for any number.</param>
    public SparseMatrix Transpose(int threads = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        if (Count < WorthThreads) threads = 1;
        var offsets = new long[ColumnCount + 1L];
        foreach (var column in Columns) offsets[column + 1]++;
        for (var c = 0; c < ColumnCount; c++) offsets[c + 1] += offsets[c];
        var next = offsets.AsSpan(0, ColumnCount).ToArray();
        var rows = new int[Columns.Length];
        var values = new float[Columns.Length];
        Shards.Run(threads, threads, shard =>
        {
            var (from, to) = Shards.Range(ColumnCount, threads, shard);
            for (var row = 0; row < RowCount; row++)
            {
                var (start, end) = CellsOf(row, from, to);
                for (var i = start; i < end; i++)
                {
                    var at = next[Columns[i]]++;
                    rows[at] = row;
                    values[at] = Values[i];
                }
            }
        });
        return new SparseMatrix(ColumnCount, RowCount, offsets, rows, values, true);
    }

    /// <summary>y = A x. 0 bytes allocated.</summary>
    /// <param name="x">ColumnCount values.</param>
    /// <param name="y">Receives RowCount values; must not overlap x.</param>
    /// <param name="threads">At least 1; the result is the same for any number.</param>
    public void Multiply(ReadOnlySpan<float> x, Span<float> y, int threads = 1)
    {
        CheckLengths(x, ColumnCount, y, RowCount);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        if (threads == 1 || Count < WorthThreads) MultiplyRows(x, y, 0, RowCount);
        else Shards.Run(4 * threads, threads, new RowsBody(this, x, y, 4 * threads));
    }

    /// <summary>y = Aᵀ x. 0 bytes allocated. For many products with one matrix, <see cref="Transpose"/> first is faster.</summary>
    /// <param name="x">RowCount values.</param>
    /// <param name="y">Receives ColumnCount values; must not overlap x.</param>
    /// <param name="threads">At least 1; the result is the same for any number.</param>
    public void MultiplyTransposed(ReadOnlySpan<float> x, Span<float> y, int threads = 1)
    {
        CheckLengths(x, RowCount, y, ColumnCount);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        if (threads == 1 || Count < WorthThreads) ScatterColumns(x, y, 0, ColumnCount);
        else Shards.Run(threads, threads, new ColumnsBody(this, x, y, threads));
    }

    /// <summary>The product A B. A cell that some pair of stored cells meets in is stored, even where the sum is 0. Rows of the result are
    /// gathered one by one: Gustavson, "Two fast algorithms for sparse matrices", ACM TOMS 4(3), 1978.</summary>
    /// <param name="right">B, with as many rows as this has columns.</param>
    /// <param name="threads">At least 1; the result is the same for any number.</param>
    /// <param name="cancel">Checked before each block of rows.</param>
    /// <exception cref="ArgumentException">The shapes don't fit.</exception>
    /// <exception cref="ArithmeticException">A cell of the product isn't finite.</exception>
    public SparseMatrix Multiply(SparseMatrix right, int threads = 1, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(right);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        if (right.RowCount != ColumnCount)
            throw new ArgumentException(
                $"The product of [{RowCount} × {ColumnCount}] and [{right.RowCount} × {right.ColumnCount}] needs as many rows " +
                "on the right as columns on the left.",
                nameof(right));

        var work = new long[RowCount + 1L];
        for (var row = 0; row < RowCount; row++)
        {
            var sum = 0L;
            foreach (var k in Row(row).Columns) sum += right.RowOffsets[k + 1] - right.RowOffsets[k];
            work[row + 1] = work[row] + sum;
        }
        var shards = work[RowCount] < WorthThreads ? 1 : 4 * threads;
        var parts = new ProductRows[shards];
        Shards.Run(shards, threads, shard =>
        {
            // Equal shares of multiplications, not of rows: the rows of an event log differ by orders of magnitude.
            var (from, to) = (RowAt(work, shard, shards), RowAt(work, shard + 1, shards));
            parts[shard] = new ProductRows(from, to);
            parts[shard].Fill(this, right, work);
        }, cancel);
        return ProductRows.Join(RowCount, right.ColumnCount, parts, threads);
    }

    private static int RowAt(long[] work, int shard, int shards)
    {
        if (shard == shards) return work.Length - 1;
        var found = Array.BinarySearch(work, (long)((Int128)work[^1] * shard / shards));
        if (found < 0) return ~found;
        while (found > 0 && work[found - 1] == work[found]) found--;
        return found;
    }

    // Spans travel to the threads in a ref struct, so the loop allocates nothing.
    private readonly ref struct RowsBody(SparseMatrix matrix, ReadOnlySpan<float> x, Span<float> y, int shards) : IShardBody
    {
        private readonly ReadOnlySpan<float> _x = x;
        private readonly Span<float> _y = y;

        public void Run(int shard)
            => matrix.MultiplyRows(_x, _y, RowAt(matrix.RowOffsets, shard, shards), RowAt(matrix.RowOffsets, shard + 1, shards));
    }

    private readonly ref struct ColumnsBody(SparseMatrix matrix, ReadOnlySpan<float> x, Span<float> y, int shards) : IShardBody
    {
        private readonly ReadOnlySpan<float> _x = x;
        private readonly Span<float> _y = y;

        public void Run(int shard)
        {
            var (from, to) = Shards.Range(matrix.ColumnCount, shards, shard);
            matrix.ScatterColumns(_x, _y, from, to);
        }
    }

    private void MultiplyRows(ReadOnlySpan<float> x, Span<float> y, int from, int to)
    {
        for (var row = from; row < to; row++)
        {
            var cells = Row(row);
            var columns = cells.Columns;
            var values = cells.Values[..columns.Length];
            // Four chains hide the latency of the addition; gathers are no faster than loads on current cores.
            float s0 = 0, s1 = 0, s2 = 0, s3 = 0;
            var i = 0;
            for (; i + 4 <= columns.Length; i += 4)
            {
                s0 += values[i] * x[columns[i]];
                s1 += values[i + 1] * x[columns[i + 1]];
                s2 += values[i + 2] * x[columns[i + 2]];
                s3 += values[i + 3] * x[columns[i + 3]];
            }
            for (; i < columns.Length; i++) s0 += values[i] * x[columns[i]];
            y[row] = (s0 + s1) + (s2 + s3);
        }
    }

    private void ScatterColumns(ReadOnlySpan<float> x, Span<float> y, int from, int to)
    {
        y[from..to].Clear();
        for (var row = 0; row < RowCount; row++)
        {
            var scale = x[row];
            var (start, end) = CellsOf(row, from, to);
            for (var i = start; i < end; i++) y[Columns[i]] += scale * Values[i];
        }
    }

    private (int Start, int End) CellsOf(int row, int fromColumn, int toColumn)
    {
        var (start, end) = ((int)RowOffsets[row], (int)RowOffsets[row + 1]);
        var columns = Columns.AsSpan(start, end - start);
        if (toColumn < ColumnCount) end = start + LowerBound(columns, toColumn);
        if (fromColumn > 0) start += LowerBound(columns, fromColumn);
        return (start, end);
    }

    private static int LowerBound(ReadOnlySpan<int> ascending, int value)
    {
        var (low, high) = (0, ascending.Length);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (ascending[middle] < value) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    private static void CheckLengths(ReadOnlySpan<float> x, int inputs, Span<float> y, int outputs)
    {
        if (x.Length != inputs) throw new ArgumentException($"x has {x.Length} values; the matrix needs {inputs}.", nameof(x));
        if (y.Length != outputs) throw new ArgumentException($"y has room for {y.Length} values; the matrix gives {outputs}.", nameof(y));
        if (x.Overlaps(y)) throw new ArgumentException("y overlaps x; the product is written while x is read.", nameof(y));
    }

    // The rows from..to-1 of a product.
    private sealed class ProductRows(int from, int to)
    {
        private readonly int[] _lengths = new int[to - from];
        private int[] _columns = [];
        private float[] _values = [];
        private int _count;

        public void Fill(SparseMatrix left, SparseMatrix right, long[] work)
        {
            var width = right.ColumnCount;
            var sums = ArrayPool<float>.Shared.Rent(width);
            var met = ArrayPool<byte>.Shared.Rent(width);
            sums.AsSpan(0, width).Clear();
            met.AsSpan(0, width).Clear();
            for (var row = from; row < to; row++)
            {
                var products = work[row + 1] - work[row];
                Reserve((int)Math.Min(products, width));
                var first = _count;
                if (products < width / 64) GatherFew(left.Row(row), right, sums, met);
                else GatherMany(left.Row(row), right, sums.AsSpan(0, width), met.AsSpan(0, width));
                _lengths[row - from] = _count - first;
                for (var i = first; i < _count; i++)
                {
                    var column = _columns[i];
                    _values[i] = sums[column];
                    sums[column] = 0;
                    if (!float.IsFinite(_values[i]))
                        throw new ArithmeticException(
                            $"Row {row}, column {column} of the product is {_values[i]}; scale the factors down.");
                }
            }
            ArrayPool<float>.Shared.Return(sums);
            ArrayPool<byte>.Shared.Return(met);
        }

        private void GatherMany(SparseRow cells, SparseMatrix right, Span<float> sums, Span<byte> met)
        {
            for (var c = 0; c < cells.Length; c++)
            {
                var other = right.Row(cells.Columns[c]);
                var columns = other.Columns;
                var values = other.Values[..columns.Length];
                var scale = cells.Values[c];
                for (var i = 0; i < columns.Length; i++)
                {
                    var column = columns[i];
                    sums[column] += scale * values[i];
                    // A byte, not a bit: setting a bit would wait for the bit of the neighbour before it.
                    met[column] = 1;
                }
            }
            for (var column = 0; column < met.Length; column++)
            {
                if (met[column] == 0)
                {
                    var skip = met[column..].IndexOf((byte)1);
                    if (skip < 0) break;
                    column += skip;
                }
                met[column] = 0;
                _columns[_count++] = column;
            }
        }

        private void GatherFew(SparseRow cells, SparseMatrix right, float[] sums, byte[] met)
        {
            var first = _count;
            for (var c = 0; c < cells.Length; c++)
            {
                var other = right.Row(cells.Columns[c]);
                for (var i = 0; i < other.Length; i++)
                {
                    var column = other.Columns[i];
                    sums[column] += cells.Values[c] * other.Values[i];
                    if (met[column] != 0) continue;
                    met[column] = 1;
                    _columns[_count++] = column;
                }
            }
            var found = _columns.AsSpan(first, _count - first);
            foreach (var column in found) met[column] = 0;
            found.Sort();
        }

        private void Reserve(int extra)
        {
            var needed = (long)_count + extra;
            if (needed <= _columns.Length) return;
            if (needed > Array.MaxLength)
                throw new OverflowException($"A product has more than {Array.MaxLength} stored cells; multiply fewer rows at a time.");
            var size = (int)Math.Min(Math.Max(needed, 2L * _columns.Length), Array.MaxLength);
            Array.Resize(ref _columns, size);
            Array.Resize(ref _values, size);
        }

        public static SparseMatrix Join(int rowCount, int columnCount, ProductRows[] parts, int threads)
        {
            var offsets = new long[rowCount + 1L];
            var (row, total) = (0, 0L);
            var starts = new long[parts.Length];
            for (var p = 0; p < parts.Length; p++)
            {
                starts[p] = total;
                foreach (var length in parts[p]._lengths)
                {
                    total += length;
                    offsets[++row] = total;
                }
            }
            if (total > Array.MaxLength)
                throw new OverflowException(
                    $"The product has {total} stored cells; at most {Array.MaxLength} fit. Multiply fewer rows at a time.");
            var columns = new int[total];
            var values = new float[total];
            Shards.Run(parts.Length, threads, p =>
            {
                parts[p]._columns.AsSpan(0, parts[p]._count).CopyTo(columns.AsSpan((int)starts[p]));
                parts[p]._values.AsSpan(0, parts[p]._count).CopyTo(values.AsSpan((int)starts[p]));
            });
            return new SparseMatrix(rowCount, columnCount, offsets, columns, values, true);
        }
    }
}
