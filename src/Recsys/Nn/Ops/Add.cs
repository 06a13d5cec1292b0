using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>z = x + y; y may be a row added to each row of x.</summary>
internal sealed class Add : Op
{
    public static readonly Add Instance = new();

    public override string Name => "add";

    public static Tensor Of(Tensor x, Tensor y)
    {
        if (!Broadcast.Fits(x.Shape, y.Shape) && Broadcast.Fits(y.Shape, x.Shape)) (x, y) = (y, x);
        Broadcast.Check("add", x.Shape, y.Shape);
        var z = x.Tape.Push(Instance, x.Shape, x, y);
        if (x.Shape.Length == y.Shape.Length)
        {
            Elementwise.Add(x.Values, y.Values, z.Mutable);
        }
        else
        {
            x.Values.CopyTo(z.Mutable);
            LayerKernels.AddRow(z.Mutable, y.Values);
        }
        return z;
    }

    public override void Backward(in Adjoint node)
    {
        for (var input = 0; input < 2; input++)
        {
            if (!node.Wants(input)) continue;
            var gradient = node.GradientOf(input);
            LayerKernels.AddColumnSums(node.Gradient, gradient);
        }
    }
}

/// <summary>The one rule by which shapes are widened: a row, or a single number, serves for each row.</summary>
internal static class Broadcast
{
    public static bool Fits(Shape x, Shape y)
    {
        if (x == y) return true;
        if (y.Length == 1) return true;
        if (y.Rank >= x.Rank) return false;
        for (var axis = 1; axis <= y.Rank; axis++)
            if (x[^axis] != y[^axis]) return false;
        return true;
    }

    public static void Check(string op, Shape x, Shape y)
    {
        if (!Fits(x, y)) throw Op.Mismatch(op, x, y, "they must be equal, or one must be the last axes of the other, or a single number");
    }
}
