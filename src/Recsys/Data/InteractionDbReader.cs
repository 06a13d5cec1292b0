using System.Data.Common;
using System.Globalization;
using System.Text;

namespace Recsys.Data;

/// <summary>Reads an interaction log from any data reader, by the typed getter of each column's type, so that no cell is boxed.</summary>
internal sealed class InteractionDbReader
{
    private const int RowsBetweenChecks = 1 << 12;

    private readonly DbDataReader _db;
    private readonly LogOptions _options;
    private readonly BadRowLog _log;
    private readonly InteractionsBuilder _builder;
    private readonly Cell _user, _item, _value, _time, _event;
    private long _row;

    private InteractionDbReader(DbDataReader db, DbOptions options, string source, BadRowLog log)
    {
        _db = db;
        _options = options;
        _log = log;
        var names = new string[db.FieldCount];
        for (var i = 0; i < names.Length; i++) names[i] = db.GetName(i);
        var columns = new ColumnFinder(source, nameof(DbOptions), names);
        _user = CellAt(columns.Find(options.User, "User", ColumnFinder.UserNames, 0, required: true));
        _item = CellAt(columns.Find(options.Item, "Item", ColumnFinder.ItemNames, 1, required: true));
        _value = CellAt(columns.Find(options.Value, "Value", ColumnFinder.ValueNames, -1, required: false));
        _time = CellAt(columns.Find(options.Time, "Time", ColumnFinder.TimeNames, -1, required: false));
        _event = CellAt(columns.Find(options.Event, "Event", ColumnFinder.EventNames, -1, required: false));
        CheckType(source, "a user id", _user, CellType.Text, CellType.Int64, CellType.Int32, CellType.Int16, CellType.Byte,
            CellType.Decimal, CellType.Guid);
        CheckType(source, "an item id", _item, CellType.Text, CellType.Int64, CellType.Int32, CellType.Int16, CellType.Byte,
            CellType.Decimal, CellType.Guid);
        CheckType(source, "a value", _value, CellType.Text, CellType.Int64, CellType.Int32, CellType.Int16, CellType.Byte,
            CellType.Decimal, CellType.Single,
            CellType.Double, CellType.Boolean);
        CheckType(source, "a time", _time, CellType.Text, CellType.Int64, CellType.Int32, CellType.Double, CellType.Decimal,
            CellType.DateTime,
            CellType.DateTimeOffset);
        CheckType(source, "an event type", _event, CellType.Text);
        _builder = options.NewBuilder();
    }

    private enum CellType
    {
        Other,
        Text,
        Int64,
        Int32,
        Int16,
        Byte,
        Boolean,
        Single,
        Double,
        Decimal,
        Guid,
        DateTime,
        DateTimeOffset,
    }

    private readonly record struct Cell(int Ordinal, CellType Type);

    public static Interactions Read(DbDataReader db, DbOptions options, string source, out ReadReport report, CancellationToken cancel)
    {
        var log = new BadRowLog(source, options.BadRows, options.MaxExamples);
        var reader = new InteractionDbReader(db, options, source, log);
        while (db.Read())
        {
            if (reader._row++ % RowsBetweenChecks == 0) cancel.ThrowIfCancellationRequested();
            reader.ReadRow();
        }
        report = log.Finish(reader._builder.Count);
        return reader._builder.Build();
    }

    private void ReadRow()
    {
        var value = 1f;
        if (_value.Ordinal >= 0 && !TryReadValue(ref value)) return;
        var time = Interactions.NoTime;
        if (_time.Ordinal >= 0 && !TryReadTime(ref time)) return;
        var kind = -1;
        if (_event.Ordinal >= 0 && !TryReadEvent(ref kind)) return;
        if (!TryReadId(_user, _builder.UserIds, out var user, out var userText)
            || !TryReadId(_item, _builder.ItemIds, out var item, out var itemText)) return;

        var userId = userText is null ? _builder.UserIds.Add(user) : _builder.UserIds.Add(userText);
        var itemId = itemText is null ? _builder.ItemIds.Add(item) : _builder.ItemIds.Add(itemText);
        _builder.AddRow(userId, itemId, value, time, kind);
    }

    private bool TryReadId(Cell cell, IdMapBuilder ids, out long number, out string? text)
    {
        number = 0;
        text = null;
        if (_db.IsDBNull(cell.Ordinal)) return Bad(cell, BadRowReason.EmptyId, "the id is null; every row needs a user and an item.");
        switch (cell.Type)
        {
            case CellType.Text:
                text = _db.GetString(cell.Ordinal);
                if (text.Length == 0) return Bad(cell, BadRowReason.EmptyId, "the id is empty; every row needs a user and an item.");
                break;
            case CellType.Guid:
                text = _db.GetGuid(cell.Ordinal).ToString("D");
                break;
            case CellType.Decimal:
                var value = _db.GetDecimal(cell.Ordinal);
                if (value != decimal.Truncate(value) || value < long.MinValue || value > long.MaxValue)
                    return Bad(cell, BadRowReason.BadId,
                        string.Create(CultureInfo.InvariantCulture, $"the id {value} is not a 64-bit integer."));
                number = (long)value;
                break;
            case CellType.Int64: number = _db.GetInt64(cell.Ordinal); break;
            case CellType.Int32: number = _db.GetInt32(cell.Ordinal); break;
            case CellType.Int16: number = _db.GetInt16(cell.Ordinal); break;
            default: number = _db.GetByte(cell.Ordinal); break;
        }
        return text is null || !ids.LongsOnly || IdTable.TryParseCanonical(text, out _)
            || Bad(cell, BadRowReason.BadId, $"the id '{Excerpt.Of(text)}' is not an integer; DbOptions.Keys keeps integers only.");
    }

