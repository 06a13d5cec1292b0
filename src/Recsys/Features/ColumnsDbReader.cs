using System.Data.Common;
using System.Globalization;

namespace Recsys.Features;

/// <summary>Reads a result set into columns.</summary>
internal static class ColumnsDbReader
{
    public static Columns Read(DbDataReader reader, string? key)
    {
        const string Source = "the result set";
        var count = reader.FieldCount;
        var isNumber = new bool[count];
        var texts = new Interner[count];
        var codes = new List<int>[count];
        var numbers = new List<double>[count];
        for (var i = 0; i < count; i++)
        {
            var type = reader.GetFieldType(i);
            isNumber[i] = type == typeof(float) || type == typeof(double) || type == typeof(decimal);
            (texts[i], codes[i], numbers[i]) = (new(), [], []);
        }
        var rows = 0;
        for (; reader.Read(); rows++)
        {
            for (var i = 0; i < count; i++)
            {
                var missing = reader.IsDBNull(i);
                if (isNumber[i])
                {
                    var value = missing ? double.NaN : Convert.ToDouble(reader.GetValue(i), CultureInfo.InvariantCulture);
                    if (!missing && !double.IsFinite(value))
                        throw new InvalidDataException(
                            $"{Source}, row {rows}, column '{reader.GetName(i)}': {value} is not a finite number.");
                    numbers[i].Add(value);
                    continue;
                }
                var text = missing ? "" : Text(reader.GetValue(i));
                codes[i].Add(text.Length == 0 ? -1 : texts[i].Add(text));
            }
        }
        var columns = new Column[count];
        for (var i = 0; i < count; i++)
        {
            var name = reader.GetName(i);
            columns[i] = isNumber[i] ? new NumberColumn(name, [.. numbers[i]]) : new TextColumn(name, [.. codes[i]], texts[i].ToArray());
        }
        return new Columns(Source, columns, rows, key);
    }

    private static string Text(object value) => value switch
    {
        string text => text,
        bool flag => flag ? "1" : "0",
        DateTime time => time.ToString("O", CultureInfo.InvariantCulture),
        DateTimeOffset time => time.ToString("O", CultureInfo.InvariantCulture),
        IFormattable other => other.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
