using Recsys.Graphs;
using Recsys.Numerics;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Graphs;

public sealed class GraphTests
{
    [Fact]
    public void Edges_lead_both_ways_unless_directed_and_doubles_add_up()
    {
        int[] from = [0, 1, 1, 2], to = [1, 0, 2, 2];
        float[] weights = [1, 2, 4, 8];
        var directed = Graph.FromEdges(4, from, to, weights, directed: true);
        Assert.Equal([1], directed.NeighboursOf(0).ToArray());
        Assert.Equal([0, 2], directed.NeighboursOf(1).ToArray());
        Assert.Equal([2f, 4], directed.WeightsOf(1).ToArray());
        Assert.Equal(4, directed.EdgeCount);

        var both = Graph.FromEdges(4, from, to, weights);
        Assert.Equal([3f, 4], both.WeightsOf(1).ToArray());
        Assert.Equal([3f], both.WeightsOf(0).ToArray());
        Assert.Equal([1, 2], both.NeighboursOf(2).ToArray());
        Assert.Equal([4f, 8], both.WeightsOf(2).ToArray());
        Assert.Equal(3, both.EdgeCount);
        Assert.True(both.NeighboursOf(3).IsEmpty);
    }

    [Theory]
    [InlineData("0,1", "1", "", "starts")]
    [InlineData("0,1", "1,3", "", "0 to 2")]
    [InlineData("-1,1", "1,2", "", "0 to 2")]
    [InlineData("0,1", "1,2", "1,0", "positive")]
    [InlineData("0,1", "1,2", "1,NaN", "positive")]
    [InlineData("0,1", "1,2", "1", "weights")]
    public void Bad_edges_are_refused(string from, string to, string weights, string because)
    {
        var error = Assert.Throws<ArgumentException>(() => Graph.FromEdges(3, Numbers(from), Numbers(to),
            Array.ConvertAll(Cells(weights), float.Parse)));
        Assert.Contains(because, error.Message, StringComparison.Ordinal);

        static string[] Cells(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries);
        static int[] Numbers(string text) => Array.ConvertAll(Cells(text), int.Parse);
    }

    [Fact]
    public void A_list_of_edges_is_read_with_its_ids()
    {
        var graph = Graph.ReadEdges(new StringReader("# a graph\nb a\n\nb,c,0.5\r\nc\td\n"), directed: true);
        Assert.Equal(4, graph.NodeCount);
        Assert.Equal(1, graph.Nodes!.Find("a"));
        Assert.Equal([1, 2], graph.NeighboursOf(0).ToArray());
        Assert.Equal([1, 0.5f], graph.WeightsOf(0).ToArray());
        foreach (var bad in (string[])["a", "a b x", "a b -1", "a b 1 1"])
            Assert.Contains("Line 2", Assert.Throws<InvalidDataException>(() => Graph.ReadEdges(new StringReader("a b\n" + bad))).Message,
                StringComparison.Ordinal);
    }

    [Fact]
    public void Sessions_end_at_the_gap_and_repetitions_make_no_edge()
    {
        var data = ContractData.Build(2, 4, add =>
        {
            foreach (var (item, time) in new[] { (0, 0L), (1, 10), (1, 20), (2, 3620), (3, 7221) }) add(0, item, 1, 1000 + time);
            foreach (var (item, time) in new[] { (0, 0L), (1, 60) }) add(1, item, 1, 1000 + time);
        });
        var graph = Graph.OfSessions(data, TimeSpan.FromHours(1));
        Assert.True(graph.Directed);
        Assert.Equal([1], graph.NeighboursOf(0).ToArray());
        Assert.Equal([2f], graph.WeightsOf(0).ToArray());
        Assert.Equal([2], graph.NeighboursOf(1).ToArray());
        Assert.True(graph.NeighboursOf(2).IsEmpty); // an hour and a second
        Assert.Equal([3], Graph.OfSessions(data).NeighboursOf(2).ToArray());
    }

    [Fact]
    public void Users_come_before_items_in_the_bipartite_graph()
    {
        var data = ContractData.Build(2, 3, add =>
        {
            add(0, 2, 3, 1);
            add(0, 2, 2, 2);
            add(1, 0, 1, 3);
        });
        var graph = Graph.Bipartite(data);
        Assert.Equal(5, graph.NodeCount);
        Assert.Equal([4], graph.NeighboursOf(0).ToArray());
        Assert.Equal([2f], graph.WeightsOf(4).ToArray());
        Assert.Equal([5f], Graph.Bipartite(data, useValues: true).WeightsOf(0).ToArray());
        Assert.True(graph.NeighboursOf(3).IsEmpty);
    }

