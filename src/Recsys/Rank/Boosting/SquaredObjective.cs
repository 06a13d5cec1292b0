// loss = ½ (f - y)²;   g = f - y, h = 1.

using System.Numerics.Tensors;

namespace Recsys.Rank;

internal sealed class SquaredObjective : RowObjective
{
    public override string ToString() => "squared";

    internal override GbdtObjectiveKind Kind => GbdtObjectiveKind.Squared;

    internal override double[] Start(GbdtTargets rows) => [rows.Mean(i => rows.Labels[i])];

    public override void Derivatives(ReadOnlySpan<float> f, ReadOnlySpan<float> y, Span<float> g, Span<float> h)
    {
        TensorPrimitives.Subtract(f, y, g);
        h.Fill(1);
    }

    public override double Loss(double f, double y) => (f - y) * (f - y) / 2;
}
