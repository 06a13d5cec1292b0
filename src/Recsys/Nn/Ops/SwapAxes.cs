using System.Numerics.Tensors;

namespace Recsys.Nn;

/// <summary>y = x with two axes swapped; the elements are moved.</summary>
internal sealed class SwapAxes : Op
{
    public static readonly SwapAxes Instance = new();

    public override string Name => "swap axes";

    public static Tensor Of(Tensor x, Index first, Index second)
    {
        var shape = x.Shape;
        var (a, b) = (first.GetOffset(shape.Rank), second.GetOffset(shape.Rank));
        if ((uint)a >= (uint)shape.Rank || (uint)b >= (uint)shape.Rank)
            throw new ArgumentException($"swap axes: the shape {shape} has no axes {first} and {second}.");
        if (a > b) (a, b) = (b, a);
        Span<int> sizes = stackalloc int[shape.Rank];
        for (var axis = 0; axis < sizes.Length; axis++) sizes[axis] = shape[axis];
        (sizes[a], sizes[b]) = (sizes[b], sizes[a]);
        var y = x.Tape.Push(Instance, new Shape(sizes), x);
        ref var node = ref x.Tape.At(y.Node);
        (node.I0, node.I1) = (a, b);
        Move(x.Values, shape, a, b, y.Mutable, add: false);
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        if (!node.Wants(0)) return;
        var dx = node.GradientOf(0, out var fresh);
        Move(node.Gradient, node.Shape, node.I0, node.I1, dx, add: !fresh);
    }

    // As [outer, p, middle, q, inner] → [outer, q, middle, p, inner], in runs of the inner axes.
    private static void Move(ReadOnlySpan<float> from, Shape shape, int a, int b, Span<float> to, bool add)
    {
        int outer = 1, middle = 1, inner = 1;
        for (var axis = 0; axis < shape.Rank; axis++)
        {
            if (axis < a) outer *= shape[axis];
            else if (axis > b) inner *= shape[axis];
            else if (axis > a && axis < b) middle *= shape[axis];
        }
        var (p, q) = (shape[a], a == b ? 1 : shape[b]);
        for (var o = 0; o < outer; o++)
        {
            for (var i = 0; i < p; i++)
            {
                for (var m = 0; m < middle; m++)
                {
                    for (var j = 0; j < q; j++)
                    {
                        var source = (((o * p + i) * middle + m) * q + j) * inner;
                        var target = (((o * q + j) * middle + m) * p + i) * inner;
                        if (inner == 1)
                        {
                            to[target] = add ? to[target] + from[source] : from[source];
                            continue;
                        }
                        var run = to.Slice(target, inner);
                        if (add) TensorPrimitives.Add(run, from.Slice(source, inner), run);
                        else from.Slice(source, inner).CopyTo(run);
                    }
                }
            }
        }
    }
}
