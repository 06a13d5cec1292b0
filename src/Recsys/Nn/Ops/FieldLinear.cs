using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>
/// y = relu?(x W + b) of fields in parts: y = Σ x_c W_c over the rows of codes plus Σ x_n a_n over the numbers, where a_n = v_n W_n is
/// computed once for all examples. What the candidates of a request share is multiplied once. W [F · d, out], b [out].
/// </summary>
internal sealed class FieldLinear : Op
{
    public static readonly FieldLinear Instance = new();

    public override string Name => "linear of fields";

    public static Tensor Of(in FieldVectors x, Tensor w, Tensor? b, bool relu)
    {
        var (tape, layout) = (w.Tape, x.Layout);
        if (w.Shape.Rank != 2 || w.Shape[0] != layout.Width)
            throw Mismatch("linear of fields", new Shape(x.Codes.Shape[0], layout.Width), w.Shape, "the weights must be [in, out]");
        if (b is { } bias && (bias.Shape.Rank != 1 || bias.Shape[0] != w.Shape[1]))
            throw Mismatch("linear of fields", w.Shape, bias.Shape, "the bias must be [out]");
        var (examples, outputs) = (x.Codes.Shape[0], w.Shape[1]);
        var y = tape.Push(Instance, new Shape(examples, outputs), x.Codes, w, b, x.Vectors);
        ref var node = ref tape.At(y.Node);
        (node.Data, node.I0, node.I1) = (layout, relu ? 1 : 0, x.Values?.Node ?? -1);
        var output = y.Mutable;
        var beta = 0f;
        var columns = x.Codes.Shape[1] * x.Codes.Shape[2];
        foreach (var (from, to, length) in x.Part.Runs)
        {
            Gemm.Multiply(Transpose.No, Transpose.No, examples, outputs, length, 1, x.Codes.Values[from..], columns,
                w.Values[(to * outputs)..], outputs, beta, output, outputs);
            beta = 1;
        }
        if (x.Values is { } values)
        {
            var a = tape.Take(layout.NumberRows.Length * outputs).Span;
            Project(layout, x.Vectors is { } v ? v.Values : [], w.Values, a, outputs);
            Gemm.Multiply(Transpose.Yes, Transpose.No, examples, outputs, layout.NumberRows.Length, 1, values.Values, examples, a, outputs,
                beta, output, outputs);
            beta = 1;
        }
        if (beta == 0) output.Clear();

        ReadOnlySpan<float> shift = b is { } row ? row.Values : [];
        if (x.Shared is { } shared) shift = Shared(shared, layout, w, shift);
        if (relu && !shift.IsEmpty) LayerKernels.AddRowRelu(output, shift);
        else if (relu) Elementwise.Relu(output, output);
        else if (!shift.IsEmpty) LayerKernels.AddRow(output, shift);
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        var layout = (FieldLayout)node.Data!;
        var g = node.Gradient;
        var w = node.Input(1);
        var outputs = node.ShapeOf(1)[1];
        var examples = g.Length / outputs;
        var columns = node.ShapeOf(0)[1] * node.ShapeOf(0)[2];
        if (node.I0 == 1) LayerKernels.GateRelu(node.Output, g);
        if (node.Wants(2)) LayerKernels.AddColumnSums(g, node.GradientOf(2));
        var runs = layout.Codes.Runs;
        Span<float> dw = [];
        if (node.Wants(1))
        {
            dw = node.GradientOf(1, out var fresh);
            foreach (var (from, to, length) in runs)
                Gemm.Multiply(Transpose.Yes, Transpose.No, length, outputs, examples, 1, node.Input(0)[from..], columns, g, outputs,
                    fresh ? 0 : 1, dw[(to * outputs)..], outputs);
            if (fresh) foreach (var row in layout.NumberRows) dw.Slice(row * outputs, layout.NumberWidth * outputs).Clear();
        }
        if (node.Wants(0))
        {
            var dx = node.GradientOf(0, out var fresh);
            foreach (var (from, to, length) in runs)
                Gemm.Multiply(Transpose.No, Transpose.Yes, examples, length, outputs, 1, g, outputs, w[(to * outputs)..], outputs,
                    fresh ? 0 : 1, dx[from..], columns);
        }
        if (node.I1 < 0) return;
        var numbers = layout.NumberRows.Length;
        var da = node.Tape.Take(numbers * outputs).Span;
        Gemm.Multiply(Transpose.No, Transpose.No, numbers, outputs, examples, 1, node.Tape.Values(node.I1), examples, g, outputs, 0, da,
            outputs);
        ReadOnlySpan<float> vectors = node.Has(3) ? node.Input(3) : [];
        Span<float> dv = node.Wants(3) ? node.GradientOf(3) : [];
        ProjectBack(layout, vectors, w, da, dw, dv, outputs);
    }

    // a_n = v_n W_n; of numbers as they are, their row of W.
    private static void Project(FieldLayout layout, ReadOnlySpan<float> vectors, ReadOnlySpan<float> w, Span<float> a, int outputs)
    {
        var d = layout.NumberWidth;
        for (var n = 0; n < layout.NumberRows.Length; n++)
        {
            var rows = w.Slice(layout.NumberRows[n] * outputs, d * outputs);
            var to = a.Slice(n * outputs, outputs);
            if (vectors.IsEmpty) rows.CopyTo(to);
            else Gemv.Multiply(Transpose.Yes, d, outputs, 1, rows, outputs, vectors.Slice(n * d, d), 0, to);
        }
    }

    // ∂W_n += v_n ∂a_nᵀ, ∂v_n += W_n ∂a_n.
    private static void ProjectBack(FieldLayout layout, ReadOnlySpan<float> vectors, ReadOnlySpan<float> w, ReadOnlySpan<float> da,
        Span<float> dw, Span<float> dv, int outputs)
    {
        var d = layout.NumberWidth;
        for (var n = 0; n < layout.NumberRows.Length; n++)
        {
            var first = layout.NumberRows[n] * outputs;
            var change = da.Slice(n * outputs, outputs);
            for (var i = 0; i < d && !dw.IsEmpty; i++)
                LayerKernels.AddScaled(change, vectors.IsEmpty ? 1 : vectors[n * d + i], dw.Slice(first + i * outputs, outputs));
            if (!dv.IsEmpty)
                Gemv.Multiply(Transpose.No, d, outputs, 1, w.Slice(first, d * outputs), outputs, change, 1, dv.Slice(n * d, d));
        }
    }

    private static ReadOnlySpan<float> Shared(Tensor shared, FieldLayout layout, Tensor w, ReadOnlySpan<float> bias)
    {
        var outputs = w.Shape[1];
        var sum = w.Tape.Take(outputs).Span;
        if (bias.IsEmpty) sum.Clear();
        else bias.CopyTo(sum);
        foreach (var (from, to, length) in layout.Shared.Runs)
            Gemv.Multiply(Transpose.Yes, length, outputs, 1, w.Values.Slice(to * outputs, length * outputs), outputs,
                shared.Values.Slice(from, length), 1, sum);
        return sum;
    }
}
