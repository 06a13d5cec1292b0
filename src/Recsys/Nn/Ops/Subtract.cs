using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>z = x − y, of one shape.</summary>
internal sealed class Subtract : Op
{
    public static readonly Subtract Instance = new();

    public override string Name => "subtract";

    public static Tensor Of(Tensor x, Tensor y)
    {
        if (x.Shape != y.Shape) throw Mismatch("subtract", x.Shape, y.Shape, "they must be equal");
        var z = x.Tape.Push(Instance, x.Shape, x, y);
        Elementwise.Subtract(x.Values, y.Values, z.Mutable);
        return z;
    }

    public override void Backward(in Adjoint node)
    {
        if (node.Wants(0)) Elementwise.Axpy(1, node.Gradient, node.GradientOf(0));
        if (node.Wants(1)) Elementwise.Axpy(-1, node.Gradient, node.GradientOf(1));
    }
}
