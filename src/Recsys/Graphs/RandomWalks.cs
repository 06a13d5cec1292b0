using Recsys.Numerics;

namespace Recsys.Graphs;

// P(j | i) = w_ij / Σ_k w_ik, drawn in constant time.

/// <summary>
/// Walks through a graph that follow an edge with the probability of its weight and end where no edge leads on. Immutable; safe for any
/// number of
/// threads; a walk is a pure function of its start and its stream and allocates nothing.
/// </summary>
public sealed class RandomWalks
{
    private readonly AliasTable.Slot[]? _slots;   // beside the edges; null if all edges of a node weigh the same

    /// <summary>Prepares the tables: 8 bytes for an edge of a weighted graph, none otherwise.</summary>
    public RandomWalks(Graph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        Graph = graph;
        var even = true;
        for (var node = 0; even && node < graph.NodeCount; node++)
        {
            var weights = graph.WeightsOf(node);
            even = weights.IsEmpty || !weights.ContainsAnyExcept(weights[0]);
        }
        if (even) return;
        _slots = new AliasTable.Slot[graph.Edges.Count];
        for (var node = 0; node < graph.NodeCount; node++)
        {
            var weights = graph.WeightsOf(node);
            if (weights.IsEmpty) continue;
            var copy = new double[weights.Length];
            for (var i = 0; i < copy.Length; i++) copy[i] = weights[i];
            AliasTable.Build(copy).CopyTo(_slots, graph.Edges.RowOffsets[node]);
        }
    }

    /// <summary>The graph.</summary>
    public Graph Graph { get; }

    /// <summary>Writes a walk.</summary>
    /// <param name="start">Its first node.</param>
    /// <param name="rng">The walk's own stream; step k draws at position k.</param>
    /// <param name="nodes">Receives the nodes; its length is the most that a walk has.</param>
    /// <returns>How many nodes were written: fewer than there is room for if the walk came to a node without edges.</returns>
    public int Walk(int start, in Rng rng, Span<int> nodes)
    {
        if ((uint)start >= (uint)Graph.NodeCount)
            throw new ArgumentOutOfRangeException(nameof(start), start, $"The graph has the nodes 0 to {Graph.NodeCount - 1}.");
        if (nodes.IsEmpty) return 0;
        var (offsets, columns) = (Graph.Edges.RowOffsets, Graph.Edges.Columns);
        nodes[0] = start;
        for (var k = 1; k < nodes.Length; k++)
        {
            var (first, end) = (offsets[start], offsets[start + 1]);
            if (first == end) return k;
            var length = (int)(end - first);
            var edge = _slots is null
                ? rng.Below((ulong)k, length)
                : AliasTable.Pick(_slots.AsSpan((int)first, length), rng.Bits((ulong)k));
            start = columns[first + edge];
            nodes[k] = start;
        }
        return nodes.Length;
    }
}
