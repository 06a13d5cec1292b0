using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>y = g ⊙ (x − mean) / √(variance + ε) + b over the last axis. Ba, Kiros and Hinton, "Layer normalization", 2016.</summary>
internal sealed class LayerNormOp : Op
{
    public static readonly LayerNormOp Instance = new();

    public override string Name => "layer norm";

    public static Tensor Of(Tensor x, Tensor gain, Tensor bias, float epsilon)
    {
        var columns = x.Shape.Columns;
        foreach (var shape in (ReadOnlySpan<Shape>)[gain.Shape, bias.Shape])
            if (shape.Rank != 1 || shape[0] != columns)
                throw Mismatch("layer norm", x.Shape, shape, "gain and bias must be as long as the last axis");
        var y = x.Tape.Push(Instance, x.Shape, x, gain, bias);
        var rows = columns == 0 ? 0 : x.Shape.Length / columns;
        var kept = x.Tape.At(y.Node).Kept = x.Tape.Take(2 * rows);
        LayerNormKernels.Forward(x.Values, gain.Values, bias.Values, epsilon, kept.Span[..rows], kept.Span[rows..], y.Mutable);
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        var rows = node.Kept.Length / 2;
        Span<float> dx = default;
        var columns = node.Shape.Columns;
        // Sums that nobody wants go to scratch: one pass over the rows serves all three.
        var scratch = node.Tape.Take(2 * columns).Span;
        scratch.Clear();
        if (node.Wants(0)) dx = node.GradientOf(0);
        var gain = node.Wants(1) ? node.GradientOf(1) : scratch[..columns];
        var bias = node.Wants(2) ? node.GradientOf(2) : scratch[columns..];
        LayerNormKernels.Backward(node.Input(0), node.Input(1), node.Kept[..rows], node.Kept[rows..], node.Gradient, dx, gain, bias);
    }
}
