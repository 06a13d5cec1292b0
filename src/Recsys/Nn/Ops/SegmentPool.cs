using System.Numerics.Tensors;
using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>One row for each segment of rows: sum, mean, maximum or last; zeros of an empty one.</summary>
internal sealed class SegmentPool : Op
{
    public enum Kind { Sum, Mean, Max, Last }

    public static readonly SegmentPool Instance = new();

    public override string Name => "segment pool";

    public static Tensor Of(Tensor x, in Segments segments, Kind kind)
    {
        segments.Check("segment pool", x.Shape);
        var d = segments.Rows == 0 ? x.Shape.Columns : x.Shape.Length / segments.Rows;
        var count = segments.Count;
        var y = x.Tape.Push(Instance, new Shape(count, d), x);
        ref var node = ref x.Tape.At(y.Node);
        node.I0 = (int)kind;
        node.I1 = count;
        node.Ints = segments.Ints;
        if (kind == Kind.Max)
        {
            // The places of the largest follow the segments.
            node.Ints = x.Tape.TakeInts(2 * count + count * d);
            segments.Ints.Span.CopyTo(node.Ints.Span);
        }
        var starts = segments.Starts;
        var lengths = segments.Lengths;
        var values = x.Values;
        var places = node.Ints.Span[(2 * count)..];
        var output = y.Mutable;
        output.Clear();
        for (var b = 0; b < count; b++)
        {
            var rows = values.Slice(starts[b] * d, lengths[b] * d);
            var to = output.Slice(b * d, d);
            if (rows.IsEmpty) continue;
            switch (kind)
            {
                case Kind.Last: rows[^d..].CopyTo(to); break;
                case Kind.Max: Largest(rows, d, starts[b] * d, to, places.Slice(b * d, d)); break;
                default:
                    LayerKernels.AddColumnSums(rows, to);
                    if (kind == Kind.Mean) Elementwise.Scale(1f / lengths[b], to);
                    break;
            }
        }
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        if (!node.Wants(0)) return;
        var (kind, count, d) = ((Kind)node.I0, node.I1, node.Shape.Columns);
        var g = node.Gradient;
        var dx = node.GradientOf(0);
        var starts = node.Ints[..count];
        var lengths = node.Ints[count..(2 * count)];
        var places = node.Ints[(2 * count)..];
        for (var b = 0; b < count; b++)
        {
            var rows = dx.Slice(starts[b] * d, lengths[b] * d);
            var from = g.Slice(b * d, d);
            if (rows.IsEmpty) continue;
            switch (kind)
            {
                case Kind.Last: Elementwise.Axpy(1, from, rows[^d..]); break;
                case Kind.Max:
                    for (var i = 0; i < d; i++) dx[places[b * d + i]] += from[i];
                    break;
                default:
                    if (kind == Kind.Mean) Elementwise.Scale(1f / lengths[b], from);
                    LayerKernels.AddRow(rows, from);
                    break;
            }
        }
    }

    private static void Largest(ReadOnlySpan<float> rows, int d, int first, Span<float> to, Span<int> places)
    {
        rows[..d].CopyTo(to);
        for (var i = 0; i < d; i++) places[i] = first + i;
        for (var at = d; at < rows.Length; at += d)
        {
            for (var i = 0; i < d; i++)
            {
                // NaN wins, so that it is seen.
                if (!(rows[at + i] > to[i]) && !float.IsNaN(rows[at + i])) continue;
                to[i] = rows[at + i];
                places[i] = first + at + i;
            }
        }
    }
}

/// <summary>y[row] = x[example of the row]: a vector of each example for each of its rows; zeros between segments.</summary>
internal sealed class SegmentRepeat : Op
{
    public static readonly SegmentRepeat Instance = new();

    public override string Name => "segment repeat";

