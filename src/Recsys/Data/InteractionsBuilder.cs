using System.Globalization;
using System.Text;

namespace Recsys.Data;

/// <summary>
/// Collects rows in any order and builds an <see cref="Interactions"/> from them. Columns grow in chunks, so nothing is copied while
/// they grow and each chunk is let go as soon as it has been placed. Not thread-safe; <see cref="Build"/> may be called once.
/// </summary>
public sealed class InteractionsBuilder
{
    private readonly MissingTime _missingTime;
    private readonly IdMapBuilder _users;
    private readonly IdMapBuilder _items;
    private readonly ChunkedColumn<int> _userColumn = new();
    private readonly ChunkedColumn<int> _itemColumn = new();
    private readonly ChunkedColumn<float> _valueColumn = new();
    private readonly List<string> _eventTypes = [];
    private readonly List<byte[]> _eventNames = [];  // the same in UTF-8, as files have them
    private ChunkedColumn<long>? _timeColumn;
    private ChunkedColumn<byte>? _eventColumn;
    private long _firstUntimed = -1;
    private bool _built;

    /// <summary>Starts without ids.</summary>
    /// <param name="missingTime">What becomes of a row without a time when other rows have one; an error by default.</param>
    /// <param name="keys">How external ids are kept.</param>
    public InteractionsBuilder(MissingTime missingTime = MissingTime.Error, IdKeys keys = IdKeys.Auto)
    {
        _missingTime = Guard.Defined(missingTime, nameof(missingTime));
        _users = new IdMapBuilder(keys);
        _items = new IdMapBuilder(keys);
    }

    /// <summary>Starts with known ids, which keep their dense numbers; new ones come after them.</summary>
    public InteractionsBuilder(IdMap users, IdMap items, MissingTime missingTime = MissingTime.Error)
    {
        _missingTime = Guard.Defined(missingTime, nameof(missingTime));
        _users = new IdMapBuilder(users);
        _items = new IdMapBuilder(items);
    }

    internal InteractionsBuilder(IdMapBuilder users, IdMapBuilder items, MissingTime missingTime)
    {
        _missingTime = missingTime;
        _users = users;
        _items = items;
    }

    /// <summary>Number of rows so far.</summary>
    public long Count => _userColumn.Count;

    /// <summary>
    /// Adds a row with text ids (an id that is an integer in its shortest form is kept as one unless the map keeps text).
    /// </summary>
    /// <param name="user">External user id, not empty.</param>
    /// <param name="item">External item id, not empty.</param>
    /// <param name="value">Strength or rating, finite; 1 by default.</param>
    /// <param name="time">Unix seconds, or null.</param>
    /// <param name="eventType">The kind of event, or null; at most 256 kinds. Either every row has one or none.</param>
    /// <exception cref="ArgumentException">
    /// An id is empty, the value is not finite, or there are too many event types. The row was not added.
    /// </exception>
    public void Add(ReadOnlySpan<char> user, ReadOnlySpan<char> item, float value = 1, long? time = null, string? eventType = null)
    {
        if (user.IsEmpty) throw Bad("the user id is empty; every row needs one", nameof(user));
        if (item.IsEmpty) throw Bad("the item id is empty; every row needs one", nameof(item));
        CheckValue(value);
        var kind = EventOf(eventType);
        AddRow(_users.Add(user), _items.Add(item), value, time ?? Interactions.NoTime, kind);
    }

    /// <inheritdoc cref="Add(ReadOnlySpan{char}, ReadOnlySpan{char}, float, long?, string?)"/>
    public void Add(string user, string item, float value = 1, long? time = null, string? eventType = null)
        => Add(user.AsSpan(), item.AsSpan(), value, time, eventType);

    /// <summary>Adds a row with integer ids.</summary>
    /// <inheritdoc cref="Add(ReadOnlySpan{char}, ReadOnlySpan{char}, float, long?, string?)"/>
    public void Add(long user, long item, float value = 1, long? time = null, string? eventType = null)
    {
        CheckValue(value);
        var kind = EventOf(eventType);
        AddRow(_users.Add(user), _items.Add(item), value, time ?? Interactions.NoTime, kind);
    }

