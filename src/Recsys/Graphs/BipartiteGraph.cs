using Recsys.Numerics;

namespace Recsys.Graphs;

/// <summary>
/// Users and items as the two sides of a graph with weighted edges, held from both sides: 16 bytes for an edge. Nodes are numbered through:
/// the users 0..<see cref="UserCount"/>-1, then the items. A node may have no edges, the graph may fall into parts. Immutable; safe for any
/// number of threads.
/// </summary>
public sealed class BipartiteGraph
{
    private BipartiteGraph(SparseMatrix users, SparseMatrix items)
    {
        Users = users;
        Items = items;
        UserDegrees = Sums(users);
        ItemDegrees = Sums(items);
        foreach (var degree in UserDegrees) TotalWeight += degree;
    }

    /// <summary>The graph with an edge for each positive cell; other cells make none.</summary>
    /// <param name="weights">Users × items.</param>
    /// <param name="threads">At least 1; the result is the same for any number.</param>
    public static BipartiteGraph From(SparseMatrix weights, int threads = 1)
    {
        ArgumentNullException.ThrowIfNull(weights);
        var users = weights;
        if (Array.Exists(weights.Values, w => w <= 0))
        {
            var rows = new List<int>();
            var columns = new List<int>();
            var values = new List<float>();
            for (var row = 0; row < weights.RowCount; row++)
            {
                var cells = weights.Row(row);
                for (var k = 0; k < cells.Length; k++)
                {
                    if (cells.Values[k] <= 0) continue;
                    rows.Add(row);
                    columns.Add(cells.Columns[k]);
                    values.Add(cells.Values[k]);
                }
            }
            users = SparseMatrix.FromTriplets(
                weights.RowCount, weights.ColumnCount, rows.ToArray(), columns.ToArray(), values.ToArray());
        }
        return new BipartiteGraph(users, users.Transpose(threads));
    }

    /// <summary>Number of users.</summary>
    public int UserCount => Users.RowCount;

    /// <summary>Number of items.</summary>
    public int ItemCount => Users.ColumnCount;

    /// <summary>Users and items together.</summary>
    public int NodeCount => checked(UserCount + ItemCount);

    /// <summary>Number of edges, each counted once.</summary>
    public long EdgeCount => Users.Count;

    /// <summary>The sum of all weights, each edge counted once.</summary>
    public double TotalWeight { get; }

    /// <summary>The node of an item.</summary>
    /// <param name="item">0..<see cref="ItemCount"/>-1.</param>
    public int NodeOfItem(int item) => UserCount + item;

    /// <summary>The sum of the weights of a node's edges; 0 for one without edges.</summary>
    /// <param name="node">0..<see cref="NodeCount"/>-1.</param>
    public double Degree(int node) => node < UserCount ? UserDegrees[node] : ItemDegrees[node - UserCount];

    /// <summary>Users × items.</summary>
    internal SparseMatrix Users { get; }

    /// <summary>Items × users.</summary>
    internal SparseMatrix Items { get; }

    internal double[] UserDegrees { get; }

    internal double[] ItemDegrees { get; }

    private static double[] Sums(SparseMatrix matrix)
    {
        var sums = new double[matrix.RowCount];
        for (var row = 0; row < sums.Length; row++)
            foreach (var value in matrix.Row(row).Values) sums[row] += value;
        return sums;
    }
}
