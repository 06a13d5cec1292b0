// With G, H the sums of first and second derivatives on a side, T(G) = sign(G) max(|G| - α, 0):
//   score(G, H) = T(G)² / (H + λ);   gain = ½ [score(G_L, H_L) + score(G_R, H_R) - score(G, H)] - γ;   leaf = -T(G) / (H + λ).
// Chen and Guestrin, "XGBoost: a scalable tree boosting system", KDD 2016, equations 5 to 7; missing values as in algorithm 3.

using System.Runtime.CompilerServices;
using Recsys.Numerics;

namespace Recsys.Trees;

/// <summary>What the objective of a tree adds to the loss, and what a child must hold.</summary>
/// <param name="L2">λ.</param>
/// <param name="L1">α.</param>
/// <param name="MinGain">γ.</param>
/// <param name="MinChildWeight">Least H of a child.</param>
/// <param name="MinLeafRows">Least rows of a child.</param>
internal readonly record struct SplitRules(double L2, double L1, double MinGain, double MinChildWeight, int MinLeafRows)
{
    public double Shrunk(double g) => L1 == 0 ? g : Math.Sign(g) * Math.Max(Math.Abs(g) - L1, 0);

    public double Score(double g, double h) => h + L2 > 0 ? Shrunk(g) * Shrunk(g) / (h + L2) : 0;

    public double Leaf(double g, double h) => h + L2 > 0 ? -Shrunk(g) / (h + L2) : 0;
}

/// <summary>The best split of a node on a column: bins 1..Bin go left. Gain 0: there is none.</summary>
internal readonly record struct HistogramSplit(int Column, int Bin, bool MissingLeft, double Gain)
{
    /// <summary>The codes that go left, ascending; null where a bin decides.</summary>
    public int[]? Categories { get; init; }

    /// <summary>The middle of the values of both sides, where bounds matter.</summary>
    public double Middle { get; init; }
}

/// <summary>Finds the best split of one column of a histogram.</summary>
internal static class SplitFinder
{
    // Gains below this part of the node's score are rounding.
    internal const double Noise = 1e-9;

    /// <summary>The best split; of equals the lowest bin, missing to the right first.</summary>
    /// <param name="pairs">The column's cells, missing first.</param>
    /// <param name="counts">Rows by cell; empty where <see cref="SplitRules.MinLeafRows"/> is 1.</param>
    /// <param name="total">The pair of the node.</param>
    /// <param name="rows">The rows of the node.</param>
    /// <param name="column">Its number.</param>
    /// <param name="rules">The objective.</param>
    /// <param name="unitG">Of the pairs.</param>
    /// <param name="unitH">Of the pairs.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static HistogramSplit Find(
        ReadOnlySpan<long> pairs, ReadOnlySpan<long> counts, long total, int rows, int column, in SplitRules rules, double unitG,
        double unitH)
    {
        double g = GradientPairs.High(total) * unitG, h = GradientPairs.Low(total) * unitH;
        var score = rules.Score(g, h);
        var bestGain = 2 * rules.MinGain + Noise * score;
        var found = default(HistogramSplit);
        var isPlain = counts.Length == 0 && rules.L1 == 0;
        // Every row has h > 0 where weights are positive; a column without missing values is scanned once.
        var hasMissing = pairs[0] != 0;
        for (var pass = 0; pass < (hasMissing ? 2 : 1); pass++)
        {
            var missingLeft = pass == 1;
            var left = missingLeft ? pairs[0] : 0;
            var leftRows = missingLeft && counts.Length > 0 ? counts[0] : 0;
            var last = hasMissing && !missingLeft ? pairs.Length : pairs.Length - 1;
            if (isPlain)
            {
                var place = SplitScan.Best(
                    pairs, last, left, total, (unitG, unitH), (rules.L2, rules.MinChildWeight, score), ref bestGain, out var low);
                if (place > 0)
                    found = new HistogramSplit(
                        column, place, hasMissing ? missingLeft : 2 * (low * unitH) >= h, bestGain / 2 - rules.MinGain);
                continue;
            }
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
                var (shrunkLeft, shrunkRight) = (leftG, rightG);
                if (rules.L1 != 0) (shrunkLeft, shrunkRight) = (rules.Shrunk(leftG), rules.Shrunk(rightG));
                double a = leftH + rules.L2, b = rightH + rules.L2;
                // Both scores over one denominator: a division less.
                var gain = ((shrunkLeft * shrunkLeft * b) + (shrunkRight * shrunkRight * a)) / (a * b) - score;
                if (!(gain > bestGain)) continue;
                bestGain = gain;
                found = new HistogramSplit(column, bin, hasMissing ? missingLeft : 2 * leftH >= h, gain / 2 - rules.MinGain);
            }
        }
        return found;
    }
}
