using Recsys.Features;

namespace Recsys.Nn;

/// <summary>w₀ + Σ w_i x_i over all features of an example: the wide, or first-order, part. Parameters:
/// <c>weights</c> [rows, 1], <c>numbers</c> [numbers, 1], <c>bias</c> [1].</summary>
public sealed class LinearTerms
{
    private readonly FieldRows _rows;
    private readonly EmbeddingTable _weights;
    private readonly Parameter? _numbers;
    private readonly Parameter _bias;
    private readonly FieldLayout _layout;

    /// <summary>The terms of a schema; all weights begin at 0. Features never share weights here, even if they share a table.</summary>
    public LinearTerms(ParameterScope scope, FittedSchema schema) : this(scope, schema, Guard.NotNull(schema).Inputs)
    {
    }

    /// <summary>The terms of some features of a schema, at least one.</summary>
    public LinearTerms(ParameterScope scope, FittedSchema schema, IReadOnlyList<FittedFeature> features)
    {
        ArgumentNullException.ThrowIfNull(scope);
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(features);
        if (features.Count == 0) throw new ArgumentException("There is no feature to weigh; declare one.", nameof(features));
        _rows = new FieldRows(schema, [.. features], shared: false);
        _weights = scope.Table("weights", _rows.RowCount, 1, Initializer.Zeros);
        if (_rows.NumberCount > 0) _numbers = scope.Parameter("numbers", Initializer.Zeros, _rows.NumberCount, 1);
        _bias = scope.Parameter("bias", Initializer.Zeros, 1);
        _layout = _rows.Layout(1);
    }

    /// <summary>The sums. [B]</summary>
    public Tensor Of(Tape tape, ExampleBatch batch)
    {
        ArgumentNullException.ThrowIfNull(tape);
        return (_rows.Sum(tape, batch, _weights, _numbers, _layout) + tape.Use(_bias)).Reshape(-1);
    }
}
