namespace Recsys.Data;

/// <summary>What becomes of a row that cannot be read.</summary>
public enum BadRows
{
    /// <summary>It is an error that names file, line and column.</summary>
    Throw,

    /// <summary>It is left out, counted by reason, and the first few are described in the <see cref="ReadReport"/>.</summary>
    Skip,
}

/// <summary>How the time column is written.</summary>
public enum TimeFormat
{
    /// <summary>Seconds since 1970-01-01 UTC; a fraction is cut off.</summary>
    UnixSeconds,

    /// <summary>Milliseconds since 1970-01-01 UTC, rounded down to seconds.</summary>
    UnixMilliseconds,

    /// <summary>ISO 8601, such as 2024-02-29, 2024-02-29 23:59:59 or 2024-02-29T23:59:59.5+01:00; UTC where no offset is given.</summary>
    Iso,
}

/// <summary>How to read an interaction log from delimited text. The defaults suit a file with a header and the usual column names.</summary>
public sealed record CsvOptions
{
    /// <summary>User ids: "user", "userId", "user_id", "uid" by default; position 0 without a header.</summary>
    public CsvColumn User { get; init; }

    /// <summary>Item ids: "item", "itemId", "item_id", "iid", "movieId", "productId" and alike by default; position 1 without a header.</summary>
    public CsvColumn Item { get; init; }

    /// <summary>Ratings or strengths: "rating", "value", "score", "weight" by default, if there is one; else every value is 1. Without a header: none.</summary>
    public CsvColumn Value { get; init; }

    /// <summary>Times: "timestamp", "time", "date" by default, if there is one. Without a header: none.</summary>
    public CsvColumn Time { get; init; }

    /// <summary>Event types: "event", "event_type", "action", "behavior" by default, if there is one. Without a header: none.</summary>
    public CsvColumn Event { get; init; }

    /// <summary>What stands between fields: any text of 1 to 16 bytes, such as "," or "::". Null (the default) finds out among , ; tab and |.</summary>
    public string? Delimiter
    {
        get;
        init => field = value is null || (value.Length is > 0 and <= 16 && value.AsSpan().IndexOfAny('\r', '\n') < 0)
            ? value
            : throw new ArgumentException("Delimiter must be 1 to 16 characters without line breaks, or null to find out.", nameof(Delimiter));
    }

    /// <summary>Whether the first row names the columns; true by default.</summary>
    public bool HasHeader { get; init; } = true;

    /// <summary>The quote, an ASCII character; '"' by default. A doubled one within quotes is one. Null: quotes are ordinary text.</summary>
    public char? Quote
    {
        get;
        init => field = value is null || char.IsAscii(value.Value)
            ? value
            : throw new ArgumentException($"Quote must be an ASCII character or null; it is '{value}'.", nameof(Quote));
    } = '"';

    /// <summary>
    /// The name of the encoding, such as "utf-8", "latin-1", "windows-1252" or "utf-16". Null (the default) is UTF-8, or what a byte order
    /// mark says. Bytes that are not valid in UTF-8 are a bad row.
    /// </summary>
    /// <exception cref="ArgumentException">No encoding has that name.</exception>
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

    /// <summary>How times are written; Unix seconds by default.</summary>
    public TimeFormat TimeFormat { get; init => field = Guard.Defined(value); }

    /// <summary>What becomes of a row whose time is empty; by default it is a bad row.</summary>
    public MissingTime MissingTime { get; init => field = Guard.Defined(value); }

    /// <summary>What becomes of rows that cannot be read; an error by default.</summary>
    public BadRows BadRows { get; init => field = Guard.Defined(value); }

    /// <summary>How external ids are kept.</summary>
    public IdKeys Keys { get; init => field = Guard.Defined(value); }

    /// <summary>User ids known beforehand, which keep their dense numbers; null for none. <see cref="Keys"/> does not apply to them.</summary>
    public IdMap? KnownUsers { get; init; }

    /// <summary>Item ids known beforehand, which keep their dense numbers; null for none. <see cref="Keys"/> does not apply to them.</summary>
    public IdMap? KnownItems { get; init; }

    /// <summary>How many bad rows the <see cref="ReadReport"/> describes, 0 or more; 5 by default.</summary>
    public int MaxExamples { get; init => field = Guard.AtLeast(0, value); } = 5;

    internal CsvSource.Dialect Dialect => new(Delimiter, HasHeader, Quote, Encoding, Trim);
}
