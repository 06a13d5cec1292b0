using System.Text;
using System.Text.Json;

namespace Recsys.Features;

public sealed partial class Feature
{
    // Only what differs from the default is written, in this fixed order: the text is compared, hashed and saved.
    private string ToJson()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("kind", Kind.ToString());
            json.WriteString("name", Name);
            json.WriteString("side", Side.ToString());
            if (Column != Name) json.WriteString("column", Column);
            if (Table != Name) json.WriteString("table", Table);
            if (MinCount != 1) json.WriteNumber("minCount", MinCount);
            if (RareCode) json.WriteBoolean("rareCode", true);
            if (Multi) json.WriteBoolean("multi", true);
            if (Separator is { } separator) json.WriteString("separator", separator.ToString());
            if (Scale != NumberScale.Raw) json.WriteString("scale", Scale.ToString());
            if (Missing is { } missing) json.WriteNumber("missing", missing);
            if (Indicator) json.WriteBoolean("indicator", true);
            if (Kind == FeatureKind.Buckets)
            {
                json.WriteString("edges", Edges.ToString());
                json.WriteString("rule", Rule.ToString());
            }
            if (GivenEdges.Count > 0)
            {
                json.WriteStartArray("givenEdges");
                foreach (var edge in GivenEdges) json.WriteNumberValue(edge);
                json.WriteEndArray();
            }
            if (Bins != 0) json.WriteNumber("bins", Bins);
            WriteList(json, "inputs", Inputs);
            WriteList(json, "of", Of);
            WriteList(json, "events", Events);
            if (Kind == FeatureKind.Channel) json.WriteString("signal", Signal.ToString());
            if (MaxLength != 0) json.WriteNumber("maxLength", MaxLength);
            if (Binary) json.WriteBoolean("binary", true);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    /// <summary>The feature of one line of JSON, checked by the same rules as the factories.</summary>
    internal static Feature FromJson(JsonElement json)
    {
        var kind = Enumeration<FeatureKind>(json, "kind");
        var name = Required(json, "name");
        var side = Enumeration<Side>(json, "side");
        var column = Optional(json, "column");
        var table = Optional(json, "table");
        var separatorText = Optional(json, "separator");
        if (separatorText is not (null or { Length: 1 }))
            throw new InvalidDataException($"The separator of feature '{name}' is not one character.");
        char? separator = separatorText?[0];
        var minCount = Integer(json, "minCount", 1);
        var bins = Integer(json, "bins", 0);
        var maxLength = Integer(json, "maxLength", 0);
        var rareCode = Flag(json, "rareCode");
        return kind switch
        {
            FeatureKind.Id => Id(name, side, minCount, column, table),
            FeatureKind.Category => Category(name, side, minCount, rareCode, column, table),
            FeatureKind.MultiCategory => MultiCategory(name, side, separator, minCount, rareCode, column, table),
            FeatureKind.Number => Number(name, side, Enumeration<NumberScale>(json, "scale", NumberScale.Raw),
                json.TryGetProperty("missing", out var missing) ? missing.GetDouble() : null, Flag(json, "indicator"), column),
            FeatureKind.Buckets when Enumeration<BinEdges>(json, "edges") == BinEdges.Given
                => Buckets(name, side, [.. List(json, "givenEdges").Select(e => e.GetDouble())], Enumeration<BinRule>(json, "rule"),
                    column),
            FeatureKind.Buckets => Buckets(name, side, bins, Enumeration<BinRule>(json, "rule"),
                Enumeration<BinEdges>(json, "edges") == BinEdges.EqualWidth, column),
            FeatureKind.Hash => Hash(name, side, bins, Flag(json, "multi"), separator, column, table),
            FeatureKind.Cross => Cross(name, Texts(json, "inputs"), bins),
            FeatureKind.Sequence => Sequence(name, Texts(json, "of"), maxLength, Texts(json, "events")),
            FeatureKind.Channel => Channel(column ?? name, Enumeration<ChannelSignal>(json, "signal"), name),
            FeatureKind.Label => Label(name, Flag(json, "binary"), column),
            FeatureKind.Position => Position(name, maxLength, column),
            _ => Weight(name, column),
        };
    }

    private static void WriteList(Utf8JsonWriter json, string name, IReadOnlyList<string> values)
    {
        if (values.Count == 0) return;
        json.WriteStartArray(name);
        foreach (var value in values) json.WriteStringValue(value);
        json.WriteEndArray();
    }

    private static T Enumeration<T>(JsonElement json, string name, T? absent = null) where T : struct, Enum
    {
        if (Optional(json, name) is not { } text)
            return absent ?? throw new InvalidDataException($"A feature of the schema has no '{name}'.");
        return Enum.TryParse<T>(text, out var value) && Enum.IsDefined(value) && value.ToString() == text
            ? value
            : throw new InvalidDataException($"A feature of the schema has the {name} '{text}', which is not a {typeof(T).Name}.");
    }

    private static string Required(JsonElement json, string name)
        => Optional(json, name) ?? throw new InvalidDataException($"A feature of the schema has no '{name}'.");

    private static string? Optional(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static int Integer(JsonElement json, string name, int absent)
        => json.TryGetProperty(name, out var value) ? value.GetInt32() : absent;

    private static bool Flag(JsonElement json, string name) => json.TryGetProperty(name, out var value) && value.GetBoolean();

    private static JsonElement.ArrayEnumerator List(JsonElement json, string name)
        => json.TryGetProperty(name, out var value) ? value.EnumerateArray() : default;

    private static string[] Texts(JsonElement json, string name) => [.. List(json, name).Select(e => e.GetString() ?? "")];
}
