using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>
/// ℓ = c [log(1 + eᶻ) − y z] for each logit z with label y and weight c: the negative log likelihood of σ(z), without overflow. Labels and
/// weights don't learn.
/// </summary>
internal sealed class LogLossOp : Op
{
    public static readonly LogLossOp Instance = new();

    public override string Name => "log loss";

    public static Tensor Of(Tensor logits, ReadOnlySpan<float> labels, ReadOnlySpan<float> weights)
    {
        var count = logits.Shape.Length;
        if (labels.Length != count || weights.Length != count && !weights.IsEmpty)
            throw new ArgumentException($"log loss: there are {count} logits, {labels.Length} labels and {weights.Length} weights.");
        var tape = logits.Tape;
        var loss = tape.Push(Instance, logits.Shape, logits);
        var kept = tape.At(loss.Node).Kept = tape.Take(2 * count);
        labels.CopyTo(kept.Span);
        if (weights.IsEmpty) kept.Span[count..].Fill(1);
        else weights.CopyTo(kept.Span[count..]);
        var z = logits.Values;
        var values = loss.Mutable;
        Elementwise.Softplus(z, values);
        for (var i = 0; i < count; i++) values[i] = kept.Span[count + i] * (values[i] - labels[i] * z[i]);
        return loss;
    }

    public override void Backward(in Adjoint node)
    {
        if (!node.Wants(0)) return;
        var z = node.Input(0);
        var g = node.Gradient;
        var dz = node.GradientOf(0);
        var labels = node.Kept[..z.Length];
        var weights = node.Kept[z.Length..];
        for (var i = 0; i < z.Length; i++) dz[i] += g[i] * weights[i] * (Elementwise.Sigmoid(z[i]) - labels[i]);
    }
}
