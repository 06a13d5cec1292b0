using System.Collections.ObjectModel;
using Recsys.Persistence;

namespace Recsys.Features;

/// <summary>
/// A schema with what the training data made of it: the cardinality of each feature and of each shared table, from which a model sizes its
/// parameters, and a fingerprint. Small: vocabularies and tables stay in the <see cref="FeatureSet"/>. Immutable and safe for any number of
/// threads.
/// </summary>
public sealed class FittedSchema : IModel<FittedSchema>
{
    private readonly FittedFeature[] _features;
    private readonly Dictionary<string, int> _tables = new(StringComparer.Ordinal);

    internal FittedSchema(FeatureSchema declared, int[] cardinalities, ulong[] fingerprints)
    {
        Declared = declared;
        var slots = new int[5];
        var columns = new int[3, 5];
        var indicators = declared.Features.Count(f => f.Shape == FeatureShape.Number);
        var labels = 0;
        _features = new FittedFeature[declared.Features.Count];
        var fingerprint = StableHash.Of(declared.ToJson());
        for (var i = 0; i < _features.Length; i++)
        {
            var feature = declared.Features[i];
            var shape = (int)feature.Shape;
            var parts = new List<FittedFeature>();
            foreach (var name in feature.Inputs) parts.Add(_features[declared.IndexOf(name)]);
            foreach (var name in feature.Of) parts.Add(_features[declared.IndexOf(name)]);
            var table = feature.Kind == FeatureKind.Sequence ? parts[0].Table : feature.Table;
            _features[i] = new FittedFeature(feature, i, cardinalities[i], table, fingerprints[i])
            {
                PartArray = [.. parts],
                Parts = parts.AsReadOnly(),
                Slot = feature.Kind == FeatureKind.Label ? labels++ : slots[shape]++,
                TableColumn = feature.Side == Side.Example ? -1 : columns[(int)feature.Side, shape]++,
                IndicatorSlot = feature.Indicator ? indicators++ : -1,
            };
            if (cardinalities[i] > 0 && feature.Kind is not (FeatureKind.Sequence or FeatureKind.Position))
                _tables[table] = cardinalities[i];
            fingerprint = StableHash.Combine(StableHash.Combine(fingerprint, fingerprints[i]), (ulong)cardinalities[i]);
        }
        Fingerprint = fingerprint;
        CodeSlots = slots[(int)FeatureShape.Code];
        CodesSlots = slots[(int)FeatureShape.Codes];
        NumberSlots = slots[(int)FeatureShape.Number];
        IndicatorEnd = indicators;
        SequenceSlots = slots[(int)FeatureShape.Sequence];
        Features = Array.AsReadOnly(_features);
        Inputs = Array.AsReadOnly(Array.FindAll(_features, f => f.Shape != FeatureShape.Target));
        Labels = Array.AsReadOnly(Array.FindAll(_features, f => f.Kind == FeatureKind.Label));
        Channels = Array.AsReadOnly(Array.FindAll(_features, f => f.Kind == FeatureKind.Channel));
        Position = Array.Find(_features, f => f.Kind == FeatureKind.Position);
        Weight = Array.Find(_features, f => f.Kind == FeatureKind.Weight);
    }

    /// <inheritdoc/>
    public static string Kind => "features/schema";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <summary>What was declared.</summary>
    public FeatureSchema Declared { get; }

    /// <summary>All features, in their order.</summary>
    public ReadOnlyCollection<FittedFeature> Features { get; }

    /// <summary>The inputs of a model, in their order: everything but labels, position and weight.</summary>
    public ReadOnlyCollection<FittedFeature> Inputs { get; }

    /// <summary>The labels, in their order.</summary>
    public ReadOnlyCollection<FittedFeature> Labels { get; }

    /// <summary>What recall channels say of a candidate, in their order.</summary>
    public ReadOnlyCollection<FittedFeature> Channels { get; }

