// r = f - y;   loss = ½ r² where |r| ≤ δ, else δ (|r| - ½ δ);   g = r cut at ±δ, h = 1.
// The second derivative is 0 in the linear part; 1 bounds it from above, so steps are short there but go down.
// Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics 35 (1964).

using Recsys.Persistence;

namespace Recsys.Rank;

internal sealed class HuberObjective(double delta) : RowObjective
{
    public override string ToString() => Show("huber", delta);

    internal override GbdtObjectiveKind Kind => GbdtObjectiveKind.Huber;

    // Σ g falls as the constant falls: bisection to the last digit of a float.
    internal override double[] Start(GbdtTargets rows)
    {
        var (low, high) = ((double)rows.Labels.Min(), (double)rows.Labels.Max());
        for (var step = 0; step < 60 && low < high; step++)
        {
            var middle = (low + high) / 2;
            if (rows.Mean(i => Math.Clamp(middle - rows.Labels[i], -delta, delta)) > 0) high = middle;
            else low = middle;
        }
        return [(low + high) / 2];
    }

    public override void Derivatives(ReadOnlySpan<float> f, ReadOnlySpan<float> y, Span<float> g, Span<float> h)
    {
        var most = (float)delta;
        for (var i = 0; i < f.Length; i++) g[i] = Math.Clamp(f[i] - y[i], -most, most);
        h.Fill(1);
    }

    public override double Loss(double f, double y)
    {
        var r = Math.Abs(f - y);
        return r <= delta ? r * r / 2 : delta * (r - (delta / 2));
    }

    internal override void WriteOptions(ModelWriter writer) => writer.Real("delta", delta);

    internal static HuberObjective ReadOptions(ModelReader reader) => new(reader.Real("delta", double.Epsilon));
}