    /// <summary>Adds a row in the dense ids of the maps that the builder started with or has reached.</summary>
    /// <exception cref="ArgumentException">
    /// An id is outside its map, the value is not finite, or there are too many event types.
    /// </exception>
    public void AddDense(int user, int item, float value = 1, long? time = null, string? eventType = null)
    {
        if ((uint)user >= (uint)_users.Count) throw Bad($"the dense user id {user} is outside 0..{_users.Count - 1}", nameof(user));
        if ((uint)item >= (uint)_items.Count) throw Bad($"the dense item id {item} is outside 0..{_items.Count - 1}", nameof(item));
        CheckValue(value);
        AddRow(user, item, value, time ?? Interactions.NoTime, EventOf(eventType));
    }

    /// <summary>Orders the rows and gives the finished log. The builder cannot be used afterwards.</summary>
    /// <exception cref="InvalidOperationException">
    /// A row has no time where others have one and missing times are an error; some rows have an event type and some have none; or the
    /// builder was used already.
    /// </exception>
    public Interactions Build()
    {
        if (_built) throw new InvalidOperationException("Build was called already; use a new builder for another log.");
        if (_timeColumn is not null && _firstUntimed >= 0 && _missingTime == MissingTime.Error)
        {
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                $"Row {_firstUntimed} (from 0) has no time while others have one; give it one or choose another MissingTime than Error."));
        }
        _built = true;
        return InteractionsAssembly.Build(
            _users.Build(), _items.Build(), _userColumn, _itemColumn, _valueColumn, _timeColumn, _eventColumn,
                [.. _eventTypes], _missingTime);
    }

    internal IdMapBuilder UserIds => _users;

    internal IdMapBuilder ItemIds => _items;

    /// <summary>The index of an event type, which is added if new; -1 for none.</summary>
    internal int EventOf(ReadOnlySpan<char> eventType)
    {
        if (eventType.IsEmpty) return -1;
        for (var i = 0; i < _eventTypes.Count; i++)
            if (eventType.SequenceEqual(_eventTypes[i])) return i;
        if (_eventTypes.Count == 256) throw Bad($"the event type '{Excerpt.Of(eventType)}' is the 257th; a log has at most 256",
            nameof(eventType));
        _eventTypes.Add(eventType.ToString());
        _eventNames.Add(Encoding.UTF8.GetBytes(_eventTypes[^1]));
        return _eventTypes.Count - 1;
    }

    /// <summary>The index of an event type in valid UTF-8, which is added if new; false if there are 256 others.</summary>
    internal bool TryGetEvent(ReadOnlySpan<byte> eventType, out int kind)
    {
        for (kind = 0; kind < _eventNames.Count; kind++)
            if (eventType.SequenceEqual(_eventNames[kind])) return true;
        if (_eventTypes.Count == 256) return false;
        kind = EventOf(Encoding.UTF8.GetString(eventType));
        return true;
    }

    /// <summary>Adds a checked row.</summary>
    internal void AddRow(int user, int item, float value, long time, int kind)
    {
        if (_built) throw new InvalidOperationException("Build was called already; use a new builder for another log.");
        if (kind >= 0 != _eventColumn is not null)
        {
            if (Count > 0) throw Bad("either every row has an event type or none has; this row differs from those before", "eventType");
            _eventColumn = new ChunkedColumn<byte>();
        }
        if (time == Interactions.NoTime)
        {
            if (_firstUntimed < 0) _firstUntimed = Count;
            _timeColumn?.Add(time);
        }
        else
        {
            _timeColumn ??= new ChunkedColumn<long>(Count, Interactions.NoTime);
            _timeColumn.Add(time);
        }
        _userColumn.Add(user);
        _itemColumn.Add(item);
        _valueColumn.Add(value);
        _eventColumn?.Add((byte)kind);
    }

    private void CheckValue(float value)
    {
        if (!float.IsFinite(value))
            throw Bad($"the value is {value.ToString(CultureInfo.InvariantCulture)}; values must be finite", nameof(value));
    }

    private ArgumentException Bad(string what, string name)
        => new(string.Create(CultureInfo.InvariantCulture, $"Row {Count} (from 0): {what}."), name);
}
