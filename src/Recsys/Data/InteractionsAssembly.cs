namespace Recsys.Data;

/// <summary>Puts collected rows in order: a counting sort by user, column by column, then each user's rows by time.</summary>
internal static class InteractionsAssembly
{
    public static Interactions Build(
        IdMap users, IdMap items, ChunkedColumn<int> userColumn, ChunkedColumn<int> itemColumn, ChunkedColumn<float> valueColumn,
        ChunkedColumn<long>? timeColumn, ChunkedColumn<byte>? eventColumn, string[] eventTypes, MissingTime missing)
    {
        if (userColumn.Count > Array.MaxLength)
            throw new InvalidOperationException(
                $"One log holds at most {Array.MaxLength} rows; these are {userColumn.Count}. Cut the input by time or by user.");

        var offsets = Offsets(userColumn, users.Count);
        // Time last: its column is the widest, so the others have been let go when its target is allocated.
        var item = Place(userColumn, itemColumn, offsets);
        var value = Place(userColumn, valueColumn, offsets);
        var kind = eventColumn is null ? null : Place(userColumn, eventColumn, offsets);
        var time = timeColumn is null ? null : Place(userColumn, timeColumn, offsets);
        for (var chunk = 0; chunk < userColumn.ChunkCount; chunk++) userColumn.Release(chunk);

        if (time is not null)
        {
            OrderByTime(offsets, item, value, time, kind);
            if (missing == MissingTime.FromNeighbour) FillTimes(offsets, time);
        }
        return new Interactions(users, items, offsets, item, value, time, kind, eventTypes);
    }

    private static long[] Offsets(ChunkedColumn<int> userColumn, int userCount)
    {
        var offsets = new long[userCount + 1];
        for (var chunk = 0; chunk < userColumn.ChunkCount; chunk++)
            foreach (var user in userColumn.Chunk(chunk)) offsets[user + 1]++;
        for (var user = 0; user < userCount; user++) offsets[user + 1] += offsets[user];
        return offsets;
    }

    private static T[] Place<T>(ChunkedColumn<int> userColumn, ChunkedColumn<T> column, long[] offsets) where T : unmanaged
    {
        var next = (long[])offsets.Clone();
        var placed = GC.AllocateUninitializedArray<T>((int)column.Count);
        for (var chunk = 0; chunk < column.ChunkCount; chunk++)
        {
            var users = userColumn.Chunk(chunk);
            var values = column.Chunk(chunk)[..users.Length];
            for (var i = 0; i < users.Length; i++) placed[next[users[i]]++] = values[i];
            column.Release(chunk);
        }
        return placed;
    }

    /// <summary>Sorts each user's rows by time, stably; a user with a row without time keeps the input order.</summary>
    private static void OrderByTime(long[] offsets, int[] items, float[] values, long[] times, byte[]? events)
    {
        var order = Array.Empty<(long Time, int Row)>();
        for (var user = 0; user < offsets.Length - 1; user++)
        {
            var start = (int)offsets[user];
            var count = (int)(offsets[user + 1] - start);
            var own = times.AsSpan(start, count);
            if (IsOrdered(own) || own.Contains(Interactions.NoTime)) continue;

            if (order.Length < count) order = new (long, int)[Math.Max(count, order.Length * 2)];
            for (var i = 0; i < count; i++) order[i] = (own[i], i);
            order.AsSpan(0, count).Sort(static (a, b) => a.Time != b.Time ? a.Time.CompareTo(b.Time) : a.Row.CompareTo(b.Row));

            for (var i = 0; i < count; i++) own[i] = order[i].Time;
            Permute(items.AsSpan(start, count), order);
            Permute(values.AsSpan(start, count), order);
            if (events is not null) Permute(events.AsSpan(start, count), order);
        }
    }

    private static bool IsOrdered(ReadOnlySpan<long> times)
    {
        for (var i = 1; i < times.Length; i++)
            if (times[i] < times[i - 1]) return false;
        return true;
    }

    private static void Permute<T>(Span<T> column, (long Time, int Row)[] order)
    {
        var old = column.ToArray();
        for (var i = 0; i < old.Length; i++) column[i] = old[order[i].Row];
    }

    private static void FillTimes(long[] offsets, long[] times)
    {
        for (var user = 0; user < offsets.Length - 1; user++)
        {
            var own = times.AsSpan((int)offsets[user], (int)(offsets[user + 1] - offsets[user]));
            for (var i = 1; i < own.Length; i++)
                if (own[i] == Interactions.NoTime) own[i] = own[i - 1];
            for (var i = own.Length - 2; i >= 0; i--)
                if (own[i] == Interactions.NoTime) own[i] = own[i + 1];
        }
    }
}
