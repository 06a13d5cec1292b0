using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Recsys.Numerics;

/// <summary>
/// A node of a binary tree: x ≤ Threshold goes to Left, greater to Left + 1. A leaf points at itself with threshold +∞, so that a walk
/// of more steps than needed stays there.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct WalkNode
{
    public const int MissingRight = int.MinValue;
    public const int Categorical = 1 << 30;
    public const int ColumnMask = Categorical - 1;

    public float Threshold;

    /// <summary>The column; the sign bit says that a missing value goes right, the next one that categories decide.</summary>
    public int Column;

    public int Left;

    public float Value;

    /// <summary>A node that sends the categories at start..start+count-1 left. Their place stands where others hold numbers.</summary>
    public static WalkNode OfCategories(int column, bool missingLeft, int left, int start, int count) => new()
    {
        Threshold = BitConverter.Int32BitsToSingle(count),
        Column = column | Categorical | (missingLeft ? 0 : MissingRight),
        Left = left,
        Value = BitConverter.Int32BitsToSingle(start),
    };

    public readonly bool IsCategorical => (Column & Categorical) != 0;

    public readonly int CategoryStart => BitConverter.SingleToInt32Bits(Value);

    public readonly int CategoryCount => BitConverter.SingleToInt32Bits(Threshold);
}

/// <summary>
/// Walks of many rows through trees in one array of nodes; eight rows, or eight trees of one row, at a time, so that their loads overlap.
/// </summary>
internal static unsafe partial class TreeWalk
{
    private const int Lanes = 8;

    // As many rows as stay in the first cache while all trees pass over them.
    private const int Block = 256;

    /// <summary>sums[i] += the values of the leaves that row i reaches in the trees, added in the order of the trees.</summary>
    /// <param name="nodes">Of all trees; the caller has checked that children and columns lie inside.</param>
    /// <param name="roots">The root of each tree.</param>
    /// <param name="depths">The most steps from each root.</param>
    /// <param name="rows">[sums.Length, columns], NaN for missing.</param>
    /// <param name="columns">Of a row.</param>
    /// <param name="sums">One for each row.</param>
    public static void AddValues(
        ReadOnlySpan<WalkNode> nodes, ReadOnlySpan<int> roots, ReadOnlySpan<int> depths, ReadOnlySpan<float> rows, int columns,
        Span<float> sums)
    {
        fixed (WalkNode* n = nodes)
        fixed (float* x = rows)
        {
            for (var start = 0; start < sums.Length; start += Block)
            {
                var end = Math.Min(start + Block, sums.Length);
                var eights = end - ((end - start) % Lanes);
                for (var tree = 0; tree < roots.Length && eights > start; tree++)
                {
                    var at = default(Eight);
                    for (var i = start; i < eights; i += Lanes)
                    {
                        for (var lane = 0; lane < Lanes; lane++) at[lane] = roots[tree];
                        Walk8(n, x + ((long)i * columns), columns, depths[tree], ref at);
                        for (var lane = 0; lane < Lanes; lane++) sums[i + lane] += n[at[lane]].Value;
                    }
                }
                for (var i = eights; i < end; i++) sums[i] = OneRow(n, roots, depths, x + ((long)i * columns), sums[i]);
            }
        }
    }

    /// <summary>The node that one row ends at.</summary>
    public static int Leaf(ReadOnlySpan<WalkNode> nodes, int root, int depth, ReadOnlySpan<float> row)
    {
        fixed (WalkNode* n = nodes)
        fixed (float* x = row)
            return Walk(n, x, root, depth);
    }

    // A row alone goes through eight trees at a time, for the same reason.
    private static float OneRow(WalkNode* nodes, ReadOnlySpan<int> roots, ReadOnlySpan<int> depths, float* row, float sum)
    {
        var tree = 0;
        var at = default(Eight);
        for (; tree + Lanes <= roots.Length; tree += Lanes)
        {
            var depth = 0;
            for (var lane = 0; lane < Lanes; lane++)
            {
                at[lane] = roots[tree + lane];
                depth = Math.Max(depth, depths[tree + lane]);
            }
            Walk8(nodes, row, 0, depth, ref at);
            for (var lane = 0; lane < Lanes; lane++) sum += nodes[at[lane]].Value;
        }
        for (; tree < roots.Length; tree++) sum += nodes[Walk(nodes, row, roots[tree], depths[tree])].Value;
        return sum;
    }

    // From where each lane stands to its leaf.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Walk8(WalkNode* nodes, float* rows, int columns, int depth, ref Eight at)
    {
        int a = at[0], b = at[1], c = at[2], d = at[3], e = at[4], f = at[5], g = at[6], h = at[7];
        for (var step = 0; step < depth; step++)
        {
            var before = a + (long)b + c + d + e + f + g + h;
            a = Next(nodes + a, rows);
            b = Next(nodes + b, rows + columns);
            c = Next(nodes + c, rows + (2L * columns));
            d = Next(nodes + d, rows + (3L * columns));
            e = Next(nodes + e, rows + (4L * columns));
            f = Next(nodes + f, rows + (5L * columns));
            g = Next(nodes + g, rows + (6L * columns));
            h = Next(nodes + h, rows + (7L * columns));
            // Children lie behind their parents, so the sum grows until all stand on leaves.
            if (a + (long)b + c + d + e + f + g + h == before) break;
        }
        (at[0], at[1], at[2], at[3], at[4], at[5], at[6], at[7]) = (a, b, c, d, e, f, g, h);
    }

    private static int Walk(WalkNode* nodes, float* row, int root, int depth)
    {
        var at = root;
        for (var step = 0; step < depth; step++)
        {
            var next = Next(nodes + at, row);
            if (next == at) break;
            at = next;
        }
        return at;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Next(WalkNode* node, float* row)
    {
        var x = row[node->Column & int.MaxValue];
        var greater = x > node->Threshold ? 1 : 0;
        var missing = float.IsNaN(x) ? 1 : 0;
        return node->Left + (greater | (missing & (int)((uint)node->Column >> 31)));
    }

    [InlineArray(Lanes)]
    private struct Eight
    {
        private int _first;
    }
}
