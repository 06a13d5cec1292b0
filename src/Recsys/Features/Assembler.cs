using Recsys.Data;

namespace Recsys.Features;

/// <summary>Looks up the features of a batch whose user, item and context ids are filled in: the only way from tables to batches.</summary>
internal static class Assembler
{
    public static void Gather(FeatureSet set, FeatureTable contexts, ExampleBatch batch)
    {
        var maximum = batch.Schema.Position?.Definition.MaxLength ?? int.MaxValue;
        foreach (ref var position in batch.PositionColumn.AsSpan(0, batch.Count)) position = Math.Clamp(position, 0, maximum);
        foreach (var feature in batch.Schema.FeatureSpan)
        {
            if (feature.Kind == FeatureKind.Cross) Crosses.Fill(feature, batch);
            if (feature.TableColumn < 0) continue;
            var (table, ids) = feature.Side switch
            {
                Side.User => (set.Users, batch.UserIds),
                Side.Item => (set.Items, batch.ItemIds),
                _ => (contexts, batch.ContextIds),
            };
            if (feature.Shape == FeatureShape.Code) Codes(table, feature, ids.AsSpan(0, batch.Count), batch.CodeColumns[feature.Slot]);
            else if (feature.Shape == FeatureShape.Codes)
                Lists(table, feature, ids.AsSpan(0, batch.Count), batch.CodesColumns[feature.Slot]);
            else Numbers(table, feature, ids.AsSpan(0, batch.Count), batch);
        }
    }

    public static void BeginSequences(ExampleBatch batch)
    {
        foreach (var buffer in batch.SequenceColumns) buffer.Length = 0;
    }

    public static void Sequences(FeatureSet set, Examples examples, int example, int at, ExampleBatch batch)
    {
        var history = examples.History;
        var user = examples.Users[example];
        var end = examples.HistoryEnds is { } ends ? ends[example] : 0;
        var known = history is not null && (uint)user < (uint)history.UserCount;
        var items = known ? history!.ItemsOf(user)[..end] : [];
        var times = known && history!.HasTimes ? history.TimesOf(user)[..end] : [];
        var events = known && history!.HasEvents ? history.EventsOf(user)[..end] : [];
        var now = examples.Times.IsEmpty ? Interactions.NoTime : examples.Times[example];
        foreach (var feature in batch.Schema.FeatureSpan)
            if (feature.Shape == FeatureShape.Sequence)
                Append(set.Items, feature, items, times, events, examples.ActionCodes[feature.Slot], now, at, batch);
    }

    public static void Sequences(FeatureSet set, in CandidateRequest request, ExampleBatch batch)
    {
        Span<int> actions = stackalloc int[256];
        foreach (var feature in batch.Schema.FeatureSpan)
        {
            if (feature.Shape != FeatureShape.Sequence) continue;
            var named = feature.Definition.Events.Count > 0;
            if (named) FillActionCodes(feature, request.EventTypes, actions);
            if (batch.Count == 0) continue;
            Append(set.Items, feature, request.History, request.HistoryTimes, request.HistoryEvents, named ? actions : default,
                request.Time ?? Interactions.NoTime, 0, batch);
            batch.SequenceColumns[feature.Slot].Repeat(batch.Count);
        }
    }

    /// <summary>The action code of each event type: 1 + its place among those that the sequence names, 0 for the others.</summary>
    public static void FillActionCodes(FittedFeature feature, IReadOnlyList<string>? eventTypes, Span<int> actions)
    {
        actions.Clear();
        var wanted = feature.Definition.Events;
        for (var type = 0; type < Math.Min(eventTypes?.Count ?? 0, actions.Length); type++)
            for (var code = 0; code < wanted.Count; code++)
                if (wanted[code] == eventTypes![type]) actions[type] = code + 1;
    }

    private static void Codes(FeatureTable table, FittedFeature feature, ReadOnlySpan<int> ids, int[] destination)
    {
        var codes = table.Codes;
        var stride = table.CodeColumns;
        for (var i = 0; i < ids.Length; i++) destination[i] = codes[table.RowOf(ids[i]) * stride + feature.TableColumn];
    }

    private static void Numbers(FeatureTable table, FittedFeature feature, ReadOnlySpan<int> ids, ExampleBatch batch)
    {
        var numbers = table.Numbers;
        var values = batch.NumberColumns[feature.Slot];
        var stride = table.NumberColumns * 2;
        for (var i = 0; i < ids.Length; i++) values[i] = numbers[table.RowOf(ids[i]) * stride + feature.TableColumn * 2];
        if (feature.IndicatorSlot < 0) return;
        var missing = batch.NumberColumns[feature.IndicatorSlot];
        for (var i = 0; i < ids.Length; i++) missing[i] = numbers[table.RowOf(ids[i]) * stride + feature.TableColumn * 2 + 1];
    }

    private static void Lists(FeatureTable table, FittedFeature feature, ReadOnlySpan<int> ids, RaggedBuffer destination)
    {
        var offsets = table.Offsets[feature.TableColumn];
        var lists = table.Lists[feature.TableColumn];
        destination.Length = 0;
        for (var i = 0; i < ids.Length; i++)
        {
            var row = table.RowOf(ids[i]);
            var codes = lists.AsSpan(offsets[row]..offsets[row + 1]);
            codes.CopyTo(destination.Take(codes.Length));
            destination.Offsets[i + 1] = destination.Length;
        }
    }

    // Walks back from the newest event until the feature's maximum is reached, then turns the events into time order.
    private static void Append(FeatureTable table, FittedFeature feature, ReadOnlySpan<int> items, ReadOnlySpan<long> times,
        ReadOnlySpan<byte> events, ReadOnlySpan<int> actions, long now, int at, ExampleBatch batch)
    {
        var buffer = batch.SequenceColumns[feature.Slot];
        var maximum = feature.Definition.MaxLength;
        var start = buffer.Length;
        buffer.Reserve(checked(start + Math.Min(maximum, items.Length)));
        var named = feature.Definition.Events.Count > 0;
        for (var i = items.Length - 1; i >= 0 && buffer.Length - start < maximum; i--)
        {
            if ((uint)items[i] >= (uint)table.Count) continue;
            var action = named && i < events.Length && events[i] < actions.Length ? actions[events[i]] : 0;
            if (named && action == 0) continue;
            var age = now != Interactions.NoTime && i < times.Length && times[i] != Interactions.NoTime ? Math.Max(0, now - times[i]) : -1;
            buffer.Items[buffer.Length] = items[i];
            buffer.Actions[buffer.Length] = action;
            buffer.Ages[buffer.Length] = age;
            buffer.Length++;
        }
        var length = buffer.Length - start;
        buffer.Items.AsSpan(start, length).Reverse();
        buffer.Actions.AsSpan(start, length).Reverse();
        buffer.Ages.AsSpan(start, length).Reverse();
        for (var part = 0; part < feature.PartArray.Length; part++)
        {
            var column = feature.PartArray[part].TableColumn;
            for (var i = start; i < buffer.Length; i++) buffer.Codes[part][i] = table.Codes[buffer.Items[i] * table.CodeColumns + column];
        }
        buffer.Offsets[at + 1] = buffer.Length;
    }
}
