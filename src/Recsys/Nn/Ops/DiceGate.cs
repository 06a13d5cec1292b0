using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>
/// y = p x + (1 − p) a x with p = σ(n), where n is x normalised over the batch and a is learned for each column. Zhou et al., "Deep
/// interest network for click-through rate prediction", KDD 2018, eq. 3.
/// </summary>
internal sealed class DiceGate : Op
{
    public static readonly DiceGate Instance = new();

    public override string Name => "dice";

    public static Tensor Of(Tensor x, Tensor normalised, Tensor slope)
    {
        if (x.Shape != normalised.Shape) throw Mismatch("dice", x.Shape, normalised.Shape, "they must be equal");
        PRelu.CheckSlope("dice", x.Shape, slope.Shape);
        var y = x.Tape.Push(Instance, x.Shape, x, normalised, slope);
        var gates = x.Tape.At(y.Node).Kept = x.Tape.Take(x.Shape.Length);
        SlopeKernels.Dice(x.Values, normalised.Values, slope.Values, gates.Span, y.Mutable);
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        var dx = node.Wants(0) ? node.GradientOf(0) : [];
        var dn = node.Wants(1) ? node.GradientOf(1) : [];
        var da = node.Wants(2) ? node.GradientOf(2) : [];
        SlopeKernels.AddDiceBack(node.Input(0), node.Kept, node.Input(2), node.Gradient, dx, dn, da);
    }
}
