using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>y = Σ_t c_t Σ x_t: the losses of several tasks, of any shapes, as one number.</summary>
internal sealed class WeightedSum : Op
{
    public static readonly WeightedSum Instance = new();

    public override string Name => "weighted sum";

    public static Tensor Of(ReadOnlySpan<Tensor> losses, ReadOnlySpan<float> weights)
    {
        if (losses.IsEmpty || weights.Length != losses.Length)
            throw new ArgumentException($"weighted sum: there are {losses.Length} losses and {weights.Length} weights.", nameof(weights));
        var tape = losses[0].Tape;
        var y = tape.PushMany(Instance, new Shape(), losses);
        var kept = tape.At(y.Node).Kept = tape.Take(weights.Length);
        weights.CopyTo(kept.Span);
        var sum = 0f;
        for (var t = 0; t < losses.Length; t++) sum += weights[t] * Elementwise.Sum(losses[t].Values);
        y.Mutable[0] = sum;
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        for (var t = 0; t < node.Ints.Length; t++)
        {
            if (!node.Tape.At(node.Ints[t]).NeedsGradient) continue;
            var dx = node.Tape.GradientToAddTo(node.Ints[t]);
            System.Numerics.Tensors.TensorPrimitives.Add(dx, node.Gradient[0] * node.Kept[t], dx);
        }
    }
}
