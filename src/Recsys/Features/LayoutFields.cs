namespace Recsys.Features;

/// <summary>The features that a layout takes.</summary>
internal static class LayoutFields
{
    public static FittedFeature[] Choose(FittedSchema schema, IReadOnlyList<string>? names)
    {
        if (names is null) return [.. schema.Inputs];
        var chosen = new FittedFeature[names.Count];
        for (var i = 0; i < chosen.Length; i++)
        {
            chosen[i] = schema[names[i]];
            if (chosen[i].Shape == FeatureShape.Target)
                throw new ArgumentException($"Feature '{names[i]}' is a {chosen[i].Kind}, not an input.", nameof(names));
            if (Array.IndexOf(chosen, chosen[i]) != i) throw new ArgumentException($"Feature '{names[i]}' is named twice.", nameof(names));
        }
        return chosen.Length > 0 ? chosen : throw new ArgumentException("A layout takes at least one feature.", nameof(names));
    }
}
