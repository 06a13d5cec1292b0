namespace Recsys.Numerics;

/// <summary>
/// A sparse matrix of floats in compressed rows (CSR). Immutable and safe to share between threads. The columns of a row ascend
/// strictly, so each cell is stored at most once; a stored value may be 0. At most <see cref="Array.MaxLength"/> stored cells.
/// </summary>
public sealed partial class SparseMatrix
{
    /// <summary>Takes three arrays over, without copying, after checking them; they must not be changed afterwards.</summary>
    /// <param name="rowCount">At least 0.</param>
    /// <param name="columnCount">At least 0.</param>
    /// <param name="rowOffsets">Row r is the range rowOffsets[r] .. rowOffsets[r + 1]; rowCount + 1 values that start at 0 and never
    /// fall.</param>
    /// <param name="columns">Strictly ascending within a row, 0..columnCount-1.</param>
    /// <param name="values">As many as there are columns, all finite.</param>
    /// <exception cref="ArgumentException">The arrays break one of the rules; the message names the row and the value.</exception>
    public SparseMatrix(int rowCount, int columnCount, long[] rowOffsets, int[] columns, float[] values)
        : this(rowCount, columnCount, rowOffsets, columns, values, true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rowCount);
        ArgumentOutOfRangeException.ThrowIfNegative(columnCount);
        ArgumentNullException.ThrowIfNull(rowOffsets);
        ArgumentNullException.ThrowIfNull(columns);
        ArgumentNullException.ThrowIfNull(values);
        if (rowOffsets.Length != rowCount + 1L)
            throw new ArgumentException(
                $"There are {rowOffsets.Length} row offsets; {rowCount} rows need {rowCount + 1L}.", nameof(rowOffsets));
        if (values.Length != columns.Length)
            throw new ArgumentException(
                $"There are {values.Length} values for {columns.Length} columns; they must be as many.", nameof(values));
        if (rowOffsets[0] != 0)
            throw new ArgumentException($"The first row offset is {rowOffsets[0]}; it must be 0.", nameof(rowOffsets));
        if (rowOffsets[rowCount] != columns.Length)
            throw new ArgumentException(
                $"The last row offset is {rowOffsets[rowCount]}; it must be the number of columns, {columns.Length}.", nameof(rowOffsets));
        for (var row = 0; row < rowCount; row++)
            CheckRow(row, columnCount, rowOffsets, columns, values);
    }

    // Internal results are right by construction, so they skip the checks.
    private SparseMatrix(int rowCount, int columnCount, long[] rowOffsets, int[] columns, float[] values, bool _)
    {
        RowCount = rowCount;
        ColumnCount = columnCount;
        RowOffsets = rowOffsets;
        Columns = columns;
        Values = values;
    }

    /// <summary>Number of rows.</summary>
    public int RowCount { get; }

    /// <summary>Number of columns.</summary>
    public int ColumnCount { get; }

    /// <summary>Number of stored cells.</summary>
    public long Count => Columns.Length;

    /// <summary>Row r is the range RowOffsets[r] .. RowOffsets[r + 1] of the other two arrays. To be read only.</summary>
    public long[] RowOffsets { get; }

    /// <summary>Column of each stored cell, ascending within a row. To be read only.</summary>
    public int[] Columns { get; }

    /// <summary>Value of each stored cell. To be read only.</summary>
    public float[] Values { get; }

    /// <summary>The stored cells of one row.</summary>
    /// <param name="row">0..RowCount-1.</param>
    public SparseRow Row(int row)
    {
        var start = (int)RowOffsets[row];
        var length = (int)RowOffsets[row + 1] - start;
        return new SparseRow(Columns.AsSpan(start, length), Values.AsSpan(start, length));
    }

    /// <summary>A matrix from rows of (column, value) pairs, in any order within a row.</summary>
    /// <param name="columnCount">At least 0.</param>
    /// <param name="rows">One sequence for each row.</param>
    /// <param name="duplicates">What a column that is given twice in a row means.</param>
    /// <exception cref="ArgumentException">A column lies outside, a value isn't finite, or a forbidden duplicate.</exception>
    public static SparseMatrix FromRows(int columnCount, IEnumerable<IEnumerable<(int Column, float Value)>> rows,
        DuplicateCells duplicates = DuplicateCells.Error)
    {
        ArgumentNullException.ThrowIfNull(rows);
        List<int> rowIds = [], columns = [];
        List<float> values = [];
        var rowCount = 0;
        foreach (var row in rows)
        {
            foreach (var (column, value) in row)
            {
                rowIds.Add(rowCount);
                columns.Add(column);
                values.Add(value);
            }
            rowCount++;
        }
        var span = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(values);
        return FromTriplets(rowCount, columnCount, rowIds.ToArray(), columns.ToArray(), span, duplicates);
    }

    /// <summary>A matrix from (row, column, value) triplets in any order, in time linear in their number.</summary>
    /// <param name="rowCount">At least 0.</param>
    /// <param name="columnCount">At least 0.</param>
    /// <param name="rows">0..rowCount-1.</param>
    /// <param name="columns">0..columnCount-1, as many as rows.</param>
    /// <param name="values">Finite, as many as rows; empty means that every value is 1.</param>
    /// <param name="duplicates">What a cell that is given twice means.</param>
    /// <exception cref="ArgumentException">Lengths differ, an index lies outside, a value isn't finite, or a forbidden
    /// duplicate.</exception>
    public static SparseMatrix FromTriplets(int rowCount, int columnCount, ReadOnlySpan<int> rows, ReadOnlySpan<int> columns,
        ReadOnlySpan<float> values, DuplicateCells duplicates = DuplicateCells.Error)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rowCount);
        ArgumentOutOfRangeException.ThrowIfNegative(columnCount);
        Guard.Defined(duplicates, nameof(duplicates));
        if (columns.Length != rows.Length)
            throw new ArgumentException(
                $"There are {columns.Length} columns for {rows.Length} rows; they must be as many.", nameof(columns));
        if (!values.IsEmpty && values.Length != rows.Length)
            throw new ArgumentException($"There are {values.Length} values for {rows.Length} rows; give as many, or none.", nameof(values));
        for (var i = 0; i < rows.Length; i++)
        {
            if ((uint)rows[i] >= (uint)rowCount)
                throw new ArgumentException($"Triplet {i} has row {rows[i]}; it must lie in 0..{rowCount - 1}.", nameof(rows));
            if ((uint)columns[i] >= (uint)columnCount)
                throw new ArgumentException($"Triplet {i} has column {columns[i]}; it must lie in 0..{columnCount - 1}.", nameof(columns));
            if (!values.IsEmpty && !float.IsFinite(values[i]))
                throw new ArgumentException($"Triplet {i} has value {values[i]}; values must be finite.", nameof(values));
        }

        // Two stable counting sorts, by column and then by row: rows come out with ascending columns, duplicates in input order.
        var (byColumn, sortedRows, sortedValues) = SortByColumn(columnCount, rows, columns, values);
        var offsets = new long[rowCount + 1L];
        foreach (var row in rows) offsets[row + 1]++;
        for (var r = 0; r < rowCount; r++) offsets[r + 1] += offsets[r];
        var next = offsets.AsSpan(0, rowCount).ToArray();
        var cellColumns = new int[rows.Length];
        var cellValues = new float[rows.Length];
        for (var column = 0; column < columnCount; column++)
        {
            for (var i = byColumn[column]; i < byColumn[column + 1]; i++)
            {
                var at = next[sortedRows[i]]++;
                cellColumns[at] = column;
                cellValues[at] = sortedValues[i];
            }
        }
        return Merge(rowCount, columnCount, offsets, cellColumns, cellValues, duplicates);
    }

    private static (int[] Offsets, int[] Rows, float[] Values) SortByColumn(
        int columnCount, ReadOnlySpan<int> rows, ReadOnlySpan<int> columns, ReadOnlySpan<float> values)
    {
        var offsets = new int[columnCount + 1L];
        foreach (var column in columns) offsets[column + 1]++;
        for (var c = 0; c < columnCount; c++) offsets[c + 1] += offsets[c];
        var next = offsets.AsSpan(0, columnCount).ToArray();
        var (sortedRows, sortedValues) = (new int[rows.Length], new float[rows.Length]);
        for (var i = 0; i < rows.Length; i++)
        {
            var at = next[columns[i]]++;
            sortedRows[at] = rows[i];
            sortedValues[at] = values.IsEmpty ? 1 : values[i];
        }
        return (offsets, sortedRows, sortedValues);
    }

    private static SparseMatrix Merge(
        int rowCount, int columnCount, long[] offsets, int[] columns, float[] values, DuplicateCells duplicates)
    {
        var write = 0;
        for (var row = 0; row < rowCount; row++)
        {
            var (read, end, first) = ((int)offsets[row], (int)offsets[row + 1], write);
            offsets[row] = first;
            for (; read < end; read++)
            {
                if (write == first || columns[write - 1] != columns[read])
                {
                    columns[write] = columns[read];
                    values[write++] = values[read];
                    continue;
                }
                values[write - 1] = duplicates switch
                {
                    DuplicateCells.Sum => values[write - 1] + values[read],
                    DuplicateCells.First => values[write - 1],
                    DuplicateCells.Last => values[read],
                    DuplicateCells.Max => Math.Max(values[write - 1], values[read]),
                    _ => throw new ArgumentException(
                        $"Row {row} has column {columns[read]} twice; give each cell once, or say what a duplicate means.",
                        nameof(duplicates)),
                };
                if (!float.IsFinite(values[write - 1]))
                    throw new ArgumentException(
                        $"The duplicates of row {row}, column {columns[read]} add up to {values[write - 1]}; values must be finite.",
                        nameof(values));
            }
        }
        offsets[rowCount] = write;
        if (write < columns.Length)
        {
            Array.Resize(ref columns, write);
            Array.Resize(ref values, write);
        }
        return new SparseMatrix(rowCount, columnCount, offsets, columns, values, true);
    }

    private static void CheckRow(int row, int columnCount, long[] rowOffsets, int[] columns, float[] values)
    {
        var (start, end) = (rowOffsets[row], rowOffsets[row + 1]);
        if (end < start || end > columns.Length)
            throw new ArgumentException(
                $"The offsets of row {row} are {start}..{end}; offsets must not fall nor pass the number of columns, {columns.Length}.",
                nameof(rowOffsets));
        var last = -1;
        for (var i = (int)start; i < (int)end; i++)
        {
            var column = columns[i];
            if ((uint)column >= (uint)columnCount)
                throw new ArgumentException($"Row {row} has column {column}; it must lie in 0..{columnCount - 1}.", nameof(columns));
            if (column <= last)
                throw new ArgumentException(
                    $"Row {row} has column {column} after {last}; columns must ascend strictly in a row ({nameof(FromTriplets)} sorts).",
                    nameof(columns));
            if (!float.IsFinite(values[i]))
                throw new ArgumentException($"Row {row}, column {column} has value {values[i]}; values must be finite.", nameof(values));
            last = column;
        }
    }
}

/// <summary>The stored cells of one row of a <see cref="SparseMatrix"/>.</summary>
public readonly ref struct SparseRow
{
    internal SparseRow(ReadOnlySpan<int> columns, ReadOnlySpan<float> values)
    {
        Columns = columns;
        Values = values;
    }

    /// <summary>Columns, strictly ascending.</summary>
    public ReadOnlySpan<int> Columns { get; }

    /// <summary>Values of those columns.</summary>
    public ReadOnlySpan<float> Values { get; }

    /// <summary>Number of stored cells.</summary>
    public int Length => Columns.Length;
}

/// <summary>What it means that one cell of a matrix is given more than once.</summary>
public enum DuplicateCells
{
    /// <summary>It is an error that names the cell.</summary>
    Error,
    /// <summary>The values are added, in input order.</summary>
    Sum,
    /// <summary>The first in input order counts.</summary>
    First,
    /// <summary>The last in input order counts.</summary>
    Last,
    /// <summary>The largest counts.</summary>
    Max,
}
