// r = y - f;   loss = q r where r > 0, else (q - 1) r;   g = 1 - q where f ≥ y, else -q; h = 1 gives the tree its shape.
// A leaf takes the weighted q-quantile of r: where a whole interval of values minimises the loss, its middle.
// Koenker and Bassett, "Regression quantiles", Econometrica 46 (1978). Leaves fitted after the tree: Friedman, "Greedy function
// approximation: a gradient boosting machine", Annals of Statistics 29 (2001), section 4.3, there for the median.

using Recsys.Persistence;

namespace Recsys.Rank;

internal sealed class QuantileObjective(double level) : RowObjective
{
    public override string ToString() => Show("quantile", level);

    internal override GbdtObjectiveKind Kind => GbdtObjectiveKind.Quantile;

    internal override double[] Start(GbdtTargets rows) => [LeafValue((float[])rows.Labels.Clone(), (float[])rows.Weights.Clone())];

    public override void Derivatives(ReadOnlySpan<float> f, ReadOnlySpan<float> y, Span<float> g, Span<float> h)
    {
        var (above, below) = ((float)(1 - level), (float)-level);
        for (var i = 0; i < f.Length; i++) g[i] = f[i] >= y[i] ? above : below;
        h.Fill(1);
    }

    public override double Loss(double f, double y) => y > f ? level * (y - f) : (level - 1) * (y - f);

    internal override bool HasLeafValues => true;

    internal override double LeafValue(Span<float> residuals, Span<float> weights)
    {
        if (weights.IsEmpty) residuals.Sort();
        else residuals.Sort(weights);
        var mass = 0.0;
        if (weights.IsEmpty) mass = residuals.Length;
        else foreach (var weight in weights) mass += weight;
        // Sums of weights in another order differ in their last digits; a tie stays a tie.
        var (wanted, slack) = (level * mass, 1e-9 * mass);
        var below = 0.0;
        for (var i = 0; i < residuals.Length; i++)
        {
            var weight = weights.IsEmpty ? 1 : weights[i];
            if (weight == 0) continue;
            below += weight;
            if (below < wanted - slack) continue;
            if (below > wanted + slack) return residuals[i];
            for (var next = i + 1; next < residuals.Length; next++)
                if (weights.IsEmpty || weights[next] > 0) return (residuals[i] + (double)residuals[next]) / 2;
            return residuals[i];
        }
        return 0;
    }

    internal override void WriteOptions(ModelWriter writer) => writer.Real("level", level);

    internal static QuantileObjective ReadOptions(ModelReader reader) => new(reader.Real("level", double.Epsilon, 1 - 1e-16));
}
