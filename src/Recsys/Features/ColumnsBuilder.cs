using System.Globalization;

namespace Recsys.Features;

public sealed partial class Columns
{
    /// <summary>Starts a table from objects: add columns, then use it as <see cref="Columns"/>.</summary>
    /// <example><code>Columns users = Columns.From(list).Key("id", u => u.Id).Text("gender", u => u.Gender).Number("age", u =>
    /// u.Age);</code></example>
    public static ColumnsBuilder<T> From<T>(IEnumerable<T> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return new ColumnsBuilder<T>([.. rows]);
    }
}

/// <summary>Makes a <see cref="Columns"/> from objects. Not safe for several threads.</summary>
public sealed class ColumnsBuilder<T>
{
    private readonly T[] _rows;
    private readonly List<Column> _columns = [];
    private string? _key;

    internal ColumnsBuilder(T[] rows) => _rows = rows;

    private static string Source => $"the list of {typeof(T).Name}";

    /// <summary>Adds a text column; null and "" are missing.</summary>
    public ColumnsBuilder<T> Text(string name, Func<T, string?> cell)
    {
        ArgumentNullException.ThrowIfNull(cell);
        var distinct = new Interner();
        var codes = Array.ConvertAll(_rows, row => cell(row) is { Length: > 0 } text ? distinct.Add(text) : -1);
        return Add(new TextColumn(Named(name), codes, distinct.ToArray()));
    }

    /// <summary>Adds a column of numbers; null is missing.</summary>
    /// <exception cref="ArgumentException">A value is NaN or infinite; the message names the row.</exception>
    public ColumnsBuilder<T> Number(string name, Func<T, double?> cell)
    {
        ArgumentNullException.ThrowIfNull(cell);
        var numbers = new double[_rows.Length];
        for (var row = 0; row < numbers.Length; row++)
        {
            var value = cell(_rows[row]);
            if (value is { } present && !double.IsFinite(present))
                throw new ArgumentException(
                    $"{Source}, row {row}, column '{name}': {present} is not a finite number; use null for a missing one.");
            numbers[row] = value ?? double.NaN;
        }
        return Add(new NumberColumn(Named(name), numbers));
    }

    /// <summary>Adds a column of lists; a null or empty list is empty, null and "" within one are dropped.</summary>
    public ColumnsBuilder<T> List(string name, Func<T, IEnumerable<string?>?> cell)
    {
        ArgumentNullException.ThrowIfNull(cell);
        var distinct = new Interner();
        var offsets = new int[_rows.Length + 1];
        var codes = new List<int>();
        for (var row = 0; row < _rows.Length; row++)
        {
            foreach (var text in cell(_rows[row]) ?? [])
                if (!string.IsNullOrEmpty(text)) codes.Add(distinct.Add(text));
            offsets[row + 1] = codes.Count;
        }
        return Add(new ListColumn(Named(name), offsets, [.. codes], distinct.ToArray()));
    }

    /// <summary>Adds the text column with the external id of each row's user or item, and declares it the key.</summary>
    public ColumnsBuilder<T> Key(string name, Func<T, string?> id)
    {
        _key = name;
        return Text(name, id);
    }

    /// <summary>Adds the column with the external id, an integer, of each row's user or item, and declares it the key.</summary>
    public ColumnsBuilder<T> Key(string name, Func<T, long> id)
    {
        ArgumentNullException.ThrowIfNull(id);
        return Key(name, row => id(row).ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>The finished table, row r of which describes dense id r.</summary>
    public Columns InIdOrder() => Build().InIdOrder();

    /// <summary>The finished table.</summary>
    public Columns Build() => new(Source, _columns, _rows.Length, _key);

    /// <summary>The finished table.</summary>
    public static implicit operator Columns(ColumnsBuilder<T> builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Build();
    }

    private ColumnsBuilder<T> Add(Column column)
    {
        _columns.Add(column);
        return this;
    }

    private string Named(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return _columns.Exists(c => c.Name == name)
            ? throw new ArgumentException($"The column '{name}' was already added.", nameof(name))
            : name;
    }
}
