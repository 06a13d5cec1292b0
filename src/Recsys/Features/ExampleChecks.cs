namespace Recsys.Features;

/// <summary>The rules that plain arrays must keep to become examples.</summary>
internal static class ExampleChecks
{
    public static void Check(FittedSchema schema, ExampleData data)
    {
        var count = data.Users.Length;
        SameLength(data.Items, nameof(data.Items), count);
        SameLength(data.Contexts, nameof(data.Contexts), count);
        SameLength(data.Weights, nameof(data.Weights), count);
        SameLength(data.Positions, nameof(data.Positions), count);
        SameLength(data.Queries, nameof(data.Queries), count);
        SameLength(data.Times, nameof(data.Times), count);
        SameLength(data.HistoryEnds, nameof(data.HistoryEnds), count);
        if (data.Labels.Count != schema.Labels.Count)
            throw new ArgumentException(
                $"The schema has {schema.Labels.Count} labels ({string.Join(", ", schema.Labels.Select(f => f.Name))}), "
                + $"{data.Labels.Count} were given.", nameof(data));
        for (var label = 0; label < schema.Labels.Count; label++)
        {
            var feature = schema.Labels[label];
            SameLength(data.Labels[label], $"Labels[{label}]", count);
            for (var i = 0; i < count; i++)
            {
                var value = data.Labels[label][i];
                if (feature.Definition.Binary ? value is not (0 or 1) : !float.IsFinite(value))
                    throw new ArgumentException($"Example {i}: label '{feature.Name}' is {value}; it must be "
                        + $"{(feature.Definition.Binary ? "0 or 1 (or declare it with binary: false)" : "finite")}.", nameof(data));
            }
        }
        if (data.ChannelSignals.Count != 0 && data.ChannelSignals.Count != schema.Channels.Count)
            throw new ArgumentException(
                $"The schema has {schema.Channels.Count} channel features, {data.ChannelSignals.Count} were given.", nameof(data));
        for (var channel = 0; channel < data.ChannelSignals.Count; channel++)
        {
            SameLength(data.ChannelSignals[channel], $"ChannelSignals[{channel}]", count);
            for (var i = 0; i < count; i++)
                if (!float.IsFinite(data.ChannelSignals[channel][i]))
                    throw new ArgumentException(
                        $"Example {i}: '{schema.Channels[channel].Name}' is {data.ChannelSignals[channel][i]}; it must be finite.",
                        nameof(data));
        }
        for (var i = 0; i < (data.Weights?.Length ?? 0); i++)
            if (!(data.Weights![i] >= 0 && float.IsFinite(data.Weights[i])))
                throw new ArgumentException(
                    $"Example {i}: the weight is {data.Weights[i]}; it must be finite and 0 or greater.", nameof(data));
        for (var i = 0; i < (data.Positions?.Length ?? 0); i++)
            if (data.Positions![i] < 0)
                throw new ArgumentException(
                    $"Example {i}: the position is {data.Positions[i]}; it must be 1 or greater, or 0 for not known.", nameof(data));
        if (data.ContextTable is { Side: not Side.Context } table)
            throw new ArgumentException($"The context table describes the {table.Side}.", nameof(data));
    }

    private static void SameLength(Array? column, string name, int count)
    {
        if (column is not null && column.Length != count)
            throw new ArgumentException($"{name} has the length {column.Length}, Users {count}; they must be equal.");
    }
}
