using System.Numerics.Tensors;
using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>
/// y = e^x / Σ e^x over the last axis, or over its first elements where examples have lengths: what is beyond them gets 0, and an example
/// of length 0 gets zeros.
/// </summary>
internal sealed class Softmax : Op
{
    public static readonly Softmax Instance = new();

    public override string Name => "softmax";

    public static Tensor Of(Tensor x, in Segments? lengths)
    {
        var columns = x.Shape.Columns;
        var rows = columns == 0 ? 0 : x.Shape.Length / columns;
        if (lengths is { } mask && (x.Shape.Rank < 2 || x.Shape[0] != mask.Count || mask.PaddedLength != columns))
            throw new ArgumentException(
                $"softmax: the shape {x.Shape} does not fit lengths of {mask.Count} examples padded to {mask.PaddedLength}.");
        var y = x.Tape.Push(Instance, x.Shape, x);
        var values = x.Values;
        var output = y.Mutable;
        var limits = lengths is { } given ? given.Lengths : [];
        var each = limits.IsEmpty ? Math.Max(1, rows) : rows / limits.Length;
        values.CopyTo(output);
        for (var r = 0; r < rows && columns > 0; r += each)
        {
            var limit = limits.IsEmpty ? columns : limits[r / each];
            Elementwise.SoftmaxRows(output.Slice(r * columns, each * columns), columns, limit, growing: false, limit);
        }
        return y;
    }

    // ∂x = y ⊙ (g − ⟨g, y⟩); where y is 0 so is it, so lengths need not be known.
    public override void Backward(in Adjoint node)
    {
        if (!node.Wants(0)) return;
        var y = node.Output;
        var g = node.Gradient;
        var dx = node.GradientOf(0);
        var columns = node.Shape.Columns;
        if (columns == 0) return;
        Elementwise.SoftmaxRowsBack(y, columns, columns, 1, g);
        TensorPrimitives.Add(dx, g, dx);
    }
}

/// <summary>The softmax down the rows of each segment, column by column; zeros between segments.</summary>
internal sealed class SegmentSoftmax : Op
{
    public static readonly SegmentSoftmax Instance = new();

    public override string Name => "segment softmax";

    public static Tensor Of(Tensor x, in Segments segments)
    {
        segments.Check("segment softmax", x.Shape);
        var y = x.Tape.Push(Instance, x.Shape, x);
        ref var node = ref x.Tape.At(y.Node);
        var d = node.I0 = segments.Rows == 0 ? 1 : x.Shape.Length / segments.Rows;
        node.Ints = segments.Ints;
        var row = x.Tape.Take(d).Span;
        var starts = segments.Starts;
        var lengths = segments.Lengths;
        var values = x.Values;
        var output = y.Mutable;
        if (segments.Total < segments.Rows) output.Clear();
        for (var b = 0; b < starts.Length; b++)
        {
            var from = values.Slice(starts[b] * d, lengths[b] * d);
            var to = output.Slice(starts[b] * d, lengths[b] * d);
            if (from.IsEmpty) continue;
            if (d == 1)
            {
                Elementwise.Softmax(from, to);
                continue;
            }
            from[..d].CopyTo(row);
            for (var at = d; at < from.Length; at += d) TensorPrimitives.Max(row, from.Slice(at, d), row);
            for (var at = 0; at < from.Length; at += d) TensorPrimitives.Subtract(from.Slice(at, d), row, to.Slice(at, d));
            Elementwise.Exp(to, to);
            row.Clear();
            LayerKernels.AddColumnSums(to, row);
            for (var at = 0; at < to.Length; at += d) TensorPrimitives.Divide(to.Slice(at, d), row, to.Slice(at, d));
        }
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        if (!node.Wants(0)) return;
        var y = node.Output;
        var g = node.Gradient;
        var dx = node.GradientOf(0);
        var d = node.I0;
        var count = node.Ints.Length / 2;
        var sums = node.Tape.Take(d).Span;
        for (var b = 0; b < count; b++)
        {
            var (start, end) = (node.Ints[b] * d, (node.Ints[b] + node.Ints[count + b]) * d);
            sums.Clear();
            for (var at = start; at < end; at += d) TensorPrimitives.MultiplyAdd(y.Slice(at, d), g.Slice(at, d), sums, sums);
            for (var at = start; at < end; at += d)
            {
                var from = g.Slice(at, d);
                var to = dx.Slice(at, d);
                TensorPrimitives.Subtract(from, sums, from);
                TensorPrimitives.MultiplyAdd(from, y.Slice(at, d), to, to);
            }
        }
    }
}
