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

    /// <summary>
    /// Whether it splits by a set of categories, <see cref="TreeEnsemble.Categories"/>: those go left, all others right, whether seen in
    /// training or not. The threshold is 0 then.
    /// </summary>
    public bool IsCategorical { get; init; }
}

/// <summary>
/// Binary trees over the columns of dense rows, in flat arrays: 16 bytes for each node, children side by side, no pointers. The score of
/// a row is the sum of the leaves that it reaches; where a row has several scores, tree t adds to score t mod
/// <see cref="OutputCount"/>. Immutable and safe for any number of threads.
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
    private readonly int[] _categories;
    private readonly Trees[] _byOutput;

    // treeStarts: where each tree begins, and the end. categories: for each node the ascending categories that go left, null for a
    // threshold or a leaf. Checks what the unchecked walk relies on.
    internal TreeEnsemble(
        int columnCount, int[] treeStarts, int[] columns, float[] thresholds, bool[] missingLeft, int[] lefts, float[] values,
        float[] gains, float[] covers, int outputCount = 1, int[]?[]? categories = null)
    {
        if (columnCount > WalkNode.ColumnMask) throw new ArgumentException($"{columnCount} columns are too many.");
        ColumnCount = columnCount;
        OutputCount = outputCount;
        _roots = treeStarts[..^1];
        if (outputCount < 1 || _roots.Length % outputCount != 0)
            throw new ArgumentException($"{_roots.Length} trees cannot be shared evenly by {outputCount} outputs.");
        var sets = new List<int>();
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
                if (categories?[node] is { } set)
                {
                    _nodes[node] = WalkNode.OfCategories(columns[node], missingLeft[node], left, sets.Count, set.Length);
                    foreach (var category in set)
                    {
                        if (category < 0 || (sets.Count > _nodes[node].CategoryStart && category <= sets[^1]))
                            throw new ArgumentException($"The categories of node {node} are not ascending from 0.");
                        sets.Add(category);
                    }
                    continue;
                }
                _nodes[node] = new WalkNode
                {
                    Threshold = thresholds[node] == float.MaxValue ? float.PositiveInfinity : thresholds[node],
                    Column = columns[node] | (missingLeft[node] ? 0 : WalkNode.MissingRight),
                    Left = left,
                };
            }
            _firstLeaves[tree + 1] = LeafCount;
        }
        HasCategories = categories is not null && Array.Exists(categories, set => set is not null);
        _categories = [.. sets];
        _byOutput = new Trees[outputCount];
        for (var output = 0; output < outputCount; output++)
        {
            var (own, trees) = (output, _roots.Length / outputCount);
            _byOutput[output] = new Trees(
                [.. Enumerable.Range(0, trees).Select(t => _roots[(t * outputCount) + own])],
                [.. Enumerable.Range(0, trees).Select(t => _depths[(t * outputCount) + own])]);
            if (HasCategories) continue;
            var scan = ScanTrees.Create(_nodes, _byOutput[output].Roots, columnCount);
            _byOutput[output] = _byOutput[output] with { Scan = scan };
        }
    }

    /// <summary>Columns of a row.</summary>
    public int ColumnCount { get; }

    /// <summary>Scores of a row: 1, or one for each class.</summary>
    public int OutputCount { get; }

    /// <summary>Whether any node splits by a set of categories.</summary>
    public bool HasCategories { get; }

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
            if (_leafNumbers[node] >= 0) return new TreeNode(-1, 0, false, -1, -1, n.Value, 0, _covers[node]);
            return new TreeNode(n.Column & WalkNode.ColumnMask, n.IsCategorical ? 0 : Math.Min(n.Threshold, float.MaxValue),
                n.Column >= 0, n.Left, n.Left + 1, 0, _gains[node], _covers[node])
            { IsCategorical = n.IsCategorical };
        }
    }

    /// <summary>The categories that go left at a node, ascending; empty where a threshold splits, and in a leaf.</summary>
    /// <param name="node">0..<see cref="NodeCount"/>-1.</param>
    public ReadOnlySpan<int> Categories(int node)
        => _nodes[node].IsCategorical ? _categories.AsSpan(_nodes[node].CategoryStart, _nodes[node].CategoryCount) : default;

    /// <summary>The child that a row goes to; a leaf gives itself.</summary>
    /// <param name="node">0..<see cref="NodeCount"/>-1.</param>
    /// <param name="row">[columns]; NaN is missing.</param>
    internal int Next(int node, ReadOnlySpan<float> row) => TreeWalk.Step(_nodes, _categories, node, row);

    /// <summary>Adds to each sum the leaves that its row reaches. Allocates nothing.</summary>
    /// <param name="rows">[count, columns], row-major; NaN is missing.</param>
    /// <param name="sums">[count, outputs], row-major.</param>
    public void AddTo(ReadOnlySpan<float> rows, Span<float> sums)
    {
        var count = sums.Length / OutputCount;
        if (count * OutputCount != sums.Length)
            throw new ArgumentException($"{sums.Length} sums are no rows of {OutputCount} outputs.", nameof(sums));
        CheckRows(rows, count);
        if (OutputCount == 1)
        {
            AddTo(0, rows, sums);
            return;
        }
        const int Block = 256;
        Span<float> own = stackalloc float[Block];
        for (var start = 0; start < count; start += Block)
        {
            var inside = Math.Min(Block, count - start);
            var part = rows.Slice(start * ColumnCount, inside * ColumnCount);
            for (var output = 0; output < OutputCount; output++)
            {
                // The sums so far are the first term, so that a sum is the same however its trees are cut into calls.
                for (var i = 0; i < inside; i++) own[i] = sums[((start + i) * OutputCount) + output];
                AddTo(output, part, own[..inside]);
                for (var i = 0; i < inside; i++) sums[((start + i) * OutputCount) + output] = own[i];
            }
        }
    }

    /// <summary>The same for one output. [count]</summary>
    internal void AddTo(int output, ReadOnlySpan<float> rows, Span<float> sums)
    {
        var (roots, depths, scan) = _byOutput[output];
        if (scan is not null)
        {
            var done = scan.AddTo(rows, ColumnCount, sums);
            rows = rows[(done * ColumnCount)..];
            sums = sums[done..];
        }
        if (HasCategories) TreeWalk.AddValues(_nodes, _categories, roots, depths, rows, ColumnCount, sums);
        else TreeWalk.AddValues(_nodes, roots, depths, rows, ColumnCount, sums);
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
        {
            var row = rows.Slice(i * ColumnCount, ColumnCount);
            for (var tree = 0; tree < TreeCount; tree++)
                leaves[(i * TreeCount) + tree] = _leafNumbers[HasCategories
                    ? TreeWalk.Leaf(_nodes, _categories, _roots[tree], row)
                    : TreeWalk.Leaf(_nodes, _roots[tree], _depths[tree], row)];
        }
    }

    /// <summary>The sum of the gains of the splits on each column. [columns]</summary>
    public double[] GainByColumn() => ByColumn(node => _gains[node]);

    /// <summary>The number of splits on each column. [columns]</summary>
    public double[] SplitsByColumn() => ByColumn(static _ => 1);

    /// <summary>The same trees with other values, all for one output. [leaves]</summary>
    internal TreeEnsemble WithLeafValues(ReadOnlySpan<float> values)
    {
        var nodes = AllNodes();
        for (var node = 0; node < nodes.Length; node++)
            if (_leafNumbers[node] >= 0) nodes[node] = nodes[node] with { Value = values[_leafNumbers[node]] };
        return new TreeEnsemble(
            ColumnCount, [.. _roots, NodeCount], Array.ConvertAll(nodes, n => n.Column), Array.ConvertAll(nodes, n => n.Threshold),
            Array.ConvertAll(nodes, n => n.MissingLeft), Array.ConvertAll(nodes, n => n.Left), Array.ConvertAll(nodes, n => n.Value),
            _gains, _covers, 1, AllCategories());
    }

    /// <summary>The ascending categories of each node, null where there are none to split by.</summary>
    internal int[]?[]? AllCategories()
    {
        if (!HasCategories) return null;
        var sets = new int[]?[NodeCount];
        for (var node = 0; node < sets.Length; node++)
            if (_nodes[node].IsCategorical) sets[node] = Categories(node).ToArray();
        return sets;
    }

    internal void Write(ModelWriter writer)
    {
        if (OutputCount > 1 || HasCategories) throw new InvalidOperationException("These trees need the newer format.");
        WriteNodes(writer);
    }

    /// <summary>With the outputs and the sets of categories.</summary>
    internal void WriteAll(ModelWriter writer)
    {
        WriteNodes(writer);
        writer.Integer("outputs", OutputCount);
        writer.Flag("categorical", HasCategories);
        if (AllCategories() is not { } sets) return;
        var ends = new int[sets.Length + 1];
        for (var node = 0; node < sets.Length; node++) ends[node + 1] = ends[node] + (sets[node]?.Length ?? 0);
        writer.Tensor("category-node", Array.ConvertAll(sets, set => set is null ? (byte)0 : (byte)1), sets.Length);
        writer.Tensor("category-starts", ends, ends.Length);
        writer.Tensor("category", _categories, _categories.Length);
    }

    internal static TreeEnsemble ReadAll(ModelReader reader)
    {
        var outputs = reader.Count("outputs");
        if (!reader.Flag("categorical")) return Read(reader, outputs, null);
        var isSet = reader.Tensor<byte>("category-node", -1);
        var categories = reader.Tensor<int>("category", -1);
        var starts = reader.Offsets<int>("category-starts", isSet.Length, categories.Length);
        var sets = new int[]?[isSet.Length];
        for (var node = 0; node < sets.Length; node++)
            if (isSet[node] != 0) sets[node] = categories[starts[node]..starts[node + 1]];
            else if (starts[node] != starts[node + 1]) throw reader.Invalid($"node {node} has categories but does not split by them.");
        return Read(reader, outputs, sets);
    }

    private void WriteNodes(ModelWriter writer)
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

    internal static TreeEnsemble Read(ModelReader reader) => Read(reader, 1, null);

    private static TreeEnsemble Read(ModelReader reader, int outputs, int[]?[]? categories)
    {
        var columnCount = reader.Count("columns");
        var columns = reader.Ids("split", -1, columnCount, allowUnknown: true);
        var count = columns.Length;
        if (categories is not null && categories.Length != count)
            throw reader.Invalid($"there are {categories.Length} sets of categories for {count} nodes.");
        return new TreeEnsemble(columnCount, reader.Offsets<int>("starts", -1, count), columns, reader.Tensor<float>("threshold", count),
            Array.ConvertAll(reader.Tensor<byte>("missing-left", count), b => b != 0), reader.Tensor<int>("left", count),
            reader.Tensor<float>("value", count), reader.Tensor<float>("gain", count), reader.Tensor<float>("cover", count), outputs,
            categories);
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
            if (_leafNumbers[node] < 0) sums[_nodes[node].Column & WalkNode.ColumnMask] += amount(node);
        return sums;
    }

    private readonly record struct Trees(int[] Roots, int[] Depths, ScanTrees? Scan = null);
}
