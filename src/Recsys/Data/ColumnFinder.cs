using System.Globalization;

namespace Recsys.Data;

/// <summary>Finds the columns of a log among the column names of a source.</summary>
/// <param name="source">What messages call the source.</param>
/// <param name="options">What messages call the options.</param>
/// <param name="names">The names of the columns, or null if they have none.</param>
internal sealed class ColumnFinder(string source, string options, IReadOnlyList<string>? names)
{
    public static readonly string[] UserNames = ["user", "userId", "user_id", "uid"];
    public static readonly string[] ItemNames =
        ["item", "itemId", "item_id", "iid", "movieId", "movie_id", "productId", "product_id", "artistId", "adId", "ad_id"];
    public static readonly string[] ValueNames = ["rating", "value", "score", "weight"];
    public static readonly string[] TimeNames = ["timestamp", "time", "date", "datetime"];
    public static readonly string[] EventNames = ["event", "eventType", "event_type", "action", "behavior", "behaviour"];

    /// <summary>The position of a column; -1 if it is not to be read.</summary>
    /// <param name="column">Which.</param>
    /// <param name="option">The name of the option that says which.</param>
    /// <param name="usualNames">Tried in turn where no column was named.</param>
    /// <param name="usualPosition">Taken where columns have no names; -1 for none.</param>
    /// <param name="required">Whether a log cannot do without it.</param>
    /// <exception cref="InvalidDataException">A needed or named column is not there; the message lists those that are.</exception>
    public int Find(SourceColumn column, string option, string[] usualNames, int usualPosition, bool required)
    {
        if (column.IsNone)
            return required
                ? throw new ArgumentException($"{options}.{option} is None, but every log needs this column.", nameof(column))
                : -1;
        if (column.IsPosition)
        {
            return names is null || column.Position < names.Count
                ? column.Position
                : throw new InvalidDataException($"{source} has no column {column} ({options}.{option}, counted from 0); {Existing()}");
        }
        if (names is null)
        {
            return column.IsUsual
                ? usualPosition
                : throw new ArgumentException($"{options}.{option} is the name '{column}', but the columns have no names; give a position.",
                    nameof(column));
        }
        if (!column.IsUsual)
        {
            var named = PositionOf(column.Name!);
            return named >= 0
                ? named
                : throw new InvalidDataException($"{source} has no column '{Excerpt.Of(column.Name)}' ({options}.{option}); {Existing()}");
        }
        foreach (var name in usualNames)
            if (PositionOf(name) is >= 0 and var position) return position;
        return required
            ? throw new InvalidDataException(
                $"{source} has none of the columns {string.Join(", ", usualNames)}; {Existing()} Set {options}.{option}.")
            : -1;
    }

    private int PositionOf(string name)
    {
        for (var i = 0; i < names!.Count; i++)
            if (names[i] == name) return i;
        for (var i = 0; i < names.Count; i++)
            if (names[i].AsSpan().Trim().Equals(name, StringComparison.OrdinalIgnoreCase)) return i;
        return -1;
    }

    private string Existing()
    {
        const int Most = 50;
        var shown = new List<string>();
        for (var i = 0; i < Math.Min(names!.Count, Most); i++) shown.Add($"'{Excerpt.Of(names[i])}'");
        return string.Create(CultureInfo.InvariantCulture,
            $"its columns are {string.Join(", ", shown)}{(names.Count > Most ? ", …" : "")}.");
    }
}
