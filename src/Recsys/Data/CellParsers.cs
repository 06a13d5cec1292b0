using System.Globalization;
using System.Text;

namespace Recsys.Data;

/// <summary>Numbers and times from UTF-8 cells, the same in every culture.</summary>
internal static class CellParsers
{
    private static readonly string[] IsoFormats =
    [
        "yyyy-MM-dd", "yyyy-MM-dd HH:mm", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:ss.FFFFFFF", "yyyy-MM-dd HH:mm:sszzz",
        "yyyy-MM-dd HH:mm:ss.FFFFFFFzzz",
        "yyyy-MM-ddTHH:mm", "yyyy-MM-ddTHH:mm:ss", "yyyy-MM-ddTHH:mm:ss.FFFFFFF", "yyyy-MM-ddTHH:mmZ", "yyyy-MM-ddTHH:mm:ssZ",
        "yyyy-MM-ddTHH:mm:ss.FFFFFFFZ",
        "yyyy-MM-ddTHH:mmzzz", "yyyy-MM-ddTHH:mm:sszzz", "yyyy-MM-ddTHH:mm:ss.FFFFFFFzzz",
    ];

    private static ReadOnlySpan<float> PowersOfTen => [1f, 10f, 1e2f, 1e3f, 1e4f, 1e5f, 1e6f, 1e7f];

    /// <summary>A number as <see cref="float.Parse(string)"/> reads it; infinite and NaN come back as such.</summary>
    public static bool TryParseFloat(ReadOnlySpan<byte> cell, out float value)
    {
        // Up to 7 digits: digits and power are exact floats, so the quotient is rounded once, as the general parser would.
        var digits = 0;
        var point = -1;
        if (cell.Length is > 0 and <= 8)
        {
            var i = 0;
            for (; i < cell.Length; i++)
            {
                var digit = (uint)(cell[i] - '0');
                if (digit <= 9) digits = digits * 10 + (int)digit;
                else if (cell[i] == '.' && point < 0) point = i;
                else break;
            }
            if (i == cell.Length && (point < 0 ? i <= 7 : i > 1))
            {
                value = point < 0 ? digits : digits / PowersOfTen[cell.Length - 1 - point];
                return true;
            }
        }
        return float.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>An integer in its shortest form, as <see cref="IdTable.TryParseCanonical"/> has it for characters.</summary>
    public static bool TryParseCanonical(ReadOnlySpan<byte> cell, out long value)
    {
        value = 0;
        if (cell.Length > 18 || cell.IsEmpty || (cell[0] == '0' && cell.Length > 1) || cell[0] == '-') return TryParseRare(cell, out value);
        foreach (var b in cell)
        {
            var digit = (uint)(b - '0');
            if (digit > 9) return false;
            value = value * 10 + digit;
        }
        return true;
    }

    /// <summary>A time in Unix seconds.</summary>
    public static bool TryParseTime(ReadOnlySpan<byte> cell, TimeFormat format, out long seconds)
    {
        if (format == TimeFormat.Iso) return TryParseIso(cell, out seconds);
        if (!TryParseCanonical(cell, out seconds))
        {
            // Tools that know no missing integers write 978300760.0; beyond 2^53 a double would not be the number that was written.
            if (!double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                || !(Math.Abs(number) < 1L << 53)) return false;
            seconds = (long)Math.Floor(number);
        }
        return TryConvertTime(seconds, format, out seconds);
    }

    /// <summary>A time in Unix seconds from a number.</summary>
    public static bool TryConvertTime(long number, TimeFormat format, out long seconds)
    {
        seconds = format == TimeFormat.UnixMilliseconds ? number / 1000 - (number % 1000 < 0 ? 1 : 0) : number;
        return format != TimeFormat.Iso && seconds != Interactions.NoTime;
    }

    private static bool TryParseIso(ReadOnlySpan<byte> cell, out long seconds)
    {
        seconds = 0;
        Span<char> text = stackalloc char[40];
        if (cell.Length > text.Length || !Encoding.UTF8.TryGetChars(cell, text, out var length)) return false;
        if (!DateTimeOffset.TryParseExact(
            text[..length], IsoFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)) return false;
        seconds = time.ToUnixTimeSeconds();
        return true;
    }

    private static bool TryParseRare(ReadOnlySpan<byte> cell, out long value)
    {
        value = 0;
        Span<char> text = stackalloc char[20];
        if (cell.Length > text.Length) return false;
        for (var i = 0; i < cell.Length; i++) text[i] = (char)cell[i];
        return IdTable.TryParseCanonical(text[..cell.Length], out value);
    }
}
