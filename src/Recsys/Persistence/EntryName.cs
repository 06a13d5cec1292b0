using System.Text;

namespace Recsys.Persistence;

/// <summary>The rules for names of entries, shared by writing and reading, and how a name from a hostile file is shown.</summary>
internal static class EntryName
{
    public const int Longest = 512;
    public const string Kind = "kind";
    public const string Version = "version";
    public const string Format = "format";
    public const string Library = "library";
    public const string Checksum = "checksum";
    public const string Metadata = "__metadata__";

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>What is wrong with the name, or null.</summary>
    public static string? Defect(string name)
    {
        if (name.Length == 0) return "is empty";
        if (name.Length > Longest) return $"has {name.Length} characters, more than {Longest}";
        if (name == Metadata) return "is reserved by the file format";
        foreach (var c in name)
            if (char.IsControl(c)) return $"holds the control character U+{(int)c:X4}";
        return IsText(name) ? null : "is not valid Unicode";
    }

    public static bool IsReserved(string name) => name is Kind or Version or Format or Library or Checksum;

    /// <summary>Whether the text survives UTF-8: no surrogate stands alone.</summary>
    public static bool IsText(string text)
    {
        try
        {
            return Strict.GetByteCount(text) >= 0;
        }
        catch (EncoderFallbackException)
        {
            return false;
        }
    }

    /// <summary>The name in quotes, shortened, without control characters: safe for a log.</summary>
    public static string Show(string name) => "'" + Plain(name, 120) + "'";

    /// <summary>A text that may quote a hostile file, shortened, on one line: safe for a log.</summary>
    public static string Plain(string text, int longest = 1000)
        => string.Create(Math.Min(text.Length, longest), text, static (span, text) =>
        {
            for (var i = 0; i < span.Length; i++) span[i] = char.IsControl(text[i]) || char.IsSurrogate(text[i]) ? '?' : text[i];
            if (span.Length < text.Length) span[^1] = '…';
        });

    public static string ShowShape(ReadOnlySpan<long> shape)
    {
        var text = new StringBuilder("[");
        for (var i = 0; i < shape.Length; i++)
        {
            if (i > 0) text.Append(", ");
            if (shape[i] < 0) text.Append("any");
            else text.Append(shape[i]);
        }
        return text.Append(']').ToString();
    }
}
