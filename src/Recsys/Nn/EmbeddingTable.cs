using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>
/// Rows of learned numbers that examples pick by number. A gradient of it is pairs of row and vector, never a whole table: a training step
/// costs what the batch touches, however many rows there are. Made by a <see cref="ParameterScope"/>.
/// </summary>
public sealed class EmbeddingTable
{
    private readonly AlignedFloats? _values;
    private readonly PackedRows? _packed;

    internal EmbeddingTable(string name, int rows, int dimension, int index, Optimizer? optimizer)
    {
        (Name, Rows, Dimension, Index, Optimizer) = (name, rows, dimension, index, optimizer);
        _values = new AlignedFloats(checked(rows * dimension));
    }

    internal EmbeddingTable(string name, int index, PackedRows packed)
    {
        (Name, Rows, Dimension, Index, _packed) = (name, packed.Rows, packed.Columns, index, packed);
    }

    /// <summary>Its name in the network and in a file.</summary>
    public string Name { get; }

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>Length of a row.</summary>
    public int Dimension { get; }

    /// <summary>How the rows are stored.</summary>
    public TablePrecision Precision => _packed?.Precision ?? TablePrecision.Single;

    /// <summary>The optimizer that its scope asked for; null for the trainer's.</summary>
    public Optimizer? Optimizer { get; }

    internal int Index { get; }

    internal PackedRows? Packed => _packed;

    /// <summary>All rows; only while they are stored in single precision.</summary>
    internal Span<float> Mutable => _values!.Span;

    internal Memory<float> Memory => _values!.Memory;

    /// <summary>Copies a row.</summary>
    /// <param name="row">0..<see cref="Rows"/>-1.</param>
    /// <param name="destination">At least <see cref="Dimension"/> long.</param>
    public void CopyRow(int row, Span<float> destination)
    {
        if ((uint)row >= (uint)Rows) throw new ArgumentOutOfRangeException(nameof(row), row, $"Table '{Name}' has {Rows} rows.");
        if (_packed is not null) _packed.CopyRow(row, destination);
        else Mutable.Slice(row * Dimension, Dimension).CopyTo(destination);
    }
}
