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

    public TreeEnsemble Build(int columnCount) => new(
        columnCount, [.. _starts, _nodes.Count], All(n => n.Column), All(n => n.Threshold), All(n => n.MissingLeft), All(n => n.Left),
        All(n => n.Value), All(n => n.Gain), All(n => n.Cover));

    private T[] All<T>(Func<TreeNode, T> part)
    {
        var values = new T[_nodes.Count];
        for (var i = 0; i < values.Length; i++) values[i] = part(_nodes[i]);
        return values;
    }

    private int AddLeaf()
    {
        _nodes.Add(new TreeNode(-1, 0, false, -1, -1, 0, 0, 0));
        return _nodes.Count - 1;
    }
}
