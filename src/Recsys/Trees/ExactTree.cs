// A split of R at column j and threshold s:  R₁ = {x_j ≤ s},  R₂ = {x_j > s};
//   min over j, s of  Σ_{R₁} w |y - c₁|² + Σ_{R₂} w |y - c₂|²,   c = weighted mean of y in its region.
// With y one-hot over classes the error of a region is W · Gini = W (1 - Σ_k (W_k / W)²): one search serves regression and
// classification.
// Breiman, Friedman, Olshen, Stone, "Classification and regression trees", 1984.

namespace Recsys.Trees;

/// <summary>One place to split: the error of both sides together, and what that saves.</summary>
internal readonly record struct ExactSplit(int Column, float Threshold, double Error, double Gain, bool MissingLeft);

/// <summary>When an exact tree stops.</summary>
internal readonly record struct ExactTreeLimits(int MaxDepth, int MinLeafRows, double MinGain);

/// <summary>Grows trees by trying every threshold between neighbouring values of every column: for small data.</summary>
/// <param name="x">Finite. [rows, columns]</param>
/// <param name="columns">Of a row.</param>
/// <param name="y">Targets. [rows, outputs]</param>
/// <param name="outputs">Targets of a row.</param>
/// <param name="weights">Positive for the rows that are used; empty for all 1.</param>
internal sealed class ExactTree(float[] x, int columns, double[] y, int outputs, float[] weights)
{
    // Sums in another order differ in their last digits; a tie stays a tie.
    private const double SameError = 1e-12;

    /// <summary>Adds one tree.</summary>
    /// <param name="builder">Receives the nodes.</param>
    /// <param name="rows">The rows to fit.</param>
    /// <param name="limits">When to stop.</param>
    /// <param name="leaf">Called with each leaf, the mean of its targets and its rows.</param>
    /// <param name="cancel">Checked for each node.</param>
    public void Grow(TreeBuilder builder, int[] rows, ExactTreeLimits limits, Action<int, double[], int[]> leaf, CancellationToken cancel)
    {
        var open = new Queue<(int Node, int[] Rows, int Depth)>();
        open.Enqueue((builder.BeginTree(), rows, 0));
        while (open.TryDequeue(out var next))
        {
            cancel.ThrowIfCancellationRequested();
            var (node, inside, depth) = next;
            builder.SetCover(node, inside.Sum(Weight));
            if (depth == limits.MaxDepth || Best(inside, limits) is not { } split)
            {
                leaf(node, Mean(inside), inside);
                continue;
            }
            var left = builder.Split(node, split.Column, split.Threshold, split.MissingLeft, split.Gain);
            open.Enqueue((left, Array.FindAll(inside, row => x[(row * columns) + split.Column] <= split.Threshold), depth + 1));
            open.Enqueue((left + 1, Array.FindAll(inside, row => x[(row * columns) + split.Column] > split.Threshold), depth + 1));
        }
    }

    /// <summary>Every place to split, by column, then threshold.</summary>
    public IEnumerable<ExactSplit> Splits(int[] rows, int minLeafRows = 1)
    {
        var mean = Mean(rows);
        double weight = 0, error = 0;
        foreach (var row in rows)
        {
            weight += Weight(row);
            for (var k = 0; k < outputs; k++) error += Weight(row) * Square(y[(row * outputs) + k] - mean[k]);
        }
        for (var column = 0; column < columns; column++)
        {
            var (at, sorted) = (column, (int[])rows.Clone());
            Array.Sort(sorted, (a, b) => (x[(a * columns) + at], a).CompareTo((x[(b * columns) + at], b)));
            var leftWeight = 0.0;
            var left = new double[outputs];   // Σ w (y - mean) of the left side; that of the right is its negative
            for (var i = 0; i + 1 < sorted.Length; i++)
            {
                var w = Weight(sorted[i]);
                leftWeight += w;
                for (var k = 0; k < outputs; k++) left[k] += w * (y[(sorted[i] * outputs) + k] - mean[k]);
                var (low, high) = (x[(sorted[i] * columns) + column], x[(sorted[i + 1] * columns) + column]);
                if (low == high || i + 1 < minLeafRows || sorted.Length - i - 1 < minLeafRows) continue;
                var rightWeight = weight - leftWeight;
                var gain = 0.0;
                for (var k = 0; k < outputs; k++) gain += Square(left[k]) * ((1 / leftWeight) + (1 / rightWeight));
                yield return new ExactSplit(column, Midpoint(low, high), error - gain, gain, leftWeight >= rightWeight);
            }
        }
    }

    /// <summary>Between two floats, so that low ≤ result &lt; high.</summary>
    internal static float Midpoint(float low, float high)
    {
        var middle = (float)((low + (double)high) / 2);
        return middle < high ? middle : low;
    }

    private ExactSplit? Best(int[] rows, ExactTreeLimits limits)
    {
        var best = default(ExactSplit?);
        foreach (var split in Splits(rows, limits.MinLeafRows))
        {
            var slack = SameError * (split.Error + split.Gain);
            if (split.Gain > Math.Max(best?.Gain ?? 0, limits.MinGain) + slack) best = split;
        }
        return best;
    }

    private double[] Mean(int[] rows)
    {
        var mean = new double[outputs];
        foreach (var row in rows)
            for (var k = 0; k < outputs; k++) mean[k] += Weight(row) * y[(row * outputs) + k];
        var weight = rows.Sum(Weight);
        for (var k = 0; k < outputs; k++) mean[k] /= weight;
        return mean;
    }

    private double Weight(int row) => weights.Length == 0 ? 1 : weights[row];

    private static double Square(double value) => value * value;
}
