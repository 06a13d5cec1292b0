using Recsys.Numerics;

namespace Recsys.Trees;

public sealed partial class TreeEnsemble
{
    private TreeShap? _shap;

    /// <summary>Adds the leaves of some rounds, a tree of each output, to the sums of one output.</summary>
    internal void AddTo(int output, int round, int count, ReadOnlySpan<float> rows, Span<float> sums)
    {
        CheckRows(rows, sums.Length);
        var roots = _byOutput[output].Roots.AsSpan(round, count);
        var depths = _byOutput[output].Depths.AsSpan(round, count);
        if (HasCategories) TreeWalk.AddValues(_nodes, _categories, roots, depths, rows, ColumnCount, sums);
        else TreeWalk.AddValues(_nodes, roots, depths, rows, ColumnCount, sums);
    }

    /// <summary>
    /// How each column moves the sum of the leaves away from its expected value over the training rows: exact Shapley values of the
    /// path-dependent game (TreeSHAP), in which an unknown column sends a row down both branches, in proportion to what went there in
    /// training. Allocates nothing after warm-up.
    /// </summary>
    /// <param name="rows">[count, columns], row-major; NaN is missing.</param>
    /// <param name="contributions">
    /// Receives, for each row and output, one number for each column and, last, the expected value; they add up to the sum of the leaves
    /// that the row reaches. [count, outputs, columns + 1]
    /// </param>
    public void Contributions(ReadOnlySpan<float> rows, Span<double> contributions)
    {
        var width = ColumnCount + 1;
        var count = contributions.Length / (width * OutputCount);
        if (contributions.Length % (width * OutputCount) != 0)
            throw new ArgumentException(
                $"A row has {OutputCount} × {ColumnCount} contributions and a base, {width * OutputCount} numbers; " +
                $"{contributions.Length} is no multiple of it.", nameof(contributions));
        CheckRows(rows, count);
        contributions.Clear();
        // Two threads may both prepare it; either result is good.
        var shap = _shap ??= new TreeShap(this, []);
        for (var start = 0; start < count; start += PathIntegrals.Lanes)
        {
            var inside = Math.Min(PathIntegrals.Lanes, count - start);
            var some = rows.Slice(start * ColumnCount, inside * ColumnCount);
            for (var output = 0; output < OutputCount; output++)
                shap.Add(some, inside, output, OutputCount, contributions[(((start * OutputCount) + output) * width)..], width,
                    width * OutputCount);
        }
    }
}
