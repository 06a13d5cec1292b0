using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Trees;

/// <summary>A node of a tree as text and charts need it.</summary>
/// <param name="Column">The column that it splits; -1 in a leaf.</param>
/// <param name="Threshold">x ≤ this goes left; the largest float: every value but a missing one. 0 in a leaf.</param>
/// <param name="MissingLeft">Whether a missing value goes left.</param>
/// <param name="Left">The node for x ≤ threshold; -1 in a leaf.</param>
/// <param name="Right">The node for x &gt; threshold; -1 in a leaf.</param>
/// <param name="Value">What a leaf adds to the score; 0 in an inner node.</param>
/// <param name="Gain">What the split gained, by the measure of its trainer; 0 in a leaf.</param>
/// <param name="Cover">What reached the node in training: the sum of second derivatives in boosting, of weights elsewhere.</param>
public readonly record struct TreeNode(
    int Column, float Threshold, bool MissingLeft, int Left, int Right, float Value, float Gain, float Cover)
{
    /// <summary>Whether it has no children.</summary>
    public bool IsLeaf => Column < 0;
}

/// <summary>
/// Binary trees over the columns of dense rows, in flat arrays: 16 bytes for each node, children side by side, no pointers. The score of
/// a row is the sum of the leaves that it reaches. Immutable and safe for any number of threads.
/// </summary>
public sealed partial class TreeEnsemble
{
    private readonly WalkNode[] _nodes;
    private readonly float[] _gains;
    private readonly float[] _covers;
    private readonly int[] _roots;
    private readonly int[] _depths;
    private readonly int[] _leafNumbers;
    private readonly int[] _firstLeaves;

    // treeStarts: where each tree begins, and the end. Checks what the unchecked walk relies on.
    internal TreeEnsemble(
        int columnCount, int[] treeStarts, int[] columns, float[] thresholds, bool[] missingLeft, int[] lefts, float[] values,
        float[] gains, float[] covers)
    {
        ColumnCount = columnCount;
        _roots = treeStarts[..^1];
        _depths = new int[_roots.Length];
        _firstLeaves = new int[_roots.Length + 1];
        _nodes = new WalkNode[columns.Length];
        _leafNumbers = new int[columns.Length];
        (_gains, _covers) = (gains, covers);
        var depth = new int[columns.Length];
        var hasParent = new bool[columns.Length];
        for (var tree = 0; tree < _roots.Length; tree++)
        {
            var end = treeStarts[tree + 1];
            if (end == _roots[tree]) throw new ArgumentException($"Tree {tree} has no nodes.");
            for (var node = _roots[tree]; node < end; node++)
            {
                if (node > _roots[tree] && !hasParent[node]) throw new ArgumentException($"Node {node} is no child of an earlier one.");
                _depths[tree] = Math.Max(_depths[tree], depth[node]);
                var isLeaf = columns[node] < 0;
                _leafNumbers[node] = isLeaf ? LeafCount++ : -1;
                if (isLeaf)
                {
                    _nodes[node] = new WalkNode { Threshold = float.PositiveInfinity, Left = node, Value = values[node] };
                    continue;
                }
                var left = lefts[node];
                if (columns[node] >= columnCount || left <= node || left >= end - 1 || hasParent[left] || hasParent[left + 1])
                    throw new ArgumentException($"Node {node} splits column {columns[node]} with children from {left}; that is no tree.");
                (hasParent[left], hasParent[left + 1]) = (true, true);
                depth[left] = depth[left + 1] = depth[node] + 1;
                _nodes[node] = new WalkNode
                {
                    Threshold = thresholds[node] == float.MaxValue ? float.PositiveInfinity : thresholds[node],
                    Column = columns[node] | (missingLeft[node] ? 0 : WalkNode.MissingRight),
                    Left = left,
                };
            }
            _firstLeaves[tree + 1] = LeafCount;
        }
    }

    /// <summary>Columns of a row.</summary>
    public int ColumnCount { get; }

    /// <summary>Number of trees.</summary>
    public int TreeCount => _roots.Length;

    /// <summary>Leaves of all trees.</summary>
    public int LeafCount { get; }

    /// <summary>Nodes of all trees, leaves included.</summary>
    public int NodeCount => _nodes.Length;

    /// <summary>The root node of a tree.</summary>
    public int Root(int tree) => _roots[tree];

    /// <summary>The most splits between the root of a tree and a leaf.</summary>
    public int Depth(int tree) => _depths[tree];

    /// <summary>The first leaf number of a tree; tree <see cref="TreeCount"/> gives <see cref="LeafCount"/>.</summary>
    public int FirstLeaf(int tree) => _firstLeaves[tree];

    /// <summary>A node.</summary>
    /// <param name="node">0..<see cref="NodeCount"/>-1.</param>
    public TreeNode this[int node]
    {
        get
        {
            var n = _nodes[node];
            return _leafNumbers[node] >= 0
                ? new TreeNode(-1, 0, false, -1, -1, n.Value, 0, _covers[node])
                : new TreeNode(n.Column & int.MaxValue, Math.Min(n.Threshold, float.MaxValue), n.Column >= 0, n.Left, n.Left + 1, 0,
                    _gains[node], _covers[node]);
        }
    }

