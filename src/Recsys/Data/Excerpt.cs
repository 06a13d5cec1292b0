namespace Recsys.Data;

/// <summary>Shows foreign text in a message: at most 40 characters of it, control characters replaced.</summary>
internal static class Excerpt
{
    private const int Length = 40;

    public static string Of(ReadOnlySpan<char> text)
    {
        var shown = text[..Math.Min(text.Length, Length)].ToString();
        foreach (var c in shown)
            if (char.IsControl(c)) shown = shown.Replace(c, '\uFFFD');
        return text.Length <= Length
            ? shown
            : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{shown}… ({text.Length} characters)");
    }
}
