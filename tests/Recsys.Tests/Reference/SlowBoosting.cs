using Recsys.Trees;

namespace Recsys.Tests.Reference;

/// <summary>One second-order tree, leaf-wise, by trying every threshold of every column with missing values on both sides.</summary>
internal sealed class SlowBoosting(double[][] x, double[] g, double[] h, SplitRules rules)
{
    public sealed class Node
    {
        public int Column = -1;
        public double Threshold;
        public bool MissingLeft;
        public double Gain;
        public Node? Left, Right;
        public int[] Rows = [];
    }

    public Node Grow(int maxLeaves, int maxDepth)
    {
        var root = new Node { Rows = [.. Enumerable.Range(0, x.Length)] };
        var open = new List<(Node Node, int Depth)> { (root, 0) };
        for (var leaves = 1; leaves < maxLeaves; leaves++)
        {
            var best = open.Select(o => (o.Node, o.Depth, Split: maxDepth == o.Depth ? null : Best(o.Node.Rows)))
                .Where(o => o.Split is not null).OrderByDescending(o => o.Split!.Gain).FirstOrDefault();
            if (best.Node is null) break;
            open.Remove((best.Node, best.Depth));
            var (node, split) = (best.Node, best.Split!);
            (node.Column, node.Threshold, node.MissingLeft, node.Gain) = (split.Column, split.Threshold, split.MissingLeft, split.Gain);
            (node.Left, node.Right) = (split.Left, split.Right);
            open.Add((split.Left!, best.Depth + 1));
            open.Add((split.Right!, best.Depth + 1));
        }
        return root;
    }

    public double Leaf(int[] rows) => rules.Leaf(rows.Sum(i => g[i]), rows.Sum(i => h[i]));

    public double Score(double[] row, Node node)
    {
        while (node.Column >= 0)
        {
            var value = row[node.Column];
            node = double.IsNaN(value) ? node.MissingLeft ? node.Left! : node.Right! : value <= node.Threshold ? node.Left! : node.Right!;
        }
        return Leaf(node.Rows);
    }

    private Node? Best(int[] rows)
    {
        var best = default(Node);
        for (var column = 0; column < x[0].Length; column++)
        {
            var values = rows.Select(i => x[i][column]).Where(v => !double.IsNaN(v)).Distinct().Order().ToArray();
            foreach (var missingLeft in new[] { false, true })
            {
                for (var i = 0; i < values.Length; i++)
                {
                    var threshold = i + 1 < values.Length ? (values[i] + values[i + 1]) / 2 : double.PositiveInfinity;
                    int[] left = [.. rows.Where(r => double.IsNaN(x[r][column]) ? missingLeft : x[r][column] <= threshold)];
                    int[] right = [.. rows.Except(left)];
                    if (left.Length < rules.MinLeafRows || right.Length < rules.MinLeafRows) continue;
                    double hl = left.Sum(r => h[r]), hr = right.Sum(r => h[r]), gl = left.Sum(r => g[r]), gr = right.Sum(r => g[r]);
                    if (hl < rules.MinChildWeight || hr < rules.MinChildWeight) continue;
                    var gain = (rules.Score(gl, hl) + rules.Score(gr, hr) - rules.Score(gl + gr, hl + hr)) / 2 - rules.MinGain;
                    if (gain > 1e-9 && gain > (best?.Gain ?? 0) + 1e-12)
                        best = new Node
                        {
                            Column = column,
                            Threshold = threshold,
                            MissingLeft = missingLeft,
                            Gain = gain,
                            Left = new Node { Rows = left },
                            Right = new Node { Rows = right },
                        };
                }
            }
        }
        return best;
    }
}
