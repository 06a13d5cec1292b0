namespace Recsys.Trees;

/// <summary>Collects nodes, tree after tree; children lie side by side behind their parent.</summary>
internal sealed class TreeBuilder
{
    private readonly List<int> _starts = [];
    private readonly List<TreeNode> _nodes = [];
    private readonly Dictionary<int, int[]> _categories = [];

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

    /// <summary>Makes a leaf an inner node that sends some categories left.</summary>
    /// <param name="node">The leaf.</param>
    /// <param name="column">It splits.</param>
    /// <param name="categories">Ascending.</param>
    /// <param name="missingLeft">Whether a missing value goes left.</param>
    /// <param name="gain">Of the split.</param>
    /// <returns>Its left child; the right one is the next.</returns>
    public int Split(int node, int column, int[] categories, bool missingLeft, double gain)
    {
        var left = Split(node, column, 0, missingLeft, gain);
        _nodes[node] = _nodes[node] with { IsCategorical = true };
        _categories[node] = categories;
        return left;
    }

    public void SetValue(int node, double value) => _nodes[node] = _nodes[node] with { Value = (float)value };

    public void SetCover(int node, double cover) => _nodes[node] = _nodes[node] with { Cover = (float)cover };

    public TreeNode this[int node] => _nodes[node];

    /// <summary>Adds trees that are complete.</summary>
    public void Add(TreeEnsemble trees)
    {
        for (var tree = 0; tree < trees.TreeCount; tree++) _starts.Add(_nodes.Count + trees.Root(tree));
        var first = _nodes.Count;
        for (var i = 0; i < trees.NodeCount; i++)
        {
            var node = trees[i];
            _nodes.Add(node.IsLeaf ? node : node with { Left = first + node.Left, Right = first + node.Right });
            if (node.IsCategorical) _categories[first + i] = trees.Categories(i).ToArray();
        }
    }

    /// <summary>Forgets all trees but the first ones.</summary>
    public void KeepTrees(int count)
    {
        if (count >= TreeCount) return;
        foreach (var node in _categories.Keys.Where(node => node >= _starts[count]).ToArray()) _categories.Remove(node);
        _nodes.RemoveRange(_starts[count], _nodes.Count - _starts[count]);
        _starts.RemoveRange(count, _starts.Count - count);
    }

    /// <summary>All trees.</summary>
    /// <param name="columnCount">Of a row.</param>
    /// <param name="outputs">Scores of a row; tree t adds to score t mod outputs.</param>
    public TreeEnsemble Build(int columnCount, int outputs = 1) => Build(columnCount, outputs, [.. _starts, _nodes.Count]);

    /// <summary>The last tree alone.</summary>
    public TreeEnsemble BuildLast(int columnCount) => Build(columnCount, 1, [_starts[^1], _nodes.Count]);

    private TreeEnsemble Build(int columnCount, int outputs, int[] starts)
    {
        var first = starts[0];
        var categories = default(int[]?[]);
        foreach (var (node, set) in _categories)
            if (node >= first) (categories ??= new int[]?[_nodes.Count - first])[node - first] = set;
        return new TreeEnsemble(
            columnCount, Array.ConvertAll(starts, start => start - first), All(first, n => n.Column), All(first, n => n.Threshold),
            All(first, n => n.MissingLeft), All(first, n => n.IsLeaf ? -1 : n.Left - first), All(first, n => n.Value),
            All(first, n => n.Gain), All(first, n => n.Cover), outputs, categories);
    }

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
