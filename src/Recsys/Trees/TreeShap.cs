// A leaf that m columns decide on pays, when the columns S are known, v(S) = value · Π_{i∈S} o_i · Π_{i∉S} z_i:
//   o_i = 1 if the row passes all splits of column i on the way, else 0;  z_i = the share of the training weight that passes them.
// Its Shapley values are  φ_i = value · (o_i - z_i) · ∫₀¹ Π_{j≠i} f_j(t) dt,  f_j(t) = z_j + t (o_j - z_j),
//   because ∫ t^|S| (1-t)^(m-1-|S|) dt = |S|! (m-1-|S|)! / m!, the weight of S. The integrand has degree m - 1, so that Gauss-Legendre
//   quadrature of ⌈m/2⌉ points is exact. Sums over the leaves below an edge serve its column at once: time nodes × points for each row.
// Lundberg, Erion and Lee, "Consistent individualized feature attribution for tree ensembles", 2018 (the path-dependent game);
// Yu et al., "Linear TreeShap", NeurIPS 2022 (sums by edge, a column that splits twice).

using Recsys.Numerics;

namespace Recsys.Trees;

/// <summary>Exact Shapley values of trees. Immutable, thread-safe.</summary>
internal sealed class TreeShap
{
    // Exact up to 128 columns on one path; past that the error of quadrature stays below rounding.
    private const int MostPoints = 64;

    // No weight counts as this much; it keeps divisors away from 0 and cannot be seen in a result.
    private const double LeastShare = 1e-100;

    // Nodes are counted from the root of their tree.
    private readonly TreeEnsemble _trees;
    private readonly int[] _lefts;
    private readonly double[] _values;
    private readonly int[] _players;
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
        var count = trees.NodeCount;
        (_lefts, _values, _players) = (new int[count], new double[count], new int[count]);
        (_ups, _shares) = (new int[count], new double[count]);
        (_points, _bases) = (new int[trees.TreeCount], new double[trees.TreeCount]);
        var deciders = new int[count];
        var reached = new double[count];
        var last = new int[players.IsEmpty ? trees.ColumnCount : players.ToArray().Max() + 1];
        Array.Fill(last, -1);
        var stack = new Stack<(int Node, bool Leave)>();
        for (var tree = 0; tree < trees.TreeCount; tree++)
        {
            var root = trees.Root(tree);
            (reached[root], _players[root], _ups[root]) = (1, -1, -1);
            stack.Push((root, false));
            var most = 0;
            while (stack.TryPop(out var step))
            {
                var (at, leave) = step;
                var player = _players[at];
                if (leave)
                {
                    last[player] = _ups[at];
                    continue;
                }
                if (at != root)
                {
                    _ups[at] = last[player];
                    if (_ups[at] >= 0) _shares[at] *= _shares[root + _ups[at]];
                    else deciders[at]++;
                    _shares[at] = Math.Max(_shares[at], LeastShare);
                    last[player] = at - root;
                    stack.Push((at, true));
                }
                var node = trees[at];
                _lefts[at] = node.IsLeaf ? -1 : node.Left - root;
                if (node.IsLeaf)
                {
                    _values[at] = node.Value;
                    _bases[tree] += reached[at] * node.Value;
                    most = Math.Max(most, deciders[at]);
                    continue;
                }
                double left = Cover(node.Left), right = Cover(node.Right);
                // Nodes that nothing reached in training: no side is the likelier.
                var share = left + right > 0 ? left / (left + right) : 0.5;
                foreach (var (child, part) in new[] { (node.Left, share), (node.Right, 1 - share) })
                {
                    _players[child] = players.IsEmpty ? node.Column : players[node.Column];
                    (_shares[child], deciders[child], reached[child]) = (part, deciders[at], reached[at] * part);
                    stack.Push((child, false));
                }
            }
            _points[tree] = Math.Clamp((most + 1) / 2, 1, MostPoints);
            _rules[_points[tree]] ??= Quadrature.GaussLegendre(_points[tree]);
        }
    }

    /// <summary>Adds the contributions of some trees to those of some rows. Allocates nothing after warm-up.</summary>
    /// <param name="rows">[count, columns of the trees]</param>
    /// <param name="count">1 to <see cref="PathIntegrals.Lanes"/>.</param>
    /// <param name="first">The first tree.</param>
    /// <param name="step">From each tree to the next.</param>
    /// <param name="contributions">
    /// Of the first row: one for each player and, last, the expected value, the weighted mean of the leaves.
    /// </param>
    /// <param name="width">Players + 1.</param>
    /// <param name="stride">From a row's contributions to the next row's.</param>
    public void Add(ReadOnlySpan<float> rows, int count, int first, int step, Span<double> contributions, int width, int stride)
    {
        const int Lanes = PathIntegrals.Lanes;
        var scratch = _pool.Rent();
        var earned = scratch.Earned(width * Lanes);
        var total = 0.0;
        for (var tree = first; tree < _trees.TreeCount; tree += step)
        {
            total += _bases[tree];
            var root = _trees.Root(tree);
            var nodes = (tree + 1 < _trees.TreeCount ? _trees.Root(tree + 1) : _trees.NodeCount) - root;
            if (nodes == 1) continue;
            var rule = _rules[_points[tree]];
            scratch.Work.Fit(nodes, rule.Points.Length);
            var goesLeft = scratch.GoesLeft(nodes * Lanes);
            for (var node = 0; node < nodes; node++)
            {
                if (_lefts[root + node] < 0) continue;
                var left = root + _lefts[root + node];
                // Lanes without a row repeat the last one.
                for (var lane = 0; lane < Lanes; lane++)
                    goesLeft[(node * Lanes) + lane] = lane < count
                        ? _trees.Next(root + node, rows.Slice(lane * _trees.ColumnCount, _trees.ColumnCount)) == left ? 1 : 0
                        : goesLeft[(node * Lanes) + lane - 1];
            }
            PathIntegrals.Add(
                new PathIntegrals.Tree
                {
                    Lefts = _lefts.AsSpan(root, nodes),
                    Ups = _ups.AsSpan(root, nodes),
                    Shares = _shares.AsSpan(root, nodes),
                    Values = _values.AsSpan(root, nodes),
                    Owners = _players.AsSpan(root, nodes),
                }, rule.Points, rule.Weights, goesLeft, scratch.Work, earned);
        }
        for (var lane = 0; lane < count; lane++)
        {
            var own = contributions.Slice(lane * stride, width);
            for (var player = 0; player + 1 < width; player++) own[player] += earned[(player * Lanes) + lane];
            own[^1] += total;
        }
        _pool.Return(scratch);
    }

    private double Cover(int node) => _trees[node].Cover is > 0 and < float.PositiveInfinity and var cover ? cover : 0;

    private sealed class Scratch
    {
        private double[] _goesLeft = [];
        private double[] _earned = [];

        public PathIntegrals.Scratch Work { get; } = new();

        public Span<double> GoesLeft(int length)
        {
            if (_goesLeft.Length < length) _goesLeft = new double[length];
            return _goesLeft.AsSpan(0, length);
        }

        /// <summary>Zeros.</summary>
        public Span<double> Earned(int length)
        {
            if (_earned.Length < length) _earned = new double[length];
            _earned.AsSpan(0, length).Clear();
            return _earned.AsSpan(0, length);
        }
    }

    /// <summary>∫₀¹ g(t) dt = Σ_q w_q g(t_q), exact for polynomials of degree 2n - 1.</summary>
    internal sealed record Quadrature(double[] Points, double[] Weights)
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
            return new Quadrature(points, weights);
        }
    }
}
