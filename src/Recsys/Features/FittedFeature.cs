using System.Collections.ObjectModel;

namespace Recsys.Features;

/// <summary>A feature of a fitted schema: what was declared, and what the training data made of it. Immutable.</summary>
public sealed class FittedFeature
{
    internal FittedFeature(Feature definition, int index, int cardinality, string table, ulong fingerprint)
    {
        Definition = definition;
        Index = index;
        Cardinality = cardinality;
        Table = table;
        Fingerprint = fingerprint;
    }

    /// <summary>What was declared.</summary>
    public Feature Definition { get; }

    /// <summary>Its place in the schema: what the members of <see cref="ExampleBatch"/> take.</summary>
    public int Index { get; }

    /// <summary>Its name.</summary>
    public string Name => Definition.Name;

    /// <summary>What it is.</summary>
    public FeatureKind Kind => Definition.Kind;

    /// <summary>Whom it describes.</summary>
    public Side Side => Definition.Side;

    /// <summary>In what form a batch holds it.</summary>
    public FeatureShape Shape => Definition.Shape;

    /// <summary>
    /// Number of codes, code 0 included: codes are 0..Cardinality-1. For a position its maximum + 1; for a sequence the cardinality of
    /// its first item feature; 0 for numbers, labels and the weight.
    /// </summary>
    public int Cardinality { get; }

    /// <summary>The table that its codes index; features with the same table mean the same by the same code.</summary>
    public string Table { get; }

    /// <summary>Hash of what was fitted (vocabulary, edges, scale): two features of equal fingerprint encode alike.</summary>
    public ulong Fingerprint { get; }

    /// <summary>For a sequence, the item features that it holds for each event; for a cross its inputs; else empty.</summary>
    public ReadOnlyCollection<FittedFeature> Parts { get; internal init; } = ReadOnlyCollection<FittedFeature>.Empty;

    /// <summary>The parts, for hot loops: enumerating a read-only collection allocates.</summary>
    internal FittedFeature[] PartArray { get; init; } = [];

    /// <summary>The place among the features of the same shape (among the labels, for a label) in a batch.</summary>
    internal int Slot { get; init; }

    /// <summary>The place among the columns of the same shape of its side's table; -1 for features of the example.</summary>
    internal int TableColumn { get; init; } = -1;

    /// <summary>The place of the missing indicator among the numbers; -1 without.</summary>
    internal int IndicatorSlot { get; init; } = -1;

    /// <inheritdoc/>
    public override string ToString() => Cardinality > 0 ? $"{Kind} {Name} ({Cardinality} codes)" : $"{Kind} {Name}";
}
