namespace Recsys.Trees;

/// <summary>A node as another tool writes it: children anywhere in the tree. Column -1 makes it a leaf.</summary>
internal readonly record struct ForeignNode(
    int Column, float Threshold, bool MissingLeft, int Left, int Right, float Value, float Gain, float Cover, int[]? Categories = null);

/// <summary>Turns trees with nodes in any order into an ensemble, which wants children behind their parent, side by side.</summary>
internal sealed class ForestBuilder(int columns, int outputs)
{
    private readonly List<ForeignNode[]>[] _trees = [.. Enumerable.Range(0, outputs).Select(_ => new List<ForeignNode[]>())];

    /// <summary>Adds a tree; unreachable nodes are dropped.</summary>
    /// <param name="output">The score that it adds to.</param>
    /// <param name="nodes">Node 0 is the root.</param>
    /// <param name="where">Names the tree in errors.</param>
    /// <exception cref="InvalidDataException">The nodes do not make a tree.</exception>
    public void Add(int output, ForeignNode[] nodes, string where)
    {
        var ordered = new List<ForeignNode>(nodes.Length);
        var places = new List<int>(nodes.Length) { 0 };
        var seen = new bool[nodes.Length];
        seen[0] = true;
        for (var i = 0; i < places.Count; i++)
        {
            var node = nodes[places[i]];
            if (node.Column >= 0)
            {
                foreach (var child in new[] { node.Left, node.Right })
                {
                    if ((uint)child >= (uint)nodes.Length)
                        throw new InvalidDataException($"{where}: node {places[i]} has the child {child}; there are {nodes.Length} nodes.");
                    if (seen[child])
                        throw new InvalidDataException($"{where}: node {child} is the child of two nodes or of itself; that is no tree.");
                    seen[child] = true;
                }
                node = node with { Left = places.Count, Right = places.Count + 1 };
                places.Add(nodes[places[i]].Left);
                places.Add(nodes[places[i]].Right);
            }
            ordered.Add(node);
        }
        _trees[output].Add([.. ordered]);
    }

    /// <summary>The trees, one of each output after the other.</summary>
    /// <exception cref="InvalidDataException">The outputs have different numbers of trees.</exception>
    public TreeEnsemble Build()
    {
        var rounds = _trees[0].Count;
        foreach (var trees in _trees)
            if (trees.Count != rounds)
                throw new InvalidDataException(
                    $"Output {Array.IndexOf(_trees, trees)} has {trees.Count} trees, output 0 has {rounds}; they must have equally many.");
        var all = new List<ForeignNode>();
        var starts = new List<int> { 0 };
        for (var round = 0; round < rounds; round++)
        {
            foreach (var trees in _trees)
            {
                var start = all.Count;
                foreach (var node in trees[round]) all.Add(node.Column < 0 ? node : node with { Left = start + node.Left });
                starts.Add(all.Count);
            }
        }
        T[] All<T>(Func<ForeignNode, T> part) => [.. all.Select(part)];
        var categories = all.Exists(n => n.Categories is not null) ? All(n => n.Categories) : null;
        return new TreeEnsemble(
            columns, [.. starts], All(n => n.Column), All(n => n.Threshold), All(n => n.MissingLeft), All(n => n.Column < 0 ? -1 : n.Left),
            All(n => n.Column < 0 ? n.Value : 0), All(n => n.Column < 0 ? 0 : n.Gain), All(n => n.Cover), outputs, categories);
    }
}
