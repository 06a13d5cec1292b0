using System.Globalization;
using Recsys.Data;
using Recsys.Numerics;

namespace Recsys.Graphs;

/// <summary>
/// A graph with weighted edges, in compressed rows: for each node where its edges lead and how much they weigh. Several edges between two
/// nodes are
/// one, their weights added. Immutable; safe for any number of threads.
/// </summary>
public sealed class Graph
{
    private static readonly char[] Separators = [' ', '\t', ',', ';'];

    private Graph(SparseMatrix edges, bool directed, IdMap? nodes)
    {
        Edges = edges;
        Directed = directed;
        Nodes = nodes;
    }

    /// <summary>Number of nodes; some may have no edges.</summary>
    public int NodeCount => Edges.RowCount;

    /// <summary>Number of edges, each undirected one counted once.</summary>
    public long EdgeCount
    {
        get
        {
            if (Directed) return Edges.Count;
            var loops = 0L;
            for (var node = 0; node < NodeCount; node++)
                if (NeighboursOf(node).Contains(node)) loops++;
            return (Edges.Count + loops) / 2;
        }
    }

    /// <summary>Whether an edge leads one way only.</summary>
    public bool Directed { get; }

    /// <summary>External and dense node ids, or null for a graph that was made of dense ids alone.</summary>
    public IdMap? Nodes { get; }

    /// <summary>Nodes × nodes: the cell (i, j) is the weight of the edge from i to j; undirected ones stand in both rows.</summary>
    public SparseMatrix Edges { get; }

    /// <summary>Where the edges of a node lead, ascending.</summary>
    /// <param name="node">0..<see cref="NodeCount"/>-1.</param>
    public ReadOnlySpan<int> NeighboursOf(int node) => Edges.Row(node).Columns;

    /// <summary>The weights of those edges, positive.</summary>
    /// <param name="node">0..<see cref="NodeCount"/>-1.</param>
    public ReadOnlySpan<float> WeightsOf(int node) => Edges.Row(node).Values;

    /// <summary>A graph of dense node ids.</summary>
    /// <param name="nodeCount">At least 0.</param>
    /// <param name="from">One end of each edge, 0..nodeCount-1.</param>
    /// <param name="to">The other end.</param>
    /// <param name="weights">Positive and finite; empty for 1 everywhere.</param>
    /// <param name="directed">Whether edges lead from <paramref name="from"/> to <paramref name="to"/> only.</param>
    /// <param name="nodes">The nodes' external ids, or null.</param>
    /// <exception cref="ArgumentException">A length, an id or a weight breaks its rule; the message names the edge.</exception>
    public static Graph FromEdges(
        int nodeCount, ReadOnlySpan<int> from, ReadOnlySpan<int> to, ReadOnlySpan<float> weights = default, bool directed = false,
        IdMap? nodes = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(nodeCount);
        if (from.Length != to.Length || !weights.IsEmpty && weights.Length != from.Length)
        {
            throw new ArgumentException(
                $"There are {from.Length} starts, {to.Length} ends and {weights.Length} weights; give as many of each, or no weights.",
                nameof(to));
        }
        if (nodes is not null && nodes.Count != nodeCount)
            throw new ArgumentException($"The id map has {nodes.Count} ids for {nodeCount} nodes; there must be one for each.",
                nameof(nodes));
        var loops = 0;
        for (var edge = 0; edge < from.Length; edge++)
        {
            if ((uint)from[edge] >= (uint)nodeCount || (uint)to[edge] >= (uint)nodeCount)
                throw new ArgumentException($"Edge {edge} is {from[edge]} - {to[edge]}; nodes are numbered 0 to {nodeCount - 1}.",
                    nameof(from));
            if (!weights.IsEmpty && !(weights[edge] > 0 && float.IsFinite(weights[edge])))
                throw new ArgumentException($"Edge {edge} has the weight {weights[edge]}; weights must be positive and finite.",
                    nameof(weights));
            if (from[edge] == to[edge]) loops++;
        }
        if (directed) return new Graph(SparseMatrix.FromTriplets(nodeCount, nodeCount, from, to, weights, DuplicateCells.Sum), true, nodes);

        var count = checked(2 * from.Length - loops);
        var (rows, columns, values) = (new int[count], new int[count], weights.IsEmpty ? [] : new float[count]);
        var next = 0;
        for (var edge = 0; edge < from.Length; edge++)
        {
            Add(from[edge], to[edge], edge, weights);
            if (from[edge] != to[edge]) Add(to[edge], from[edge], edge, weights);
        }
        return new Graph(SparseMatrix.FromTriplets(nodeCount, nodeCount, rows, columns, values, DuplicateCells.Sum), false, nodes);

        void Add(int start, int end, int edge, ReadOnlySpan<float> given)
        {
            (rows[next], columns[next]) = (start, end);
            if (values.Length > 0) values[next] = given[edge];
            next++;
        }
    }

