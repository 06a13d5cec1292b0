namespace Recsys.Data;

/// <summary>
/// How to read an interaction log from delimited text. The defaults suit a file with a header and the usual column names.
/// </summary>
public sealed record CsvOptions : LogOptions
{
    /// <summary>
    /// What stands between fields: any text of 1 to 16 bytes, such as "," or "::". Null (the default) finds out among , ; tab and |.
    /// </summary>
    public string? Delimiter
    {
        get;
        init => field = value is null || (value.Length is > 0 and <= 16 && value.AsSpan().IndexOfAny('\r', '\n') < 0)
            ? value
            : throw new ArgumentException("Delimiter must be 1 to 16 characters without line breaks, or null to find out.",
                nameof(Delimiter));
    }

    /// <summary>Whether the first row names the columns; true by default.</summary>
    public bool HasHeader { get; init; } = true;

    /// <summary>
    /// The quote, an ASCII character; '"' by default. A doubled one within quotes is one. Null: quotes are ordinary text.
    /// </summary>
    public char? Quote
    {
        get;
        init => field = value is null || char.IsAscii(value.Value)
            ? value
            : throw new ArgumentException($"Quote must be an ASCII character or null; it is '{value}'.", nameof(Quote));
    } = '"';

    /// <summary>
    /// The name of the encoding, such as "utf-8", "latin-1", "windows-1252" or "utf-16". Null (the default) is UTF-8, or what a byte order
    /// mark says. Bytes that are not valid UTF-8 there make a bad row. An unknown name is an <see cref="ArgumentException"/>.
    /// </summary>
    public string? Encoding
    {
        get;
        init
        {
            if (value is not null) _ = CsvSource.EncodingOf(value);
            field = value;
        }
    }

    /// <summary>Whether spaces and tabs around fields are cut off; false by default.</summary>
    public bool Trim { get; init; }

    internal CsvSource.Dialect Dialect => new(Delimiter, HasHeader, Quote, Encoding, Trim);
}