    public static Tensor Of(Tensor x, in Segments segments)
    {
        if (x.Shape.Rank != 2 || x.Shape[0] != segments.Count)
            throw new ArgumentException($"segment repeat: the shape {x.Shape} must be [examples, d] with {segments.Count} examples.");
        var d = x.Shape[1];
        var shape = segments.PaddedLength > 0 ? new Shape(segments.Count, segments.PaddedLength, d) : new Shape(segments.Rows, d);
        var y = x.Tape.Push(Instance, shape, x);
        x.Tape.At(y.Node).Ints = segments.Ints;
        var starts = segments.Starts;
        var lengths = segments.Lengths;
        var values = x.Values;
        var output = y.Mutable;
        if (segments.Total < segments.Rows) output.Clear();
        for (var b = 0; b < starts.Length; b++)
            for (var row = starts[b]; row < starts[b] + lengths[b]; row++) values.Slice(b * d, d).CopyTo(output.Slice(row * d, d));
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        if (!node.Wants(0)) return;
        var g = node.Gradient;
        var dx = node.GradientOf(0);
        var count = node.ShapeOf(0)[0];
        var d = node.Shape.Columns;
        for (var b = 0; b < count; b++)
            LayerKernels.AddColumnSums(g.Slice(node.Ints[b] * d, node.Ints[count + b] * d), dx.Slice(b * d, d));
    }
}

/// <summary>Rows of segments copied to other places: padding and its reverse.</summary>
internal sealed class SegmentMove : Op
{
    public static readonly SegmentMove Instance = new();

    public override string Name => "segment move";

    public static Sequences Pad(in Sequences x, int length)
    {
        var from = x.Segments;
        var tape = x.Values.Tape;
        Span<int> lengths = tape.TakeInts(from.Count).Span;
        for (var b = 0; b < lengths.Length; b++) lengths[b] = Math.Min(length, from.Lengths[b]);
        return Of(x, Segments.Padded(tape, lengths, length));
    }

    public static Sequences Compact(in Sequences x)
    {
        var from = x.Segments;
        var tape = x.Values.Tape;
        Span<int> offsets = tape.TakeInts(from.Count + 1).Span;
        offsets[0] = 0;
        for (var b = 0; b < from.Count; b++) offsets[b + 1] = offsets[b] + from.Lengths[b];
        return Of(x, Segments.Ragged(tape, offsets));
    }

    private static Sequences Of(in Sequences x, in Segments to)
    {
        var (values, from) = (x.Values, x.Segments);
        from.Check("segment move", values.Shape);
        var d = from.Rows == 0 ? values.Shape.Columns : values.Shape.Length / from.Rows;
        var y = values.Tape.Push(Instance, to.PaddedLength > 0 ? new Shape(to.Count, to.PaddedLength, d) : new Shape(to.Rows, d), values);
        ref var node = ref values.Tape.At(y.Node);
        var count = to.Count;
        node.Ints = values.Tape.TakeInts(3 * count);
        var ints = node.Ints.Span;
        var source = values.Values;
        var target = y.Mutable;
        if (to.Total < to.Rows) target.Clear();
        for (var b = 0; b < count; b++)
        {
            // Of what is too long the end is kept: events are oldest first.
            var length = to.Lengths[b];
            ints[b] = (from.Starts[b] + from.Lengths[b] - length) * d;
            ints[count + b] = to.Starts[b] * d;
            ints[2 * count + b] = length * d;
            source.Slice(ints[b], length * d).CopyTo(target[ints[count + b]..]);
        }
        return new Sequences(y, to);
    }

    public override void Backward(in Adjoint node)
    {
        if (!node.Wants(0)) return;
        var g = node.Gradient;
        var dx = node.GradientOf(0);
        var ints = node.Ints;
        var count = node.Ints.Length / 3;
        for (var b = 0; b < count; b++)
        {
            var to = dx.Slice(ints[b], ints[2 * count + b]);
            TensorPrimitives.Add(to, g.Slice(ints[count + b], to.Length), to);
        }
    }
}