    [Fact]
    public void Walks_follow_edges_by_their_weights()
    {
        float[] weights = [1, 2, 5, 1, 1, 1, 3];
        var graph = Graph.FromEdges(4, [0, 0, 0, 1, 2, 3, 3], [1, 2, 3, 0, 0, 0, 1], weights, directed: true);
        Expect(new RandomWalks(graph), [0.125, 0.25, 0.625], [0.25, 0.75]);
        var even = Graph.FromEdges(4, [0, 0, 0, 1, 2, 3, 3], [1, 2, 3, 0, 0, 0, 1], directed: true);
        Expect(new RandomWalks(even), [1 / 3.0, 1 / 3.0, 1 / 3.0], [0.5, 0.5]);

        static void Expect(RandomWalks walks, double[] from0, double[] from3)
        {
            var counts = new double[4, 4];
            var nodes = new int[50];
            for (var walk = 0; walk < 4000; walk++)
            {
                Assert.Equal(50, walks.Walk(walk % 4, new Rng(3, (ulong)walk), nodes));
                Assert.Equal(walk % 4, nodes[0]);
                for (var k = 1; k < nodes.Length; k++) counts[nodes[k - 1], nodes[k]]++;
            }
            double[][] expected = [[0, .. from0], [1, 0, 0, 0], [1, 0, 0, 0], [from3[0], from3[1], 0, 0]];
            for (var i = 0; i < 4; i++)
            {
                var total = 0.0;
                for (var j = 0; j < 4; j++) total += counts[i, j];
                for (var j = 0; j < 4; j++)
                {
                    var deviation = Math.Sqrt(expected[i][j] * (1 - expected[i][j]) / total);
                    Assert.InRange(counts[i, j] / total, expected[i][j] - 5 * deviation, expected[i][j] + 5 * deviation);
                }
            }
        }
    }

    [Fact]
    public void A_walk_ends_where_no_edge_leads_on_and_allocates_nothing()
    {
        var walks = new RandomWalks(Graph.FromEdges(3, [0], [1], directed: true));
        var nodes = new int[5];
        Assert.Equal(2, walks.Walk(0, new Rng(1), nodes));
        Assert.Equal(1, nodes[1]);
        Assert.Equal(1, walks.Walk(2, new Rng(1), nodes));
        Assert.Equal(0, walks.Walk(2, new Rng(1), []));
        Assert.Throws<ArgumentOutOfRangeException>(() => walks.Walk(3, new Rng(1), nodes));
        Allocations.AssertNone(() => walks.Walk(0, new Rng(1), nodes), calls: 100);
    }

    [Fact]
    public void Labels_stand_behind_their_nodes_in_a_walk()
    {
        var ring = Graph.FromEdges(4, [0, 1, 2, 3], [1, 2, 3, 0], directed: true);
        var labels = NodeLabels.From([[1], null, [0, 2], []]);
        Assert.Equal(3, labels.LabelCount);
        var sequences = new WalkSequences(new RandomWalks(ring), 6, labels, new Rng(5));
        Assert.Equal(7, sequences.TokenCount);
        var tokens = new int[sequences.LongestLength];
        var met = new HashSet<int>();
        for (var pass = 0; pass < 20; pass++)
        {
            for (var s = 0; s < sequences.Count; s++)
            {
                var length = sequences.Write(pass, s, tokens);
                var nodes = 0;
                for (var k = 0; k < length; k++)
                {
                    if (tokens[k] >= 4) continue;
                    nodes++;
                    if (k + 1 == length || tokens[k + 1] < 4)
                    {
                        Assert.Contains(tokens[k], (int[])[1, 3]);
                        continue;
                    }
                    met.Add(tokens[k + 1]);
                    Assert.Contains(tokens[k + 1] - 4, labels.Of(tokens[k]).ToArray());
                }
                Assert.Equal(6, nodes);
                Assert.Equal(tokens.AsSpan(0, length).ToArray(), Again(pass, s));
            }
        }
        Assert.Equal([4, 5, 6], met.Order());
        Assert.Throws<ArgumentException>(() => NodeLabels.From([[-1]]));

        int[] Again(int pass, int s)
        {
            var copy = new int[sequences.LongestLength];
            return copy[..sequences.Write(pass, s, copy)];
        }
    }
}
