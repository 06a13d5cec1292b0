using System.Globalization;

namespace Recsys.Data;

/// <summary>What becomes of rows with the same user and item.</summary>
public enum DuplicatePolicy
{
    /// <summary>The earliest stays.</summary>
    KeepFirst,

    /// <summary>The latest stays.</summary>
    KeepLast,

    /// <summary>One row in the place of the latest, with the sum of the values.</summary>
    Sum,

    /// <summary>One row in the place of the latest, with the largest of the values.</summary>
    Max,

    /// <summary>They are an error.</summary>
    Error,
}

public sealed partial class Interactions
{
    /// <summary>The rows for which the condition holds, under the same id maps.</summary>
    /// <param name="keep">Asked once for each row, by user and in time order.</param>
    public Interactions Where(Func<Interaction, bool> keep)
    {
        ArgumentNullException.ThrowIfNull(keep);
        var kept = new bool[_items.Length];
        for (var user = 0; user < UserCount; user++)
            for (var row = _offsets[user]; row < _offsets[user + 1]; row++) kept[row] = keep(Row(user, row));
        return Keep(kept);
    }

    /// <summary>The rows whose value is at least <paramref name="minimum"/>, under the same id maps.</summary>
    /// <param name="minimum">Not NaN.</param>
    public Interactions MinValue(float minimum)
    {
        if (float.IsNaN(minimum)) throw new ArgumentOutOfRangeException(nameof(minimum), minimum, "The minimum must be a number.");
        var kept = new bool[_items.Length];
        for (var row = 0; row < kept.Length; row++) kept[row] = _values[row] >= minimum;
        return Keep(kept);
    }

    /// <summary>The rows with from ≤ time &lt; until, under the same id maps. Rows without a time are left out.</summary>
    /// <param name="from">Unix seconds; null for no lower bound.</param>
    /// <param name="until">Unix seconds, itself not included; null for no upper bound.</param>
    /// <exception cref="InvalidOperationException">The log has no times.</exception>
    public Interactions Between(long? from = null, long? until = null)
    {
        if (_times is null) throw new InvalidOperationException(
            "This log has no times, so it cannot be cut by time; read its time column.");
        var kept = new bool[_items.Length];
        for (var row = 0; row < kept.Length; row++)
        {
            var time = _times[row];
            kept[row] = time != NoTime && !(time < from) && !(time >= until);
        }
        return Keep(kept);
    }

    /// <summary>The rows of these event types, under the same id maps.</summary>
    /// <param name="eventTypes">Names among <see cref="EventTypes"/>.</param>
    /// <exception cref="ArgumentException">The log has no such event type; the message lists those that it has.</exception>
    public Interactions OfEvents(params IEnumerable<string> eventTypes)
    {
        ArgumentNullException.ThrowIfNull(eventTypes);
        var wanted = new bool[256];
        foreach (var name in eventTypes)
        {
            var kind = Array.IndexOf(_eventTypes, name);
            if (kind < 0)
                throw new ArgumentException($"The log has no event type '{Excerpt.Of(name)}'; it has: {string.Join(", ", _eventTypes)}.",
                    nameof(eventTypes));
            wanted[kind] = true;
        }
        var kept = new bool[_items.Length];
        if (_events is not null)
            for (var row = 0; row < kept.Length; row++) kept[row] = wanted[_events[row]];
        return Keep(kept);
    }

    /// <summary>
    /// The largest part of the log in which every user who is left has at least <paramref name="minPerUser"/> rows and every item at least
    /// <paramref name="minPerItem"/>: the two rules are applied in turn until nothing changes. Same id maps.
    /// </summary>
    /// <param name="minPerUser">At least 0.</param>
    /// <param name="minPerItem">At least 0.</param>
    public Interactions KCore(int minPerUser, int minPerItem)
    {
        Guard.AtLeast(0, minPerUser, nameof(minPerUser));
        Guard.AtLeast(0, minPerItem, nameof(minPerItem));
        var kept = new bool[_items.Length];
        Array.Fill(kept, true);
        var ofItem = new int[ItemCount];
        foreach (var item in _items) ofItem[item]++;

        for (var changed = true; changed;)
        {
            changed = false;
            for (var user = 0; user < UserCount; user++)
            {
                var (start, end) = ((int)_offsets[user], (int)_offsets[user + 1]);
                var own = 0;
                for (var row = start; row < end; row++)
                {
                    if (kept[row] && ofItem[_items[row]] < minPerItem)
                    {
                        kept[row] = false;
                        ofItem[_items[row]]--;
                        changed = true;
                    }
                    if (kept[row]) own++;
                }
                if (own == 0 || own >= minPerUser) continue;
                for (var row = start; row < end; row++)
                {
                    if (kept[row]) ofItem[_items[row]]--;
                    kept[row] = false;
                }
                changed = true;
            }
        }
        return Keep(kept);
    }

