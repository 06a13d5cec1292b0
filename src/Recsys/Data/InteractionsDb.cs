using System.Data.Common;

namespace Recsys.Data;

public sealed partial class Interactions
{
    /// <summary>Reads a log from the rest of the current result of a query.</summary>
    /// <param name="reader">Any data reader; stays open.</param>
    /// <param name="options">Columns and what to do with bad rows; the defaults suit a query with usual column names.</param>
    /// <param name="cancel">Checked every few thousand rows.</param>
    /// <remarks>
    /// Ids may be text, integers, whole decimals or GUIDs; values any number, Boolean or number as text; times dates (UTC unless they say
    /// otherwise), numbers or text by <see cref="LogOptions.TimeFormat"/>. A null id or value is a bad row.
    /// </remarks>
    /// <exception cref="InvalidDataException">
    /// A column is missing or of a type that does not fit, or a row cannot be read and bad rows are an error; the message names row and
    /// column.
    /// </exception>
    public static Interactions Read(DbDataReader reader, DbOptions? options = null, CancellationToken cancel = default)
        => Read(reader, options, out _, "query", cancel);

    /// <summary>As <see cref="Read(DbDataReader, DbOptions?, CancellationToken)"/>, with a report of what became of the rows.</summary>
    /// <param name="reader">Any data reader; stays open.</param>
    /// <param name="options">Columns and what to do with bad rows.</param>
    /// <param name="report">What became of the rows.</param>
    /// <param name="source">What error messages call the source; "query" by default.</param>
    /// <param name="cancel">Checked every few thousand rows.</param>
    /// <inheritdoc cref="Read(DbDataReader, DbOptions?, CancellationToken)"/>
    public static Interactions Read(
        DbDataReader reader, DbOptions? options, out ReadReport report, string source = "query", CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return InteractionDbReader.Read(reader, options ?? new DbOptions(), source, out report, cancel);
    }
}
