using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>Some floats of a slab; a slab never moves, so spans of it stay good while the tape grows.</summary>
internal struct FloatBlock
{
    public AlignedFloats? Slab;
    public int Start;
    public int Length;

    public readonly Span<float> Span => Slab is null ? [] : Slab.Slice(Start, Length);
}

/// <summary>Some whole numbers of a slab.</summary>
internal struct IntBlock
{
    public int[]? Slab;
    public int Start;
    public int Length;

    public readonly Span<int> Span => Slab.AsSpan(Start, Length);
}

/// <summary>One recorded operation: its output, its inputs, what it keeps for the way back.</summary>
internal struct Node
{
    public Op Op;
    public Shape Shape;
    public FloatBlock Values;
    public FloatBlock Gradient;
    public FloatBlock Kept;
    public IntBlock Ints;

    public object? Data;
    public int A, B, C, D;
    public int I0, I1;
    public float F0;
    public bool NeedsGradient;

    public readonly int Input(int input) => input switch { 0 => A, 1 => B, 2 => C, _ => D };
}
