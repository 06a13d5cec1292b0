using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Recsys.Numerics;

/// <summary>Zeroed floats that begin on a cache line and stay there, so that a vector register never loads across two lines.</summary>
internal sealed class AlignedFloats
{
    private const int Line = 64;

    private readonly float[] _array;
    private readonly int _start;

    /// <param name="length">At least 0.</param>
    public unsafe AlignedFloats(int length)
    {
        Length = length;
        _array = GC.AllocateArray<float>(checked(length + Line / sizeof(float)), pinned: true);
        var address = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_array));
        _start = (int)((Line - address % Line) % Line / sizeof(float));
    }

    public int Length { get; }

    public Span<float> Span => _array.AsSpan(_start, Length);

    /// <summary>The first float; it stays there, the memory is pinned.</summary>
    internal unsafe float* Pointer => (float*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_array)) + _start;

    public Memory<float> Memory => _array.AsMemory(_start, Length);

    public Span<float> Slice(int start, int length) => Span.Slice(start, length);
}
