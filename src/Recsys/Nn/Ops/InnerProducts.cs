using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>
/// y = ⟨x_i, x_j⟩ for all i &lt; j, ordered by i and then j: [B, F, d] → [B, F (F − 1) / 2]. Qu et al., "Product-based neural networks for
/// user response prediction", ICDM 2016, section 3.2.
/// </summary>
internal sealed class InnerProducts : Op
{
    public static readonly InnerProducts Instance = new();

    public override string Name => "inner products";

    public static Tensor Of(Tensor x)
    {
        if (x.Shape.Rank != 3) throw new ArgumentException($"inner products: the shape {x.Shape} must be [examples, fields, d].");
        var (b, f, d) = (x.Shape[0], x.Shape[1], x.Shape[2]);
        var y = x.Tape.Push(Instance, new Shape(b, f * (f - 1) / 2), x);
        PairKernels.InnerProducts(x.Values, f, d, x.Tape.Take(d * (f + 1)).Span, y.Mutable);
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        if (!node.Wants(0)) return;
        var shape = node.ShapeOf(0);
        PairKernels.AddInnerProductsBack(node.Input(0), shape[1], shape[2], node.Gradient, node.GradientOf(0));
    }
}
