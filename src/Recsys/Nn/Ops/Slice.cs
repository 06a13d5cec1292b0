using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>y = some columns of x, side by side: a piece of the last axis.</summary>
internal sealed class Slice : Op
{
    public static readonly Slice Instance = new();

    public override string Name => "slice";

    public static Tensor Of(Tensor x, int start, int length)
    {
        var columns = x.Shape.Columns;
        if (start < 0 || length < 0 || start > columns - length || x.Shape.Rank == 0)
            throw new ArgumentOutOfRangeException(nameof(start), start,
                $"slice: the columns {start} to {start + (long)length - 1} do not lie in the shape {x.Shape}.");
        var y = x.Tape.Push(Instance, x.Shape.WithColumns(length), x);
        x.Tape.At(y.Node).I0 = start;
        var from = x.Values;
        var to = y.Mutable;
        for (int at = start, into = 0; into < to.Length; at += columns, into += length) from.Slice(at, length).CopyTo(to[into..]);
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        if (!node.Wants(0)) return;
        var g = node.Gradient;
        var dx = node.GradientOf(0);
        var columns = node.ShapeOf(0).Columns;
        var length = node.Shape.Columns;
        for (int from = 0, at = node.I0; from < g.Length; from += length, at += columns)
            LayerKernels.AddScaled(g.Slice(from, length), 1, dx.Slice(at, length));
    }
}
