namespace Recsys.Data;

public sealed partial class Interactions
{
    /// <summary>Reads a log from a file of delimited text, plain or gzip (told by its content).</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">
    /// Columns, dialect and what to do with bad rows; the defaults suit a file with a header and usual column names.
    /// </param>
    /// <param name="cancel">Checked every few thousand rows.</param>
    /// <exception cref="InvalidDataException">
    /// The file is empty, a column is missing, or a row cannot be read and <see cref="LogOptions.BadRows"/> is <see cref="BadRows.Throw"/>;
    /// the message names file, line and column.
    /// </exception>
    /// <exception cref="IOException">The file cannot be opened or read.</exception>
    public static Interactions ReadCsv(string path, CsvOptions? options = null, CancellationToken cancel = default)
        => ReadCsv(path, options, out _, cancel);

    /// <summary>As <see cref="ReadCsv(string, CsvOptions?, CancellationToken)"/>, with a report of what became of the rows.</summary>
    /// <inheritdoc cref="ReadCsv(string, CsvOptions?, CancellationToken)"/>
    public static Interactions ReadCsv(string path, CsvOptions? options, out ReadReport report, CancellationToken cancel = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1 << 16, FileOptions.SequentialScan);
        return InteractionCsvReader.Read(file, Path.GetFileName(path), options ?? new CsvOptions(), out report, cancel);
    }

    /// <summary>
    /// Reads a log from a stream of delimited text, plain or gzip (told by its content), from its current position to its end.
    /// </summary>
    /// <param name="stream">Stays open.</param>
    /// <param name="options">As for files.</param>
    /// <param name="report">What became of the rows.</param>
    /// <param name="source">What error messages call the stream; "stream" by default.</param>
    /// <param name="cancel">Checked every few thousand rows.</param>
    /// <inheritdoc cref="ReadCsv(string, CsvOptions?, CancellationToken)"/>
    public static Interactions ReadCsv(
        Stream stream, CsvOptions? options, out ReadReport report, string source = "stream", CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return InteractionCsvReader.Read(stream, source, options ?? new CsvOptions(), out report, cancel);
    }

    /// <summary>Reads a log from delimited characters, to their end. <see cref="CsvOptions.Encoding"/> does not apply.</summary>
    /// <param name="reader">Stays open.</param>
    /// <param name="options">As for files; the delimiter must be one ASCII character, or null.</param>
    /// <param name="report">What became of the rows.</param>
    /// <param name="source">What error messages call the text; "text" by default.</param>
    /// <param name="cancel">Checked every few thousand rows.</param>
    /// <inheritdoc cref="ReadCsv(string, CsvOptions?, CancellationToken)"/>
    public static Interactions ReadCsv(
        TextReader reader, CsvOptions? options, out ReadReport report, string source = "text", CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return InteractionCsvReader.Read(reader, source, options ?? new CsvOptions(), out report, cancel);
    }
}
