using System.Globalization;
using CsvHelper;

namespace Recsys.Data;

/// <summary>Finds the columns of a log in the header of a file.</summary>
internal sealed class CsvColumnFinder(CsvReader csv, string source, bool hasHeader)
{
    public static readonly string[] UserNames = ["user", "userId", "user_id", "uid"];
    public static readonly string[] ItemNames =
        ["item", "itemId", "item_id", "iid", "movieId", "movie_id", "productId", "product_id", "artistId", "adId", "ad_id"];
    public static readonly string[] ValueNames = ["rating", "value", "score", "weight"];
    public static readonly string[] TimeNames = ["timestamp", "time", "date", "datetime"];
    public static readonly string[] EventNames = ["event", "eventType", "event_type", "action", "behavior", "behaviour"];

    /// <summary>The position of a column; -1 if it is not to be read.</summary>
    /// <exception cref="InvalidDataException">A needed or named column is not there; the message lists those that are.</exception>
    public int Find(CsvColumn column, string option, string[] usualNames, int usualPosition, bool required)
    {
        if (column.IsNone)
            return required ? throw new ArgumentException($"CsvOptions.{option} is None, but every log needs this column.", $"options.{option}") : -1;
        if (column.IsPosition)
        {
            if (hasHeader && column.Position >= csv.Headers.Count)
                throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"{source} has no column #{column.Position} (CsvOptions.{option}); {Existing()}"));
            return column.Position;
        }
        if (!hasHeader)
        {
            return column.IsUsual
                ? usualPosition
                : throw new ArgumentException($"CsvOptions.{option} is the name '{column}', but HasHeader is false; give a position.", $"options.{option}");
        }
        if (!column.IsUsual)
        {
            return csv.TryGetFieldIndex(column.Name!, out var named)
                ? named
                : throw new InvalidDataException($"{source} has no column '{Excerpt.Of(column.Name)}' (CsvOptions.{option}); {Existing()}");
        }
        foreach (var name in usualNames)
            if (csv.TryGetFieldIndex(name, out var position)) return position;
        return required
            ? throw new InvalidDataException($"{source} has none of the columns {string.Join(", ", usualNames)}; {Existing()} Set CsvOptions.{option}.")
            : -1;
    }

    private string Existing()
    {
        const int Most = 50;
        var names = new List<string>();
        for (var i = 0; i < Math.Min(csv.Headers.Count, Most); i++) names.Add($"'{Excerpt.Of(csv.Headers[i])}'");
        return $"its columns are {string.Join(", ", names)}{(csv.Headers.Count > Most ? ", …" : "")}.";
    }
}
