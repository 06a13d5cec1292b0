namespace Recsys.Data;

/// <summary>
/// A log of who did what with which item: compressed rows by user and by item, in dense ids. Immutable; safe for any number of threads.
/// The rows of a user are ordered by time; ties and rows without time keep their input order.
/// </summary>
/// <remarks>
/// Memory: 8 bytes for a row, 8 more with times, 1 more with event types, and 8 more from the first use of the view by item on.
/// One log holds at most 2,147,483,591 rows; offsets are 64-bit.
/// </remarks>
public sealed partial class Interactions
{
    /// <summary>The time of a row that has none, in a log where others have one.</summary>
    public const long NoTime = long.MinValue;

    private readonly long[] _offsets;
    private readonly int[] _items;
    private readonly float[] _values;
    private readonly long[]? _times;
    private readonly byte[]? _events;
    private readonly string[] _eventTypes;
    private readonly Lock _gate = new();
    private volatile ItemSide? _byItem;

    internal Interactions(
        IdMap users, IdMap items, long[] offsets, int[] itemColumn, float[] values, long[]? times, byte[]? events, string[] eventTypes)
    {
        Users = users;
        Items = items;
        _offsets = offsets;
        _items = itemColumn;
        _values = values;
        _times = times;
        _events = events;
        _eventTypes = eventTypes;
    }

    /// <summary>External and dense user ids.</summary>
    public IdMap Users { get; }

    /// <summary>External and dense item ids.</summary>
    public IdMap Items { get; }

    /// <summary>Number of user ids; some may have no rows.</summary>
    public int UserCount => Users.Count;

    /// <summary>Number of item ids; some may have no rows.</summary>
    public int ItemCount => Items.Count;

    /// <summary>Number of rows.</summary>
    public long Count => _items.LongLength;

    /// <summary>Whether rows have times.</summary>
    public bool HasTimes => _times is not null;

    /// <summary>Whether rows have event types.</summary>
    public bool HasEvents => _events is not null;

    /// <summary>The names of the event types; empty without them.</summary>
    public IReadOnlyList<string> EventTypes => _eventTypes;

    /// <summary>Where the rows of each user begin: user u owns the rows [u]..[u + 1]-1. Length <see cref="UserCount"/> + 1.</summary>
    public ReadOnlySpan<long> UserOffsets => _offsets;

    /// <summary>The items of all rows, by user. Length <see cref="Count"/>.</summary>
    public ReadOnlySpan<int> ItemColumn => _items;

    /// <summary>The values of all rows, by user. Length <see cref="Count"/>.</summary>
    public ReadOnlySpan<float> ValueColumn => _values;

    /// <summary>The times of all rows, by user, in Unix seconds. Length <see cref="Count"/>, or 0 without times.</summary>
    public ReadOnlySpan<long> TimeColumn => _times;

    /// <summary>The items of one user, in time order.</summary>
    /// <param name="user">Dense user id, 0..<see cref="UserCount"/>-1.</param>
    public ReadOnlySpan<int> ItemsOf(int user) => Of(_items, user);

    /// <summary>The values of one user's rows: 1 where the source gave none.</summary>
    /// <param name="user">Dense user id, 0..<see cref="UserCount"/>-1.</param>
    public ReadOnlySpan<float> ValuesOf(int user) => Of(_values, user);

    /// <summary>The times of one user's rows in Unix seconds (<see cref="NoTime"/> where missing); empty if the log has no times.</summary>
    /// <param name="user">Dense user id, 0..<see cref="UserCount"/>-1.</param>
    public ReadOnlySpan<long> TimesOf(int user) => _times is null ? [] : Of(_times, user);

    /// <summary>The event types of one user's rows, as indices into <see cref="EventTypes"/>; empty if the log has none.</summary>
    /// <param name="user">Dense user id, 0..<see cref="UserCount"/>-1.</param>
    public ReadOnlySpan<byte> EventsOf(int user) => _events is null ? [] : Of(_events, user);

    /// <summary>The users of one item, ascending; a user who has the item several times stands there as often.</summary>
    /// <param name="item">Dense item id, 0..<see cref="ItemCount"/>-1.</param>
    /// <remarks>The first use of the view by item builds it, once.</remarks>
    public ReadOnlySpan<int> UsersOf(int item)
    {
        var side = ByItem;
        var start = side.Offsets[item];
        return side.Users.AsSpan((int)start, (int)(side.Offsets[item + 1] - start));
    }

    /// <summary>The values of one item's rows, in the order of <see cref="UsersOf"/>.</summary>
    /// <param name="item">Dense item id, 0..<see cref="ItemCount"/>-1.</param>
    public ReadOnlySpan<float> ItemValuesOf(int item)
    {
        var side = ByItem;
        var start = side.Offsets[item];
        return side.Values.AsSpan((int)start, (int)(side.Offsets[item + 1] - start));
    }

    /// <summary>One row.</summary>
    /// <param name="user">The user who owns it.</param>
    /// <param name="row">Its place in the columns, within the user's range of <see cref="UserOffsets"/>.</param>
    public Interaction Row(int user, long row)
        => new(user, _items[row], _values[row], _times is null ? NoTime : _times[row], _events is null ? (byte)0 : _events[row]);

    /// <summary>All rows, by user and, within a user, in time order.</summary>
    public IEnumerable<Interaction> Rows()
    {
        for (var user = 0; user < UserCount; user++)
            for (var row = _offsets[user]; row < _offsets[user + 1]; row++) yield return Row(user, row);
    }

    private ItemSide ByItem
    {
        get
        {
            if (_byItem is { } ready) return ready;
            lock (_gate) return _byItem ??= BuildItemSide();
        }
    }

    private ReadOnlySpan<T> Of<T>(T[] column, int user)
    {
        var start = _offsets[user];
        return column.AsSpan((int)start, (int)(_offsets[user + 1] - start));
    }

    private ItemSide BuildItemSide()
    {
        var offsets = new long[ItemCount + 1];
        foreach (var item in _items) offsets[item + 1]++;
        for (var item = 0; item < ItemCount; item++) offsets[item + 1] += offsets[item];

        var next = offsets.AsSpan(0, ItemCount).ToArray();
        var users = new int[_items.Length];
        var values = new float[_items.Length];
        for (var user = 0; user < UserCount; user++)
        {
            for (var row = _offsets[user]; row < _offsets[user + 1]; row++)
            {
                var target = next[_items[row]]++;
                users[target] = user;
                values[target] = _values[row];
            }
        }
        return new ItemSide(offsets, users, values);
    }

    private sealed record ItemSide(long[] Offsets, int[] Users, float[] Values);
}
