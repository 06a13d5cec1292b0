using System.Runtime.CompilerServices;

namespace Recsys.Numerics;

/// <summary>
/// A table of vectors for a training: each begins on a cache line of 64 bytes and is padded with zeros, which kernels keep zero. A register
/// of 16
/// floats then never straddles two lines.
/// </summary>
internal sealed class AlignedRows
{
    private const int Line = 16; // floats

    private readonly float[] _memory;
    private readonly int _offset;

    public unsafe AlignedRows(int rows, int columns)
    {
        Columns = columns;
        Rows = rows;
        Stride = (columns + Line - 1) / Line * Line;
        _memory = GC.AllocateArray<float>(checked(rows * Stride + Line), pinned: true);
        var address = (nuint)Unsafe.AsPointer(ref _memory[0]);
        _offset = (int)((64 - address % 64) % 64 / sizeof(float));
    }

    public int Rows { get; }

    public int Columns { get; }

    public int Stride { get; }

    /// <summary>One vector, without its padding.</summary>
    public Span<float> this[int row] => Padded(row)[..Columns];

    /// <summary>One vector with its padding.</summary>
    public Span<float> Padded(int row)
    {
        if ((uint)row >= (uint)Rows) throw new ArgumentOutOfRangeException(nameof(row), row, $"The table has {Rows} rows.");
        return _memory.AsSpan(_offset + row * Stride, Stride);
    }

    /// <summary>The first vector; it stays there, the memory is pinned.</summary>
    internal unsafe float* Pointer => (float*)Unsafe.AsPointer(ref _memory[0]) + _offset;
}
