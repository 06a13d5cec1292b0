using System.Numerics.Tensors;
using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>
/// y = s sᵀ with s = Σ_i x_i over the fields: [B, F, d] → [B, d, d]. Qu et al., "Product-based neural networks for user response
/// prediction", ICDM 2016, eq. 13.
/// </summary>
internal sealed class OuterProduct : Op
{
    public static readonly OuterProduct Instance = new();

    public override string Name => "outer product";

    public static Tensor Of(Tensor x)
    {
        if (x.Shape.Rank != 3) throw new ArgumentException($"outer product: the shape {x.Shape} must be [examples, fields, d].");
        var (b, f, d) = (x.Shape[0], x.Shape[1], x.Shape[2]);
        var y = x.Tape.Push(Instance, new Shape(b, d, d), x);
        var sums = x.Tape.At(y.Node).Kept = x.Tape.Take(2 * b * d);
        var values = x.Values;
        var to = y.Mutable;
        for (var e = 0; e < b; e++)
        {
            var s = sums.Span.Slice(e * d, d);
            s.Clear();
            LayerKernels.AddColumnSums(values.Slice(e * f * d, f * d), s);
            for (var i = 0; i < d; i++) TensorPrimitives.Multiply(s, s[i], to.Slice((e * d + i) * d, d));
        }
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        if (!node.Wants(0)) return;
        var (b, f, d) = (node.ShapeOf(0)[0], node.ShapeOf(0)[1], node.ShapeOf(0)[2]);
        var g = node.Gradient;
        var dx = node.GradientOf(0);
        for (var e = 0; e < b; e++)
        {
            // ∂s = (g + gᵀ) s, the same for each field
            var s = node.Kept.Slice(e * d, d);
            var ds = node.Kept.Slice((b + e) * d, d);
            for (var i = 0; i < d; i++) ds[i] = Dot.Product(g.Slice((e * d + i) * d, d), s);
            for (var i = 0; i < d; i++) LayerKernels.AddScaled(g.Slice((e * d + i) * d, d), s[i], ds);
            LayerKernels.AddRow(dx.Slice(e * f * d, f * d), ds);
        }
    }
}
