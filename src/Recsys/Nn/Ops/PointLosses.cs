using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>What losses of one output and one label share: they keep labels and weights, which don't learn.</summary>
internal static class PointLoss
{
    public static Tensor Begin(Op op, Tensor x, ReadOnlySpan<float> labels, ReadOnlySpan<float> weights, out Span<float> kept)
    {
        var count = x.Shape.Length;
        if (labels.Length != count || weights.Length != count && !weights.IsEmpty)
            throw new ArgumentException($"{op.Name}: there are {count} outputs, {labels.Length} labels and {weights.Length} weights.");
        var loss = x.Tape.Push(op, x.Shape, x);
        kept = (x.Tape.At(loss.Node).Kept = x.Tape.Take(2 * count)).Span;
        labels.CopyTo(kept);
        if (weights.IsEmpty) kept[count..].Fill(1);
        else weights.CopyTo(kept[count..]);
        return loss;
    }
}

/// <summary>ℓ = c (z − y)².</summary>
internal sealed class SquaredError : Op
{
    public static readonly SquaredError Instance = new();

    public override string Name => "squared error";

    public static Tensor Of(Tensor x, ReadOnlySpan<float> labels, ReadOnlySpan<float> weights)
    {
        var loss = PointLoss.Begin(Instance, x, labels, weights, out var kept);
        var z = x.Values;
        var to = loss.Mutable;
        for (var i = 0; i < z.Length; i++) to[i] = kept[z.Length + i] * (z[i] - kept[i]) * (z[i] - kept[i]);
        return loss;
    }

    public override void Backward(in Adjoint node)
    {
        if (!node.Wants(0)) return;
        var z = node.Input(0);
        var g = node.Gradient;
        var kept = node.Kept;
        var dz = node.GradientOf(0);
        for (var i = 0; i < z.Length; i++) dz[i] += 2 * g[i] * kept[z.Length + i] * (z[i] - kept[i]);
    }
}

/// <summary>ℓ = c max(0, 1 − (2 y − 1) z) for labels 0 and 1.</summary>
internal sealed class Hinge : Op
{
    public static readonly Hinge Instance = new();

    public override string Name => "hinge";

    public static Tensor Of(Tensor x, ReadOnlySpan<float> labels, ReadOnlySpan<float> weights)
    {
        var loss = PointLoss.Begin(Instance, x, labels, weights, out var kept);
        var z = x.Values;
        var to = loss.Mutable;
        for (var i = 0; i < z.Length; i++) to[i] = kept[z.Length + i] * MathF.Max(0, 1 - (2 * kept[i] - 1) * z[i]);
        return loss;
    }

    public override void Backward(in Adjoint node)
    {
        if (!node.Wants(0)) return;
        var z = node.Input(0);
        var g = node.Gradient;
        var kept = node.Kept;
        var dz = node.GradientOf(0);
        for (var i = 0; i < z.Length; i++)
            if ((2 * kept[i] - 1) * z[i] < 1) dz[i] -= g[i] * kept[z.Length + i] * (2 * kept[i] - 1);
    }
}

/// <summary>ℓ = −log σ(p − n): a positive should score above a negative. Rendle et al., "BPR", UAI 2009.</summary>
internal sealed class PairwiseLoss : Op
{
    public static readonly PairwiseLoss Instance = new();

    public override string Name => "pairwise loss";

    public static Tensor Of(Tensor positives, Tensor negatives)
    {
        if (positives.Shape != negatives.Shape) throw Mismatch("pairwise loss", positives.Shape, negatives.Shape, "they must be equal");
        var loss = positives.Tape.Push(Instance, positives.Shape, positives, negatives);
        var to = loss.Mutable;
        Elementwise.Subtract(negatives.Values, positives.Values, to);
        Elementwise.Softplus(to, to);
        return loss;
    }

    public override void Backward(in Adjoint node)
    {
        var p = node.Input(0);
        var n = node.Input(1);
        var g = node.Gradient;
        for (var i = 0; i < g.Length; i++) g[i] *= Elementwise.Sigmoid(n[i] - p[i]);
        if (node.Wants(0)) Elementwise.Axpy(-1, g, node.GradientOf(0));
        if (node.Wants(1)) Elementwise.Axpy(1, g, node.GradientOf(1));
    }
}
