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
        var varying = x.Tape.At(x.Node).Varying;
        if (varying.Slab is not null && rows > 1 && x.Shape.Rank == 2) MultiplyShared(x, w, varying.Span, output);
        else Gemm.Multiply(rows, outputs, inputs, x.Values, w.Values, output);
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

    // The columns that all candidates of a request share are multiplied once; the sum is the same but for the order of its terms.
    private static void MultiplyShared(Tensor x, Tensor w, ReadOnlySpan<int> varying, Span<float> output)
    {
        var (rows, inputs, outputs) = (x.Shape[0], w.Shape[0], w.Shape[1]);
        var first = output[..outputs];
        first.Clear();
        var shared = 0;
        for (var run = 0; run <= varying.Length; run += 2)
        {
            var end = run < varying.Length ? varying[run] : inputs;
            if (end > shared)
                Gemm.Multiply(Transpose.No, Transpose.No, 1, outputs, end - shared, 1, x.Values[shared..end], end - shared,
                    w.Values[(shared * outputs)..], outputs, 1, first, outputs);
            if (run < varying.Length) shared = end + varying[run + 1];
        }
        for (var row = 1; row < rows; row++) first.CopyTo(output.Slice(row * outputs, outputs));
        for (var run = 0; run < varying.Length; run += 2)
            Gemm.Multiply(Transpose.No, Transpose.No, rows, outputs, varying[run + 1], 1, x.Values[varying[run]..], inputs,
                w.Values[(varying[run] * outputs)..], outputs, 1, output, outputs);
    }
}
