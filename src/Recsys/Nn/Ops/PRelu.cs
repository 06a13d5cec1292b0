using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>
/// y = x where x &gt; 0, else a x, with a learned slope a for each column, or one for all. He et al., "Delving deep into rectifiers",
/// ICCV 2015.
/// </summary>
internal sealed class PRelu : Op
{
    public static readonly PRelu Instance = new();

    public override string Name => "prelu";

    public static Tensor Of(Tensor x, Tensor slope)
    {
        CheckSlope("prelu", x.Shape, slope.Shape);
        var y = x.Tape.Push(Instance, x.Shape, x, slope);
        SlopeKernels.PRelu(x.Values, slope.Values, y.Mutable);
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        var dx = node.Wants(0) ? node.GradientOf(0) : [];
        var da = node.Wants(1) ? node.GradientOf(1) : [];
        SlopeKernels.AddPReluBack(node.Input(0), node.Input(1), node.Gradient, dx, da);
    }

    public static void CheckSlope(string op, Shape x, Shape slope)
    {
        if (slope.Length != 1 && (slope.Rank != 1 || slope[0] != x.Columns))
            throw Mismatch(op, x, slope, "there must be one slope, or one for each column");
    }
}
