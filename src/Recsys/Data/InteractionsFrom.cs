namespace Recsys.Data;

public sealed partial class Interactions
{
    /// <summary>A log of (user, item) pairs, each with value 1.</summary>
    /// <exception cref="ArgumentException">An id is empty; the message names the row.</exception>
    public static Interactions From(IEnumerable<(string User, string Item)> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var builder = new InteractionsBuilder();
        foreach (var (user, item) in rows) builder.Add(user, item);
        return builder.Build();
    }

    /// <summary>A log of (user, item) pairs, each with value 1.</summary>
    public static Interactions From(IEnumerable<(long User, long Item)> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var builder = new InteractionsBuilder();
        foreach (var (user, item) in rows) builder.Add(user, item);
        return builder.Build();
    }

    /// <summary>A log of rows with values.</summary>
    /// <exception cref="ArgumentException">An id is empty or a value is not finite; the message names the row.</exception>
    public static Interactions From(IEnumerable<(string User, string Item, float Value)> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var builder = new InteractionsBuilder();
        foreach (var (user, item, value) in rows) builder.Add(user, item, value);
        return builder.Build();
    }

    /// <summary>A log of rows with values.</summary>
    /// <exception cref="ArgumentException">A value is not finite; the message names the row.</exception>
    public static Interactions From(IEnumerable<(long User, long Item, float Value)> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var builder = new InteractionsBuilder();
        foreach (var (user, item, value) in rows) builder.Add(user, item, value);
        return builder.Build();
    }

    /// <summary>A log of rows with values and times in Unix seconds.</summary>
    /// <exception cref="ArgumentException">An id is empty or a value is not finite; the message names the row.</exception>
    public static Interactions From(IEnumerable<(string User, string Item, float Value, long Time)> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var builder = new InteractionsBuilder();
        foreach (var (user, item, value, time) in rows) builder.Add(user, item, value, time);
        return builder.Build();
    }

    /// <summary>A log of rows with values and times in Unix seconds.</summary>
    /// <exception cref="ArgumentException">A value is not finite; the message names the row.</exception>
    public static Interactions From(IEnumerable<(long User, long Item, float Value, long Time)> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var builder = new InteractionsBuilder();
        foreach (var (user, item, value, time) in rows) builder.Add(user, item, value, time);
        return builder.Build();
    }
}
