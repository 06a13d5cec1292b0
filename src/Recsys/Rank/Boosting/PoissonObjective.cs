// y ~ Poisson(e^f);   loss = e^f - y f, less its least value;   g = e^f - y, h = e^(f + m).
// h is e^f; the factor e^m bounds it along a step of up to m, without which steps out of small counts are too long.

using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Rank;

internal sealed class PoissonObjective(double maxStep) : RowObjective
{
    public override string ToString() => Show("poisson", maxStep);

    internal override GbdtObjectiveKind Kind => GbdtObjectiveKind.Poisson;

    internal override void Check(GbdtTargets rows) => CheckLabels(rows, y => y >= 0, "a count is 0 or greater");

    // Zeros alone would start at minus infinity.
    internal override double[] Start(GbdtTargets rows) => [Math.Log(Math.Max(rows.Mean(i => rows.Labels[i]), 1e-9))];

    public override void Derivatives(ReadOnlySpan<float> f, ReadOnlySpan<float> y, Span<float> g, Span<float> h)
    {
        Elementwise.Exp(f, g);
        var factor = (float)Math.Exp(maxStep);
        for (var i = 0; i < f.Length; i++)
        {
            h[i] = g[i] * factor;
            g[i] -= y[i];
        }
    }

    internal override void Predict(Span<float> scores) => Elementwise.Exp(scores, scores);

    // Half the deviance, 0 at the label.
    public override double Loss(double f, double y) => Math.Exp(f) - y + (y > 0 ? y * (Math.Log(y) - f) : 0);

    internal override void WriteOptions(ModelWriter writer) => writer.Real("max-step", maxStep);

    internal static PoissonObjective ReadOptions(ModelReader reader) => new(reader.Real("max-step", 0, 10));
}
