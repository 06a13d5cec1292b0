using System.Globalization;

namespace Recsys.Rank;

/// <summary>What the readers of other tools' files share. The files are not to be trusted: bounds come before memory.</summary>
internal static class ForeignFile
{
    public const int MostColumns = 1 << 24;
    public const int MostOutputs = 1 << 16;

    // Above it neighbouring whole numbers fall together in a float.
    public const int MostCategory = 1 << 24;
    private const long MostBytes = 1L << 30;

    public static ReadOnlyMemory<byte> ReadAll(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var bytes = new MemoryStream();
        var buffer = new byte[1 << 16];
        while (stream.Read(buffer) is > 0 and var count)
        {
            if (bytes.Length + count > MostBytes) throw new InvalidDataException($"The file is larger than {MostBytes:N0} bytes.");
            bytes.Write(buffer, 0, count);
        }
        return bytes.GetBuffer().AsMemory(0, (int)bytes.Length);
    }

    /// <summary>The beginning of a text that a stranger wrote, for an error.</summary>
    public static string Shown(string text, int most) => text.Length > most ? text[..most] + "…" : text;

    public static bool TryFloat(ReadOnlySpan<char> text, out float value)
        => float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && float.IsFinite(value);

    /// <summary>Ascending, each once.</summary>
    public static int[] Categories(ReadOnlySpan<int> values, string where)
    {
        var sorted = values.ToArray();
        Array.Sort(sorted);
        if (sorted.Length > 0 && (sorted[0] < 0 || sorted[^1] > MostCategory))
            throw new InvalidDataException(
                $"{where} has the category {(sorted[0] < 0 ? sorted[0] : sorted[^1])}; 0 to {MostCategory} fit a float.");
        var count = 0;
        for (var i = 0; i < sorted.Length; i++)
            if (i == 0 || sorted[i] != sorted[i - 1]) sorted[count++] = sorted[i];
        return sorted[..count];
    }
}
