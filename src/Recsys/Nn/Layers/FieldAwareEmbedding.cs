using Recsys.Features;

namespace Recsys.Nn;

/// <summary>
/// For each field of an example a vector for each other field: e_ij is what the feature of field i keeps for field j. Cells are embedded as
/// in <see cref="FieldEmbedding"/>. Juan et al., "Field-aware factorization machines for CTR prediction", RecSys 2016. Parameters:
/// <c>table</c> [rows, F · d].
/// </summary>
public sealed class FieldAwareEmbedding
{
    private readonly FieldEmbedding _fields;
    private readonly int _dimension;

    /// <param name="scope">Of its parameters.</param>
    /// <param name="schema">Whose inputs are the fields, two at least.</param>
    /// <param name="dimension">d, at least 1.</param>
    /// <param name="initializer">Of the rows; null for that of <see cref="FieldEmbedding"/>.</param>
    /// <exception cref="ArgumentException">There is one field.</exception>
    public FieldAwareEmbedding(ParameterScope scope, FittedSchema schema, int dimension, Initializer? initializer = null)
    {
        ArgumentNullException.ThrowIfNull(schema);
        if (schema.Inputs.Count < 2)
            throw new ArgumentException($"The schema has {schema.Inputs.Count} inputs; pairs of fields need two.", nameof(schema));
        _dimension = Guard.AtLeast(1, dimension, nameof(dimension));
        _fields = new FieldEmbedding(scope, schema, checked(schema.Inputs.Count * dimension), initializer);
    }

    /// <summary>F, the number of fields.</summary>
    public int FieldCount => _fields.FieldCount;

    /// <summary>P = F (F − 1) / 2, the number of pairs of fields.</summary>
    public int PairCount => FieldCount * (FieldCount - 1) / 2;

    /// <summary>The vectors of a batch. [B, F, F, d]</summary>
    public Tensor Of(Tape tape, ExampleBatch batch) => _fields.Of(tape, batch).Reshape(-1, FieldCount, FieldCount, _dimension);
}
