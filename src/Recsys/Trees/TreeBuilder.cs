namespace Recsys.Trees;

/// <summary>Collects nodes, tree after tree; children lie side by side behind their parent.</summary>
internal sealed class TreeBuilder
{
    private readonly List<int> _starts = [];
    private readonly List<TreeNode> _nodes = [];

    public int TreeCount => _starts.Count;

    /// <summary>Begins a tree with a leaf as its root.</summary>
    /// <returns>The root.</returns>
    public int BeginTree()
    {
        _starts.Add(_nodes.Count);
        return AddLeaf();
    }

    /// <summary>Makes a leaf an inner node.</summary>
    /// <returns>Its left child; the right one is the next.</returns>
    public int Split(int node, int column, float threshold, bool missingLeft, double gain)
    {
        var left = AddLeaf();
        AddLeaf();
        _nodes[node] = _nodes[node] with
        {
            Column = column,
            Threshold = threshold,
            MissingLeft = missingLeft,
            Left = left,
            Right = left + 1,
            Gain = (float)gain,
            Value = 0,
        };
        return left;
    }

    public void SetValue(int node, double value) => _nodes[node] = _nodes[node] with { Value = (float)value };

    public void SetCover(int node, double cover) => _nodes[node] = _nodes[node] with { Cover = (float)cover };

    public TreeNode this[int node] => _nodes[node];

    /// <summary>Forgets all trees but the first ones.</summary>
    public void KeepTrees(int count)
    {
        if (count >= TreeCount) return;
        _nodes.RemoveRange(_starts[count], _nodes.Count - _starts[count]);
        _starts.RemoveRange(count, _starts.Count - count);
    }

    public TreeEnsemble Build(int columnCount) => Build(columnCount, [.. _starts, _nodes.Count]);

    private TreeEnsemble Build(int columnCount, int[] starts)
    {
        var first = starts[0];
        return new TreeEnsemble(
            columnCount, Array.ConvertAll(starts, start => start - first), All(first, n => n.Column), All(first, n => n.Threshold),
            All(first, n => n.MissingLeft), All(first, n => n.IsLeaf ? -1 : n.Left - first), All(first, n => n.Value),
            All(first, n => n.Gain), All(first, n => n.Cover));
    }

    /// <summary>The last tree alone.</summary>
    public TreeEnsemble BuildLast(int columnCount) => Build(columnCount, [_starts[^1], _nodes.Count]);

    private T[] All<T>(int first, Func<TreeNode, T> part)
    {
        var values = new T[_nodes.Count - first];
        for (var i = 0; i < values.Length; i++) values[i] = part(_nodes[first + i]);
        return values;
    }

    private int AddLeaf()
    {
        _nodes.Add(new TreeNode(-1, 0, false, -1, -1, 0, 0, 0));
        return _nodes.Count - 1;
    }
}
