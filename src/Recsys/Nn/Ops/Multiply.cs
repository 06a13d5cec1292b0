using System.Numerics.Tensors;
using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>z = x ⊙ y; y may be a row that multiplies each row of x.</summary>
internal sealed class Multiply : Op
{
    public static readonly Multiply Instance = new();

    public override string Name => "multiply";

    public static Tensor Of(Tensor x, Tensor y)
    {
        if (!Broadcast.Fits(x.Shape, y.Shape) && Broadcast.Fits(y.Shape, x.Shape)) (x, y) = (y, x);
        Broadcast.Check("multiply", x.Shape, y.Shape);
        var z = x.Tape.Push(Instance, x.Shape, x, y);
        var values = x.Values;
        var row = y.Values;
        var product = z.Mutable;
        for (var at = 0; at < values.Length; at += row.Length)
            Elementwise.Multiply(values.Slice(at, row.Length), row, product.Slice(at, row.Length));
        return z;
    }

    public override void Backward(in Adjoint node)
    {
        var x = node.Input(0);
        var y = node.Input(1);
        var g = node.Gradient;
        if (node.Wants(0))
        {
            var dx = node.GradientOf(0);
            for (var at = 0; at < x.Length; at += y.Length)
                TensorPrimitives.MultiplyAdd(g.Slice(at, y.Length), y, dx.Slice(at, y.Length), dx.Slice(at, y.Length));
        }
        if (node.Wants(1))
        {
            var dy = node.GradientOf(1);
            for (var at = 0; at < x.Length; at += y.Length)
                TensorPrimitives.MultiplyAdd(g.Slice(at, y.Length), x.Slice(at, y.Length), dy, dy);
        }
    }
}
