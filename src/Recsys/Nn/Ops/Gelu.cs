using System.Numerics.Tensors;
using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>y = x Φ(x) with the normal distribution Φ. Hendrycks and Gimpel, "Gaussian error linear units", arXiv 1606.08415.</summary>
internal sealed class Gelu : Op
{
    public static readonly Gelu Instance = new();

    public override string Name => "gelu";

    public static Tensor Of(Tensor x)
    {
        var y = x.Tape.Push(Instance, x.Shape, x);
        var slope = x.Tape.At(y.Node).Kept = x.Tape.Take(x.Shape.Length);
        var e = x.Tape.Take(x.Shape.Length).Span;
        TensorPrimitives.Multiply(x.Values, x.Values, e);
        Elementwise.Scale(-0.5f, e);
        Elementwise.Exp(e, e);
        ActivationKernels.Gelu(x.Values, e, y.Mutable, slope.Span);
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        if (node.Wants(0)) ActivationKernels.AddProduct(node.Kept, node.Gradient, node.GradientOf(0));
    }
}
