using Recsys.Data;

namespace Recsys.Features;

/// <summary>Fits vocabularies, edges and scales on the entities that may shape them.</summary>
internal static class FeatureFitting
{
    public static FeatureState[] Fit(FeatureSchema schema, Columns?[] columns, int[][] rows, Interactions? train)
    {
        var used = new bool[3][];
        int[]?[] counts = [UserCounts(train), ItemCounts(train), null];
        for (var side = 0; side < 3; side++)
        {
            used[side] = new bool[rows[side].Length];
            for (var id = 0; id < used[side].Length; id++)
                used[side][id] = rows[side][id] >= 0 && (counts[side] is not { } count || (id < count.Length && count[id] > 0));
        }
        var states = new FeatureState[schema.Features.Count];
        for (var i = 0; i < states.Length; i++)
        {
            var feature = schema.Features[i];
            var side = (int)feature.Side;
            states[i] = feature.Kind switch
            {
                FeatureKind.Id => new() { IdCodes = IdCodes(feature, rows[side].Length, counts[side]) },
                FeatureKind.Number when feature.Scale == NumberScale.Standardised
                    => Scale(Present(feature, columns[side]!, rows[side], used[side])),
                FeatureKind.Buckets => new()
                {
                    Edges = feature.Edges == BinEdges.Given
                        ? [.. feature.GivenEdges]
                        : Edges(feature, Present(feature, columns[side]!, rows[side], used[side])),
                },
                FeatureKind.Category or FeatureKind.MultiCategory => Shared(schema, i, states, columns, rows, used),
                _ => new(),
            };
        }
        return states;
    }

    public static int[] Cardinalities(FeatureSchema schema, FeatureState[] states)
    {
        var result = new int[states.Length];
        for (var i = 0; i < result.Length; i++)
        {
            var feature = schema.Features[i];
            var state = states[i];
            result[i] = feature.Kind switch
            {
                FeatureKind.Id => 1 + (state.IdCodes!.Length == 0 ? 0 : state.IdCodes.Max()),
                FeatureKind.Category or FeatureKind.MultiCategory => state.Vocabulary?.Cardinality
                    ?? 1 + states[IndexOfId(schema, feature.Table)].IdCodes!.DefaultIfEmpty(0).Max(),
                FeatureKind.Buckets => 1 + FeatureState.BinCount(state.Edges!, feature.Rule),
                FeatureKind.Hash => 1 + feature.Bins,
                FeatureKind.Cross => CrossCardinality(schema, feature, result),
                FeatureKind.Sequence => result[schema.IndexOf(feature.Of[0])],
                FeatureKind.Position => 1 + feature.MaxLength,
                _ => 0,
            };
        }
        return result;
    }

    private static int CrossCardinality(FeatureSchema schema, Feature feature, int[] cardinalities)
    {
        if (feature.Bins > 0) return 1 + feature.Bins;
        long product = 1;
        foreach (var input in feature.Inputs)
        {
            product *= Math.Max(1, cardinalities[schema.IndexOf(input)] - 1);
            if (product > FeatureSchema.MaxProduct)
                throw new ArgumentException($"Feature '{feature.Name}': its inputs have more than {FeatureSchema.MaxProduct} combinations "
                        + $"({string.Join(" × ", feature.Inputs.Select(n => cardinalities[schema.IndexOf(n)] - 1))}); "
                    + "give it buckets to hash into.");
        }
        return (int)(1 + product);
    }

    private static int IndexOfId(FeatureSchema schema, string table)
    {
        for (var i = 0; i < schema.Features.Count; i++)
            if (schema.Features[i].Kind == FeatureKind.Id && schema.Features[i].Table == table) return i;
        return -1;
    }

    private static int[] IdCodes(Feature feature, int count, int[]? occurrences)
    {
        if (feature.MinCount > 1 && occurrences is null)
            throw new ArgumentException(
                $"Feature '{feature.Name}' has a minimum count of {feature.MinCount}; pass the training interactions to count its ids.");
        var codes = new int[count];
        var next = 1;
        for (var id = 0; id < count; id++)
            if (occurrences is null || (id < occurrences.Length && occurrences[id] >= feature.MinCount)) codes[id] = next++;
        return codes;
    }

