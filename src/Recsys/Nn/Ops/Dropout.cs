using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>
/// Inverted dropout: y = x m with m = 0 with probability p, else 1 / (1 − p). Srivastava et al., "Dropout", JMLR 2014. p counts in steps of
/// 1/65536. The mask depends on seed, step, shard and the place of the op in the network, on nothing else.
/// </summary>
internal sealed class Dropout : Op
{
    public static readonly Dropout Instance = new();

    public override string Name => "dropout";

    public static Tensor Of(Tensor x, float probability)
    {
        if (!(probability >= 0 && probability < 1))
            throw new ArgumentOutOfRangeException(nameof(probability), probability,
                "The probability of dropout must be at least 0 and below 1.");
        var tape = x.Tape;
        var threshold = Threshold(probability);
        if (tape.Mode != TapeMode.Train || threshold == 0) return x;
        var y = tape.Push(Instance, x.Shape, x);
        var mask = tape.At(y.Node).Kept = tape.Take(x.Shape.Length);
        ActivationKernels.DropoutMask(tape.NextRandom(), threshold, 65536f / (65536 - threshold), mask.Span);
        Elementwise.Multiply(x.Values, mask.Span, y.Mutable);
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        if (node.Wants(0)) ActivationKernels.AddProduct(node.Kept, node.Gradient, node.GradientOf(0));
    }

    private static int Threshold(float probability) => Math.Min((int)MathF.Round(probability * 65536), 65535);
}