    /// <summary>
    /// Reads a list of edges: a line holds two node ids and, where the graph is weighted, a weight, separated by blanks, tabs, commas or
    /// semicolons.
    /// Empty lines and lines that begin with # are left out.
    /// </summary>
    /// <param name="reader">The text.</param>
    /// <param name="directed">Whether edges lead from the first to the second only.</param>
    /// <exception cref="InvalidDataException">A line is no edge; the message names it.</exception>
    public static Graph ReadEdges(TextReader reader, bool directed = false)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var ids = new IdMapBuilder();
        var (from, to, weights) = (new List<int>(), new List<int>(), new List<float>());
        for (var number = 1; reader.ReadLine() is { } line; number++)
        {
            var text = line.AsSpan().Trim();
            if (text.IsEmpty || text[0] == '#') continue;
            var cells = line.Split(Separators, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            var weight = 1f;
            if (cells.Length is < 2 or > 3)
                throw new InvalidDataException($"Line {number} holds {cells.Length} columns; an edge has two nodes and perhaps a weight.");
            if (cells.Length == 3 && !(float.TryParse(cells[2], NumberStyles.Float, CultureInfo.InvariantCulture, out weight)
                && weight > 0 && float.IsFinite(weight)))
            {
                throw new InvalidDataException($"Line {number} has the weight '{cells[2]}'; weights must be positive, finite numbers.");
            }
            from.Add(ids.Add(cells[0]));
            to.Add(ids.Add(cells[1]));
            weights.Add(weight);
        }
        var nodes = ids.Build();
        return FromEdges(nodes.Count, from.ToArray(), to.ToArray(), weights.ToArray(), directed, nodes);
    }

    /// <summary>
    /// The items as nodes, with a directed edge from i to j that weighs how often somebody took j right after i. Repetitions (j = i) make
    /// no edge.
    /// Wang et al., "Billion-scale commodity embedding for e-commerce recommendation in Alibaba", KDD 2018, section 3.1.
    /// </summary>
    /// <param name="data">Rows of a user in the order of time.</param>
    /// <param name="gap">
    /// A session ends where the next action is later than this; null: all rows of a user are one session. Rows without time end no session.
    /// </param>
    public static Graph OfSessions(Interactions data, TimeSpan? gap = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        var (from, to) = (new List<int>(), new List<int>());
        for (var user = 0; user < data.UserCount; user++)
        {
            var items = data.ItemsOf(user);
            var times = data.TimesOf(user);
            for (var i = 1; i < items.Length; i++)
            {
                if (items[i] == items[i - 1] || EndsSession(times, i, gap)) continue;
                from.Add(items[i - 1]);
                to.Add(items[i]);
            }
        }
        return FromEdges(data.ItemCount, from.ToArray(), to.ToArray(), directed: true, nodes: data.Items);
    }

    /// <summary>
    /// Users and items as nodes: user u is node u, item i is node UserCount + i, and each pair that was seen is an undirected edge.
    /// </summary>
    /// <param name="data">What users did.</param>
    /// <param name="useValues">Whether an edge weighs the sum of its values, which must be positive; otherwise the number of its
    /// rows.</param>
    /// <exception cref="ArgumentException">Values count and one is not positive and finite.</exception>
    public static Graph Bipartite(Interactions data, bool useValues = false)
    {
        ArgumentNullException.ThrowIfNull(data);
        var (from, to) = (new int[data.Count], data.ItemColumn.ToArray());
        for (var user = 0; user < data.UserCount; user++)
            from.AsSpan((int)data.UserOffsets[user], (int)(data.UserOffsets[user + 1] - data.UserOffsets[user])).Fill(user);
        for (var row = 0; row < to.Length; row++) to[row] += data.UserCount;
        return FromEdges(checked(data.UserCount + data.ItemCount), from, to, useValues ? data.ValueColumn : default);
    }

    /// <summary>Whether a new session begins with row i.</summary>
    internal static bool EndsSession(ReadOnlySpan<long> times, int i, TimeSpan? gap)
        => gap is { } longest && !times.IsEmpty && times[i] != Interactions.NoTime && times[i - 1] != Interactions.NoTime
            && times[i] - times[i - 1] > (long)longest.TotalSeconds;
}
