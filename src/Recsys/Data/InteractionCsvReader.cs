using System.Globalization;
using System.Text;
using System.Text.Unicode;
using CsvHelper;

namespace Recsys.Data;

/// <summary>
/// Reads an interaction log from delimited text: fields stay UTF-8 spans in the parser's buffer, so a row costs no allocation.
/// </summary>
internal sealed class InteractionCsvReader
{
    private const int RowsBetweenChecks = 1 << 14;

    private readonly CsvReader _csv;
    private readonly CsvOptions _options;
    private readonly BadRowLog _log;
    private readonly InteractionsBuilder _builder;
    private readonly int _user, _item, _value, _time, _event, _width;
    private readonly byte[] _lastUser = new byte[64];
    private int _lastUserLength = -1;
    private int _lastUserId;

    private InteractionCsvReader(CsvReader csv, string source, CsvOptions options, BadRowLog log)
    {
        _csv = csv;
        _options = options;
        _log = log;
        var columns = new ColumnFinder(source, nameof(CsvOptions), options.HasHeader ? csv.Headers : null);
        _user = columns.Find(options.User, "User", ColumnFinder.UserNames, 0, required: true);
        _item = columns.Find(options.Item, "Item", ColumnFinder.ItemNames, 1, required: true);
        _value = columns.Find(options.Value, "Value", ColumnFinder.ValueNames, -1, required: false);
        _time = columns.Find(options.Time, "Time", ColumnFinder.TimeNames, -1, required: false);
        _event = columns.Find(options.Event, "Event", ColumnFinder.EventNames, -1, required: false);
        _width = Math.Max(Math.Max(Math.Max(_user, _item), Math.Max(_value, _time)), _event) + 1;
        _builder = options.NewBuilder();
    }

    public static Interactions Read(Stream stream, string source, CsvOptions options, out ReadReport report, CancellationToken cancel)
    {
        var log = new BadRowLog(source, options.BadRows, options.MaxExamples);
        CsvReader Open() => CsvSource.Open(stream, source, options.Dialect, leaveOpen: true, Malformed(options, log));
        return Guarded(source, Open, options, log, out report, cancel);
    }

    public static Interactions Read(TextReader reader, string source, CsvOptions options, out ReadReport report, CancellationToken cancel)
    {
        var log = new BadRowLog(source, options.BadRows, options.MaxExamples);
        CsvReader Open() => CsvSource.Open(reader, source, options.Dialect, Malformed(options, log));
        return Guarded(source, Open, options, log, out report, cancel);
    }

    private static Action<CsvMalformedRecord>? Malformed(CsvOptions options, BadRowLog log)
        => options.BadRows == BadRows.Throw
            ? null
            : bad => log.Report(bad.LineNumber, bad.RecordNumber, "", BadRowReason.BadQuoting,
                $"the quoting is broken ({bad.Reason}): '{Excerpt.Of(bad.RawRecord)}'.");

