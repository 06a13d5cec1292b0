using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>y = tanh x.</summary>
internal sealed class Tanh : Op
{
    public static readonly Tanh Instance = new();

    public override string Name => "tanh";

    public static Tensor Of(Tensor x)
    {
        var y = x.Tape.Push(Instance, x.Shape, x);
        Elementwise.Tanh(x.Values, y.Mutable);
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        if (node.Wants(0)) ActivationKernels.AddTanhBack(node.Output, node.Gradient, node.GradientOf(0));
    }
}
