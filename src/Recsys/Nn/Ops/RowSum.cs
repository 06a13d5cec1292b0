using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>y = Σ over the last axis.</summary>
internal sealed class RowSum : Op
{
    public static readonly RowSum Instance = new();

    public override string Name => "row sum";

    public static Tensor Of(Tensor x)
    {
        var columns = x.Shape.Columns;
        var y = x.Tape.Push(Instance, x.Shape.WithoutColumns(), x);
        var values = x.Values;
        var sums = y.Mutable;
        for (var row = 0; row < sums.Length; row++) sums[row] = Elementwise.Sum(values.Slice(row * columns, columns));
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        if (!node.Wants(0)) return;
        var columns = node.ShapeOf(0).Columns;
        var g = node.Gradient;
        var dx = node.GradientOf(0, out var fresh);
        for (var row = 0; row < g.Length; row++)
        {
            var to = dx.Slice(row * columns, columns);
            if (fresh) to.Fill(g[row]);
            else System.Numerics.Tensors.TensorPrimitives.Add(to, g[row], to);
        }
    }
}