    /// <summary>Adds to each sum the leaves that its row reaches. Allocates nothing.</summary>
    /// <param name="rows">[sums, columns], row-major; NaN is missing.</param>
    /// <param name="sums">One for each row.</param>
    public void AddTo(ReadOnlySpan<float> rows, Span<float> sums)
    {
        CheckRows(rows, sums.Length);
        TreeWalk.AddValues(_nodes, _roots, _depths, rows, ColumnCount, sums);
    }

    /// <summary>The leaf that each row reaches in each tree. Allocates nothing.</summary>
    /// <param name="rows">[count, columns], row-major; NaN is missing.</param>
    /// <param name="count">Number of rows.</param>
    /// <param name="leaves">Receives the leaf numbers, 0..<see cref="LeafCount"/>-1 over all trees. [count, trees]</param>
    public void Leaves(ReadOnlySpan<float> rows, int count, Span<int> leaves)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        CheckRows(rows, count);
        if (leaves.Length < (long)count * TreeCount)
            throw new ArgumentException($"{count} rows × {TreeCount} trees need {(long)count * TreeCount} places, not {leaves.Length}.",
                nameof(leaves));
        for (var i = 0; i < count; i++)
            for (var tree = 0; tree < TreeCount; tree++)
                leaves[(i * TreeCount) + tree] =
                    _leafNumbers[TreeWalk.Leaf(_nodes, _roots[tree], _depths[tree], rows.Slice(i * ColumnCount, ColumnCount))];
    }

    /// <summary>The sum of the gains of the splits on each column. [columns]</summary>
    public double[] GainByColumn() => ByColumn(node => _gains[node]);

    /// <summary>The number of splits on each column. [columns]</summary>
    public double[] SplitsByColumn() => ByColumn(static _ => 1);

    /// <summary>The same trees with other values. [leaves]</summary>
    internal TreeEnsemble WithLeafValues(ReadOnlySpan<float> values)
    {
        var nodes = AllNodes();
        for (var node = 0; node < nodes.Length; node++)
            if (_leafNumbers[node] >= 0) nodes[node] = nodes[node] with { Value = values[_leafNumbers[node]] };
        return new TreeEnsemble(
            ColumnCount, [.. _roots, NodeCount], Array.ConvertAll(nodes, n => n.Column), Array.ConvertAll(nodes, n => n.Threshold),
            Array.ConvertAll(nodes, n => n.MissingLeft), Array.ConvertAll(nodes, n => n.Left), Array.ConvertAll(nodes, n => n.Value),
            _gains, _covers);
    }

    internal void Write(ModelWriter writer)
    {
        var nodes = AllNodes();
        writer.Integer("columns", ColumnCount);
        writer.Tensor("starts", [.. _roots, NodeCount], TreeCount + 1);
        writer.Tensor("split", Array.ConvertAll(nodes, n => n.Column), NodeCount);
        writer.Tensor("threshold", Array.ConvertAll(nodes, n => n.Threshold), NodeCount);
        writer.Tensor("missing-left", Array.ConvertAll(nodes, n => n.MissingLeft ? (byte)1 : (byte)0), NodeCount);
        writer.Tensor("left", Array.ConvertAll(nodes, n => n.Left), NodeCount);
        writer.Tensor("value", Array.ConvertAll(nodes, n => n.Value), NodeCount);
        writer.Tensor("gain", Array.ConvertAll(nodes, n => n.Gain), NodeCount);
        writer.Tensor("cover", Array.ConvertAll(nodes, n => n.Cover), NodeCount);
    }

    internal static TreeEnsemble Read(ModelReader reader)
    {
        var columnCount = reader.Count("columns");
        var columns = reader.Ids("split", -1, columnCount, allowUnknown: true);
        var count = columns.Length;
        return new TreeEnsemble(columnCount, reader.Offsets<int>("starts", -1, count), columns, reader.Tensor<float>("threshold", count),
            Array.ConvertAll(reader.Tensor<byte>("missing-left", count), b => b != 0), reader.Tensor<int>("left", count),
            reader.Tensor<float>("value", count), reader.Tensor<float>("gain", count), reader.Tensor<float>("cover", count));
    }

    private TreeNode[] AllNodes()
    {
        var nodes = new TreeNode[NodeCount];
        for (var node = 0; node < nodes.Length; node++) nodes[node] = this[node];
        return nodes;
    }

    private void CheckRows(ReadOnlySpan<float> rows, int count)
    {
        if (rows.Length != (long)count * ColumnCount)
            throw new ArgumentException(
                $"{count} rows of {ColumnCount} columns are {(long)count * ColumnCount} numbers; {rows.Length} were given.", nameof(rows));
    }

    private double[] ByColumn(Func<int, double> amount)
    {
        var sums = new double[ColumnCount];
        for (var node = 0; node < _nodes.Length; node++)
            if (_leafNumbers[node] < 0) sums[_nodes[node].Column & int.MaxValue] += amount(node);
        return sums;
    }
}
