using Recsys.Numerics;

namespace Recsys.Trees;

/// <summary>When a histogram tree stops, and what it grows next.</summary>
internal readonly record struct GrowthRules(bool LeafWise, int MaxLeaves, int MaxDepth);

/// <summary>
/// Grows second-order trees on histograms. The rows of a node are a range of one array of row numbers. Holds the working memory between
/// trees; one tree at a time.
/// </summary>
internal sealed class HistogramTree
{
    private const int AddBlock = 8192;

    private readonly BinnedMatrix _data;
    private readonly GradientPairs _gradients;
    private readonly SplitRules _rules;
    private readonly GrowthRules _growth;
    private readonly int _threads;
    private readonly RowPartition _partition;
    private readonly sbyte[]? _signs;
    private readonly CategorySearch? _categories;
    private readonly HistogramSearch _search;
    private readonly List<(HistogramSplit Split, int Left)> _splits = [];   // by node, from the root; Left -1 in a leaf
    private int _root;

    /// <summary>Prepares the memory.</summary>
    /// <param name="data">The rows.</param>
    /// <param name="gradients">Of the rows; may change between trees.</param>
    /// <param name="rules">The objective.</param>
    /// <param name="growth">The size of trees.</param>
    /// <param name="threads">Does not change the result.</param>
    /// <param name="signs">What each column may do to the score: raise it (1), lower it (-1), both (0); null: all both. [columns]</param>
    /// <param name="categories">Columns that are split by sets; null: none.</param>
    public HistogramTree(BinnedMatrix data, GradientPairs gradients, SplitRules rules, GrowthRules growth, int threads,
        sbyte[]? signs = null, CategorySearch? categories = null)
    {
        (_data, _gradients, _rules, _growth, _threads) = (data, gradients, rules, growth, threads);
        (_signs, _categories) = (signs, categories);
        _partition = new RowPartition(data, categories, threads);
        _search = new HistogramSearch(data, gradients, rules, threads, signs, categories);
    }

    /// <summary>Adds one tree; leaves get their values, times the rate.</summary>
    /// <param name="builder">Receives the nodes.</param>
    /// <param name="rows">The rows to fit, reordered so that each leaf owns a range.</param>
    /// <param name="usedColumns">The columns that may be split.</param>
    /// <param name="rate">The learning rate.</param>
    /// <param name="cancel">Checked for each split.</param>
    /// <returns>The leaves and their ranges.</returns>
    public List<Leaf> Grow(TreeBuilder builder, Memory<int> rows, bool[] usedColumns, double rate, CancellationToken cancel)
    {
        _root = builder.BeginTree();
        _splits.Clear();
        _splits.Add((default, -1));
        _search.BeginTree(usedColumns);
        var root = new TreeGrowthNode(_root, 0, rows.Length, 0, ValueBounds.None);
        var (open, leaves) = (new List<TreeGrowthNode>(), new List<Leaf>());
        if (rows.Length > 0 && _growth.MaxLeaves > 1 && root.Depth != _growth.MaxDepth)
        {
            _search.Root(root, rows);
            Cover(builder, root);
        }
        open.Add(root);
        for (var leafCount = 1; leafCount < _growth.MaxLeaves && Next(open) is { } node; leafCount++)
        {
            cancel.ThrowIfCancellationRequested();
            open.Remove(node);
            var split = node.Best;
            var leftRows = _partition.Divide(rows.Slice(node.Start, node.Count), split);
            var left = split.Categories is null
                ? builder.Split(node.Id, split.Column, _data.Threshold(split.Column, split.Bin), split.MissingLeft, split.Gain)
                : builder.Split(node.Id, split.Column, _categories!.Listed(split), split.MissingLeft, split.Gain);
            _splits[node.Id - _root] = (split, left - _root);
            _splits.Add((default, -1));
            _splits.Add((default, -1));
            var bounds = node.Bounds.Split(_signs?[split.Column] ?? 0, split.Middle);
            var children = (Left: new TreeGrowthNode(left, node.Start, leftRows, node.Depth + 1, bounds.Left),
                Right: new TreeGrowthNode(left + 1, node.Start + leftRows, node.Count - leftRows, node.Depth + 1, bounds.Right));
            open.Add(children.Left);
            open.Add(children.Right);
            if (leafCount + 1 < _growth.MaxLeaves && children.Left.Depth != _growth.MaxDepth)
            {
                _search.Children(node, children.Left, children.Right, rows);
                Cover(builder, children.Left);
                Cover(builder, children.Right);
            }
            else
            {
                _search.Return(node);
            }
            ForgetLosers(open, _growth.MaxLeaves - leafCount - 1);
        }
        foreach (var node in open)
        {
            _search.Return(node);
            leaves.Add(new Leaf(node.Id, node.Start, node.Count, node.Bounds));
        }
        var values = new (double Value, double H)[leaves.Count];
        var order = rows;
        Shards.Run(leaves.Count, rows.Length > RowPartition.Grain ? _threads : 1, i =>
            values[i] = Value(order.Span.Slice(leaves[i].Start, leaves[i].Count)), cancel);
        for (var i = 0; i < values.Length; i++)
        {
            builder.SetValue(leaves[i].Node, rate * leaves[i].Bounds.Clamp(values[i].Value));
            builder.SetCover(leaves[i].Node, values[i].H);
        }
        return leaves;
    }

