using System.Collections.ObjectModel;

namespace Recsys.Features;

/// <summary>
/// A raw table held by columns: text, numbers and lists of texts, as read from a CSV file, a database or objects, before any encoding. A missing
/// cell is told apart from every value. Immutable and safe for any number of threads.
/// </summary>
public sealed partial class Columns
{
    private readonly Dictionary<string, Column> _columns = new(StringComparer.Ordinal);
    private readonly int[]? _lines;

    internal Columns(string source, IEnumerable<Column> columns, int rowCount, string? key = null, int[]? lines = null)
    {
        Source = source;
        RowCount = rowCount;
        _lines = lines;
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

    /// <summary>The same table with a declared key column.</summary>
    /// <exception cref="ArgumentException">There is no such column.</exception>
    public Columns KeyedBy(string column) => new(Source, _columns.Values.OrderBy(c => Names.IndexOf(c.Name)), RowCount, column, _lines);

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
                return double.IsNaN(number.Numbers[row]) ? null : number.Numbers[row].ToString(System.Globalization.CultureInfo.InvariantCulture);
            default:
                var list = (ListColumn)found;
                return string.Join('|', Array.ConvertAll(list.Codes[list.Offsets[row]..list.Offsets[row + 1]], c => list.Values[c]));
        }
    }

    internal Column Find(string name)
        => _columns.TryGetValue(name, out var column)
            ? column
            : throw new ArgumentException($"{Source} has no column '{name}'. It has: {string.Join(", ", Names)}.");

    internal string Place(int row) => _lines is null ? $"{Source}, row {row}" : $"{Source}, line {_lines[row]}";

    internal static string Excerpt(string text) => Data.Excerpt.Of(text);
}
