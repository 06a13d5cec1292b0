using Recsys.Data;
using Recsys.Persistence;

namespace Recsys;

/// <summary>The distinct items of each user, ascending: what a request leaves out as already seen.</summary>
internal sealed class SeenItems
{
    private readonly long[] _offsets;
    private readonly int[] _items;

    private SeenItems(long[] offsets, int[] items)
    {
        _offsets = offsets;
        _items = items;
    }

    public static SeenItems Of(Interactions log)
    {
        var offsets = new long[log.UserCount + 1];
        var items = new int[log.Count];
        var end = 0;
        for (var user = 0; user < log.UserCount; user++)
        {
            var start = end;
            log.ItemsOf(user).CopyTo(items.AsSpan(start));
            var own = items.AsSpan(start, log.ItemsOf(user).Length);
            own.Sort();
            foreach (var item in own)
                if (end == start || items[end - 1] != item) items[end++] = item;
            offsets[user + 1] = end;
        }
        Array.Resize(ref items, end);
        return new SeenItems(offsets, items);
    }

    public ReadOnlySpan<int> Of(int user)
        => (uint)user < (uint)(_offsets.Length - 1) ? _items.AsSpan((int)_offsets[user], (int)(_offsets[user + 1] - _offsets[user])) : [];

    public void Write(ModelWriter writer)
    {
        writer.Tensor("offsets", _offsets, _offsets.Length);
        writer.Tensor("items", _items, _items.Length);
    }

    public static SeenItems Read(ModelReader reader, int users, int itemCount)
    {
        var items = reader.Ids("items", -1, itemCount);
        return new SeenItems(reader.Offsets<long>("offsets", users, items.Length), items);
    }
}
