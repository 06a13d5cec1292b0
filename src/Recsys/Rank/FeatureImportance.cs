using Recsys.Features;
using Recsys.Trees;

namespace Recsys.Rank;

/// <summary>How much the trees of a model rely on a feature, by what happened in training.</summary>
/// <param name="Feature">Its name.</param>
/// <param name="Gain">What its splits gained together, by the measure of the trainer.</param>
/// <param name="Splits">How many splits use it.</param>
/// <remarks>
/// Both flatter features of many values, which offer more splits to choose from; <see cref="PermutationImportance"/> does not.
/// </remarks>
public readonly record struct FeatureImportance(string Feature, double Gain, long Splits)
{
    /// <summary>By feature: its columns of 0 and 1 count together. Greatest gain first; of equals, in the order of the layout.</summary>
    /// <param name="trees">Over the columns of the layout.</param>
    /// <param name="layout">How features became columns.</param>
    public static IReadOnlyList<FeatureImportance> ByFeature(TreeEnsemble trees, DenseLayout layout)
    {
        Check(trees, layout);
        var fields = new int[trees.ColumnCount];
        for (var field = 0; field < layout.Fields.Count; field++)
            fields.AsSpan(layout.FirstColumn(field)..layout.FirstColumn(field + 1)).Fill(field);
        return Sum(trees, fields, [.. layout.Fields.Select(f => f.Name)]);
    }

    /// <summary>By column: each value of a spread feature by itself, "colour=red". Greatest gain first.</summary>
    /// <param name="trees">Over the columns of the layout.</param>
    /// <param name="layout">How features became columns.</param>
    /// <param name="features">The set whose schema it lays out, for names of values.</param>
    public static IReadOnlyList<FeatureImportance> ByColumn(TreeEnsemble trees, DenseLayout layout, FeatureSet features)
    {
        Check(trees, layout);
        return ByColumn(trees, [.. Enumerable.Range(0, layout.ColumnCount).Select(column => layout.NameOf(features, column))]);
    }

    /// <summary>By column. Greatest gain first; of equals, in the order of the columns.</summary>
    /// <param name="trees">Any.</param>
    /// <param name="names">The name of each column.</param>
    public static IReadOnlyList<FeatureImportance> ByColumn(TreeEnsemble trees, IReadOnlyList<string> names)
    {
        ArgumentNullException.ThrowIfNull(trees);
        ArgumentNullException.ThrowIfNull(names);
        if (names.Count != trees.ColumnCount)
            throw new ArgumentException($"There are {names.Count} names for {trees.ColumnCount} columns.", nameof(names));
        return Sum(trees, [.. Enumerable.Range(0, names.Count)], names);
    }

    private static void Check(TreeEnsemble trees, DenseLayout layout)
    {
        ArgumentNullException.ThrowIfNull(trees);
        ArgumentNullException.ThrowIfNull(layout);
        if (layout.ColumnCount != trees.ColumnCount)
            throw new ArgumentException($"The layout has {layout.ColumnCount} columns, the trees {trees.ColumnCount}.", nameof(layout));
    }

    internal static List<FeatureImportance> Sum(TreeEnsemble trees, int[] owners, IReadOnlyList<string> names)
    {
        var sums = names.Select(name => new FeatureImportance(name, 0, 0)).ToArray();
        double[] gains = trees.GainByColumn(), splits = trees.SplitsByColumn();
        for (var column = 0; column < owners.Length; column++)
        {
            ref var sum = ref sums[owners[column]];
            sum = sum with { Gain = sum.Gain + gains[column], Splits = sum.Splits + (long)splits[column] };
        }
        return [.. sums.OrderByDescending(s => s.Gain)];
    }
}
