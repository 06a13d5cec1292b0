using System.Buffers;
using System.Globalization;
using System.Text;

namespace Recsys.Data;

/// <summary>Collects external ids and numbers them 0, 1, … by first appearance. Not thread-safe.</summary>
public sealed class IdMapBuilder
{
    private readonly IdKeys _kind;
    private readonly IdMap? _start;
    private IdTable _table;

    /// <summary>Starts without ids.</summary>
    /// <param name="keys">How ids are kept; <see cref="IdKeys.Auto"/> by default.</param>
    public IdMapBuilder(IdKeys keys = IdKeys.Auto)
    {
        _kind = Guard.Defined(keys, nameof(keys));
        _table = new IdTable(longs: keys != IdKeys.Text);
    }

    /// <summary>Starts with the ids of a map, which keep their numbers.</summary>
    public IdMapBuilder(IdMap start)
    {
        ArgumentNullException.ThrowIfNull(start);
        _start = start;
        _kind = start.HasLongKeys || start.Count == 0 ? IdKeys.Auto : IdKeys.Text;
        _table = start.Count == 0 ? new IdTable(longs: true) : start.Table.Copy();
    }

    /// <summary>Number of distinct ids so far.</summary>
    public int Count => _table.Count;

    /// <summary>The dense id of an external id, which is added if new.</summary>
    /// <exception cref="ArgumentException">The id is null or empty.</exception>
    /// <exception cref="FormatException">The builder keeps integers only and this is none.</exception>
    public int Add(string key)
    {
        if (string.IsNullOrEmpty(key)) throw EmptyId();
        return Add(key.AsSpan(), key);
    }

    /// <summary>The dense id of an external id, which is added if new; allocates only then.</summary>
    /// <exception cref="ArgumentException">The id is empty.</exception>
    /// <exception cref="FormatException">The builder keeps integers only and this is none.</exception>
    public int Add(ReadOnlySpan<char> key) => Add(key, null);

    /// <summary>The dense id of an external id, which is added if new.</summary>
    public int Add(long key)
    {
        if (_table.Keys is not null) return _table.Add(key);
        Span<char> text = stackalloc char[20];
        key.TryFormat(text, out var length, provider: CultureInfo.InvariantCulture);
        return _table.Add(text[..length]);
    }

    /// <summary>
    /// The map of the ids so far; the builder may go on. Without new ids it is the very map that the builder started with.
    /// </summary>
    public IdMap Build()
        => _start is not null && _start.Count == Count ? _start : new IdMap(_table.Copy());

    /// <summary>Whether ids that are not integers are refused.</summary>
    internal bool LongsOnly => _kind == IdKeys.Long;

    /// <summary>As <see cref="Add(ReadOnlySpan{char})"/>, for valid UTF-8.</summary>
    internal int AddUtf8(ReadOnlySpan<byte> key)
    {
        if (_table.Keys is not null && CellParsers.TryParseCanonical(key, out var number)) return _table.Add(number);
        const int OnStack = 256;
        var rented = key.Length > OnStack ? ArrayPool<char>.Shared.Rent(key.Length) : null;
        var text = rented ?? stackalloc char[OnStack];
        var id = Add(text[..Encoding.UTF8.GetChars(key, text)], null);
        if (rented is not null) ArrayPool<char>.Shared.Return(rented);
        return id;
    }

    private int Add(ReadOnlySpan<char> key, string? text)
    {
        if (key.IsEmpty) throw EmptyId();
        if (_table.Keys is not null)
        {
            if (IdTable.TryParseCanonical(key, out var number)) return _table.Add(number);
            if (_kind == IdKeys.Long)
                throw new FormatException($"The id '{Excerpt.Of(key)}' is not a 64-bit integer in its shortest form; use IdKeys.Auto or "
                    + "IdKeys.Text for such ids.");
            _table = _table.ToText();
        }
        return _table.Add(key, text);
    }

    private static ArgumentException EmptyId() => new("An id is empty; every external id needs at least one character.", "key");
}
