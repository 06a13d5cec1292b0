using System.Globalization;

namespace Recsys.Data;

/// <summary>Which column of a file to read: by header name or by position. A string or an int converts to it.</summary>
public readonly record struct SourceColumn
{
    private readonly int _kind;  // 0: the usual names, 1: none, 2: by name, 3: by position

    private SourceColumn(int kind, string? name, int position)
    {
        _kind = kind;
        Name = name;
        Position = position;
    }

    /// <summary>The first of the usual names that the header has, such as "user", "userId" or "user_id". The default.</summary>
    public static SourceColumn Usual => default;

    /// <summary>The column is not read.</summary>
    public static SourceColumn None => new(1, null, -1);

    /// <summary>The header name, or null if the column is not given by name.</summary>
    public string? Name { get; }

    /// <summary>The position from 0; meaningful if the column is given by position.</summary>
    public int Position { get; }

    internal bool IsUsual => _kind == 0;

    internal bool IsNone => _kind == 1;

    internal bool IsPosition => _kind == 3;

    /// <summary>The column with this header name: an exact match, else one that ignores case and surrounding spaces.</summary>
    /// <exception cref="ArgumentException">The name is null or empty.</exception>
    public static SourceColumn Named(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new SourceColumn(2, name, -1);
    }

    /// <summary>The column at this position, from 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The position is negative.</exception>
    public static SourceColumn At(int position) => new(3, null, Guard.AtLeast(0, position, nameof(position)));

    /// <summary>The column with this header name.</summary>
    public static implicit operator SourceColumn(string name) => Named(name);

    /// <summary>The column at this position, from 0.</summary>
    public static implicit operator SourceColumn(int position) => At(position);

    /// <inheritdoc/>
    public override string ToString() => _kind switch
    {
        0 => "usual name",
        1 => "none",
        2 => Name!,
        _ => string.Create(CultureInfo.InvariantCulture, $"#{Position}"),
    };
}
