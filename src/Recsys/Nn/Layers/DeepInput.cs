using Recsys.Features;

namespace Recsys.Nn;

/// <summary>
/// What a deep network reads: the embeddings of coded features side by side, then the numbers as they are, each with its missing indicator
/// if it has one. Scale numbers in the schema. Parameters: <c>fields.table</c> [rows, d].
/// </summary>
public sealed class DeepInput
{
    private readonly FittedSchema _schema;
    private readonly FieldEmbedding? _fields;
    private readonly List<(FittedFeature Feature, bool Missing)> _numbers = [];   // of each column
    private readonly FieldLayout _layout;

    /// <param name="scope">Of its parameters.</param>
    /// <param name="schema">Whose inputs the features are.</param>
    /// <param name="features">Those that it reads, at least one.</param>
    /// <param name="dimension">d, at least 1.</param>
    public DeepInput(ParameterScope scope, FittedSchema schema, IReadOnlyList<FittedFeature> features, int dimension)
    {
        ArgumentNullException.ThrowIfNull(scope);
        ArgumentNullException.ThrowIfNull(features);
        _schema = Guard.NotNull(schema);
        foreach (var number in features.Where(feature => feature.Shape == FeatureShape.Number))
        {
            _numbers.Add((number, false));
            if (number.IndicatorSlot >= 0) _numbers.Add((number, true));
        }
        FittedFeature[] coded = [.. features.Where(feature => feature.Shape != FeatureShape.Number)];
        if (coded.Length > 0 || _numbers.Count == 0) _fields = new FieldEmbedding(scope.Scope("fields"), schema, coded, dimension);
        Width = (_fields?.Width ?? 0) + _numbers.Count;
        _layout = (_fields?.Layout ?? new FieldLayout(0, [], [], [], dimension)).With(_numbers.Count)
            .Cut(field => _fields!.IsOfItem(field), number => _numbers[number].Feature.Side);
    }

    /// <summary>Length of a row.</summary>
    public int Width { get; }

    /// <summary>[B, <see cref="Width"/>]</summary>
    public Tensor Of(Tape tape, ExampleBatch batch)
    {
        if (_fields is not null && _numbers.Count == 0) return _fields.Of(tape, batch).Flatten();
        var numbers = Numbers(tape, batch);
        return _fields is null ? numbers : InteractionOps.Concat(_fields.Of(tape, batch).Flatten(), numbers);
    }

    /// <summary>The same in parts, which a first layer takes faster. [B, <see cref="Width"/>]</summary>
    public FieldVectors Parts(Tape tape, ExampleBatch batch)
    {
        ArgumentNullException.ThrowIfNull(tape);
        ArgumentNullException.ThrowIfNull(batch);
        _schema.EnsureCompatible(batch.Schema);
        var (kept, part, rows) = KeptItems.For(tape, batch, _layout);
        var parts = _fields?.PartsOf(tape, batch, _layout)
            ?? new FieldVectors { Layout = part, Codes = tape.Constant(new Shape(rows, 0, part.Dimension)), Kept = kept, Batch = batch };
        if (part.Numbers.Length == 0) return parts;
        var values = tape.Constant(new Shape(part.Numbers.Length, rows));
        for (var n = 0; n < part.Numbers.Length; n++) Column(batch, part.Numbers[n])[..rows].CopyTo(values.Mutable[(n * rows)..]);
        return parts with { Values = values };
    }

    private Tensor Numbers(Tape tape, ExampleBatch batch)
    {
        ArgumentNullException.ThrowIfNull(tape);
        ArgumentNullException.ThrowIfNull(batch);
        _schema.EnsureCompatible(batch.Schema);
        var result = tape.Constant(new Shape(batch.Count, _numbers.Count));
        var to = result.Mutable;
        for (var number = 0; number < _numbers.Count; number++)
        {
            var column = Column(batch, number);
            for (var i = 0; i < column.Length; i++) to[i * _numbers.Count + number] = column[i];
        }
        return result;
    }

    private ReadOnlySpan<float> Column(ExampleBatch batch, int number)
    {
        var (feature, missing) = _numbers[number];
        return missing ? batch.Missing(feature.Index) : batch.Number(feature.Index);
    }
}
