using System.Runtime.CompilerServices;
using Recsys.Numerics;

namespace Recsys.Rank;

/// <summary>An objective that is a sum of losses of single rows with one score.</summary>
internal abstract class RowObjective : GbdtObjective
{
    private const int Block = 512;

    /// <summary>First and second derivatives, before weights.</summary>
    public abstract void Derivatives(ReadOnlySpan<float> f, ReadOnlySpan<float> y, Span<float> g, Span<float> h);

    /// <summary>The loss of one row.</summary>
    public abstract double Loss(double f, double y);

    internal sealed override IGbdtDerivatives Derivatives(GbdtTargets rows, int threads) => new OfRows(this, rows);

    internal sealed override double? Loss(GbdtTargets rows, float[][] scores, int threads)
        => rows.Mean(i => Loss(scores[0][i], rows.Labels[i]), threads);

    private protected static void CheckLabels(GbdtTargets rows, Func<float, bool> isAllowed, string rule)
    {
        for (var i = 0; i < rows.Count; i++)
            if (!isAllowed(rows.Labels[i]))
                throw new ArgumentException($"The label of row {i} is {rows.Labels[i]}; {rule}.");
    }

    private sealed class OfRows(RowObjective objective, GbdtTargets targets) : IGbdtRowDerivatives
    {
        public void BeginRound(float[][] scores, CancellationToken cancel) { }

        public void Fill(int output, float[][] scores, int from, Span<float> g, Span<float> h)
            => objective.Derivatives(scores[output].AsSpan(from, g.Length), targets.Labels.AsSpan(from, g.Length), g, h);

        [SkipLocalsInit]
        public void Fill(int output, float[][] scores, ReadOnlySpan<int> rows, Span<float> g, Span<float> h)
        {
            Span<float> f = stackalloc float[Block], y = stackalloc float[Block];
            for (var from = 0; from < rows.Length; from += Block)
            {
                var own = rows.Slice(from, Math.Min(Block, rows.Length - from));
                Pairs.Take(scores[output], own, f);
                Pairs.Take(targets.Labels, own, y);
                objective.Derivatives(f[..own.Length], y[..own.Length], g.Slice(from, own.Length), h.Slice(from, own.Length));
            }
        }
    }
}
