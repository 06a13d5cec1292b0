using Recsys.Data;

namespace Recsys.Features;

/// <summary>Turns the rows of a raw table into the arrays of examples.</summary>
internal static class TableExamples
{
    public static ExampleData Collect(FittedSchema schema, Columns table, FeatureTable contexts, TableExampleOptions options)
    {
        var labels = new float[schema.Labels.Count][];
        for (var i = 0; i < labels.Length; i++)
        {
            var definition = schema.Labels[i].Definition;
            labels[i] = Floats(table, definition.Column, $"label '{definition.Name}'");
            for (var row = 0; definition.Binary && row < labels[i].Length; row++)
                if (labels[i][row] is not (0 or 1))
                    throw new ArgumentException(
                        $"{table.Place(row)}, column '{definition.Column}': the label '{definition.Name}' is {labels[i][row]}; "
                        + "it must be 0 or 1 (or declare it with binary: false).");
        }
        return new ExampleData
        {
            Users = Ids(table, schema, Side.User, options.User, options.Users),
            Items = Ids(table, schema, Side.Item, options.Item, options.Items),
            Labels = labels,
            Contexts = [.. Enumerable.Range(0, table.RowCount)],
            ContextTable = contexts,
            Weights = schema.Weight is { } weight && table.Contains(weight.Definition.Column)
                ? Floats(table, weight.Definition.Column, "the weight")
                : null,
            Positions = schema.Position is { } position && table.Contains(position.Definition.Column)
                ? Integers(table, position.Definition.Column, 0)
                : null,
            Queries = options.Query is { } query ? table.Find(query).ToText(table).Codes : null,
            Times = options.Time is { } time ? Times(table, time) : null,
            History = options.History,
        };
    }

    private static int[] Ids(Columns table, FittedSchema schema, Side side, string? column, IdMap? map)
    {
        if (column is null && schema.Inputs.FirstOrDefault(f => f.Kind == FeatureKind.Id && f.Side == side) is { } feature
            && table.Contains(feature.Definition.Column))
            column = feature.Definition.Column;
        if (column is null)
        {
            var unknown = new int[table.RowCount];
            Array.Fill(unknown, -1);
            return unknown;
        }
        if (map is null) return Integers(table, column, -1);
        var cells = table.Find(column).ToText(table);
        var ids = Array.ConvertAll(cells.Values, value => map.Find(value));
        return Array.ConvertAll(cells.Codes, code => code < 0 ? -1 : ids[code]);
    }

    private static float[] Floats(Columns table, string column, string what)
    {
        var numbers = table.Find(column).ToNumbers(table);
        var floats = new float[numbers.Length];
        for (var row = 0; row < floats.Length; row++)
        {
            floats[row] = (float)numbers[row];
            if (!float.IsFinite(floats[row]))
                throw new ArgumentException(
                    $"{table.Place(row)}, column '{column}': {what} is {(double.IsNaN(numbers[row]) ? "missing" : "too large")}.");
        }
        return floats;
    }

    private static int[] Integers(Columns table, string column, int missing)
        => [.. Times(table, column, missing).Select((value, row) => value is >= int.MinValue and <= int.MaxValue
            ? (int)value
            : throw new ArgumentException($"{table.Place(row)}, column '{column}': {value} is not a 32-bit integer."))];

    private static long[] Times(Columns table, string column, long missing = Interactions.NoTime)
    {
        var numbers = table.Find(column).ToNumbers(table);
        var values = new long[numbers.Length];
        for (var row = 0; row < values.Length; row++)
        {
            if (!double.IsNaN(numbers[row]) && (numbers[row] != Math.Truncate(numbers[row]) || Math.Abs(numbers[row]) > 1L << 53))
                throw new ArgumentException($"{table.Place(row)}, column '{column}': {numbers[row]} is not an integer.");
            values[row] = double.IsNaN(numbers[row]) ? missing : (long)numbers[row];
        }
        return values;
    }
}
