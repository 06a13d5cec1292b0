using System.Globalization;
using Recsys.Data;

namespace Recsys.Features;

/// <summary>Which raw row describes which dense id.</summary>
internal static class EntityRows
{
    public static int[] Resolve(FeatureSchema schema, Side side, Columns? columns, IdMap? ids, List<string> warnings)
    {
        if (columns is null)
        {
            var none = new int[ids?.Count ?? 0];
            Array.Fill(none, -1);
            return none;
        }
        if (columns.RowsAreIds && ids is not null && ids.Count != columns.RowCount)
            throw new ArgumentException(
                $"{columns.Source} has {columns.RowCount} rows in the order of the {side} ids, of which there are {ids.Count}.");
        if (ids is null || columns.RowsAreIds) return [.. Enumerable.Range(0, columns.RowCount)];

        var key = columns.Key;
        foreach (var feature in schema.Features)
            if (key is null && feature.Kind == FeatureKind.Id && feature.Side == side && columns.Contains(feature.Column))
                key = feature.Column;
        if (key is null)
            throw new ArgumentException(
                $"Which column of {columns.Source} holds the {side} ids? Declare it by KeyedBy(column), or as the column of a "
                + $"{side} id feature, or say InIdOrder() if row r describes dense id r. Its columns: {string.Join(", ", columns.Names)}.");
        var cells = columns.Find(key).ToText(columns);
        var idOfValue = Array.ConvertAll(cells.Values, value => ids.Find(value));
        var rows = new int[ids.Count];
        Array.Fill(rows, -1);
        var (unknown, missing) = (0, 0);
        for (var row = 0; row < cells.Count; row++)
        {
            var id = cells.Codes[row] < 0 ? -1 : idOfValue[cells.Codes[row]];
            if (cells.Codes[row] < 0) missing++;
            else if (id < 0) unknown++;
            else if (rows[id] >= 0)
                throw new ArgumentException(
                    $"{columns.Place(row)}, column '{key}': '{Columns.Excerpt(cells.Values[cells.Codes[row]])}' was already described by "
                    + $"{columns.Place(rows[id])}.");
            else rows[id] = row;
        }
        var bare = rows.Count(row => row < 0);
        if (missing > 0) warnings.Add(Count(missing, $"rows of {columns.Source} have no {side} id and were left out."));
        if (unknown > 0)
            warnings.Add(Count(unknown, $"rows of {columns.Source} describe a {side} that the id map does not hold and were left out."));
        if (bare > 0)
            warnings.Add(Count(bare, $"of {ids.Count} {side} ids have no row in {columns.Source}; their features count as missing."));
        return rows;
    }

    private static string Count(int count, string what) => string.Create(CultureInfo.InvariantCulture, $"{count} {what}");
}
