// A leaf that m columns decide on pays, when the columns S are known, v(S) = value · Π_{i∈S} o_i · Π_{i∉S} z_i:
//   o_i = 1 if the row passes all splits of column i on the way, else 0;  z_i = the share of the training weight that passes them.
// Its Shapley values are  φ_i = value · (o_i - z_i) · ∫₀¹ Π_{j≠i} f_j(t) dt,  f_j(t) = z_j + t (o_j - z_j),
//   because ∫ t^|S| (1-t)^(m-1-|S|) dt = |S|! (m-1-|S|)! / m!, the weight of S. The integrand has degree m - 1, so that Gauss-Legendre
//   quadrature of ⌈m/2⌉ points is exact. Sums over the leaves below an edge serve its column at once: time nodes × points for each row.
// Lundberg, Erion and Lee, "Consistent individualized feature attribution for tree ensembles", 2018 (the path-dependent game);
// Yu et al., "Linear TreeShap", NeurIPS 2022 (sums by edge, a column that splits twice).

namespace Recsys.Trees;

/// <summary>Exact Shapley values of trees. Immutable, thread-safe.</summary>
internal sealed class TreeShap
{
    // Exact up to 128 columns on one path; past that the error of quadrature stays below rounding.
    private const int MostPoints = 64;

    // Less weight than this counts as none; it keeps divisors away from 0.
    private const double LeastShare = 1e-150;

    private readonly TreeEnsemble _trees;
    private readonly int[] _players;
    private readonly int[] _parents;
    private readonly int[] _ups;
    private readonly double[] _shares;
    private readonly int[] _points;
    private readonly double[] _bases;
    private readonly Quadrature[] _rules = new Quadrature[MostPoints + 1];
    private readonly ScratchPool<Scratch> _pool = new(static () => new Scratch());

    /// <summary>Prepares what does not depend on rows.</summary>
    /// <param name="trees">With covers.</param>
    /// <param name="players">The column that each column of the trees counts as; empty: itself.</param>
    public TreeShap(TreeEnsemble trees, ReadOnlySpan<int> players)
    {
        _trees = trees;
        _players = players.ToArray();
        var count = trees.NodeCount;
        (_parents, _ups, _shares) = (new int[count], new int[count], new double[count]);
        (_points, _bases) = (new int[trees.TreeCount], new double[trees.TreeCount]);
        Array.Fill(_ups, -1);
        var deciders = new int[count];
        var reached = new double[count];
        var last = new int[_players.Length == 0 ? trees.ColumnCount : _players.Max() + 1];
        Array.Fill(last, -1);
        var stack = new Stack<(int Node, bool Leave)>();
        for (var tree = 0; tree < trees.TreeCount; tree++)
        {
            var root = trees.Root(tree);
            (reached[root], _parents[root]) = (1, -1);
            stack.Push((root, false));
            var most = 0;
            while (stack.TryPop(out var step))
            {
                var (at, leave) = step;
                var player = at == root ? -1 : Player(_parents[at]);
                if (leave)
                {
                    last[player] = _ups[at];
                    continue;
                }
                if (at != root)
                {
                    _ups[at] = last[player];
                    if (_ups[at] >= 0) _shares[at] *= _shares[_ups[at]];
                    else deciders[at]++;
                    last[player] = at;
                    stack.Push((at, true));
                }
                var node = trees[at];
                if (node.IsLeaf)
                {
                    _bases[tree] += reached[at] * node.Value;
                    most = Math.Max(most, deciders[at]);
                    continue;
                }
                double left = Cover(node.Left), right = Cover(node.Right);
                // Nodes that nothing reached in training: no side is the likelier.
                var share = left + right > 0 ? left / (left + right) : 0.5;
                foreach (var (child, part) in new[] { (node.Left, share), (node.Right, 1 - share) })
                {
                    (_parents[child], _shares[child], deciders[child]) = (at, part, deciders[at]);
                    reached[child] = reached[at] * part;
                    stack.Push((child, false));
                }
            }
            _points[tree] = Math.Clamp((most + 1) / 2, 1, MostPoints);
            _rules[_points[tree]] ??= Quadrature.GaussLegendre(_points[tree]);
        }
    }

    /// <summary>Adds the contributions of some trees to those of one row. Allocates nothing after warm-up.</summary>
    /// <param name="row">[columns]</param>
    /// <param name="first">The first tree.</param>
    /// <param name="step">From each tree to the next.</param>
    /// <param name="contributions">One for each player and, last, the expected value: the weighted mean of the leaves.</param>
    public void Add(ReadOnlySpan<float> row, int first, int step, Span<double> contributions)
    {
        var scratch = _pool.Rent();
        for (var tree = first; tree < _trees.TreeCount; tree += step)
        {
            contributions[^1] += _bases[tree];
            var root = _trees.Root(tree);
            var count = (tree + 1 < _trees.TreeCount ? _trees.Root(tree + 1) : _trees.NodeCount) - root;
            if (count == 1) continue;
            var rule = _rules[_points[tree]];
            scratch.Fit(count, rule.Points.Length);
            Descend(root, count, row, rule, scratch);
            Ascend(root, count, rule, scratch, contributions);
        }
        _pool.Return(scratch);
    }