    /// <summary>The position, if declared.</summary>
    public FittedFeature? Position { get; }

    /// <summary>The weight, if declared.</summary>
    public FittedFeature? Weight { get; }

    /// <summary>For each table its number of rows (codes, code 0 included). A cross has a table of its own.</summary>
    public IReadOnlyDictionary<string, int> Tables => _tables;

    /// <summary>Hash of the declarations and of everything fitted: schemas of equal fingerprint encode alike.</summary>
    public ulong Fingerprint { get; }

    /// <summary>The feature of that name.</summary>
    /// <exception cref="ArgumentException">There is none; the message lists those there are.</exception>
    public FittedFeature this[string name] => _features[Declared.IndexOf(name)];

    /// <summary>The place of a feature in <see cref="Features"/>.</summary>
    /// <exception cref="ArgumentException">There is none; the message lists those there are.</exception>
    public int IndexOf(string name) => Declared.IndexOf(name);

    // For hot loops: enumerating a read-only collection allocates.
    internal ReadOnlySpan<FittedFeature> FeatureSpan => _features;

    internal int CodeSlots { get; }

    internal int CodesSlots { get; }

    internal int NumberSlots { get; }

    internal int IndicatorEnd { get; }

    internal int SequenceSlots { get; }

    /// <summary>
    /// Checks that data encoded under the other schema may be given to a model of this one. Allocates nothing when they fit.
    /// </summary>
    /// <exception cref="SchemaMismatchException">They differ; the message names the first feature that does and what differs.</exception>
    public void EnsureCompatible(FittedSchema other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (ReferenceEquals(this, other) || Fingerprint == other.Fingerprint) return;
        throw new SchemaMismatchException(Difference(other));
    }

    /// <inheritdoc/>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Text("schema", Declared.ToJson());
        writer.Tensor("cardinalities", Array.ConvertAll(_features, f => f.Cardinality), _features.Length);
        writer.Tensor("fingerprints", Array.ConvertAll(_features, f => f.Fingerprint), _features.Length);
    }

    /// <inheritdoc/>
    public static FittedSchema Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var declared = FeatureSchema.FromJson(reader.Text("schema"));
        var cardinalities = reader.Tensor<int>("cardinalities", declared.Features.Count);
        var fingerprints = reader.Tensor<ulong>("fingerprints", declared.Features.Count);
        for (var i = 0; i < cardinalities.Length; i++)
        {
            var feature = declared.Features[i];
            var coded = feature.Shape is FeatureShape.Code or FeatureShape.Codes or FeatureShape.Sequence
                || feature.Kind == FeatureKind.Position;
            if (coded ? cardinalities[i] < 1 : cardinalities[i] != 0)
                throw new InvalidDataException($"Entry 'cardinalities': feature '{feature.Name}' has {cardinalities[i]} codes.");
        }
        return new FittedSchema(declared, cardinalities, fingerprints);
    }

    private string Difference(FittedSchema other)
    {
        foreach (var mine in Features)
        {
            if (!other.Declared.Contains(mine.Name)) return $"Feature '{mine.Name}' is missing in the given schema.";
            var theirs = other[mine.Name];
            if (!mine.Definition.Equals(theirs.Definition))
                return $"Feature '{mine.Name}' is declared differently: expected {mine.Definition}, given {theirs.Definition}.";
            if (mine.Cardinality != theirs.Cardinality)
                return $"Feature '{mine.Name}' has {mine.Cardinality} codes here, {theirs.Cardinality} in the given schema: "
                    + "it was fitted on other data.";
            if (mine.Fingerprint != theirs.Fingerprint)
                return $"Feature '{mine.Name}' was fitted on other data: its vocabulary, edges or scale differ.";
        }
        foreach (var theirs in other.Features)
            if (!Declared.Contains(theirs.Name)) return $"Feature '{theirs.Name}' of the given schema is not expected.";
        return "The features are the same, but their order differs.";
    }
}
