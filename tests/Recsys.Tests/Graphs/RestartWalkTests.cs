using Recsys.Graphs;
using Recsys.Numerics;

namespace Recsys.Tests.Graphs;

[KernelTests]
public sealed class RestartWalkTests
{
    private const double Alpha = 0.8;

    // 40 users × 30 items in two parts, with weights; user 39 and item 29 have no edges.
    private static readonly BipartiteGraph Graph = BipartiteGraph.From(Weights());

    private static SparseMatrix Weights()
    {
        var rng = new Rng(5);
        var rows = new List<(int, float)>[40];
        for (var user = 0; user < 40; user++)
        {
            rows[user] = [];
            for (var item = 0; item < 29 && user < 39; item++)
            {
                var edge = (ulong)(user * 30 + item);
                if ((user < 20) == (item < 12) && (item == user % 12 || item == 12 + user % 17 || rng.Uniform(edge) < 0.25f))
                    rows[user].Add((item, 1 + rng.Stream(1).Below(edge, 5)));
            }
        }
        return SparseMatrix.FromRows(30, rows);
    }

    [Fact]
    public void One_user_and_two_items_by_hand()
    {
        // From an item the walk always comes back: x = (1 - α) + α (y₀ + y₁), y₀ = α ¾ x, y₁ = α ¼ x, so x = 1 / (1 + α).
        var graph = BipartiteGraph.From(SparseMatrix.FromRows(2, [[(0, 3f), (1, 1f)]]));
        var ranks = new double[3];
        RestartWalk.Iterate(graph, 0, Alpha, ranks, 1e-14, 1000);
        Assert.Equal(1 / 1.8, ranks[0], 1e-12);
        Assert.Equal(1 / 3.0, ranks[1], 1e-12);
        Assert.Equal(1 / 9.0, ranks[2], 1e-12);
        var items = new double[2];
        RestartWalk.Solve<double>(graph, [0], Alpha, items, 1e-14);
        Assert.Equal(1 / 3.0, items[0], 1e-12);
        Assert.Equal(1 / 9.0, items[1], 1e-12);
    }

    [Fact]
    public void Iteration_obeys_the_equation_and_all_ranks_make_1()
    {
        var ranks = new double[Graph.NodeCount];
        for (var root = 0; root < Graph.NodeCount; root++)
        {
            RestartWalk.Iterate(Graph, root, Alpha, ranks, 1e-15, 2000);
            Assert.Equal(1, ranks.Sum(), 1e-12);
            if (Graph.Degree(root) == 0)
            {
                Assert.Equal(1, ranks[root], 1e-12);
                continue;
            }
            var right = new double[ranks.Length];
            right[root] = 1 - Alpha;
            foreach (var (user, item, weight) in Edges())
            {
                right[Graph.NodeOfItem(item)] += Alpha * ranks[user] * weight / Graph.Degree(user);
                right[user] += Alpha * ranks[Graph.NodeOfItem(item)] * weight / Graph.Degree(Graph.NodeOfItem(item));
            }
            for (var node = 0; node < ranks.Length; node++) Assert.Equal(right[node], ranks[node], 1e-12);
        }
    }

    [Fact]
    public void Solution_and_iteration_agree_to_1e_8_for_every_root()
    {
        var roots = Enumerable.Range(0, Graph.NodeCount).ToArray();
        var solved = new double[roots.Length * Graph.ItemCount];
        var solvedSingle = new float[solved.Length];
        foreach (var alpha in new[] { 0, 0.3, Alpha, 0.98 })
        {
            RestartWalk.Solve<double>(Graph, roots, alpha, solved, 1e-10);
            RestartWalk.Solve<float>(Graph, roots, alpha, solvedSingle);
            var ranks = new double[Graph.NodeCount];
            foreach (var root in roots)
            {
                RestartWalk.Iterate(Graph, root, alpha, ranks, 1e-13, 5000);
                for (var item = 0; item < Graph.ItemCount; item++)
                {
                    Assert.Equal(ranks[Graph.NodeOfItem(item)], solved[root * Graph.ItemCount + item], 1e-8);
                    Assert.Equal(ranks[Graph.NodeOfItem(item)], solvedSingle[root * Graph.ItemCount + item], 1.5e-6);
                }
            }
        }
    }

    [Fact]
    public void Items_have_their_share_and_other_parts_have_nothing()
    {
        var items = new double[Graph.ItemCount];
        RestartWalk.Solve<double>(Graph, [3], Alpha, items, 1e-12);
        Assert.Equal(Alpha / (1 + Alpha), items.Sum(), 1e-10);
        Assert.All(items[12..], x => Assert.Equal(0, x));
    }

