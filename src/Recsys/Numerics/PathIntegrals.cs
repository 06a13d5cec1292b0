using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Recsys.Numerics;

/// <summary>
/// A binary tree of factors: node n multiplies by f(t) = z + t (o - z), in place of the factor of the node up[n] above it. For each node,
/// (o - z) ∫₀¹ Π_{others} f dt, summed over the leaves below with their values: for eight settings of o at once.
/// </summary>
internal static class PathIntegrals
{
    /// <summary>Settings that are worked on together.</summary>
    public const int Lanes = 8;

    /// <summary>A tree: node 0 is the root, children lie side by side behind their parent. Spans of one number for each node.</summary>
    public readonly ref struct Tree
    {
        /// <summary>The left child; -1 in a leaf.</summary>
        public required ReadOnlySpan<int> Lefts { get; init; }

        /// <summary>The node above whose factor this one replaces, -1 for none; not for the root.</summary>
        public required ReadOnlySpan<int> Ups { get; init; }

        /// <summary>z, above 0; not for the root.</summary>
        public required ReadOnlySpan<double> Shares { get; init; }

        /// <summary>Of leaves.</summary>
        public required ReadOnlySpan<double> Values { get; init; }

        /// <summary>What a node pays to; not for the root.</summary>
        public required ReadOnlySpan<int> Owners { get; init; }
    }

    /// <summary>Working memory, grown once.</summary>
    public sealed class Scratch
    {
        internal double[] Products { get; private set; } = [];

        internal double[] Inverses { get; private set; } = [];

        internal double[] Passes { get; private set; } = [];

        public void Fit(int nodes, int points)
        {
            if (Passes.Length < (long)nodes * Lanes) Passes = new double[checked(nodes * Lanes)];
            if (Products.Length >= (long)nodes * points * Lanes) return;
            (Products, Inverses) = (new double[checked(nodes * points * Lanes)], new double[checked(nodes * points * Lanes)]);
        }
    }

    /// <summary>Adds what each owner earns.</summary>
    /// <param name="tree">Its spans are equally long.</param>
    /// <param name="points">Of quadrature over [0, 1].</param>
    /// <param name="weights">One for each point.</param>
    /// <param name="goesLeft">
    /// Of inner nodes, 0 or 1: o of the left child is o of up (1 without one) × this, that of the right child × (1 - this). [nodes, lanes]
    /// </param>
    /// <param name="scratch">Fitted to the tree and the points.</param>
    /// <param name="earned">[owners, lanes]</param>
    public static void Add(in Tree tree, ReadOnlySpan<double> points, ReadOnlySpan<double> weights, ReadOnlySpan<double> goesLeft,
        Scratch scratch, Span<double> earned)
    {
        scratch.Products.AsSpan(0, points.Length * Lanes).Fill(1);
        for (var node = 0; node < tree.Lefts.Length; node++)
        {
            var left = tree.Lefts[node];
            if (left < 0) continue;
            var up = tree.Ups[left];
            var passes = up < 0 ? Vector512<double>.One : At(scratch.Passes, up * Lanes);
            var goes = At(goesLeft, node * Lanes);
            Descend(node, left, up, tree.Shares[left], passes * goes, points, scratch);
            Descend(node, left + 1, up, tree.Shares[left + 1], passes * (Vector512<double>.One - goes), points, scratch);
        }
        for (var node = tree.Lefts.Length - 1; node > 0; node--)
        {
            var owner = tree.Owners[node] * Lanes;
            Store(earned, owner, At(earned, owner) + Ascend(tree, node, weights, scratch));
        }
    }

    // The products of the factors on the way to a child, and the inverse of its own factor.
    private static void Descend(
        int parent, int child, int up, double share, Vector512<double> passes, ReadOnlySpan<double> points, Scratch scratch)
    {
        var size = points.Length * Lanes;
        var from = scratch.Products.AsSpan(parent * size, size);
        var to = scratch.Products.AsSpan(child * size, size);
        var inverses = scratch.Inverses.AsSpan(child * size, size);
        var above = up < 0 ? default : scratch.Inverses.AsSpan(up * size, size);
        Store(scratch.Passes, child * Lanes, passes);
        var z = Vector512.Create(share);
        var slope = passes - z;
        for (var q = 0; q < points.Length; q++)
        {
            var factor = z + (slope * points[q]);
            Store(inverses, q * Lanes, Vector512<double>.One / factor);
            var product = At(from, q * Lanes) * factor;
            Store(to, q * Lanes, up < 0 ? product : product * At(above, q * Lanes));
        }
    }

    // Replaces the products of a node by the sum of value × product over the leaves below. What its edge earns from them, less what
    // the edge above would have earned.
    private static Vector512<double> Ascend(in Tree tree, int node, ReadOnlySpan<double> weights, Scratch scratch)
    {
        var size = weights.Length * Lanes;
        var (left, up) = (tree.Lefts[node], tree.Ups[node]);
        var sums = scratch.Products.AsSpan(node * size, size);
        var below = left < 0 ? default : scratch.Products.AsSpan(left * size, 2 * size);
        var inverses = scratch.Inverses.AsSpan(node * size, size);
        var above = up < 0 ? default : scratch.Inverses.AsSpan(up * size, size);
        Vector512<double> own = default, less = default;
        for (var q = 0; q < weights.Length; q++)
        {
            var at = q * Lanes;
            var sum = left < 0 ? At(sums, at) * tree.Values[node] : At(below, at) + At(below, size + at);
            Store(sums, at, sum);
            sum *= weights[q];
            own += sum * At(inverses, at);
            if (up >= 0) less += sum * At(above, at);
        }
        own *= At(scratch.Passes, node * Lanes) - Vector512.Create(tree.Shares[node]);
        return up < 0 ? own : own - (less * (At(scratch.Passes, up * Lanes) - Vector512.Create(tree.Shares[up])));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> At(ReadOnlySpan<double> values, int i) => Vector512.Create(values.Slice(i, Lanes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Span<double> values, int i, Vector512<double> value) => value.CopyTo(values.Slice(i, Lanes));
}
