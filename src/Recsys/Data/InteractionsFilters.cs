namespace Recsys.Data;

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

    /// <summary>The marked rows, under the same id maps.</summary>
    /// <param name="kept">One flag for each row.</param>
    internal Interactions Keep(ReadOnlySpan<bool> kept)
    {
        var count = kept.Count(true);
        var offsets = new long[_offsets.Length];
        var next = 0L;
        for (var user = 0; user < UserCount; user++)
        {
            for (var row = _offsets[user]; row < _offsets[user + 1]; row++)
                if (kept[(int)row]) next++;
            offsets[user + 1] = next;
        }
        return new Interactions(
            Users, Items, offsets, Pick(_items, kept, count), Pick(_values, kept, count), _times is null ? null : Pick(_times, kept, count),
            _events is null ? null : Pick(_events, kept, count), _eventTypes);
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
