using System.Collections.ObjectModel;
using System.Text;
using System.Text.Json;

namespace Recsys.Features;

/// <summary>
/// The features of a task, in order: pure data, compared by value, without weights or fitted state. <see cref="Fit"/> gives the fitted
/// encoders and tables. Immutable and safe for any number of threads.
/// </summary>
public sealed partial class FeatureSchema : IEquatable<FeatureSchema>
{
    internal const int MaxProduct = 1 << 24;
    private const int MaxFeatures = 10_000;
    private readonly Dictionary<string, int> _indexes = new(StringComparer.Ordinal);
    private readonly Feature[] _features;
    private string? _json;

    /// <summary>A schema.</summary>
    /// <param name="features">At least one that is an input of a model; names unique; a cross or sequence after what it is made of.</param>
    /// <exception cref="ArgumentException">A rule is broken; the message names the feature.</exception>
    public FeatureSchema(params IEnumerable<Feature> features)
    {
        ArgumentNullException.ThrowIfNull(features);
        var list = new List<Feature>();
        foreach (var feature in features)
        {
            if (feature is null) throw new ArgumentException($"Feature {list.Count} is null.", nameof(features));
            if (!_indexes.TryAdd(feature.Name, list.Count))
                throw new ArgumentException($"Two features are named '{feature.Name}'; names must be unique.", nameof(features));
            if (list.Count == MaxFeatures) throw new ArgumentException($"A schema holds at most {MaxFeatures} features.", nameof(features));
            list.Add(Checked(feature, list));
        }
        if (!list.Exists(f => f.Shape != FeatureShape.Target))
            throw new ArgumentException(
                "The schema has no input feature; add at least one beside labels, position and weight.", nameof(features));
        _features = [.. list];
        Features = Array.AsReadOnly(_features);
        Labels = Array.AsReadOnly(Array.FindAll(_features, f => f.Kind == FeatureKind.Label));
    }

    /// <summary>All features, in their order.</summary>
    public ReadOnlyCollection<Feature> Features { get; }

    /// <summary>The labels, in their order.</summary>
    public ReadOnlyCollection<Feature> Labels { get; }

    /// <summary>The place of a feature in <see cref="Features"/>.</summary>
    /// <exception cref="ArgumentException">There is no such feature; the message lists those there are.</exception>
    public int IndexOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _indexes.TryGetValue(name, out var index)
            ? index
            : throw new ArgumentException(
                $"The schema has no feature '{name}'. It has: {string.Join(", ", Features.Select(f => f.Name))}.", nameof(name));
    }

    /// <summary>Whether there is a feature of that name.</summary>
    public bool Contains(string name) => _indexes.ContainsKey(name);

    /// <summary>The declarations as JSON: one array, a feature on each line.</summary>
    public string ToJson() => _json ??= "[\n" + string.Join(",\n", Features.Select(f => f.ToString())) + "\n]";

    /// <summary>Reads what <see cref="ToJson"/> writes.</summary>
    /// <exception cref="InvalidDataException">The text is not a valid schema.</exception>
    public static FeatureSchema FromJson(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        try
        {
            using var document = JsonDocument.Parse(json);
            return new FeatureSchema([.. document.RootElement.EnumerateArray().Select(Feature.FromJson)]);
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"The feature schema is not valid: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public bool Equals(FeatureSchema? other) => other is not null && ToJson() == other.ToJson();

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as FeatureSchema);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)StableHash.Of(ToJson());

    /// <summary>One line for each feature.</summary>
    public override string ToString()
        => new StringBuilder().AppendJoin('\n', Features.Select(f => $"{f.Kind} {f.Name} ({f.Side})")).ToString();

    private Feature Checked(Feature feature, List<Feature> before)
    {
        switch (feature.Kind)
        {
            case FeatureKind.Cross:
                var ragged = false;
                foreach (var input in feature.Inputs)
                {
                    var part = Before(feature, input, before);
                    if (part.Shape is not (FeatureShape.Code or FeatureShape.Codes) || part.Kind == FeatureKind.Cross)
                        throw Error(feature, $"its input '{input}' is a {part.Kind}; a cross combines ids, categories, buckets and hashes");
                    ragged |= part.Shape == FeatureShape.Codes;
                }
                if (feature.Inputs.Distinct().Count() != feature.Inputs.Count) throw Error(feature, "an input is named twice");
                return ragged ? feature.Ragged() : feature;
            case FeatureKind.Sequence:
                foreach (var name in feature.Of)
                {
                    var part = Before(feature, name, before);
                    if (part.Side != Side.Item || part.Shape != FeatureShape.Code)
                        throw Error(
                            feature, $"'{name}' is a {part.Kind} of side {part.Side}; a sequence holds item features with one code");
                }
                if (feature.Events.Distinct().Count() != feature.Events.Count || feature.Events.Count > 255)
                    throw Error(feature, "event types must be distinct and at most 255");
                break;
            case FeatureKind.Position or FeatureKind.Weight:
                if (before.Exists(f => f.Kind == feature.Kind)) throw Error(feature, $"there is already a {feature.Kind}");
                break;
            case FeatureKind.Id or FeatureKind.Category or FeatureKind.MultiCategory or FeatureKind.Hash or FeatureKind.Buckets:
                foreach (var other in before)
                    if (other.Kind is not (FeatureKind.Cross or FeatureKind.Sequence or FeatureKind.Number or FeatureKind.Channel)
                        && other.Shape != FeatureShape.Target
                        && other.Table == feature.Table && Conflict(other, feature) is { } conflict)
                        throw Error(feature, $"it shares the table '{feature.Table}' with '{other.Name}', but {conflict}");
                break;
        }
        return feature;
    }

    private static string? Conflict(Feature a, Feature b)
    {
        static bool IsVocabulary(Feature f) => f.Kind is FeatureKind.Category or FeatureKind.MultiCategory;
        if (a.Kind == FeatureKind.Id && IsVocabulary(b) || b.Kind == FeatureKind.Id && IsVocabulary(a)) return null;
        if (a.Kind != b.Kind && !(IsVocabulary(a) && IsVocabulary(b))) return $"one is a {a.Kind}, the other a {b.Kind}";
        if (a.Kind == FeatureKind.Buckets) return "bins are not shared";
        if (a.Kind == FeatureKind.Id && a.Side != b.Side) return "one holds ids of users, the other of items";
        if (a.MinCount != b.MinCount) return $"the minimum counts differ ({a.MinCount}, {b.MinCount})";
        if (a.RareCode != b.RareCode) return "only one has a code for rare values";
        return a.Bins != b.Bins ? $"the bucket counts differ ({a.Bins}, {b.Bins})" : null;
    }

    private Feature Before(Feature feature, string name, List<Feature> before)
        => _indexes.TryGetValue(name, out var index) && index < before.Count
            ? before[index]
            : throw Error(feature, $"it is made of '{name}', which is not declared before it");

    private static ArgumentException Error(Feature feature, string what) => new($"Feature '{feature.Name}': {what}.");
}