    // Products of the factors on the way to each node, at each point.
    private void Descend(int root, int count, ReadOnlySpan<float> row, Quadrature rule, Scratch scratch)
    {
        var points = rule.Points;
        scratch.Products.AsSpan(0, points.Length).Fill(1);
        scratch.States[0] = State.Passed;
        for (var i = 1; i < count; i++)
        {
            var node = root + i;
            var parent = _parents[node];
            var up = _ups[node];
            var upState = up < 0 ? State.Passed : scratch.States[up - root];
            var passed = upState == State.Passed && _trees.Next(parent, row) == node;
            var share = _shares[node];
            if (scratch.States[parent - root] == State.Dead || (!passed && share < LeastShare))
            {
                scratch.States[i] = State.Dead;
                continue;
            }
            scratch.States[i] = passed ? State.Passed : State.Failed;
            var from = scratch.Products.AsSpan((parent - root) * points.Length, points.Length);
            var to = scratch.Products.AsSpan(i * points.Length, points.Length);
            var upShare = up < 0 ? 1 : _shares[up];
            if (!passed && upState == State.Failed)
            {
                var ratio = share / upShare;
                for (var q = 0; q < to.Length; q++) to[q] = from[q] * ratio;
                continue;
            }
            var slope = passed ? 1 - share : -share;
            for (var q = 0; q < to.Length; q++)
                to[q] = from[q] * (share + (points[q] * slope)) / (upShare + (points[q] * (1 - upShare)));
        }
    }

    // From the leaves up: sums of value × product over the leaves below, and what each edge earns from them.
    private void Ascend(int root, int count, Quadrature rule, Scratch scratch, Span<double> contributions)
    {
        var size = rule.Points.Length;
        for (var i = count - 1; i > 0; i--)
        {
            if (scratch.States[i] == State.Dead) continue;
            var node = root + i;
            var sums = scratch.Products.AsSpan(i * size, size);
            var inner = _trees[node];
            if (inner.IsLeaf)
            {
                foreach (ref var sum in sums) sum *= inner.Value;
            }
            else
            {
                sums.Clear();
                AddSums(inner.Left - root, sums, scratch);
                AddSums(inner.Right - root, sums, scratch);
            }
            var earned = Edge(sums, scratch.States[i] == State.Passed, _shares[node], rule);
            if (_ups[node] is >= 0 and var up) earned -= Edge(sums, scratch.States[up - root] == State.Passed, _shares[up], rule);
            contributions[Player(_parents[node])] += earned;
        }
    }

    private static void AddSums(int child, Span<double> sums, Scratch scratch)
    {
        if (scratch.States[child] == State.Dead) return;
        var from = scratch.Products.AsSpan(child * sums.Length, sums.Length);
        for (var q = 0; q < sums.Length; q++) sums[q] += from[q];
    }

    // (o - z) Σ_q w_q s_q / f(t_q); where o is 0, z cancels.
    private static double Edge(ReadOnlySpan<double> sums, bool passed, double share, Quadrature rule)
    {
        var total = 0.0;
        if (!passed)
        {
            for (var q = 0; q < sums.Length; q++) total -= rule.FailedWeights[q] * sums[q];
            return total;
        }
        for (var q = 0; q < sums.Length; q++) total += rule.Weights[q] * sums[q] / (share + (rule.Points[q] * (1 - share)));
        return (1 - share) * total;
    }

    private double Cover(int node) => _trees[node].Cover is > 0 and < float.PositiveInfinity and var cover ? cover : 0;

    private int Player(int node)
    {
        var column = _trees[node].Column;
        return _players.Length == 0 ? column : _players[column];
    }

    private enum State : byte
    {
        Passed,
        Failed,
        Dead,
    }

    private sealed class Scratch
    {
        public double[] Products { get; private set; } = [];

        public State[] States { get; private set; } = [];

        public void Fit(int nodes, int points)
        {
            if (States.Length < nodes) States = new State[nodes];
            if (Products.Length < (long)nodes * points) Products = new double[checked(nodes * points)];
        }
    }

    /// <summary>∫₀¹ g(t) dt = Σ_q w_q g(t_q), exact for polynomials of degree 2n - 1.</summary>
    internal sealed record Quadrature(double[] Points, double[] Weights, double[] FailedWeights)
    {
        /// <summary>The roots of the Legendre polynomial of degree n by Newton's method, moved from [-1, 1] to [0, 1].</summary>
        public static Quadrature GaussLegendre(int n)
        {
            var (points, weights) = (new double[n], new double[n]);
            for (var i = 0; i < n; i++)
            {
                var x = Math.Cos(Math.PI * (i + 0.75) / (n + 0.5));
                var slope = 0.0;
                for (var iteration = 0; iteration < 20; iteration++)
                {
                    var (value, before) = (x, 1.0);
                    for (var k = 2; k <= n; k++) (value, before) = ((((2 * k) - 1) * x * value - ((k - 1) * before)) / k, value);
                    slope = n * ((x * value) - before) / ((x * x) - 1);
                    var step = value / slope;
                    x -= step;
                    if (Math.Abs(step) < 1e-16) break;
                }
                points[i] = (1 + x) / 2;
                weights[i] = 1 / ((1 - (x * x)) * slope * slope);
            }
            return new Quadrature(points, weights, [.. weights.Zip(points, (w, t) => w / (1 - t))]);
        }
    }
}
