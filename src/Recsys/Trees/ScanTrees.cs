using Recsys.Numerics;

namespace Recsys.Trees;

/// <summary>Small trees in the form that scores many rows at once. Immutable.</summary>
internal sealed class ScanTrees
{
    private readonly ScanTree[] _trees;
    private readonly ScanNode[] _nodes;
    private readonly float[] _values;

    private ScanTrees(ScanTree[] trees, ScanNode[] nodes, float[] values) => (_trees, _nodes, _values) = (trees, nodes, values);

    /// <summary>Turns trees; null where one has too many leaves, a row too many columns, or the machine too narrow vectors.</summary>
    /// <param name="nodes">Checked; without categories.</param>
    /// <param name="roots">Of the trees.</param>
    /// <param name="columns">Of a row.</param>
    public static ScanTrees? Create(ReadOnlySpan<WalkNode> nodes, ReadOnlySpan<int> roots, int columns)
    {
        if (!TreeScan.IsSupported || columns > TreeScan.MostColumns) return null;
        var (trees, all, values) = (new ScanTree[roots.Length], new List<ScanNode>(), new List<float>());
        var runs = new List<ScanNode>[4];
        for (var run = 0; run < runs.Length; run++) runs[run] = [];
        Span<int> starts = stackalloc int[4];
        for (var tree = 0; tree < roots.Length; tree++)
        {
            var firstValue = values.Count;
            foreach (var run in runs) run.Clear();
            if (!Add(nodes, roots[tree], firstValue, values, runs)) return null;
            for (var run = 0; run < 4; run++)
            {
                starts[run] = all.Count;
                all.AddRange(runs[run]);
            }
            trees[tree] = new ScanTree(starts[0], starts[1], starts[2], starts[3], all.Count, firstValue);
        }
        return new ScanTrees(trees, [.. all], [.. values]);
    }

    /// <summary>Adds the leaves of the first rows, as many as fill whole blocks; returns how many.</summary>
    public int AddTo(ReadOnlySpan<float> rows, int columns, Span<float> sums)
        => TreeScan.AddValues(_trees, _nodes, _values, rows, columns, sums);

    // Leaves from left to right: a node is done when all on its left have their numbers. False: too many leaves.
    private static bool Add(ReadOnlySpan<WalkNode> nodes, int root, int firstValue, List<float> values, List<ScanNode>[] runs)
    {
        var open = new Stack<(int Node, int FirstLeaf)>();
        open.Push((root, -1));
        while (open.TryPop(out var next))
        {
            var node = nodes[next.Node];
            if (node.Left == next.Node)
            {
                if (values.Count - firstValue == TreeScan.MostLeaves) return false;
                values.Add(node.Value);
            }
            else if (next.FirstLeaf < 0)
            {
                // First what is on the left, then this node again, then what is on the right.
                open.Push((node.Left + 1, -1));
                open.Push((next.Node, values.Count - firstValue));
                open.Push((node.Left, -1));
            }
            else
            {
                var (from, to) = (next.FirstLeaf, values.Count - firstValue);
                var left = (to == 64 ? ulong.MaxValue : (1UL << to) - 1) & ~((1UL << from) - 1);
                var missingRight = node.Column < 0 ? 1 : 0;
                var column = node.Column & WalkNode.ColumnMask;
                if ((uint)left != 0) runs[missingRight].Add(new ScanNode(node.Threshold, column, (int)~(uint)left));
                if (left >> 32 != 0) runs[2 + missingRight].Add(new ScanNode(node.Threshold, column, (int)~(uint)(left >> 32)));
            }
        }
        return true;
    }
}
