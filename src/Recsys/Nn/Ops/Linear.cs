using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>y = relu?(x W + b) in one op: x [.., in], W [in, out], b [out].</summary>
internal sealed class LinearOp : Op
{
    public static readonly LinearOp Instance = new();

    public override string Name => "linear";

    public static Tensor Of(Tensor x, Tensor w, Tensor? b, bool relu)
    {
        if (w.Shape.Rank != 2 || x.Shape.Columns != w.Shape[0])
            throw Mismatch("linear", x.Shape, w.Shape, "the last axis of the input must be the first of the weights [in, out]");
        if (b is { } bias && (bias.Shape.Rank != 1 || bias.Shape[0] != w.Shape[1]))
            throw Mismatch("linear", w.Shape, bias.Shape, "the bias must be [out]");
        var (rows, inputs, outputs) = (x.Shape.Length / w.Shape[0], w.Shape[0], w.Shape[1]);
        var y = x.Tape.Push(Instance, x.Shape.WithColumns(outputs), x, w, b);
        x.Tape.At(y.Node).I0 = relu ? 1 : 0;
        var output = y.Mutable;
        Gemm.Multiply(rows, outputs, inputs, x.Values, w.Values, output);
        if (relu)
        {
            if (b is { } shift) LayerKernels.AddRowRelu(output, shift.Values);
            else Elementwise.Relu(output, output);
        }
        else if (b is { } shift)
        {
            LayerKernels.AddRow(output, shift.Values);
        }
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        var x = node.Input(0);
        var w = node.Input(1);
        var g = node.Gradient;
        var (inputs, outputs) = (node.ShapeOf(1)[0], node.ShapeOf(1)[1]);
        var rows = x.Length / inputs;
        if (node.I0 == 1) LayerKernels.GateRelu(node.Output, g);
        if (node.Wants(2)) LayerKernels.AddColumnSums(g, node.GradientOf(2));
        if (node.Wants(1))
        {
            var dw = node.GradientOf(1, out var fresh);
            Gemm.Multiply(Transpose.Yes, Transpose.No, inputs, outputs, rows, 1, x, inputs, g, outputs, fresh ? 0 : 1, dw, outputs);
        }
        if (node.Wants(0))
        {
            var dx = node.GradientOf(0, out var fresh);
            Gemm.Multiply(Transpose.No, Transpose.Yes, rows, inputs, outputs, 1, g, outputs, w, outputs, fresh ? 0 : 1, dx, inputs);
        }
    }
}
