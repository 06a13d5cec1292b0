namespace Recsys.Trees;

/// <summary>A node of a tree that grows.</summary>
/// <param name="id">In the builder.</param>
/// <param name="start">Its first row in the order of the tree.</param>
/// <param name="count">Its rows.</param>
/// <param name="depth">Splits above it.</param>
/// <param name="bounds">Between what its values must lie.</param>
internal sealed class TreeGrowthNode(int id, int start, int count, int depth, ValueBounds bounds)
{
    public int Id { get; } = id;

    public int Start { get; } = start;

    public int Count { get; } = count;

    public int Depth { get; } = depth;

    public ValueBounds Bounds { get; } = bounds;

    /// <summary>The sum of its rows.</summary>
    public long Pair { get; set; }

    public HistogramSplit Best { get; set; }

    public long[]? Histogram { get; set; }
}
