namespace Recsys.Nn;

/// <summary>y = x in other axes. Values and gradient are those of x, not copies.</summary>
internal sealed class Reshape : Op
{
    public static readonly Reshape Instance = new();

    public override string Name => "reshape";

    public static Tensor Of(Tensor x, ReadOnlySpan<int> sizes)
    {
        Span<int> whole = stackalloc int[sizes.Length];
        sizes.CopyTo(whole);
        var known = 1;
        foreach (var size in sizes)
            if (size != -1) known = checked(known * size);
        var open = whole.IndexOf(-1);
        if (open >= 0) whole[open] = known == 0 ? 0 : x.Shape.Length / known;
        var shape = new Shape(whole);
        return shape.Length == x.Shape.Length
            ? x.Tape.PushView(Instance, shape, x)
            : throw Mismatch("reshape", x.Shape, shape, "they must have as many elements");
    }

    public override void Backward(in Adjoint node)
    {
    }
}