    /// <summary>Adds the leaves of the tree that was grown last to the scores of rows that it was not fitted to.</summary>
    /// <param name="builder">That it was added to.</param>
    /// <param name="rows">Reordered.</param>
    /// <param name="scores">By row.</param>
    public void AddTo(TreeBuilder builder, Memory<int> rows, float[] scores)
    {
        var parts = _partition.Parts(rows.Length);
        Shards.Run(parts, parts, part =>
        {
            var (from, to) = Shards.Range(rows.Length, parts, part);
            var open = new Stack<(int Node, int Start, int End)>();
            // A block passes all levels while its codes are in the second cache.
            for (; from < to; from += AddBlock)
            {
                open.Push((0, from, Math.Min(from + AddBlock, to)));
                while (open.TryPop(out var next))
                {
                    var (split, left) = _splits[next.Node];
                    var own = rows.Span[next.Start..next.End];
                    if (left < 0)
                    {
                        var value = builder[_root + next.Node].Value;
                        foreach (var row in own) scores[row] += value;
                        continue;
                    }
                    var front = _partition.Divide(own, split, part);
                    if (front > 0) open.Push((left, next.Start, next.Start + front));
                    if (front < own.Length) open.Push((left + 1, next.Start + front, next.End));
                }
            }
        });
    }

    // The node to split next, or null; of equals the first.
    private TreeGrowthNode? Next(List<TreeGrowthNode> open)
    {
        var best = default(TreeGrowthNode);
        foreach (var node in open)
            if (node.Best.Gain > 0 && (best is null || IsBefore(node, best))) best = node;
        return best;
    }

    // A node behind more others than there are splits left stays a leaf: its histogram is not kept.
    private void ForgetLosers(List<TreeGrowthNode> open, int splitsLeft)
    {
        var candidates = 0;
        foreach (var node in open) if (node.Best.Gain > 0) candidates++;
        for (; candidates > splitsLeft; candidates--)
        {
            var last = default(TreeGrowthNode);
            foreach (var node in open)
                if (node.Best.Gain > 0 && (last is null || !IsBefore(node, last))) last = node;
            _search.Return(last!);
            last!.Best = default;
        }
    }

    private bool IsBefore(TreeGrowthNode a, TreeGrowthNode b)
        => _growth.LeafWise ? a.Best.Gain > b.Best.Gain : a.Depth < b.Depth;

    private void Cover(TreeBuilder builder, TreeGrowthNode node)
        => builder.SetCover(node.Id, GradientPairs.Low(node.Pair) * _gradients.UnitH);

    private (double Value, double H) Value(ReadOnlySpan<int> rows)
    {
        var (g, h) = _gradients.FineSums(rows);
        return (_rules.Leaf(g, h), h);
    }

    /// <summary>A leaf of the tree that was grown, and the rows that reach it.</summary>
    internal readonly record struct Leaf(int Node, int Start, int Count, ValueBounds Bounds);
}
