using System.Numerics;
using Recsys.Numerics;

namespace Recsys.Graphs;

// A walk that starts at a root, goes on with probability α along an edge drawn by weight, and else returns to the root. How often is it
// where?
//
//   r = α Mᵀ r + (1 - α) e_root,   M_vw = w_vw / Σ_x w_vx          so  r = (1 - α) (I - α Mᵀ)⁻¹ e_root,  Σ r = 1
//
// A walk that stands on a node without edges returns to the root; only a root can be such a node, and then has all of r.
// With the users' part x and the items' part y of r, W the weights, E and D the sums of its rows and columns:
//
//   y = α Wᵀ E⁻¹ x + (1 - α) e_item,   x = α W D⁻¹ y + (1 - α) e_user
//   (I - α² D⁻¹ Wᵀ E⁻¹ W) D⁻¹ y = D⁻¹ ((1 - α) e_item + α (1 - α) Wᵀ E⁻¹ e_user)
//
// which is half as large, symmetric in the inner product of D, and well conditioned (at most 1 / (1 - α²)): conjugate gradients.
// Haveliwala, "Topic-sensitive PageRank", WWW 2002; Xiang, "Recommender system practice", 2012 (PersonalRank).

/// <summary>Random walks with restart on a bipartite graph, computed exactly to an error. Stateless; thread-safe.</summary>
public static class RestartWalk
{
    /// <summary>The distribution of one root by power iteration, from all on the root.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="root">A node of the graph.</param>
    /// <param name="alpha">α, 0..1 without 1.</param>
    /// <param name="ranks">Receives r for every node.</param>
    /// <param name="tolerance">Stop where no node changes by as much.</param>
    /// <param name="mostIterations">Stop there at the latest.</param>
    /// <returns>The iterations that were made.</returns>
    public static int Iterate(
        BipartiteGraph graph, int root, double alpha, Span<double> ranks, double tolerance = 1e-6, int mostIterations = 50)
    {
        ArgumentNullException.ThrowIfNull(graph);
        CheckAlpha(alpha);
        CheckRoot(graph, root);
        if (ranks.Length != graph.NodeCount)
            throw new ArgumentException($"There is room for {ranks.Length} ranks; the graph has {graph.NodeCount} nodes.", nameof(ranks));
        var now = new double[graph.NodeCount];
        now[root] = 1;
        var next = new double[graph.NodeCount];
        var iterations = 0;
        for (var change = double.MaxValue; iterations < mostIterations && change >= tolerance; iterations++)
        {
            Array.Clear(next);
            next[root] = 1 - alpha;
            for (var node = 0; node < now.Length; node++)
            {
                if (now[node] == 0) continue;
                var degree = graph.Degree(node);
                if (degree == 0) next[root] += alpha * now[node];
                var (edges, first) = node < graph.UserCount ? (graph.Users, graph.UserCount) : (graph.Items, 0);
                var row = edges.Row(node < graph.UserCount ? node : node - graph.UserCount);
                for (var k = 0; k < row.Length; k++) next[first + row.Columns[k]] += alpha * now[node] * row.Values[k] / degree;
            }
            change = 0;
            for (var node = 0; node < now.Length; node++) change = Math.Max(change, Math.Abs(next[node] - now[node]));
            (now, next) = (next, now);
        }
        now.CopyTo(ranks);
        return iterations;
    }

