namespace Recsys.Numerics;

/// <summary>
/// Where the cells of the columns lie in a histogram, and the strips of neighbouring columns in which rows are counted. Columns that are
/// left out have no cells, so their part of the work falls away. Immutable.
/// </summary>
internal sealed class HistogramLayout
{
    /// <summary>Most columns of a strip.</summary>
    public const int MostColumns = 32;

    /// <summary>The bytes of a row from which a strip may take its columns; readable behind the last row too.</summary>
    public const int Window = 64;

    private readonly int[] _offsets;
    private readonly Strip[] _strips;

    /// <summary>Lays the columns out in their order.</summary>
    /// <param name="cells">Of each column, 1..256. [columns]</param>
    /// <param name="used">The columns that are counted. [columns]</param>
    /// <param name="parts">Into how many strips at least to cut, so that many threads have work; wide strips are faster.</param>
    public HistogramLayout(ReadOnlySpan<int> cells, ReadOnlySpan<bool> used, int parts)
    {
        _offsets = new int[cells.Length];
        Array.Fill(_offsets, -1);
        var columns = new List<int>();
        for (var column = 0; column < cells.Length; column++) if (used[column]) columns.Add(column);
        var width = Math.Clamp(((columns.Count + parts - 1) / parts + 3) / 4 * 4, 8, MostColumns);
        var strips = new List<Strip>();
        for (var at = 0; at < columns.Count;)
        {
            var count = 1;
            while (count < width && at + count < columns.Count && columns[at + count] - columns[at] < Window) count++;
            var offsets = new int[count];
            var start = Length;
            for (var i = 0; i < count; i++)
            {
                var column = columns[at + i];
                _offsets[column] = Length;
                offsets[i] = Length - start;
                Length = checked(Length + cells[column]);
            }
            var inside = columns.GetRange(at, count).ToArray();
            strips.Add(new Strip(inside, start, Length - start, offsets));
            at += count;
        }
        _strips = [.. strips];
    }

    /// <summary>Cells of all columns.</summary>
    public int Length { get; }

    public ReadOnlySpan<Strip> Strips => _strips;

    /// <summary>Where a column begins; -1 if it is not counted.</summary>
    public int Offset(int column) => _offsets[column];

    /// <summary>Columns that are counted together.</summary>
    internal sealed class Strip
    {
        public Strip(int[] columns, int start, int length, int[] offsets)
        {
            (Columns, Start, Length, Offsets) = (columns, start, length, offsets);
            if (columns[^1] - columns[0] == columns.Length - 1) return;
            Choice = new byte[Window];
            for (var i = 0; i < columns.Length; i++) Choice[i] = (byte)(columns[i] - columns[0]);
        }

        /// <summary>Ascending.</summary>
        public int[] Columns { get; }

        /// <summary>Its first cell.</summary>
        public int Start { get; }

        /// <summary>Its cells.</summary>
        public int Length { get; }

        /// <summary>Where each column begins, from the start of the strip.</summary>
        public int[] Offsets { get; }

        /// <summary>The places of the columns behind the first one; null where they are neighbours. [window]</summary>
        public byte[]? Choice { get; }
    }
}
