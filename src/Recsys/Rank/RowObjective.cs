namespace Recsys.Rank;

/// <summary>An objective that is a sum of losses of single rows with one score.</summary>
internal abstract class RowObjective : GbdtObjective
{
    /// <summary>First and second derivatives, before weights.</summary>
    public abstract void Derivatives(ReadOnlySpan<float> f, ReadOnlySpan<float> y, Span<float> g, Span<float> h);

    /// <summary>The loss of one row.</summary>
    public abstract double Loss(double f, double y);

    internal sealed override IGbdtDerivatives Derivatives(GbdtTargets rows, int threads) => new OfRows(this, rows.Labels);

    internal sealed override double? Loss(GbdtTargets rows, float[][] scores, int threads)
        => rows.Mean(i => Loss(scores[0][i], rows.Labels[i]), threads);

    private protected static void CheckLabels(GbdtTargets rows, Func<float, bool> isAllowed, string rule)
    {
        for (var i = 0; i < rows.Count; i++)
            if (!isAllowed(rows.Labels[i]))
                throw new ArgumentException($"The label of row {i} is {rows.Labels[i]}; {rule}.");
    }

    private sealed class OfRows(RowObjective objective, float[] labels) : IGbdtDerivatives
    {
        public void BeginRound(float[][] scores, CancellationToken cancel) { }

        public void Fill(int output, float[][] scores, int from, Span<float> g, Span<float> h)
            => objective.Derivatives(scores[output].AsSpan(from, g.Length), labels.AsSpan(from, g.Length), g, h);
    }
}
