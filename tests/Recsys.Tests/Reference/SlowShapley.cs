using System.Numerics;
using Recsys.Trees;

namespace Recsys.Tests.Reference;

/// <summary>Shapley values by their definition: the weighted mean of what a column adds to every set of the others.</summary>
internal static class SlowShapley
{
    /// <summary>One number for each column and, last, the value of the empty set. Time 2^columns.</summary>
    public static double[] Values(TreeEnsemble trees, float[] row)
    {
        var columns = trees.ColumnCount;
        var worth = new double[1 << columns];
        for (var set = 0u; set < worth.Length; set++)
            for (var tree = 0; tree < trees.TreeCount; tree++) worth[set] += Worth(trees, trees.Root(tree), row, set);
        var values = new double[columns + 1];
        for (var column = 0; column < columns; column++)
        {
            for (var set = 0u; set < worth.Length; set++)
            {
                if ((set >> column & 1) != 0) continue;
                var weight = 1.0 / columns / Choose(columns - 1, BitOperations.PopCount(set));
                values[column] += weight * (worth[set | 1u << column] - worth[set]);
            }
        }
        values[columns] = worth[0];
        return values;
    }

    // Known columns decide; at others the row goes both ways, by weight.
    private static double Worth(TreeEnsemble trees, int at, float[] row, uint known)
    {
        var node = trees[at];
        if (node.IsLeaf) return node.Value;
        double left = Worth(trees, node.Left, row, known), right = Worth(trees, node.Right, row, known);
        if ((known >> node.Column & 1) != 0)
        {
            var x = row[node.Column];
            var goesLeft = float.IsNaN(x) ? node.MissingLeft
                : node.IsCategorical ? trees.Categories(at).ToArray().Contains((int)x)
                : x <= node.Threshold || node.Threshold == float.MaxValue;
            return goesLeft ? left : right;
        }
        double a = trees[node.Left].Cover, b = trees[node.Right].Cover;
        return a + b > 0 ? ((a * left) + (b * right)) / (a + b) : (left + right) / 2;
    }

    private static double Choose(int n, int k)
    {
        var ways = 1.0;
        for (var i = 1; i <= k; i++) ways = ways * (n - k + i) / i;
        return ways;
    }
}
