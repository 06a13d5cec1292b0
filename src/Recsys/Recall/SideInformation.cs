using Recsys.Features;

namespace Recsys.Recall;

/// <summary>One kind of side information: a coded item feature.</summary>
/// <param name="Name">The feature's name.</param>
/// <param name="Fingerprint">What was fitted; equal prints encode alike.</param>
/// <param name="First">The row of its code 0 in the table of all fields; code c is row First + c.</param>
/// <param name="Cardinality">Number of codes.</param>
internal sealed record SideField(string Name, ulong Fingerprint, int First, int Cardinality);

/// <summary>The side information of items. Code 0, which is unknown, counts as having none.</summary>
internal sealed class SideInformation
{
    private readonly int[] _offsets;   // [item · fields + field], and the end
    private readonly int[] _rows;

    private SideInformation(SideField[] fields, int[] offsets, int[] rows) => (Fields, _offsets, _rows) = (fields, offsets, rows);

    public SideField[] Fields { get; }

    /// <summary>The rows of one field of an item; none where it is not known.</summary>
    public ReadOnlySpan<int> Of(int item, int field)
    {
        var cell = item * Fields.Length + field;
        return _rows.AsSpan(_offsets[cell].._offsets[cell + 1]);
    }

    /// <summary>Rows of the table of all fields.</summary>
    public static int Rows(SideField[] fields) => fields.Length == 0 ? 0 : checked(fields[^1].First + fields[^1].Cardinality);

    /// <summary>The fields that are meant.</summary>
    /// <exception cref="ArgumentException">A feature is not coded or not of an item.</exception>
    public static SideField[] Choose(FeatureSet? features, IReadOnlyList<string>? names)
    {
        if (features is null) return [];
        var chosen = names is null
            ? features.Schema.Features.Where(f => IsSide(f) && f.Kind != FeatureKind.Id).ToArray()
            : [.. names.Select(name => features.Schema[name])];
        var fields = new SideField[chosen.Length];
        var first = 0;
        for (var f = 0; f < fields.Length; f++)
        {
            if (!IsSide(chosen[f]))
            {
                throw new ArgumentException(
                    $"The feature '{chosen[f].Name}' is a {chosen[f].Kind} of side {chosen[f].Side}; side information is coded and of " +
                    $"side Item.", nameof(names));
            }
            fields[f] = new SideField(chosen[f].Name, chosen[f].Fingerprint, first, chosen[f].Cardinality);
            first = checked(first + chosen[f].Cardinality);
        }
        return fields;
    }

    /// <summary>The side information of items 0..items-1.</summary>
    /// <exception cref="ArgumentException">A field was fitted otherwise.</exception>
    public static SideInformation Of(FeatureSet? features, SideField[] fields, int items)
    {
        var offsets = new int[checked(items * fields.Length + 1)];
        var rows = new List<int>();
        foreach (var field in fields)
        {
            if (features!.Schema[field.Name].Fingerprint != field.Fingerprint)
            {
                throw new ArgumentException(
                    $"The feature '{field.Name}' was fitted on other data than the model's; extend the model's feature set with WithItems.",
                    nameof(features));
            }
        }
        for (var item = 0; item < items; item++)
        {
            for (var f = 0; f < fields.Length; f++)
            {
                var (name, first) = (fields[f].Name, fields[f].First);
                if (features!.Schema[name].Shape == FeatureShape.Code)
                {
                    var code = features.Items.Code(name, item);
                    if (code > 0) rows.Add(first + code);
                }
                else
                {
                    foreach (var code in features.Items.ListOf(name, item))
                        if (code > 0) rows.Add(first + code);
                }
                offsets[item * fields.Length + f + 1] = rows.Count;
            }
        }
        return new SideInformation(fields, offsets, [.. rows]);
    }

    private static bool IsSide(FittedFeature f) => f is { Side: Side.Item, Shape: FeatureShape.Code or FeatureShape.Codes };
}
