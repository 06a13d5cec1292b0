using System.Runtime.CompilerServices;

namespace Recsys.Numerics;

/// <summary>Walks through trees that also split by sets of categories.</summary>
internal static unsafe partial class TreeWalk
{
    /// <inheritdoc cref="AddValues(ReadOnlySpan{WalkNode}, ReadOnlySpan{int}, ReadOnlySpan{int}, ReadOnlySpan{float}, int, Span{float})"/>
    /// <param name="nodes">Of all trees; the caller has checked that children, columns and categories lie inside.</param>
    /// <param name="categories">The sets of all nodes, each ascending.</param>
    /// <param name="roots">The root of each tree.</param>
    /// <param name="depths">The most steps from each root.</param>
    /// <param name="rows">[sums.Length, columns], NaN for missing.</param>
    /// <param name="columns">Of a row.</param>
    /// <param name="sums">One for each row.</param>
    public static void AddValues(
        ReadOnlySpan<WalkNode> nodes, ReadOnlySpan<int> categories, ReadOnlySpan<int> roots, ReadOnlySpan<int> depths,
        ReadOnlySpan<float> rows, int columns, Span<float> sums)
    {
        fixed (WalkNode* n = nodes)
        fixed (int* sets = categories)
        fixed (float* x = rows)
        {
            for (var start = 0; start < sums.Length; start += Block)
            {
                var end = Math.Min(start + Block, sums.Length);
                for (var tree = 0; tree < roots.Length; tree++)
                {
                    var (root, depth) = (roots[tree], depths[tree]);
                    var i = start;
                    // Four rows at a time, so that their loads overlap.
                    for (; i + 4 <= end; i += 4)
                    {
                        int a = root, b = root, c = root, d = root;
                        var row = x + ((long)i * columns);
                        for (var step = 0; step < depth; step++)
                        {
                            a = Next(n + a, row, sets);
                            b = Next(n + b, row + columns, sets);
                            c = Next(n + c, row + (2L * columns), sets);
                            d = Next(n + d, row + (3L * columns), sets);
                        }
                        sums[i] += n[a].Value;
                        sums[i + 1] += n[b].Value;
                        sums[i + 2] += n[c].Value;
                        sums[i + 3] += n[d].Value;
                    }
                    for (; i < end; i++) sums[i] += n[Leaf(n, sets, root, x + ((long)i * columns))].Value;
                }
            }
        }
    }

    /// <summary>The node that one row ends at.</summary>
    public static int Leaf(ReadOnlySpan<WalkNode> nodes, ReadOnlySpan<int> categories, int root, ReadOnlySpan<float> row)
    {
        fixed (WalkNode* n = nodes)
        fixed (int* sets = categories)
        fixed (float* x = row)
            return Leaf(n, sets, root, x);
    }

    /// <summary>The child that one row goes to.</summary>
    public static int Step(ReadOnlySpan<WalkNode> nodes, ReadOnlySpan<int> categories, int node, ReadOnlySpan<float> row)
    {
        var found = nodes[node];
        fixed (int* sets = categories)
        fixed (float* x = row)
            return Next(&found, x, sets);
    }

    private static int Leaf(WalkNode* nodes, int* categories, int root, float* row)
    {
        var at = root;
        while (true)
        {
            var next = Next(nodes + at, row, categories);
            if (next == at) return at;
            at = next;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Next(WalkNode* node, float* row, int* categories)
        => node->IsCategorical ? NextOfCategories(node, row, categories) : Next(node, row);

    private static int NextOfCategories(WalkNode* node, float* row, int* categories)
    {
        var x = row[node->Column & WalkNode.ColumnMask];
        if (float.IsNaN(x)) return node->Left + (node->Column >= 0 ? 0 : 1);
        // What is no whole number is no category; the conversion saturates.
        var category = (int)x;
        if (category != x) return node->Left + 1;
        int* low = categories + node->CategoryStart, end = low + node->CategoryCount;
        for (var count = node->CategoryCount; count > 0;)
        {
            var half = count / 2;
            if (low[half] < category)
            {
                low += half + 1;
                count -= half + 1;
            }
            else
            {
                count = half;
            }
        }
        return node->Left + (low < end && *low == category ? 0 : 1);
    }
}
