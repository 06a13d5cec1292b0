using System.Numerics.Tensors;
using Recsys.Persistence;

namespace Recsys.Nn;

/// <summary>In what form a table keeps its rows.</summary>
public enum TablePrecision
{
    /// <summary>32-bit floats: what training uses.</summary>
    Single,

    /// <summary>16-bit floats: half the memory, 11 significant bits.</summary>
    Half,

    /// <summary>8-bit whole numbers with one scale for each row: a quarter of the memory, an error of at most 1/254 of the row's largest.</summary>
    Int8,
}

/// <summary>The rows of a table in fewer bits, for serving. Immutable.</summary>
internal sealed class PackedRows
{
    private readonly Half[]? _halves;
    private readonly sbyte[]? _bytes;
    private readonly float[]? _scales;

    private PackedRows(int rows, int columns, Half[]? halves, sbyte[]? bytes, float[]? scales)
        => (Rows, Columns, _halves, _bytes, _scales) = (rows, columns, halves, bytes, scales);

    public int Rows { get; }

    public int Columns { get; }

    public TablePrecision Precision => _halves is not null ? TablePrecision.Half : TablePrecision.Int8;

    public static PackedRows From(ReadOnlySpan<float> values, int rows, int columns, TablePrecision precision, string name)
    {
        if (precision == TablePrecision.Half && TensorPrimitives.MaxMagnitude(values) is var most && Math.Abs(most) > (float)Half.MaxValue)
            throw new ArgumentException($"Table '{name}' holds {most}, more than a 16-bit float can; use another precision.");
        if (precision == TablePrecision.Half)
        {
            var halves = new Half[values.Length];
            TensorPrimitives.ConvertToHalf(values, halves);
            return new PackedRows(rows, columns, halves, null, null);
        }
        var bytes = new sbyte[values.Length];
        var scales = new float[rows];
        for (var row = 0; row < rows; row++)
        {
            var from = values.Slice(row * columns, columns);
            var largest = TensorPrimitives.MaxMagnitude(from);
            var scale = scales[row] = Math.Abs(largest) / sbyte.MaxValue;
            if (scale == 0) continue;
            for (var i = 0; i < columns; i++) bytes[row * columns + i] = (sbyte)MathF.Round(from[i] / scale);
        }
        return new PackedRows(rows, columns, null, bytes, scales);
    }

    public void CopyRow(int row, Span<float> destination)
    {
        if (_halves is not null)
        {
            TensorPrimitives.ConvertToSingle(_halves.AsSpan(row * Columns, Columns), destination);
            return;
        }
        var from = _bytes.AsSpan(row * Columns, Columns);
        TensorPrimitives.ConvertTruncating(from, destination);
        TensorPrimitives.Multiply(destination[..Columns], _scales![row], destination);
    }

    public void Write(ModelWriter writer, string name)
    {
        if (_halves is not null)
        {
            writer.Tensor(name + ".half", _halves, Rows, Columns);
            return;
        }
        writer.Tensor(name + ".int8", _bytes!, Rows, Columns);
        writer.Tensor(name + ".scale", _scales!, Rows);
    }

    public static PackedRows? TryRead(ModelReader reader, string name, int rows, int columns)
    {
        if (reader.Has(name + ".half"))
            return new PackedRows(rows, columns, reader.Tensor<Half>(name + ".half", rows, columns), null, null);
        if (reader.Has(name + ".int8"))
            return new PackedRows(rows, columns, null, reader.Tensor<sbyte>(name + ".int8", rows, columns), reader.Tensor<float>(name + ".scale", rows));
        return null;
    }
}
