using System.Data.Common;
using Recsys.Data;

namespace Recsys.Features;

public sealed partial class Columns
{
    /// <summary>
    /// Reads a delimited text file, plain or gzip (found by content). Every column is text; numbers are parsed when a feature asks for
    /// them.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How it is written.</param>
    /// <param name="cancel">Checked now and then.</param>
    /// <exception cref="InvalidDataException">
    /// The file is empty, a column is missing, or a row is bad; the message names file, line and column.
    /// </exception>
    public static Columns ReadCsv(string path, ColumnsOptions? options = null, CancellationToken cancel = default)
        => ReadCsv(path, options, out _, cancel);

    /// <summary>Reads a delimited text file and tells which rows were left out.</summary>
    /// <inheritdoc cref="ReadCsv(string, ColumnsOptions?, CancellationToken)"/>
    public static Columns ReadCsv(string path, ColumnsOptions? options, out ReadReport report, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        using var stream = File.OpenRead(path);
        return ColumnsCsvReader.Read(stream, Path.GetFileName(path), options ?? new(), out report, cancel);
    }

    /// <summary>Reads delimited text from a stream, which is left open.</summary>
    /// <inheritdoc cref="ReadCsv(string, ColumnsOptions?, CancellationToken)"/>
    public static Columns ReadCsv(Stream stream, ColumnsOptions? options = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return ColumnsCsvReader.Read(stream, "the stream", options ?? new(), out _, cancel);
    }

    /// <summary>
    /// Reads the rest of a result set: floating-point and decimal fields are numbers, all others text (integers exactly, as their digits).
    /// </summary>
    /// <param name="reader">Open, before its first unread row; not closed.</param>
    /// <param name="key">The key column, if any.</param>
    /// <exception cref="InvalidDataException">A number is NaN or infinite; the message names row and column.</exception>
    public static Columns Read(DbDataReader reader, string? key = null)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return ColumnsDbReader.Read(reader, key);
    }
}
