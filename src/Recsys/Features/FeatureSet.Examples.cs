using Recsys.Data;

namespace Recsys.Features;

public sealed partial class FeatureSet
{
    /// <summary>Examples from plain arrays.</summary>
    /// <exception cref="ArgumentException">
    /// Lengths differ, a label is missing, not finite or outside {0, 1} where declared binary, a weight is negative, or a sequence has no
    /// log or times to tell what came before the example.
    /// </exception>
    public Examples Examples(ExampleData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        ExampleChecks.Check(Schema, data);
        if (Schema.SequenceSlots == 0) return new(Schema, data, data.ContextTable ?? Contexts, null, []);

        var history = data.History ?? throw new ArgumentException(
            $"The schema has the sequence '{FirstSequence.Name}'; give the log that it reads (History).", nameof(data));
        var ends = data.HistoryEnds ?? HistoryEnds(data, history);
        for (var i = 0; i < ends.Length; i++)
        {
            var rows = (uint)data.Users[i] < (uint)history.UserCount ? history.ItemsOf(data.Users[i]).Length : 0;
            if (ends[i] < 0 || (ends[i] > rows && rows > 0))
                throw new ArgumentException(
                    $"HistoryEnds[{i}] is {ends[i]}; user {data.Users[i]} has {rows} rows in the history log.", nameof(data));
        }
        var actions = new int[Schema.SequenceSlots][];
        foreach (var feature in Schema.Features)
        {
            if (feature.Shape != FeatureShape.Sequence || feature.Definition.Events.Count == 0) continue;
            if (!history.HasEvents)
                throw new ArgumentException(
                    $"The sequence '{feature.Name}' keeps certain event types, but the history log has none.", nameof(data));
            actions[feature.Slot] = new int[256];
            Assembler.FillActionCodes(feature, history.EventTypes, actions[feature.Slot]);
        }
        return new(Schema, data, data.ContextTable ?? Contexts, ends, actions);
    }

    /// <summary>
    /// Examples from the rows of a log, each followed by its sampled negatives; by user, in time order. Their history is what the user did
    /// strictly before. Negatives share the query (the row's number) and the history of their positive.
    /// </summary>
    /// <exception cref="ArgumentException">The schema has not exactly one label, or negatives are asked without a sampler.</exception>
    public Examples Examples(Interactions log, LogExampleOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(log);
        return Examples(LogExamples.Collect(Schema, log, options ?? new()));
    }

    /// <summary>
    /// Examples from the rows of a raw table, an impression log for example: labels, position, weight and context features are read from
    /// the columns that they name, ids from the columns of the id features. The context features are encoded by what was fitted.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// A column is missing, or a cell breaks a rule; the message names file, line or row, and column.
    /// </exception>
    public Examples Examples(Columns table, TableExampleOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(table);
        return Examples(TableExamples.Collect(Schema, table, EncodeContexts(table), options ?? new()));
    }

    private FittedFeature FirstSequence => Schema.Features.First(f => f.Shape == FeatureShape.Sequence);

    private int[] HistoryEnds(ExampleData data, Interactions history)
    {
        if (data.Times is null || !history.HasTimes)
            throw new ArgumentException(
                $"The schema has the sequence '{FirstSequence.Name}'; give Times (and a history log with times) or HistoryEnds, so that "
                + "no example sees what came after it.", nameof(data));
        var ends = new int[data.Users.Length];
        for (var i = 0; i < ends.Length; i++)
            if ((uint)data.Users[i] < (uint)history.UserCount) ends[i] = RowsBefore(history.TimesOf(data.Users[i]), data.Times[i]);
        return ends;
    }

    /// <summary>How many of the ordered times lie strictly before one.</summary>
    private static int RowsBefore(ReadOnlySpan<long> times, long time)
    {
        var (low, high) = (0, times.Length);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (times[middle] < time) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}
