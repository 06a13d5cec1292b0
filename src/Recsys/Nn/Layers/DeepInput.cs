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
    private readonly FittedFeature[] _numbers;
    private readonly int _columns;
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
        _numbers = [.. features.Where(feature => feature.Shape == FeatureShape.Number)];
        foreach (var number in _numbers) _columns += number.IndicatorSlot < 0 ? 1 : 2;
        FittedFeature[] coded = [.. features.Where(feature => feature.Shape != FeatureShape.Number)];
        if (coded.Length > 0 || _numbers.Length == 0) _fields = new FieldEmbedding(scope.Scope("fields"), schema, coded, dimension);
        Width = (_fields?.Width ?? 0) + _columns;
        _layout = (_fields?.Layout ?? new FieldLayout(0, [], [], [], dimension)).With(_columns);
    }

    /// <summary>Length of a row.</summary>
    public int Width { get; }

    /// <summary>[B, <see cref="Width"/>]</summary>
    public Tensor Of(Tape tape, ExampleBatch batch)
    {
        if (_fields is not null && _numbers.Length == 0) return _fields.Of(tape, batch).Flatten();
        var numbers = Numbers(tape, batch);
        return _fields is null ? numbers : InteractionOps.Concat(_fields.Of(tape, batch).Flatten(), numbers);
    }

    /// <summary>The same in parts, which a first layer takes faster. [B, <see cref="Width"/>]</summary>
    public FieldVectors Parts(Tape tape, ExampleBatch batch)
    {
        ArgumentNullException.ThrowIfNull(tape);
        ArgumentNullException.ThrowIfNull(batch);
        _schema.EnsureCompatible(batch.Schema);
        var parts = _fields?.Parts(tape, batch)
            ?? new FieldVectors { Layout = _layout, Codes = tape.Constant(new Shape(batch.Count, 0, _layout.Dimension)) };
        if (_columns == 0) return parts;
        var values = tape.Constant(new Shape(_columns, batch.Count));
        Fill(batch, values.Mutable, ofRow: 1, ofColumn: batch.Count);
        return parts with { Layout = _layout, Values = values };
    }

    private Tensor Numbers(Tape tape, ExampleBatch batch)
    {
        ArgumentNullException.ThrowIfNull(tape);
        ArgumentNullException.ThrowIfNull(batch);
        _schema.EnsureCompatible(batch.Schema);
        var result = tape.Constant(new Shape(batch.Count, _columns));
        Fill(batch, result.Mutable, ofRow: _columns, ofColumn: 1);
        return result;
    }

    private void Fill(ExampleBatch batch, Span<float> to, int ofRow, int ofColumn)
    {
        var column = 0;
        foreach (var number in _numbers)
        {
            Fill(batch.Number(number.Index), to[(column++ * ofColumn)..], ofRow);
            if (number.IndicatorSlot >= 0) Fill(batch.Missing(number.Index), to[(column++ * ofColumn)..], ofRow);
        }
    }

    private static void Fill(ReadOnlySpan<float> values, Span<float> to, int apart)
    {
        for (var i = 0; i < values.Length; i++) to[i * apart] = values[i];
    }
}
