// With a value w for a side, obj(G, H, w) = G w + ½ (H + λ) w² + α |w|;   gain = obj(parent) - obj(left) - obj(right) - γ.
// Without bounds the best w = -T(G) / (H + λ) makes this the gain of SplitFinder. A feature that may only raise the score forbids splits
// whose left value is above the right one, and the middle of both bounds the values of everything below: neither side can cross it.
// The middle as a bound: XGBoost's and LightGBM's basic method.

namespace Recsys.Trees;

/// <summary>Between what the values of a node and of all leaves below it must lie.</summary>
internal readonly record struct ValueBounds(double Low, double High)
{
    public static ValueBounds None => new(double.NegativeInfinity, double.PositiveInfinity);

    public double Clamp(double value) => Math.Clamp(value, Low, High);

    /// <summary>The bounds of both children of a split.</summary>
    /// <param name="sign">What the column may do: raise (1), lower (-1), both (0).</param>
    /// <param name="middle">Of the values of the children.</param>
    public (ValueBounds Left, ValueBounds Right) Split(int sign, double middle) => sign switch
    {
        > 0 => (this with { High = Math.Min(High, middle) }, this with { Low = Math.Max(Low, middle) }),
        < 0 => (this with { Low = Math.Max(Low, middle) }, this with { High = Math.Min(High, middle) }),
        _ => (this, this),
    };
}

/// <summary>Gains of splits whose values have bounds.</summary>
internal static class BoundedSplits
{
    /// <summary>The best split by a threshold, as <see cref="SplitFinder.Find"/> finds it without bounds.</summary>
    /// <param name="pairs">The column's cells, missing first.</param>
    /// <param name="counts">Rows by cell; empty where <see cref="SplitRules.MinLeafRows"/> is 1.</param>
    /// <param name="total">The pair of the node.</param>
    /// <param name="rows">The rows of the node.</param>
    /// <param name="column">Its number.</param>
    /// <param name="rules">The objective.</param>
    /// <param name="sign">What the column may do to the score: raise it (1), lower it (-1), both (0).</param>
    /// <param name="bounds">Of the node's values.</param>
    /// <param name="unitG">Of the pairs.</param>
    /// <param name="unitH">Of the pairs.</param>
    public static HistogramSplit Find(
        ReadOnlySpan<long> pairs, ReadOnlySpan<long> counts, long total, int rows, int column, in SplitRules rules, int sign,
        in ValueBounds bounds, double unitG, double unitH)
    {
        double g = GradientPairs.High(total) * unitG, h = GradientPairs.Low(total) * unitH;
        var parent = Objective(g, h, bounds.Clamp(rules.Leaf(g, h)), rules);
        var bestGain = rules.MinGain + (SplitFinder.Noise * Math.Abs(parent));
        var found = default(HistogramSplit);
        var hasMissing = pairs[0] != 0;
        for (var pass = 0; pass < (hasMissing ? 2 : 1); pass++)
        {
            var missingLeft = pass == 1;
            var left = missingLeft ? pairs[0] : 0;
            var leftRows = missingLeft && counts.Length > 0 ? counts[0] : 0;
            var last = hasMissing && !missingLeft ? pairs.Length : pairs.Length - 1;
            for (var bin = 1; bin < last; bin++)
            {
                if (counts.Length > 0) leftRows += counts[bin];
                if (pairs[bin] == 0) continue;
                left += pairs[bin];
                double leftG = GradientPairs.High(left) * unitG, leftH = GradientPairs.Low(left) * unitH;
                double rightG = g - leftG, rightH = h - leftH;
                if (leftH < rules.MinChildWeight) continue;
                if (rightH < rules.MinChildWeight || rightH <= 0) break;
                if (counts.Length > 0 && (leftRows < rules.MinLeafRows || rows - leftRows < rules.MinLeafRows)) continue;
                var (leftValue, rightValue) = (bounds.Clamp(rules.Leaf(leftG, leftH)), bounds.Clamp(rules.Leaf(rightG, rightH)));
                if (sign * leftValue > sign * rightValue) continue;
                var gain = parent - Objective(leftG, leftH, leftValue, rules) - Objective(rightG, rightH, rightValue, rules);
                if (!(gain > bestGain)) continue;
                bestGain = gain;
                found = new HistogramSplit(column, bin, hasMissing ? missingLeft : 2 * leftH >= h, gain - rules.MinGain)
                {
                    Middle = (leftValue + rightValue) / 2,
                };
            }
        }
        return found;
    }

    /// <summary>What a node costs with a value.</summary>
    public static double Objective(double g, double h, double value, in SplitRules rules)
        => (g * value) + ((h + rules.L2) / 2 * value * value) + (rules.L1 * Math.Abs(value));
}
