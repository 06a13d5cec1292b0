using System.Numerics.Tensors;
using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>y = a x + c with fixed numbers a and c.</summary>
internal sealed class Affine : Op
{
    public static readonly Affine Instance = new();

    public override string Name => "affine";

    public static Tensor Of(Tensor x, float a, float c)
    {
        var y = x.Tape.Push(Instance, x.Shape, x);
        x.Tape.At(y.Node).F0 = a;
        TensorPrimitives.Multiply(x.Values, a, y.Mutable);
        if (c != 0) TensorPrimitives.Add(y.Values, c, y.Mutable);
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        if (node.Wants(0)) Elementwise.Axpy(node.F0, node.Gradient, node.GradientOf(0));
    }
}
