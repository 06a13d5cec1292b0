using System.Collections.ObjectModel;
using System.Globalization;

namespace Recsys.Features;

/// <summary>
/// A raw table held by columns: text, numbers and lists of texts, as read from a CSV file, a database or objects, before any encoding. A
/// missing cell is told apart from every value. Immutable and safe for any number of threads.
/// </summary>
public sealed partial class Columns
{
    private readonly Dictionary<string, Column> _columns = new(StringComparer.Ordinal);
    private readonly int[]? _places;
    private readonly bool _inLines;

    // Places of the rows in the source, for messages: lines of a file, or rows of what a selection was made from; null: as they stand.
    internal Columns(string source, IEnumerable<Column> columns, int rowCount, string? key = null, int[]? places = null,
        bool inLines = false)
    {
        Source = source;
        RowCount = rowCount;
        _places = places;
        _inLines = inLines;
        var names = new List<string>();
        foreach (var column in columns)
        {
            if (!_columns.TryAdd(column.Name, column)) throw new ArgumentException($"Two columns of {source} are named '{column.Name}'.");
            names.Add(column.Name);
        }
        Names = names.AsReadOnly();
        if (key is not null) Find(key);
        Key = key;
    }

    /// <summary>Where the table came from, for messages.</summary>
    public string Source { get; }

    /// <summary>Number of rows.</summary>
    public int RowCount { get; }

    /// <summary>The names of the columns, in their order.</summary>
    public ReadOnlyCollection<string> Names { get; }

    /// <summary>The column with the external id of the user or item that each row describes; null where not declared.</summary>
    public string? Key { get; }

    internal bool RowsAreIds { get; private init; }

    /// <summary>The same table with a declared key column.</summary>
    /// <exception cref="ArgumentException">There is no such column.</exception>
    public Columns KeyedBy(string column) => new(Source, Names.Select(name => _columns[name]), RowCount, column, _places, _inLines);

    /// <summary>
    /// The same table, declared to be in the order of the dense ids: row r describes id r. For lists made from a log's own id maps.
    /// </summary>
    public Columns InIdOrder()
        => new(Source, Names.Select(name => _columns[name]), RowCount, null, _places, _inLines) { RowsAreIds = true };

    /// <summary>Whether there is a column of that name.</summary>
    public bool Contains(string column) => _columns.ContainsKey(column);

    /// <summary>One cell as text, null where missing. A list is joined by '|'.</summary>
    /// <exception cref="ArgumentException">There is no such column.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public string? Text(string column, int row)
    {
        var found = Find(column);
        if ((uint)row >= (uint)RowCount)
            throw new ArgumentOutOfRangeException(nameof(row), row, $"{Source} has {RowCount} rows.");
        switch (found)
        {
            case TextColumn text:
                return text.Codes[row] < 0 ? null : text.Values[text.Codes[row]];
            case NumberColumn number:
                var value = number.Numbers[row];
                return double.IsNaN(value) ? null : value.ToString(CultureInfo.InvariantCulture);
            default:
                var list = (ListColumn)found;
                return string.Join('|', Array.ConvertAll(list.Codes[list.Offsets[row]..list.Offsets[row + 1]], c => list.Values[c]));
        }
    }

    /// <summary>The table of some of the rows, in that order.</summary>
    /// <param name="rows">Each 0..<see cref="RowCount"/>-1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A row is outside.</exception>
    public Columns Rows(params ReadOnlySpan<int> rows)
    {
        var chosen = rows.ToArray();
        foreach (var row in chosen)
            if ((uint)row >= (uint)RowCount) throw new ArgumentOutOfRangeException(nameof(rows), row, $"{Source} has {RowCount} rows.");
        return new(Source, Names.Select(name => _columns[name].Select(chosen)), chosen.Length, Key,
            Array.ConvertAll(chosen, row => _places is null ? row : _places[row]), _inLines);
    }

    internal Column Find(string name)
        => _columns.TryGetValue(name, out var column)
            ? column
            : throw new ArgumentException($"{Source} has no column '{name}'. It has: {string.Join(", ", Names)}.");

    internal string Place(int row) => $"{Source}, {(_inLines ? "line" : "row")} {(_places is null ? row : _places[row])}";

    internal static string Excerpt(string text) => Data.Excerpt.Of(text);
}
