namespace Recsys.Graphs;

/// <summary>Labels of nodes, any number for each. Immutable; safe for any number of threads.</summary>
public sealed class NodeLabels
{
    private readonly int[] _offsets;
    private readonly int[] _labels;

    private NodeLabels(int[] offsets, int[] labels, int labelCount)
    {
        _offsets = offsets;
        _labels = labels;
        LabelCount = labelCount;
    }

    /// <summary>Number of nodes.</summary>
    public int NodeCount => _offsets.Length - 1;

    /// <summary>Number of different labels.</summary>
    public int LabelCount { get; }

    /// <summary>The labels of a node; empty for a node that is not known to have any.</summary>
    public ReadOnlySpan<int> Of(int node) => _labels.AsSpan(_offsets[node].._offsets[node + 1]);

    /// <summary>Labels by node.</summary>
    /// <param name="labels">For each node its labels, 0 or greater; null or empty for a node without. Leave out those of test
    /// nodes.</param>
    /// <exception cref="ArgumentException">A label is negative.</exception>
    public static NodeLabels From(IReadOnlyList<int[]?> labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        var offsets = new int[labels.Count + 1];
        var all = new List<int>();
        for (var node = 0; node < labels.Count; node++)
        {
            foreach (var label in labels[node] ?? [])
            {
                if (label is < 0 or >= int.MaxValue)
                    throw new ArgumentException($"Node {node} has the label {label}; labels are numbered from 0.", nameof(labels));
                all.Add(label);
            }
            offsets[node + 1] = all.Count;
        }
        return new NodeLabels(offsets, [.. all], all.Count == 0 ? 0 : all.Max() + 1);
    }
}
