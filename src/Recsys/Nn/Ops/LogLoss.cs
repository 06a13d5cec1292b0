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
        var loss = PointLoss.Begin(Instance, logits, labels, weights, out var kept);
        var z = logits.Values;
        var values = loss.Mutable;
        Elementwise.Softplus(z, values);
        for (var i = 0; i < z.Length; i++) values[i] = kept[z.Length + i] * (values[i] - kept[i] * z[i]);
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
