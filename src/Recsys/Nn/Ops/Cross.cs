using System.Numerics.Tensors;
using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>
/// y = x₀ ⊙ (x W + b) + x in one op: a cross layer. Wang et al., "DCN V2: improved deep and cross network", WWW 2021, eq. 1. W [n, n], b
/// [n].
/// </summary>
internal sealed class Cross : Op
{
    public static readonly Cross Instance = new();

    public override string Name => "cross";

    public static Tensor Of(Tensor first, Tensor x, Tensor w, Tensor b)
    {
        var n = x.Shape.Columns;
        if (first.Shape != x.Shape) throw Mismatch("cross", first.Shape, x.Shape, "they must be equal");
        if (w.Shape.Rank != 2 || w.Shape[0] != n || w.Shape[1] != n)
            throw Mismatch("cross", x.Shape, w.Shape, "the weights must be [n, n] for rows of n");
        if (b.Shape.Rank != 1 || b.Shape[0] != n)
            throw Mismatch("cross", x.Shape, b.Shape, "the bias must be [n] for rows of n");
        var y = x.Tape.Push(Instance, x.Shape, first, x, w, b);
        var linear = x.Tape.At(y.Node).Kept = x.Tape.Take(x.Shape.Length);
        Gemm.Multiply(x.Shape.Length / n, n, n, x.Values, w.Values, linear.Span);
        LayerKernels.AddRow(linear.Span, b.Values);
        TensorPrimitives.MultiplyAdd(first.Values, linear.Span, x.Values, y.Mutable);
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        var first = node.Input(0);
        var x = node.Input(1);
        var w = node.Input(2);
        var g = node.Gradient;
        var n = node.Shape.Columns;
        var rows = x.Length / n;
        if (node.Wants(0)) ActivationKernels.AddProduct(node.Kept, g, node.GradientOf(0));
        var du = node.Kept;   // g ⊙ x₀, where x W + b was
        Elementwise.Multiply(g, first, du);
        if (node.Wants(3)) LayerKernels.AddColumnSums(du, node.GradientOf(3));
        if (node.Wants(2))
        {
            var dw = node.GradientOf(2, out var fresh);
            Gemm.Multiply(Transpose.Yes, Transpose.No, n, n, rows, 1, x, n, du, n, fresh ? 0 : 1, dw, n);
        }
        if (node.Wants(1))
        {
            var dx = node.GradientOf(1);
            Elementwise.Axpy(1, g, dx);
            Gemm.Multiply(Transpose.No, Transpose.Yes, rows, n, n, 1, du, n, w, n, 1, dx, n);
        }
    }
}