    /// <summary>At most one row for each user and item, under the same id maps.</summary>
    /// <param name="policy">What becomes of the others.</param>
    /// <exception cref="InvalidOperationException">
    /// There are duplicates and they are an error, or a sum of values is not finite; the message names the pair.
    /// </exception>
    public Interactions Deduplicate(DuplicatePolicy policy)
    {
        Guard.Defined(policy, nameof(policy));
        var kept = new bool[_items.Length];
        var values = policy is DuplicatePolicy.Sum or DuplicatePolicy.Max ? (float[])_values.Clone() : _values;
        var lastRow = new int[ItemCount];  // row + 1 of the latest row seen of an item; older users' rows lie before the own start
        for (var user = 0; user < UserCount; user++)
        {
            var start = (int)_offsets[user];
            for (var row = start; row < (int)_offsets[user + 1]; row++)
            {
                var item = _items[row];
                var earlier = lastRow[item] - 1;
                kept[row] = true;
                if (earlier >= start)
                {
                    if (policy == DuplicatePolicy.Error)
                        throw new InvalidOperationException($"User '{Excerpt.Of(Users.Name(user))}' has item "
                            + $"'{Excerpt.Of(Items.Name(item))}' more than once; choose another DuplicatePolicy to merge them.");
                    kept[policy == DuplicatePolicy.KeepFirst ? row : earlier] = false;
                    if (policy == DuplicatePolicy.Sum) values[row] += values[earlier];
                    if (policy == DuplicatePolicy.Max) values[row] = Math.Max(values[row], values[earlier]);
                    if (!float.IsFinite(values[row]))
                        throw new InvalidOperationException($"The values of user '{Excerpt.Of(Users.Name(user))}' and item "
                            + $"'{Excerpt.Of(Items.Name(item))}' sum to {values[row].ToString(CultureInfo.InvariantCulture)}; sums must "
                                + "be finite.");
                }
                lastRow[item] = row + 1;
            }
        }
        return Keep(kept, values);
    }

    /// <summary>The same rows under new id maps that hold only the users and items that have rows, in their old order.</summary>
    public Interactions Compact()
    {
        var (users, newUser) = Used(Users, user => _offsets[user + 1] > _offsets[user]);
        var itemUsed = new bool[ItemCount];
        foreach (var item in _items) itemUsed[item] = true;
        var (items, newItem) = Used(Items, item => itemUsed[item]);
        if (users == Users && items == Items) return this;

        var offsets = new long[users.Count + 1];
        for (var user = 0; user < UserCount; user++)
            if (newUser[user] >= 0) offsets[newUser[user] + 1] = _offsets[user + 1];
        var column = new int[_items.Length];
        for (var row = 0; row < column.Length; row++) column[row] = newItem[_items[row]];
        return new Interactions(users, items, offsets, column, _values, _times, _events, _eventTypes);
    }

    /// <summary>The marked rows, under the same id maps.</summary>
    /// <param name="kept">One flag for each row.</param>
    internal Interactions Keep(ReadOnlySpan<bool> kept) => Keep(kept, _values);

    private Interactions Keep(ReadOnlySpan<bool> kept, float[] values)
    {
        var count = kept.Count(true);
        if (count == kept.Length && values == _values) return this;
        var offsets = new long[_offsets.Length];
        var next = 0L;
        for (var user = 0; user < UserCount; user++)
        {
            for (var row = _offsets[user]; row < _offsets[user + 1]; row++)
                if (kept[(int)row]) next++;
            offsets[user + 1] = next;
        }
        return new Interactions(
            Users, Items, offsets, Pick(_items, kept, count), Pick(values, kept, count), _times is null ? null : Pick(_times, kept, count),
            _events is null ? null : Pick(_events, kept, count), _eventTypes);
    }

    private static (IdMap Map, int[] NewId) Used(IdMap map, Func<int, bool> used)
    {
        var newId = new int[map.Count];
        var table = new IdTable(map.HasLongKeys);
        for (var id = 0; id < map.Count; id++)
        {
            newId[id] = -1;
            if (used(id)) newId[id] = map.HasLongKeys ? table.Add(map.Key(id)) : table.Add(map.Name(id), map.Name(id));
        }
        return table.Count == map.Count ? (map, newId) : (new IdMap(table.Copy()), newId);
    }

    private static T[] Pick<T>(T[] column, ReadOnlySpan<bool> kept, int count) where T : unmanaged
    {
        var picked = GC.AllocateUninitializedArray<T>(count);
        var next = 0;
        for (var row = 0; row < kept.Length; row++)
            if (kept[row]) picked[next++] = column[row];
        return picked;
    }
}