    /// <summary>The items' part of the distributions of many roots, by solving the linear system for 32 (float) or 16 (double) roots at a
    /// time.</summary>
    /// <typeparam name="T">float or double: what is computed in.</typeparam>
    /// <param name="graph">The graph.</param>
    /// <param name="roots">Nodes of the graph.</param>
    /// <param name="alpha">α, 0..1 without 1.</param>
    /// <param name="ranks">Receives roots × items.</param>
    /// <param name="error">The most by which a rank may be off; above 0, and no less than the precision gives (about 1e-7 in
    /// float).</param>
    /// <param name="threads">At least 1; the result is the same for any number.</param>
    public static void Solve<T>(
        BipartiteGraph graph, ReadOnlySpan<int> roots, double alpha, Span<T> ranks, double error = 1e-6, int threads = 1)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        ArgumentNullException.ThrowIfNull(graph);
        if (ranks.Length != (long)roots.Length * graph.ItemCount)
            throw new ArgumentException(
                $"There is room for {ranks.Length} ranks; {roots.Length} roots × {graph.ItemCount} items are needed.", nameof(ranks));
        var all = new T[ranks.Length];
        var count = graph.ItemCount;
        Solve<T>(graph, roots.ToArray(), alpha, error, threads, (root, own) => own.CopyTo(all.AsSpan(root * count, count)));
        all.CopyTo(ranks);
    }

    /// <summary>Takes the ranks of all items for one of the roots; called on many threads, in any order.</summary>
    internal delegate void RootRanks<T>(int place, ReadOnlySpan<T> ranks);

    // As the other, but hands the ranks out root by root, so that roots × items are never held. After each batch `done` is told how many
    // are finished, and how many there are, by one thread at a time.
    internal static void Solve<T>(
        BipartiteGraph graph, int[] roots, double alpha, double error, int threads, RootRanks<T> take, Action<int, int>? done = null,
        CancellationToken cancel = default) where T : unmanaged, IFloatingPointIeee754<T>
    {
        CheckAlpha(alpha);
        foreach (var root in roots) CheckRoot(graph, root);
        if (!(error > 0)) throw new ArgumentOutOfRangeException(nameof(error), error, "The error must be above 0.");
        var lanes = WalkSolver<T>.Lanes;
        var batches = (roots.Length + lanes - 1) / lanes;
        var pool = new Pool<Workspace<T>>(() => new Workspace<T>(graph));
        var (finished, gate) = (0, new Lock());
        Shards.Run(batches, threads, batch =>
        {
            var work = pool.Rent();
            var own = roots.AsSpan(batch * lanes, Math.Min(lanes, roots.Length - batch * lanes));
            work.Solver.RightSides.Clear();
            for (var lane = 0; lane < own.Length; lane++) Start(graph, own[lane], alpha, work.Solver.RightSides[lane..]);
            work.Solver.Solve(alpha * alpha, error);
            var v = work.Solver.Solutions;
            for (var lane = 0; lane < own.Length; lane++)
            {
                for (var item = 0; item < work.Ranks.Length; item++)
                    work.Ranks[item] = T.CreateTruncating(graph.ItemDegrees[item]) * v[item * lanes + lane];
                if (graph.Degree(own[lane]) == 0 && own[lane] >= graph.UserCount) work.Ranks[own[lane] - graph.UserCount] = T.One;
                take(batch * lanes + lane, work.Ranks);
            }
            pool.Return(work);
            lock (gate) done?.Invoke(++finished, batches);
        }, cancel);
    }

    // The right side of the system, in one lane.
    private static void Start<T>(BipartiteGraph graph, int root, double alpha, Span<T> b) where T : unmanaged, IFloatingPointIeee754<T>
    {
        var lanes = WalkSolver<T>.Lanes;
        if (graph.Degree(root) == 0) return;
        if (root >= graph.UserCount)
        {
            b[(root - graph.UserCount) * lanes] = T.CreateTruncating((1 - alpha) / graph.Degree(root));
            return;
        }
        var row = graph.Users.Row(root);
        for (var k = 0; k < row.Length; k++)
            b[row.Columns[k] * lanes] =
                T.CreateTruncating(alpha * (1 - alpha) * row.Values[k] / (graph.UserDegrees[root] * graph.ItemDegrees[row.Columns[k]]));
    }

    internal static void CheckAlpha(double alpha)
    {
        if (!(alpha >= 0 && alpha < 1))
            throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "alpha must lie between 0 and 1, without 1.");
    }

    private static void CheckRoot(BipartiteGraph graph, int root)
    {
        if ((uint)root >= (uint)graph.NodeCount)
            throw new ArgumentOutOfRangeException(nameof(root), root, $"A root must be a node, 0..{graph.NodeCount - 1}.");
    }

    private sealed class Workspace<T>(BipartiteGraph graph) where T : unmanaged, IFloatingPointIeee754<T>
    {
        public readonly WalkSolver<T> Solver = new(graph.Users, graph.Items, graph.UserDegrees, graph.ItemDegrees);
        public readonly T[] Ranks = new T[graph.ItemCount];
    }
}