    private bool TryReadValue(ref float value)
    {
        var ordinal = _value.Ordinal;
        if (_db.IsDBNull(ordinal)) return Bad(_value, BadRowReason.MissingCell, "the cell is null; a number is needed.");
        switch (_value.Type)
        {
            case CellType.Single: value = _db.GetFloat(ordinal); break;
            case CellType.Double: value = (float)_db.GetDouble(ordinal); break;
            case CellType.Decimal: value = (float)_db.GetDecimal(ordinal); break;
            case CellType.Int64: value = _db.GetInt64(ordinal); break;
            case CellType.Int32: value = _db.GetInt32(ordinal); break;
            case CellType.Int16: value = _db.GetInt16(ordinal); break;
            case CellType.Byte: value = _db.GetByte(ordinal); break;
            case CellType.Boolean: value = _db.GetBoolean(ordinal) ? 1 : 0; break;
            default:
                var text = _db.GetString(ordinal);
                if (!float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value))
                    return Bad(_value, BadRowReason.NotANumber, $"'{Excerpt.Of(text)}' is not a number (digits, a point for decimals).");
                break;
        }
        return float.IsFinite(value)
            || Bad(_value, BadRowReason.NotFinite,
                string.Create(CultureInfo.InvariantCulture, $"the value is {value}; values must be finite 32-bit floats."));
    }

    private bool TryReadTime(ref long time)
    {
        var ordinal = _time.Ordinal;
        if (_db.IsDBNull(ordinal))
        {
            return _options.MissingTime != MissingTime.Error
                || Bad(_time, BadRowReason.MissingTime, "the time is null; set DbOptions.MissingTime to keep such rows.");
        }
        switch (_time.Type)
        {
            case CellType.DateTime:
                var local = _db.GetDateTime(ordinal);
                var utc = local.Kind == DateTimeKind.Local ? local.ToUniversalTime() : DateTime.SpecifyKind(local, DateTimeKind.Utc);
                time = new DateTimeOffset(utc).ToUnixTimeSeconds();
                return true;
            case CellType.DateTimeOffset:
                time = _db.GetFieldValue<DateTimeOffset>(ordinal).ToUnixTimeSeconds();
                return true;
            case CellType.Int64: return IsTime(_db.GetInt64(ordinal), ref time);
            case CellType.Int32: return IsTime(_db.GetInt32(ordinal), ref time);
            case CellType.Double: return IsTime(_db.GetDouble(ordinal).ToString("R", CultureInfo.InvariantCulture), ref time);
            case CellType.Decimal: return IsTime(_db.GetDecimal(ordinal).ToString(CultureInfo.InvariantCulture), ref time);
            default: return IsTime(_db.GetString(ordinal), ref time);
        }
    }

    private bool IsTime(long number, ref long time)
        => CellParsers.TryConvertTime(number, _options.TimeFormat, out time)
            || Bad(_time, BadRowReason.BadTime,
                string.Create(CultureInfo.InvariantCulture, $"{number} is not a time in the format {_options.TimeFormat}."));

    private bool IsTime(string text, ref long time)
        => CellParsers.TryParseTime(Encoding.UTF8.GetBytes(text), _options.TimeFormat, out time)
            || Bad(_time, BadRowReason.BadTime, $"'{Excerpt.Of(text)}' is not a time in the format {_options.TimeFormat}; "
                + "DbOptions.TimeFormat says how times are written.");

    private bool TryReadEvent(ref int kind)
    {
        var name = _db.IsDBNull(_event.Ordinal) ? "" : _db.GetString(_event.Ordinal);
        if (name.Length == 0) return Bad(_event, BadRowReason.BadEvent, "the event type is empty; every row needs one, or none.");
        return _builder.TryGetEvent(Encoding.UTF8.GetBytes(name), out kind)
            || Bad(_event, BadRowReason.BadEvent,
                $"the event type '{Excerpt.Of(name)}' is the 257th; a log has at most 256. Is this the right column?");
    }

    private Cell CellAt(int ordinal) => ordinal < 0 ? new Cell(-1, CellType.Other) : new Cell(ordinal, TypeOf(_db.GetFieldType(ordinal)));

    private static CellType TypeOf(Type type)
        => type == typeof(string) ? CellType.Text
        : type == typeof(long) ? CellType.Int64
        : type == typeof(int) ? CellType.Int32
        : type == typeof(short) ? CellType.Int16
        : type == typeof(byte) ? CellType.Byte
        : type == typeof(bool) ? CellType.Boolean
        : type == typeof(float) ? CellType.Single
        : type == typeof(double) ? CellType.Double
        : type == typeof(decimal) ? CellType.Decimal
        : type == typeof(Guid) ? CellType.Guid
        : type == typeof(DateTime) ? CellType.DateTime
        : type == typeof(DateTimeOffset) ? CellType.DateTimeOffset
        : CellType.Other;

    private void CheckType(string source, string what, Cell cell, params ReadOnlySpan<CellType> allowed)
    {
        if (cell.Ordinal < 0 || allowed.Contains(cell.Type)) return;
        throw new InvalidDataException(
            $"{source}, column '{Excerpt.Of(_db.GetName(cell.Ordinal))}': {what} cannot be of type "
                + $"{_db.GetFieldType(cell.Ordinal).Name}; cast it in the query.");
    }

    /// <summary>Always false, so that a check can return it.</summary>
    private bool Bad(Cell cell, BadRowReason reason, string what)
    {
        _log.Report(0, _row, $"'{Excerpt.Of(_db.GetName(cell.Ordinal))}'", reason, what);
        return false;
    }
}
