using Recsys.Features;

namespace Recsys.Nn;

/// <summary>
/// A vector for each field of an example: the row of its code; the mean of the rows of several codes, or of the events of a sequence; a
/// number times a vector. Features that name one table share its rows. Parameters: <c>table</c> [rows, d], <c>numbers</c> [numbers, d].
/// </summary>
public sealed class FieldEmbedding
{
    private readonly FieldRows _rows;
    private readonly EmbeddingTable _table;
    private readonly Parameter? _numbers;
    private readonly FieldLayout _layout;

    /// <summary>The fields of a schema.</summary>
    /// <param name="scope">Of its parameters.</param>
    /// <param name="schema">Whose inputs are the fields.</param>
    /// <param name="dimension">d, at least 1.</param>
    /// <param name="initializer">Of the rows; null for a normal of deviation 0.01.</param>
    public FieldEmbedding(ParameterScope scope, FittedSchema schema, int dimension, Initializer? initializer = null)
        : this(scope, schema, Guard.NotNull(schema).Inputs, dimension, initializer)
    {
    }

    /// <summary>Some fields of a schema.</summary>
    /// <param name="scope">Of its parameters.</param>
    /// <param name="schema">Whose inputs the fields are.</param>
    /// <param name="features">The fields, at least one.</param>
    /// <param name="dimension">d, at least 1.</param>
    /// <param name="initializer">Of the rows; null for a normal of deviation 0.01.</param>
    public FieldEmbedding(
        ParameterScope scope, FittedSchema schema, IReadOnlyList<FittedFeature> features, int dimension, Initializer? initializer = null)
    {
        ArgumentNullException.ThrowIfNull(scope);
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(features);
        if (features.Count == 0) throw new ArgumentException("There is no feature to embed; declare one.", nameof(features));
        _rows = new FieldRows(schema, [.. features], shared: true);
        var law = initializer ?? Initializer.Normal(0.01f);
        _table = scope.Table("table", _rows.RowCount, dimension, law);
        if (_rows.NumberCount > 0) _numbers = scope.Parameter("numbers", law, _rows.NumberCount, dimension);
        _layout = _rows.Layout(dimension);
    }

    /// <summary>F, the number of fields.</summary>
    public int FieldCount => _rows.FieldCount;

    /// <summary>F · d, the length of the vectors of an example side by side.</summary>
    public int Width => _rows.FieldCount * _table.Dimension;

    /// <summary>The vectors of a batch. [B, F, d]</summary>
    public Tensor Of(Tape tape, ExampleBatch batch) => _rows.Of(tape, batch, _table, _numbers, _layout);

    /// <summary>The same vectors in parts, which pairs of fields and a first layer take faster. [B, F, d]</summary>
    public FieldVectors Parts(Tape tape, ExampleBatch batch)
    {
        ArgumentNullException.ThrowIfNull(tape);
        ArgumentNullException.ThrowIfNull(batch);
        return PartsOf(tape, batch, _layout);
    }

    internal FieldLayout Layout => _layout;

    /// <summary>The same of a layout that has numbers beside the fields of this one.</summary>
    internal FieldVectors PartsOf(Tape tape, ExampleBatch batch, FieldLayout layout) => _rows.Parts(tape, batch, _table, _numbers, layout);

    internal bool IsOfItem(int field) => _rows.IsOfItem(field);
}
