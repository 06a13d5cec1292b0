using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>y_r = s_r x_r: a number for each row. x [.., n], s [..] in any axes of as many elements as x has rows.</summary>
internal sealed class ScaleRows : Op
{
    public static readonly ScaleRows Instance = new();

    public override string Name => "scale rows";

    public static Tensor Of(Tensor x, Tensor scales)
    {
        if (x.Shape.Rank == 0 || x.Shape.Rows != scales.Shape.Length)
            throw Mismatch("scale rows", x.Shape, scales.Shape, "there must be a scale for each row, a row being the last axis");
        var y = x.Tape.Push(Instance, x.Shape, x, scales);
        FieldPairKernels.ScaleRows(x.Values, scales.Values, y.Mutable);
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        Span<float> dx = default, scales = default;
        if (node.Wants(0)) dx = node.GradientOf(0);
        if (node.Wants(1)) scales = node.GradientOf(1);
        FieldPairKernels.ScaleRowsBack(node.Input(0), node.Input(1), node.Gradient, dx, scales);
    }
}
