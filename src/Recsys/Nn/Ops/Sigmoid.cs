using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>y = 1 / (1 + e⁻ˣ).</summary>
internal sealed class Sigmoid : Op
{
    public static readonly Sigmoid Instance = new();

    public override string Name => "sigmoid";

    public static Tensor Of(Tensor x)
    {
        var y = x.Tape.Push(Instance, x.Shape, x);
        Elementwise.Sigmoid(x.Values, y.Mutable);
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        if (node.Wants(0)) ActivationKernels.AddSigmoidBack(node.Output, node.Gradient, node.GradientOf(0));
    }
}
