using Recsys.Features;

namespace Recsys.Nn;

/// <summary>
/// The events of a sequence feature as vectors: those of the item features that it names, side by side. Tables are its own, or those of a
/// candidate's fields. Parameters: <c>0.table</c> [codes, d], <c>1.table</c>, …, one for each part.
/// </summary>
public sealed class SequenceEmbedding
{
    private readonly FittedSchema _schema;
    private readonly FittedFeature _feature;
    private readonly EmbeddingTable[] _tables;

    /// <param name="scope">Of its parameters.</param>
    /// <param name="schema">That the feature belongs to.</param>
    /// <param name="feature">Name of a sequence.</param>
    /// <param name="dimension">d, at least 1.</param>
    /// <param name="initializer">Of the rows; null for a normal of deviation 0.01.</param>
    /// <exception cref="ArgumentException">The feature isn't a sequence.</exception>
    public SequenceEmbedding(ParameterScope scope, FittedSchema schema, string feature, int dimension, Initializer? initializer = null)
    {
        ArgumentNullException.ThrowIfNull(scope);
        _schema = Guard.NotNull(schema);
        _feature = schema[feature];
        if (_feature.Shape != FeatureShape.Sequence)
            throw new ArgumentException($"Feature '{feature}' is a {_feature.Kind}, not a sequence.", nameof(feature));
        _tables = new EmbeddingTable[_feature.Parts.Count];
        var law = initializer ?? Initializer.Normal(0.01f);
        for (var i = 0; i < _tables.Length; i++)
            _tables[i] = scope.Scope($"{i}").Table("table", _feature.Parts[i].Cardinality, dimension, law);
    }

    /// <summary>Length of an event's vector.</summary>
    public int Width => _tables.Length * _tables[0].Dimension;

    /// <summary>The vectors of a part's codes, for whatever else has them: the candidate, say. [codes] → [codes, d]</summary>
    /// <param name="tape">Where.</param>
    /// <param name="codes">0 to the part's cardinality less 1.</param>
    /// <param name="part">The place in <see cref="FittedFeature.Parts"/>.</param>
    public Tensor Of(Tape tape, ReadOnlySpan<int> codes, int part = 0)
    {
        ArgumentNullException.ThrowIfNull(tape);
        var table = _tables[part];
        var y = Lookup.Begin(tape, table, new Shape(codes.Length, table.Dimension), codes.Length, false, null, null, out var picks);
        codes.CopyTo(picks.Rows);
        for (var k = 0; k < codes.Length; k++) picks.Slots[k] = k;
        Lookup.Finish(y, picks, 1);
        return y;
    }

    /// <summary>The events of a batch, oldest first. Values: [events, <see cref="Width"/>].</summary>
    public Sequences Of(Tape tape, ExampleBatch batch)
    {
        ArgumentNullException.ThrowIfNull(tape);
        ArgumentNullException.ThrowIfNull(batch);
        _schema.EnsureCompatible(batch.Schema);
        var events = batch.Sequence(_feature.Index);
        var values = Of(tape, events.Codes());
        for (var part = 1; part < _tables.Length; part++) values = InteractionOps.Concat(values, Of(tape, events.Codes(part), part));
        return new Sequences(values, Segments.Ragged(tape, events.Offsets));
    }
}
