using Recsys.Data;

namespace Recsys.Features;

/// <summary>How to read a raw table from delimited text. The defaults suit a file with a header.</summary>
public sealed record ColumnsOptions
{
    /// <summary>
    /// The key column: the external id of the user or item that each row describes. Null (the default): none is declared.
    /// </summary>
    public string? Key { get; init; }

    /// <summary>Whether the first row names the columns; true by default.</summary>
    public bool HasHeader { get; init; } = true;

    /// <summary>
    /// The names of the columns in their order, for a file without header, or to rename them. Null: those of the header, or "0", "1", ….
    /// </summary>
    public IReadOnlyList<string>? Names { get; init; }

    /// <summary>The columns to keep; null (the default) keeps all.</summary>
    public IReadOnlyList<string>? Only { get; init; }

    /// <summary>Cells that mean "missing", beside the empty cell: "?", "NA", "\\N". None by default.</summary>
    public IReadOnlyList<string> Missing { get; init; } = [];

    /// <summary>What stands between fields: any text of 1 to 16 bytes. Null (the default) finds out among , ; tab and |.</summary>
    public string? Delimiter
    {
        get;
        init => field = value is null || (value.Length is > 0 and <= 16 && value.AsSpan().IndexOfAny('\r', '\n') < 0)
            ? value
            : throw new ArgumentException(
                "Delimiter must be 1 to 16 characters without line breaks, or null to find out.", nameof(Delimiter));
    }

    /// <summary>The quote, an ASCII character; '"' by default. Null: quotes are ordinary text.</summary>
    public char? Quote
    {
        get;
        init => field = value is null || char.IsAscii(value.Value)
            ? value
            : throw new ArgumentException($"Quote must be an ASCII character or null; it is '{value}'.", nameof(Quote));
    } = '"';

    /// <summary>The name of the encoding ("latin-1", "utf-16"). Null (the default) is UTF-8, or what a byte order mark says.</summary>
    public string? Encoding
    {
        get;
        init
        {
            if (value is not null) _ = CsvSource.EncodingOf(value);
            field = value;
        }
    }

    /// <summary>Whether spaces and tabs around fields are cut off; true by default.</summary>
    public bool Trim { get; init; } = true;

    /// <summary>
    /// What becomes of a row with too few or too many fields or broken text; an error by default. Blank lines are always left out.
    /// </summary>
    public BadRows BadRows { get; init => field = Guard.Defined(value); }

    /// <summary>How many bad rows the <see cref="ReadReport"/> describes, 0 or more; 5 by default.</summary>
    public int MaxExamples { get; init => field = Guard.AtLeast(0, value); } = 5;

    internal CsvSource.Dialect Dialect => new(Delimiter, HasHeader, Quote, Encoding, Trim);
}
