namespace Recsys.Data;

/// <summary>What becomes of a row that cannot be read.</summary>
public enum BadRows
{
    /// <summary>It is an error that names file, line and column.</summary>
    Throw,

    /// <summary>It is left out, counted by reason, and the first few are described in the <see cref="ReadReport"/>.</summary>
    Skip,
}

/// <summary>How times are written.</summary>
public enum TimeFormat
{
    /// <summary>Seconds since 1970-01-01 UTC; a fraction is cut off.</summary>
    UnixSeconds,

    /// <summary>Milliseconds since 1970-01-01 UTC, rounded down to seconds.</summary>
    UnixMilliseconds,

    /// <summary>ISO 8601, such as 2024-02-29, 2024-02-29 23:59:59 or 2024-02-29T23:59:59.5+01:00; UTC where no offset is given.</summary>
    Iso,
}

/// <summary>Which columns of a source make an interaction log, and what to do with rows that cannot be read.</summary>
public record LogOptions
{
    /// <summary>User ids: "user", "userId", "user_id" or "uid" by default; position 0 without a header.</summary>
    public SourceColumn User { get; init; }

    /// <summary>
    /// Item ids: "item", "itemId", "item_id", "iid", "movieId", "productId" and alike by default; position 1 without a header.
    /// </summary>
    public SourceColumn Item { get; init; }

    /// <summary>
    /// Ratings or strengths: "rating", "value", "score" or "weight" by default, if there is one; else every value is 1. Without a header:
    /// none.
    /// </summary>
    public SourceColumn Value { get; init; }

    /// <summary>Times: "timestamp", "time", "date" or "datetime" by default, if there is one. Without a header: none.</summary>
    public SourceColumn Time { get; init; }

    /// <summary>Event types: "event", "event_type", "action" or "behavior" by default, if there is one. Without a header: none.</summary>
    public SourceColumn Event { get; init; }

    /// <summary>How times are written; Unix seconds by default. Columns of a date type need no format.</summary>
    public TimeFormat TimeFormat { get; init => field = Guard.Defined(value); }

    /// <summary>What becomes of a row whose time is empty; by default it is a bad row.</summary>
    public MissingTime MissingTime { get; init => field = Guard.Defined(value); }

    /// <summary>What becomes of rows that cannot be read; an error by default.</summary>
    public BadRows BadRows { get; init => field = Guard.Defined(value); }

    /// <summary>How external ids are kept.</summary>
    public IdKeys Keys { get; init => field = Guard.Defined(value); }

    /// <summary>
    /// User ids known beforehand, which keep their dense numbers; null for none. <see cref="Keys"/> does not apply to them.
    /// </summary>
    public IdMap? KnownUsers { get; init; }

    /// <summary>
    /// Item ids known beforehand, which keep their dense numbers; null for none. <see cref="Keys"/> does not apply to them.
    /// </summary>
    public IdMap? KnownItems { get; init; }

    /// <summary>How many bad rows the <see cref="ReadReport"/> describes, 0 or more; 5 by default.</summary>
    public int MaxExamples { get; init => field = Guard.AtLeast(0, value); } = 5;

    internal InteractionsBuilder NewBuilder() => new(
        KnownUsers is { } users ? new IdMapBuilder(users) : new IdMapBuilder(Keys),
        KnownItems is { } items ? new IdMapBuilder(items) : new IdMapBuilder(Keys), MissingTime);
}
