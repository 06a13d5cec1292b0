using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>y = the inputs side by side along the last axis; the other axes agree.</summary>
internal sealed class Concat : Op
{
    public static readonly Concat Instance = new();

    public override string Name => "concat";

    public static Tensor Of(ReadOnlySpan<Tensor> inputs)
    {
        if (inputs.IsEmpty) throw new ArgumentException("concat: there are no inputs.", nameof(inputs));
        var first = inputs[0].Shape;
        var columns = 0;
        foreach (var input in inputs)
        {
            var fits = input.Shape.Rank == first.Rank && first.Rank > 0;
            for (var axis = 0; fits && axis < first.Rank - 1; axis++) fits = input.Shape[axis] == first[axis];
            if (!fits) throw Mismatch("concat", first, input.Shape, "all axes but the last must agree");
            columns += input.Shape.Columns;
        }
        var result = inputs[0].Tape.PushMany(Instance, first.WithColumns(columns), inputs);
        var to = result.Mutable;
        var start = 0;
        foreach (var input in inputs)
        {
            var from = input.Values;
            var width = input.Shape.Columns;
            for (int at = 0, into = start; at < from.Length; at += width, into += columns) from.Slice(at, width).CopyTo(to[into..]);
            start += width;
        }
        return result;
    }

    public override void Backward(in Adjoint node)
    {
        var g = node.Gradient;
        var columns = node.Shape.Columns;
        var start = 0;
        foreach (var input in node.Ints)
        {
            var width = node.Tape.At(input).Shape.Columns;
            if (node.Tape.At(input).NeedsGradient)
            {
                var dx = node.Tape.GradientToFill(input, out var fresh);
                for (int at = 0, from = start; at < dx.Length; at += width, from += columns)
                {
                    if (fresh) g.Slice(from, width).CopyTo(dx[at..]);
                    else LayerKernels.AddScaled(g.Slice(from, width), 1, dx.Slice(at, width));
                }
            }
            start += width;
        }
    }
}