    private static Interactions Guarded(
        string source, Func<CsvReader> open, CsvOptions options, BadRowLog log, out ReadReport report, CancellationToken cancel)
    {
        CsvReader? csv = null;
        try
        {
            csv = open();
            var reader = new InteractionCsvReader(csv, source, options, log);
            reader.ReadRows(cancel);
            report = log.Finish(reader._builder.Count);
            return reader._builder.Build();
        }
        catch (CsvFormatException e)
        {
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"{source}, line {e.LineNumber}: {e.Message}"), e);
        }
        finally
        {
            csv?.Dispose();
        }
    }

    private void ReadRows(CancellationToken cancel)
    {
        for (var untilCheck = 0; _csv.Read(); untilCheck--)
        {
            if (untilCheck == 0)
            {
                cancel.ThrowIfCancellationRequested();
                untilCheck = RowsBetweenChecks;
            }
            ReadRow();
        }
    }

    private void ReadRow()
    {
        if (_csv.FieldCount < _width)
        {
            TooShort();
            return;
        }
        var value = 1f;
        if (_value >= 0 && (!CellParsers.TryParseFloat(_csv.GetSpan(_value), out value) || !float.IsFinite(value)))
        {
            BadValue(value);
            return;
        }
        var time = Interactions.NoTime;
        if (_time >= 0 && !TryReadTime(_csv.GetSpan(_time), ref time)) return;
        var kind = -1;
        if (_event >= 0 && !TryReadEvent(_csv.GetSpan(_event), ref kind)) return;

        var user = _csv.GetSpan(_user);
        var item = _csv.GetSpan(_item);
        if (user.Length == _lastUserLength && user.SequenceEqual(_lastUser.AsSpan(0, user.Length)))
        {
            if (!IsGoodId(item, _item, _builder.ItemIds)) return;
        }
        else
        {
            // Both are checked before either is added: a bad row leaves no id behind.
            if (!IsGoodId(user, _user, _builder.UserIds) || !IsGoodId(item, _item, _builder.ItemIds)) return;
            _lastUserId = _builder.UserIds.AddUtf8(user);
            _lastUserLength = user.Length <= _lastUser.Length ? user.Length : -1;
            if (_lastUserLength > 0) user.CopyTo(_lastUser);
        }
        _builder.AddRow(_lastUserId, _builder.ItemIds.AddUtf8(item), value, time, kind);
    }

    private bool IsGoodId(ReadOnlySpan<byte> id, int column, IdMapBuilder ids)
    {
        if (CellParsers.TryParseCanonical(id, out _)) return true;
        if (id.IsEmpty) return Bad(column, BadRowReason.EmptyId, "the id is empty; every row needs a user and an item.");
        if (!Utf8.IsValid(id)) return Bad(column, BadRowReason.BadText,
            $"'{Text(id)}' is not valid UTF-8; set CsvOptions.Encoding to the encoding of the file.");
        return !ids.LongsOnly
            || Bad(column, BadRowReason.BadId, $"the id '{Text(id)}' is not an integer; CsvOptions.Keys keeps integers only.");
    }

    private bool TryReadTime(ReadOnlySpan<byte> cell, ref long time)
    {
        if (cell.IsEmpty)
        {
            return _options.MissingTime != MissingTime.Error
                || Bad(_time, BadRowReason.MissingTime, "the time is empty; set CsvOptions.MissingTime to keep such rows.");
        }
        if (CellParsers.TryParseTime(cell, _options.TimeFormat, out time)) return true;
        return Bad(_time, BadRowReason.BadTime,
            $"'{Text(cell)}' is not a time in the format {_options.TimeFormat}; CsvOptions.TimeFormat says how times are written.");
    }

    private bool TryReadEvent(ReadOnlySpan<byte> cell, ref int kind)
    {
        if (cell.IsEmpty) return Bad(_event, BadRowReason.BadEvent, "the event type is empty; every row needs one, or none.");
        if (!Utf8.IsValid(cell)) return Bad(_event, BadRowReason.BadText,
            $"'{Text(cell)}' is not valid UTF-8; set CsvOptions.Encoding to the encoding of the file.");
        return _builder.TryGetEvent(cell, out kind)
            || Bad(_event, BadRowReason.BadEvent,
                $"the event type '{Text(cell)}' is the 257th; a log has at most 256. Is this the right column?");
    }

    private void BadValue(float value)
    {
        var cell = _csv.GetSpan(_value);
        if (cell.IsEmpty)
            Bad(_value, BadRowReason.MissingCell, "the cell is empty; a number is needed.");
        else if (CellParsers.TryParseFloat(cell, out value))
            Bad(_value, BadRowReason.NotFinite, $"the value is '{Text(cell)}'; values must be finite 32-bit floats.");
        else
            Bad(_value, BadRowReason.NotANumber, $"'{Text(cell)}' is not a number (digits, a point for decimals).");
    }

    private void TooShort()
    {
        var column = _csv.FieldCount;
        foreach (var needed in (ReadOnlySpan<int>)[_user, _item, _value, _time, _event])
            if (needed >= _csv.FieldCount && (column == _csv.FieldCount || needed < column)) column = needed;
        Bad(column, BadRowReason.MissingCell,
            string.Create(CultureInfo.InvariantCulture,
                $"the cell is missing: the row has {_csv.FieldCount} fields, {_width} are needed (delimiter '{_csv.Separator}')."));
    }

    /// <summary>Always false, so that a check can return it.</summary>
    private bool Bad(int column, BadRowReason reason, string what)
    {
        var name = _options.HasHeader && column < _csv.Headers.Count
            ? $"'{Excerpt.Of(_csv.Headers[column])}'"
            : string.Create(CultureInfo.InvariantCulture, $"#{column}");
        _log.Report(_csv.LineNumber, _csv.RowNumber, name, reason, what);
        return false;
    }

    private static string Text(ReadOnlySpan<byte> cell) => Excerpt.Of(Encoding.UTF8.GetString(cell));
}
