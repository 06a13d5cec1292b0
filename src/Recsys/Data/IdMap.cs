using Recsys.Persistence;

namespace Recsys.Data;

/// <summary>
/// External ids (text or 64-bit integers) to dense ids 0..<see cref="Count"/>-1, in the order in which they were first seen, and back.
/// Immutable and safe for any number of threads; <see cref="Extend(IEnumerable{string})"/> makes a larger map in which every old id keeps
/// its number.
/// </summary>
public sealed class IdMap : IModel<IdMap>
{
    private readonly IdTable _table;

    internal IdMap(IdTable table) => _table = table;

    /// <inheritdoc/>
    public static string Kind => "id-map";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <summary>The map without ids.</summary>
    public static IdMap Empty { get; } = new(new IdTable(longs: false).Copy());

    /// <summary>Number of ids.</summary>
    public int Count => _table.Count;

    /// <summary>Whether the external ids are kept as 64-bit integers.</summary>
    public bool HasLongKeys => _table.Keys is not null;

    internal IdTable Table => _table;

    /// <summary>A map of text ids in the order of their first appearance.</summary>
    /// <param name="keys">Not empty; duplicates count once.</param>
    /// <exception cref="ArgumentException">A key is null or empty.</exception>
    public static IdMap FromStrings(IEnumerable<string> keys) => Fill(new IdMapBuilder(IdKeys.Text), keys);

    /// <summary>A map of integer ids in the order of their first appearance; duplicates count once.</summary>
    public static IdMap FromLongs(ReadOnlySpan<long> keys)
    {
        var builder = new IdMapBuilder(IdKeys.Long);
        foreach (var key in keys) builder.Add(key);
        return builder.Build();
    }

    /// <summary>The dense id of an external id, -1 if unknown. With integer keys, the text of one in its shortest form finds it.</summary>
    public int Find(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return _table.Find(key.AsSpan());
    }

    /// <summary>The dense id of an external id, -1 if unknown. Allocates nothing.</summary>
    public int Find(ReadOnlySpan<char> key) => _table.Find(key);

    /// <summary>The dense id of an external id, -1 if unknown. With text keys, finds the text of the number. Allocates nothing.</summary>
    public int Find(long key) => _table.Find(key);

    /// <summary>The external id as text.</summary>
    /// <param name="id">0..<see cref="Count"/>-1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside the map.</exception>
    public string Name(int id) => _table.Name(Checked(id));

    /// <summary>The external id as an integer.</summary>
    /// <param name="id">0..<see cref="Count"/>-1.</param>
    /// <exception cref="InvalidOperationException">The map has text keys.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside the map.</exception>
    public long Key(int id)
    {
        if (_table.Keys is null) throw new InvalidOperationException("This id map has text keys; use Name.");
        return _table.Keys[Checked(id)];
    }

    /// <summary>A map with the same ids and, after them, those of <paramref name="keys"/> that are new.</summary>
    /// <remarks>A map of integers becomes one of text when a new key is not an integer in its shortest form; dense ids stay.</remarks>
    /// <exception cref="ArgumentException">A key is null or empty.</exception>
    public IdMap Extend(IEnumerable<string> keys) => Fill(new IdMapBuilder(this), keys);

    /// <summary>A map with the same ids and, after them, those of <paramref name="keys"/> that are new.</summary>
    public IdMap Extend(ReadOnlySpan<long> keys)
    {
        var builder = new IdMapBuilder(this);
        foreach (var key in keys) builder.Add(key);
        return builder.Build();
    }

    /// <inheritdoc/>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Flag("longs", HasLongKeys);
        // Columns of a finished map have no spare room.
        if (_table.Keys is { } keys) writer.Tensor("keys", keys);
        else writer.Texts("names", _table.Names!);
    }

    /// <inheritdoc/>
    public static IdMap Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var longs = reader.Flag("longs");
        var count = 0;
        var builder = new IdMapBuilder(longs ? IdKeys.Long : IdKeys.Text);
        if (longs)
        {
            foreach (var key in reader.Tensor<long>("keys"))
                if (builder.Add(key) != count++) throw reader.Invalid($"the key {key} stands in the id map twice.");
        }
        else
        {
            foreach (var name in reader.Texts("names"))
                if (builder.Add(name) != count++) throw reader.Invalid($"the name '{Excerpt.Of(name)}' stands in the id map twice.");
        }
        return builder.Build();
    }

    private static IdMap Fill(IdMapBuilder builder, IEnumerable<string> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        foreach (var key in keys) builder.Add(key);
        return builder.Build();
    }

    private int Checked(int id)
        => (uint)id < (uint)Count
            ? id
            : throw new ArgumentOutOfRangeException(nameof(id), id, $"The id map holds the ids 0 to {Count - 1}.");
}
