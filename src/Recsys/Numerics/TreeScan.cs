// Of the leaves of a tree, numbered from left to right, a node whose test fails rules out those on its left. Without walking, every node of
// the tree is tested for many rows at once; the first leaf that is still possible is the one that a row reaches.
// Lucchese et al., "QuickScorer: a fast algorithm to rank documents with additive ensembles of regression trees", SIGIR 2015; rows in
// lanes: "Exploiting CPU SIMD extensions to speed-up document scoring with tree ensembles", SIGIR 2016.

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recsys.Numerics;

/// <summary>A test x ≤ Threshold, and the leaves that stay possible where it fails: one bit each, of the first or the last 32.</summary>
internal readonly record struct ScanNode(float Threshold, int Column, int Leaves);

/// <summary>
/// A tree of at most 64 leaves: its nodes in four runs (the first 32 leaves, missing goes left; the same, right; the last 32, left; right),
/// and the values of its leaves.
/// </summary>
internal readonly record struct ScanTree(int Start, int LowRight, int HighLeft, int HighRight, int End, int FirstValue);

/// <summary>Scores of many rows by trees of at most 64 leaves, all nodes of a tree tested for 32 rows at once.</summary>
internal static unsafe class TreeScan
{
    /// <summary>Most leaves of a tree.</summary>
    public const int MostLeaves = 64;

    /// <summary>Most columns of a row.</summary>
    public const int MostColumns = 512;

    // Rows that are tested together.
    private const int Rows = 32;
    private const int Lanes = 16;

    public static bool IsSupported => Avx512CD.IsSupported && Avx2.IsSupported;

    /// <summary>sums[i] += the values of the leaves that row i reaches in the trees, added in the order of the trees.</summary>
    /// <param name="trees">The caller has checked what they point at.</param>
    /// <param name="nodes">Of all trees.</param>
    /// <param name="values">Of all leaves.</param>
    /// <param name="rows">[sums.Length, columns], NaN for missing.</param>
    /// <param name="columns">Of a row, at most 512.</param>
    /// <param name="sums">One for each row; what does not fill 32 rows is left to the caller.</param>
    /// <returns>How many rows were scored.</returns>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int AddValues(
        ReadOnlySpan<ScanTree> trees, ReadOnlySpan<ScanNode> nodes, ReadOnlySpan<float> values, ReadOnlySpan<float> rows, int columns,
        Span<float> sums)
    {
        if (columns > MostColumns) throw new ArgumentOutOfRangeException(nameof(columns), columns, "Too many columns.");
        var scratch = stackalloc float[(Rows * columns) + Lanes];
        var x = (float*)(((nuint)scratch + 63) & ~(nuint)63);   // [columns, 32]
        var done = 0;
        fixed (ScanTree* t = trees)
        fixed (ScanNode* n = nodes)
        fixed (float* v = values, from = rows, to = sums)
        {
            for (; done + Rows <= sums.Length; done += Rows)
            {
                var row = from + ((long)done * columns);
                for (var i = 0; i < Rows; i++)
                    for (var c = 0; c < columns; c++) x[(c * Rows) + i] = *row++;
                var (first, second) = (Vector512.Load(to + done), Vector512.Load(to + done + Lanes));
                for (var tree = t; tree < t + trees.Length; tree++)
                {
                    var (lowFirst, lowSecond) = (Vector512<int>.AllBitsSet, Vector512<int>.AllBitsSet);
                    var (highFirst, highSecond) = (Vector512<int>.AllBitsSet, Vector512<int>.AllBitsSet);
                    Greater(n + tree->Start, n + tree->LowRight, x, ref lowFirst, ref lowSecond);
                    NotLess(n + tree->LowRight, n + tree->HighLeft, x, ref lowFirst, ref lowSecond);
                    Greater(n + tree->HighLeft, n + tree->HighRight, x, ref highFirst, ref highSecond);
                    NotLess(n + tree->HighRight, n + tree->End, x, ref highFirst, ref highSecond);
                    first += Leaf(v + tree->FirstValue, lowFirst, highFirst);
                    second += Leaf(v + tree->FirstValue, lowSecond, highSecond);
                }
                first.Store(to + done);
                second.Store(to + done + Lanes);
            }
        }
        return done;
    }

    // Fails where x > threshold: a missing value goes left.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Greater(ScanNode* node, ScanNode* end, float* x, ref Vector512<int> first, ref Vector512<int> second)
    {
        var (a, b) = (first, second);
        for (; node < end; node++)
        {
            var (threshold, leaves) = (Vector512.Create(node->Threshold), Vector512.Create(node->Leaves));
            var column = x + (node->Column * Rows);
            a = Vector512.ConditionalSelect(Vector512.GreaterThan(Vector512.Load(column), threshold).AsInt32(), a & leaves, a);
            b = Vector512.ConditionalSelect(Vector512.GreaterThan(Vector512.Load(column + Lanes), threshold).AsInt32(), b & leaves, b);
        }
        (first, second) = (a, b);
    }

    // Fails unless x ≤ threshold: a missing value goes right.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void NotLess(ScanNode* node, ScanNode* end, float* x, ref Vector512<int> first, ref Vector512<int> second)
    {
        var (a, b) = (first, second);
        for (; node < end; node++)
        {
            var (threshold, leaves) = (Vector512.Create(node->Threshold), Vector512.Create(node->Leaves));
            var column = x + (node->Column * Rows);
            a = Vector512.ConditionalSelect(Fails(column, threshold), a & leaves, a);
            b = Vector512.ConditionalSelect(Fails(column + Lanes, threshold), b & leaves, b);
        }
        (first, second) = (a, b);

        static Vector512<int> Fails(float* x, Vector512<float> threshold)
            => Avx512F.CompareNotLessThanOrEqual(Vector512.Load(x), threshold).AsInt32();
    }

    // The value of the first leaf that is left: its bit is the lowest.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Leaf(float* values, Vector512<int> low, Vector512<int> high)
    {
        var isHigh = Vector512.Equals(low, Vector512<int>.Zero);
        var bits = Vector512.ConditionalSelect(isHigh, high, low);
        var place = Vector512.Create(31) - Avx512CD.LeadingZeroCount(bits & -bits) + (isHigh & Vector512.Create(32));
        return Vector512.Create(
            Avx2.GatherVector256(values, place.GetLower(), sizeof(float)), Avx2.GatherVector256(values, place.GetUpper(), sizeof(float)));
    }
}