    [Fact]
    public void Neither_threads_nor_the_others_of_a_batch_change_a_bit()
    {
        var roots = Enumerable.Range(0, 39).ToArray();
        float[] one = new float[roots.Length * Graph.ItemCount], many = new float[one.Length], alone = new float[Graph.ItemCount];
        RestartWalk.Solve<float>(Graph, roots, Alpha, one, threads: 1);
        RestartWalk.Solve<float>(Graph, roots, Alpha, many, threads: 4);
        Assert.Equal(one, many);
        RestartWalk.Solve<float>(Graph, [17], Alpha, alone);
        Assert.Equal(one[(17 * Graph.ItemCount)..(18 * Graph.ItemCount)], alone);
    }

    [Theory]
    [InlineData(1e-2)]
    [InlineData(1e-4)]
    [InlineData(1e-12)]
    public void A_push_stays_within_its_bound_below_the_ranks(double epsilon)
    {
        var push = new ForwardPush(Graph);
        var ranks = new double[Graph.NodeCount];
        for (var root = 0; root < Graph.NodeCount; root++)
        {
            RestartWalk.Iterate(Graph, root, Alpha, ranks, 1e-16, 2000);
            push.Run(root, Alpha, epsilon);
            var sum = 0.0;
            for (var node = 0; node < Graph.NodeCount; node++)
            {
                var p = node < Graph.UserCount ? push.EstimateOfUser(node) : push.Estimate(node - Graph.UserCount);
                Assert.InRange(ranks[node] - p, -1e-13, epsilon * Graph.Degree(node) + 1e-13);
                sum += p;
            }
            Assert.Equal(1, sum + push.Residual(), 1e-12);
            push.Clear();
            Assert.Equal(0, push.Residual());
            Assert.Equal(0, push.TouchedItems.Length);
        }
    }

    [Fact]
    public void A_user_beyond_the_graph_counts_as_if_in_it()
    {
        (int, float)[] edges = [(2, 2f), (5, 1f), (20, 4f), (29, 1f)];
        var rows = Enumerable.Range(0, 40).Select(user => Row(user)).Append(edges);
        var larger = BipartiteGraph.From(SparseMatrix.FromRows(30, rows));
        var ranks = new double[larger.NodeCount];
        RestartWalk.Iterate(larger, 40, Alpha, ranks, 1e-15, 2000);

        var push = new ForwardPush(Graph);
        push.Run(new SparseRow([.. edges.Select(e => e.Item1)], [.. edges.Select(e => e.Item2)]), Alpha, 1e-13);
        for (var item = 0; item < 30; item++) Assert.Equal(ranks[larger.NodeOfItem(item)], push.Estimate(item), 1e-9);
        Assert.Equal(ranks[40], push.EstimateOfUser(40), 1e-9);
        push.Clear();

        // Nothing of it stays behind.
        push.Run(2, Alpha, 1e-13);
        RestartWalk.Iterate(Graph, 2, Alpha, ranks.AsSpan(0, Graph.NodeCount), 1e-15, 2000);
        for (var item = 0; item < 30; item++) Assert.Equal(ranks[Graph.NodeOfItem(item)], push.Estimate(item), 1e-9);
    }

    [Fact]
    public void Cells_that_are_not_positive_make_no_edge()
    {
        var graph = BipartiteGraph.From(SparseMatrix.FromRows(3, [[(0, 2f), (1, -1f), (2, 0f)], [(1, 1f)]]));
        Assert.Equal(2, graph.EdgeCount);
        Assert.Equal(3, graph.TotalWeight);
        Assert.Equal([2, 1, 2, 1, 0], Enumerable.Range(0, 5).Select(graph.Degree));
    }

    [Fact]
    public void Arguments_out_of_range_are_refused()
    {
        var ranks = new double[Graph.NodeCount];
        Assert.Throws<ArgumentOutOfRangeException>(() => RestartWalk.Iterate(Graph, 70, Alpha, ranks));
        Assert.Throws<ArgumentOutOfRangeException>(() => RestartWalk.Iterate(Graph, 0, 1, ranks));
        Assert.Throws<ArgumentException>(() => RestartWalk.Iterate(Graph, 0, Alpha, new double[3]));
        Assert.Throws<ArgumentException>(() => RestartWalk.Solve<float>(Graph, [0], Alpha, new float[3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => RestartWalk.Solve<float>(Graph, [-1], Alpha, new float[30]));
        Assert.Throws<ArgumentOutOfRangeException>(() => RestartWalk.Solve<float>(Graph, [0], Alpha, new float[30], 0));
    }

    private static (int, float)[] Row(int user)
    {
        var row = Graph.Users.Row(user);
        var cells = new (int, float)[row.Length];
        for (var k = 0; k < cells.Length; k++) cells[k] = (row.Columns[k], row.Values[k]);
        return cells;
    }

    private static IEnumerable<(int User, int Item, float Weight)> Edges()
        => Enumerable.Range(0, Graph.UserCount).SelectMany(user => Row(user).Select(cell => (user, cell.Item1, cell.Item2)));
}
