using System.Text;
using CsvHelper;

namespace Recsys.Data;

/// <summary>Opens delimited text: finds gzip by its first bytes, and turns options into the parser's dialect.</summary>
internal static class CsvSource
{
    // A record beyond this is an unclosed quote rather than data; the parser would buffer the rest of the file.
    private const int MaxRecordBytes = 1 << 26;

    /// <summary>How the text is cut into fields: what the readers of logs and of feature columns share.</summary>
    internal readonly record struct Dialect(string? Delimiter, bool HasHeader, char? Quote, string? Encoding, bool Trim);

    /// <summary>
    /// A parser over the stream. Fields are UTF-8 whatever the encoding; bad quoting throws, or goes to the callback and is skipped.
    /// </summary>
    public static CsvReader Open(Stream stream, string source, Dialect dialect, bool leaveOpen, Action<CsvMalformedRecord>? skipMalformed)
    {
        var text = Decompressed(stream, source, leaveOpen);
        var options = Options(dialect, skipMalformed);
        if (dialect.Delimiter is not { } delimiter || (delimiter.Length == 1 && char.IsAscii(delimiter[0])))
            return CsvReader.Create(text, options, leaveOpen: false);
        return CsvReader.Create(new CsvSeparatorStream(text, delimiter), options with { Separator = null }, leaveOpen: false);
    }

    /// <summary>A parser over characters.</summary>
    public static CsvReader Open(TextReader reader, string source, Dialect dialect, Action<CsvMalformedRecord>? skipMalformed)
    {
        if (reader.Peek() < 0) throw new InvalidDataException($"{source} is empty: it has no header and no rows.");
        if (dialect.Delimiter is { } delimiter && (delimiter.Length > 1 || !char.IsAscii(delimiter[0])))
            throw new NotSupportedException(
                $"The delimiter '{delimiter}' needs a path or a Stream: a TextReader is read with single ASCII delimiters only.");
        return CsvReader.Create(reader, Options(dialect, skipMalformed), leaveOpen: true);
    }

    public static Encoding EncodingOf(string name)
    {
        // The usual name of ISO-8859-1 outside the registry of names.
        if (name.Equals("latin-1", StringComparison.OrdinalIgnoreCase)) return Encoding.Latin1;
        try
        {
            return CodePagesEncodingProvider.Instance.GetEncoding(name) ?? Encoding.GetEncoding(name);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new ArgumentException(
                $"The encoding '{Excerpt.Of(name)}' is unknown; use a name such as utf-8, latin-1, windows-1252, utf-16 or gb18030.",
                    nameof(name), e);
        }
    }

    private static CsvReaderOptions Options(Dialect dialect, Action<CsvMalformedRecord>? skipMalformed) => new()
    {
        Separator = dialect.Delimiter?[0],
        HasHeader = dialect.HasHeader,
        Mode = dialect.Quote is null ? CsvMode.NoEscape : CsvMode.Rfc4180,
        Quote = dialect.Quote ?? '"',
        TrimWhitespace = dialect.Trim,
        Encoding = dialect.Encoding is null ? null : EncodingOf(dialect.Encoding),
        MalformedData = skipMalformed is null ? CsvMalformedDataHandling.Throw : CsvMalformedDataHandling.Skip,
        OnMalformedRecord = skipMalformed,
        TrackLineNumbers = true,
        MaxRecordSize = MaxRecordBytes,
        DetectSeparatorHint = false,
        BufferSize = 1 << 18,
    };

    private static SplicedStream Decompressed(Stream stream, string source, bool leaveOpen)
    {
        var head = new byte[2];
        var length = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        if (length == 2 && head[0] == 0x1F && head[1] == 0x8B)
        {
            var unpacked = new WholeGzipStream(head, stream, source, leaveOpen);
            length = unpacked.ReadAtLeast(head = new byte[2], head.Length, throwOnEndOfStream: false);
            (stream, leaveOpen) = (unpacked, false);
        }
        if (length == 0)
        {
            if (!leaveOpen) stream.Dispose();
            throw new InvalidDataException($"{source} is empty: it has no header and no rows.");
        }
        return new SplicedStream(head[..length], stream, [], leaveOpen);
    }
}
