// loss = log(1 + e^f) - y f;   p = σ(f), g = p - y, h = p (1 - p).

using System.Numerics.Tensors;
using Recsys.Numerics;

namespace Recsys.Rank;

internal sealed class LogisticObjective : RowObjective
{
    // Keeps h positive where p rounds to 0 or 1.
    private const float LeastH = 1e-16f;

    public override string ToString() => "logistic";

    internal override GbdtObjectiveKind Kind => GbdtObjectiveKind.Logistic;

    internal override void Check(GbdtTargets rows) => CheckLabels(rows, y => y is 0 or 1, "log loss takes 0 and 1");

    // One class alone would start at infinity.
    internal override double[] Start(GbdtTargets rows)
    {
        var mean = Math.Clamp(rows.Mean(i => rows.Labels[i]), 1e-9, 1 - 1e-9);
        return [Math.Log(mean / (1 - mean))];
    }

    public override void Derivatives(ReadOnlySpan<float> f, ReadOnlySpan<float> y, Span<float> g, Span<float> h)
    {
        Elementwise.Sigmoid(f, g);
        TensorPrimitives.Subtract(1, g, h);
        TensorPrimitives.Multiply(g, h, h);
        TensorPrimitives.Max(h, LeastH, h);
        TensorPrimitives.Subtract(g, y, g);
    }

    internal override void Predict(Span<float> scores) => Elementwise.Sigmoid(scores, scores);

    // Without overflow.
    public override double Loss(double f, double y) => Math.Max(f, 0) + double.LogP1(Math.Exp(-Math.Abs(f))) - (y * f);
}
