using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>
/// y = p x + (1 − p) a x with p = σ(n), where n is x normalised over the batch and a is learned for each column. Zhou et al., "Deep
/// interest
/// network for click-through rate prediction", KDD 2018, eq. 3.
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
        var values = x.Values;
        var a = slope.Values;
        var p = gates.Span;
        var to = y.Mutable;
        Elementwise.Sigmoid(normalised.Values, p);
        var column = 0;
        for (var i = 0; i < values.Length; i++)
        {
            to[i] = (a[column] + (1 - a[column]) * p[i]) * values[i];
            if (++column == a.Length) column = 0;
        }
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        var x = node.Input(0);
        var a = node.Input(2);
        var p = node.Kept;
        var g = node.Gradient;
        var dx = node.Wants(0) ? node.GradientOf(0) : [];
        var dn = node.Wants(1) ? node.GradientOf(1) : [];
        var da = node.Wants(2) ? node.GradientOf(2) : [];
        var column = 0;
        for (var i = 0; i < x.Length; i++)
        {
            if (!dx.IsEmpty) dx[i] += g[i] * (a[column] + (1 - a[column]) * p[i]);
            if (!dn.IsEmpty) dn[i] += g[i] * x[i] * (1 - a[column]) * p[i] * (1 - p[i]);
            if (!da.IsEmpty) da[column] += g[i] * x[i] * (1 - p[i]);
            if (++column == a.Length) column = 0;
        }
    }
}
