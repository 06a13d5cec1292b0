using Recsys.Data;
using Recsys.Persistence;

namespace Recsys.Features;

/// <remarks>
/// A file holds the schema, the encoders, and the tables of users and items, so that it serves without the raw data; contexts are not
/// saved.
/// </remarks>
public sealed partial class FeatureSet : IModel<FeatureSet>
{
    /// <inheritdoc/>
    public static string Kind => "features/set";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <inheritdoc/>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Model("schema", Schema);
        for (var i = 0; i < _states.Length; i++)
        {
            var scope = writer.Scope($"feature{i}");
            var state = _states[i];
            if (state.Vocabulary is { } vocabulary && FirstWith(vocabulary) == i)
            {
                var values = new string[vocabulary.Values.Count];
                for (var id = 0; id < values.Length; id++) values[id] = vocabulary.Values.Name(id);
                scope.Texts("values", values);
            }
            if (state.IdCodes is { } codes) scope.Tensor("codes", codes, codes.Length);
            if (state.Edges is { } edges) scope.Tensor("edges", edges, edges.Length);
            if (!IsStandardised(Schema.Declared.Features[i])) continue;
            scope.Real("mean", state.Mean);
            scope.Real("deviation", state.Deviation);
        }
        Users.Write(writer.Scope("users"));
        Items.Write(writer.Scope("items"));
    }

    /// <inheritdoc/>
    public static FeatureSet Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var schema = reader.Model<FittedSchema>("schema");
        var states = new FeatureState[schema.Features.Count];
        var vocabularies = new Dictionary<string, Vocabulary>(StringComparer.Ordinal);
        var idTables = schema.Features.Where(f => f.Kind == FeatureKind.Id).Select(f => f.Table).ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < states.Length; i++)
        {
            var feature = schema.Features[i];
            var scope = reader.Scope($"feature{i}");
            states[i] = feature.Kind switch
            {
                FeatureKind.Category or FeatureKind.MultiCategory when !idTables.Contains(feature.Table)
                    => new() { Vocabulary = ReadVocabulary(scope, feature, vocabularies) },
                FeatureKind.Id => new() { IdCodes = ReadIdCodes(scope, feature) },
                FeatureKind.Buckets => new() { Edges = ReadEdges(scope, feature.Definition) },
                FeatureKind.Number when IsStandardised(feature.Definition)
                    => new() { Mean = scope.Real("mean"), Deviation = scope.Real("deviation", double.Epsilon) },
                _ => new(),
            };
        }
        int[] cardinalities;
        try
        {
            cardinalities = FeatureFitting.Cardinalities(schema.Declared, states);
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException(e.Message, e);
        }
        for (var i = 0; i < states.Length; i++)
            if (cardinalities[i] != schema.Features[i].Cardinality)
                throw reader.Invalid(
                    $"'cardinalities' gives feature '{schema.Features[i].Name}' {schema.Features[i].Cardinality} codes, "
                    + $"its encoder {cardinalities[i]}");
        return new FeatureSet(
            schema, states, FeatureTable.Read(reader.Scope("users"), schema, Side.User),
            FeatureTable.Read(reader.Scope("items"), schema, Side.Item),
            TableEncoder.Encode(schema, states, Side.Context, null, [], [null, null, null]), []);
    }

    private static bool IsStandardised(Feature feature) => feature.Kind == FeatureKind.Number && feature.Scale == NumberScale.Standardised;

    private static Vocabulary ReadVocabulary(ModelReader scope, FittedFeature feature, Dictionary<string, Vocabulary> read)
    {
        if (read.TryGetValue(feature.Table, out var shared)) return shared;
        IdMap values;
        try
        {
            values = IdMap.FromStrings(scope.Texts("values"));
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException($"The values of feature '{feature.Name}' are not valid: {e.Message}", e);
        }
        return read[feature.Table] = new Vocabulary(values, feature.Definition.RareCode);
    }

    // Codes of ids count up from 1, with 0 for those left out; anything else would index past the table.
    private static int[] ReadIdCodes(ModelReader scope, FittedFeature feature)
    {
        var codes = scope.Tensor<int>("codes", -1);
        var next = 1;
        for (var id = 0; id < codes.Length; id++)
            if (codes[id] != 0 && codes[id] != next++)
                throw scope.Invalid($"'codes' of feature '{feature.Name}' has {codes[id]} at id {id}; 0 or {next - 1} is expected");
        return codes;
    }

    private static double[] ReadEdges(ModelReader scope, Feature feature)
    {
        var edges = scope.Tensor<double>("edges", -1);
        if (feature.Edges == BinEdges.Given && !edges.SequenceEqual(feature.GivenEdges))
            throw scope.Invalid($"'edges' of feature '{feature.Name}' are not those that its schema declares");
        for (var i = 1; i < edges.Length; i++)
            if (edges[i] < edges[i - 1])
                throw scope.Invalid($"'edges' of feature '{feature.Name}' has {edges[i]} at {i}; edges ascend");
        return edges;
    }

    private int FirstWith(Vocabulary vocabulary) => Array.FindIndex(_states, s => ReferenceEquals(s.Vocabulary, vocabulary));
}
