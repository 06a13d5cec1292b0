using Recsys.Data;

namespace Recsys.Features;

/// <summary>Encodes the raw columns of one side by the fitted state: the one place where raw values become codes and floats.</summary>
internal static class TableEncoder
{
    /// <param name="schema">Fitted.</param>
    /// <param name="states">One for each feature.</param>
    /// <param name="side">Whose features.</param>
    /// <param name="columns">May be null where the side has id features only, or nothing is known.</param>
    /// <param name="rows">Raw row of each entity, -1 for none.</param>
    /// <param name="idMaps">By side: for categories that share the table of an id.</param>
    public static FeatureTable Encode(FittedSchema schema, FeatureState[] states, Side side, Columns? columns, int[] rows, IdMap?[] idMaps)
    {
        var features = schema.Features.Where(f => f.Side == side).ToArray();
        var codeColumns = features.Count(f => f.Shape == FeatureShape.Code);
        var numberColumns = features.Count(f => f.Shape == FeatureShape.Number);
        var listColumns = features.Count(f => f.Shape == FeatureShape.Codes);
        var codes = new int[checked((rows.Length + 1) * codeColumns)];
        var numbers = new float[checked((rows.Length + 1) * numberColumns * 2)];
        var offsets = new int[listColumns][];
        var lists = new int[listColumns][];
        foreach (var feature in features)
        {
            var state = states[feature.Index];
            var definition = feature.Definition;
            var at = feature.TableColumn;
            switch (feature.Kind)
            {
                case FeatureKind.Id:
                    var known = Math.Min(rows.Length, state.IdCodes!.Length);
                    for (var id = 0; id < known; id++) codes[id * codeColumns + at] = state.IdCodes[id];
                    break;
                case FeatureKind.Buckets:
                    var values = columns?.Find(definition.Column).ToNumbers(columns);
                    for (var id = 0; id < rows.Length; id++)
                        if (rows[id] >= 0 && values is not null)
                            codes[id * codeColumns + at] = FeatureState.Bin(values[rows[id]], state.Edges!, definition.Rule);
                    break;
                case FeatureKind.Number:
                    Numbers(definition, state, columns, rows, numbers, numberColumns, at);
                    break;
                case FeatureKind.Category or FeatureKind.Hash when feature.Shape == FeatureShape.Code:
                    if (columns is null) break;
                    var text = columns.Find(definition.Column).ToText(columns);
                    var byText = CodesOf(schema, states, feature, text.Values, idMaps);
                    for (var id = 0; id < rows.Length; id++)
                        if (rows[id] >= 0 && text.Codes[rows[id]] is >= 0 and var cell) codes[id * codeColumns + at] = byText[cell];
                    break;
                default:
                    var list = columns?.Find(definition.Column).ToLists(columns, definition.Separator);
                    var byValue = list is null ? [] : CodesOf(schema, states, feature, list.Values, idMaps);
                    (offsets[at], lists[at]) = Lists(list, byValue, rows);
                    break;
            }
        }
        return new FeatureTable(schema, side, rows.Length, codes, numbers, offsets, lists);
    }

    private static void Numbers(Feature feature, FeatureState state, Columns? columns, int[] rows, float[] numbers, int columnCount, int at)
    {
        var values = columns?.Find(feature.Column).ToNumbers(columns);
        for (var id = 0; id <= rows.Length; id++)
        {
            var value = id == rows.Length || rows[id] < 0 || values is null ? double.NaN : values[rows[id]];
            var scaled = state.Scaled(value, feature);
            if (!float.IsFinite(scaled))
                throw new ArgumentException(
                    $"{columns!.Place(rows[id])}, column '{feature.Column}': {value} cannot be scaled by {feature.Scale} "
                        + $"for feature '{feature.Name}'"
                    + (feature.Scale == NumberScale.Log ? "; it must be 0 or greater." : " within the range of a float."));
            numbers[(id * columnCount + at) * 2] = scaled;
            numbers[(id * columnCount + at) * 2 + 1] = double.IsNaN(value) ? 1 : 0;
        }
    }

    private static (int[] Offsets, int[] Codes) Lists(ListColumn? list, int[] codeOfValue, int[] rows)
    {
        var offsets = new int[rows.Length + 2];
        var codes = new List<int>();
        for (var id = 0; id < rows.Length; id++)
        {
            var start = codes.Count;
            if (list is not null && rows[id] is >= 0 and var row)
                for (var i = list.Offsets[row]; i < list.Offsets[row + 1]; i++)
                {
                    var code = codeOfValue[list.Codes[i]];
                    if (codes.IndexOf(code, start) < 0) codes.Add(code);
                }
            offsets[id + 1] = codes.Count;
        }
        offsets[rows.Length + 1] = codes.Count;
        return (offsets, [.. codes]);
    }

    private static int[] CodesOf(FittedSchema schema, FeatureState[] states, FittedFeature feature, string[] values, IdMap?[] idMaps)
    {
        var state = states[feature.Index];
        if (feature.Kind == FeatureKind.Hash)
            return Array.ConvertAll(values, value => 1 + StableHash.Bucket(StableHash.Of(value), feature.Definition.Bins));
        if (state.Vocabulary is { } vocabulary) return Array.ConvertAll(values, value => vocabulary.Code(value));
        // It shares the table of an id: a value is the external id of a user or item.
        var id = schema.Features.First(f => f.Kind == FeatureKind.Id && f.Table == feature.Table);
        var map = idMaps[(int)id.Side] ?? throw new ArgumentException(
            $"Feature '{feature.Name}' shares the table '{feature.Table}' with the {id.Side} id '{id.Name}', "
            + "so the id map of that side is needed.");
        var idCodes = states[id.Index].IdCodes!;
        return Array.ConvertAll(values, value => map.Find(value) is var found && (uint)found < (uint)idCodes.Length ? idCodes[found] : 0);
    }
}
