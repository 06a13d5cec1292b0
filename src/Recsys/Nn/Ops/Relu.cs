using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>y = max(x, 0).</summary>
internal sealed class Relu : Op
{
    public static readonly Relu Instance = new();

    public override string Name => "relu";

    public static Tensor Of(Tensor x)
    {
        var y = x.Tape.Push(Instance, x.Shape, x);
        Elementwise.Relu(x.Values, y.Mutable);
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        if (node.Wants(0)) ActivationKernels.AddReluBack(node.Output, node.Gradient, node.GradientOf(0));
    }
}
