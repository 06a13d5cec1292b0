using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>y_p = x_i ⊙ x_j for all pairs i &lt; j of fields, in the order (0, 1), (0, 2), …. [B, F, d] → [B, F (F − 1) / 2, d]</summary>
internal sealed class PairProducts : Op
{
    public static readonly PairProducts Instance = new();

    public override string Name => "pair products";

    public static Tensor Of(Tensor x)
    {
        if (x.Shape.Rank != 3) throw new ArgumentException($"pair products: the shape {x.Shape} must be [examples, fields, d].");
        var (b, f, d) = (x.Shape[0], x.Shape[1], x.Shape[2]);
        var y = x.Tape.Push(Instance, new Shape(b, f * (f - 1) / 2, d), x);
        FieldPairKernels.Products(x.Values, b, f, d, y.Mutable);
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        if (!node.Wants(0)) return;
        var shape = node.ShapeOf(0);
        FieldPairKernels.ProductsBack(node.Input(0), shape[0], shape[1], shape[2], node.Gradient, node.GradientOf(0));
    }
}

/// <summary>
/// y_p = x_ij ⊙ x_ji for all pairs i &lt; j, where x_ij is the vector that field i keeps for field j; or their inner product.
/// [B, F, F, d] → [B, F (F − 1) / 2, d] or [B, F (F − 1) / 2]
/// </summary>
internal sealed class CrossPairs : Op
{
    public static readonly CrossPairs Instance = new();

    public override string Name => "cross pairs";

    public static Tensor Of(Tensor x, bool inner)
    {
        var s = x.Shape;
        if (s.Rank != 4 || s[1] != s[2]) throw new ArgumentException($"cross pairs: the shape {s} must be [examples, fields, fields, d].");
        var pairs = s[1] * (s[1] - 1) / 2;
        var y = x.Tape.Push(Instance, inner ? new Shape(s[0], pairs) : new Shape(s[0], pairs, s[3]), x);
        x.Tape.At(y.Node).I0 = inner ? 1 : 0;
        if (inner) FieldPairKernels.CrossInner(x.Values, s[0], s[1], s[3], y.Mutable);
        else FieldPairKernels.Cross(x.Values, s[0], s[1], s[3], y.Mutable);
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        if (!node.Wants(0)) return;
        var s = node.ShapeOf(0);
        FieldPairKernels.CrossBack(node.Input(0), s[0], s[1], s[3], node.Gradient, node.I0 == 1, node.GradientOf(0));
    }
}