    private static FeatureState Shared(FeatureSchema schema, int index, FeatureState[] states, Columns?[] columns, int[][] rows,
        bool[][] used)
    {
        var feature = schema.Features[index];
        if (IndexOfId(schema, feature.Table) >= 0) return new();
        for (var i = 0; i < index; i++)
            if (schema.Features[i].Kind is FeatureKind.Category or FeatureKind.MultiCategory && schema.Features[i].Table == feature.Table)
                return states[i];
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var member in schema.Features)
            if (member.Kind is FeatureKind.Category or FeatureKind.MultiCategory && member.Table == feature.Table)
                Count(member, columns[(int)member.Side]!, rows[(int)member.Side], used[(int)member.Side], counts);
        return new() { Vocabulary = Vocabulary.Fit(counts, feature.MinCount, feature.RareCode) };
    }

    private static void Count(Feature feature, Columns columns, int[] rows, bool[] used, Dictionary<string, long> counts)
    {
        string[] values;
        long[] found;
        if (feature.Multi)
        {
            var list = columns.Find(feature.Column).ToLists(columns, feature.Separator);
            values = list.Values;
            found = new long[values.Length];
            for (var id = 0; id < rows.Length; id++)
            {
                if (!used[id]) continue;
                var cell = list.Codes.AsSpan(list.Offsets[rows[id]]..list.Offsets[rows[id] + 1]);
                for (var i = 0; i < cell.Length; i++)
                    if (!cell[..i].Contains(cell[i])) found[cell[i]]++;
            }
        }
        else
        {
            var text = columns.Find(feature.Column).ToText(columns);
            values = text.Values;
            found = new long[values.Length];
            for (var id = 0; id < rows.Length; id++)
                if (used[id] && text.Codes[rows[id]] >= 0) found[text.Codes[rows[id]]]++;
        }
        for (var i = 0; i < values.Length; i++)
            if (found[i] > 0) counts[values[i]] = counts.GetValueOrDefault(values[i]) + found[i];
    }

    private static double[] Present(Feature feature, Columns columns, int[] rows, bool[] used)
    {
        var numbers = columns.Find(feature.Column).ToNumbers(columns);
        var present = new List<double>();
        for (var id = 0; id < rows.Length; id++)
            if (used[id] && !double.IsNaN(numbers[rows[id]])) present.Add(numbers[rows[id]]);
        return [.. present];
    }

    private static FeatureState Scale(double[] values)
    {
        if (values.Length == 0) return new();
        var mean = values.Average();
        var deviation = Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / values.Length);
        return new() { Mean = mean, Deviation = deviation > 0 && double.IsFinite(deviation) ? deviation : 1 };
    }

    private static double[] Edges(Feature feature, double[] values)
    {
        if (values.Length == 0) return [];
        Array.Sort(values);
        var edges = new double[feature.Bins + 1];
        for (var i = 0; i <= feature.Bins; i++)
        {
            var part = (double)i / feature.Bins;
            if (feature.Edges == BinEdges.EqualWidth)
            {
                edges[i] = i == feature.Bins ? values[^1] : values[0] + (values[^1] - values[0]) * part;
                continue;
            }
            var at = part * (values.Length - 1);
            var below = (int)at;
            var next = Math.Min(below + 1, values.Length - 1);
            edges[i] = values[below] + (values[next] - values[below]) * (at - below);
        }
        // Half-open bins are bounded by the inner edges; one at the minimum, or twice the same, would leave a bin empty.
        return feature.Rule == BinRule.FirstClosed ? edges : [.. edges[1..^1].Where(e => e > values[0]).Distinct()];
    }

    private static int[]? UserCounts(Interactions? train)
    {
        if (train is null) return null;
        var counts = new int[train.UserCount];
        for (var user = 0; user < counts.Length; user++) counts[user] = train.ItemsOf(user).Length;
        return counts;
    }

    private static int[]? ItemCounts(Interactions? train)
    {
        if (train is null) return null;
        var counts = new int[train.ItemCount];
        foreach (var item in train.ItemColumn) counts[item]++;
        return counts;
    }
}
