using System.Numerics;
using System.Runtime.Intrinsics.X86;

namespace Recsys.Numerics;

/// <summary>
/// Pairs of fields whose vectors are partly rows [examples, fields, d], partly numbers times vectors, x_n v_n. Numbers of one slot are one
/// field: their multiples are added. Thread-safe; nothing is allocated.
/// </summary>
internal static unsafe class FieldKernels
{
    private const int KeptAhead = 4;   // kept rows fetched before they are needed; each is many lines
    private const int Line = 16;       // floats

    /// <summary>sums = Σ_f x_f and pooled = ½ [(Σ_f x_f)² − Σ_f x_f²], for each example.</summary>
    /// <param name="rows">[B, F, d].</param>
    /// <param name="shared">[S, d], fields that are the same in every example.</param>
    /// <param name="values">[N, B].</param>
    /// <param name="vectors">[N, d].</param>
    /// <param name="slots">The slot of each number; those of one slot are neighbours.</param>
    /// <param name="start">Room for 2 · d floats.</param>
    /// <param name="sums">[B, d].</param>
    /// <param name="pooled">[B, d].</param>
    public static void PoolPairs(ReadOnlySpan<float> rows, ReadOnlySpan<float> shared, ReadOnlySpan<float> values,
        ReadOnlySpan<float> vectors, ReadOnlySpan<int> slots, Span<float> start, Span<float> sums, Span<float> pooled)
    {
        var d = start.Length / 2;
        var (examples, fields) = Sizes(rows.Length, values.Length, vectors.Length, slots.Length, sums.Length, d);
        if (shared.Length % d != 0 || pooled.Length != sums.Length) throw new ArgumentException("The sizes do not fit.", nameof(shared));
        start.Clear();
        fixed (float* pr = rows, px = values, pv = vectors, p0 = start, ps = sums, pp = pooled)
        fixed (int* slot = slots)
        {
            float* s0 = p0, q0 = p0 + d;
            for (var at = 0; at < shared.Length; at++)
            {
                s0[at % d] += shared[at];
                q0[at % d] += shared[at] * shared[at];
            }
            for (var b = 0; b < examples; b++)
            {
                var from = pr + (nint)b * fields * d;
                var i = 0;
                for (; i <= d - Vector<float>.Count; i += Vector<float>.Count)
                {
                    var (s, q) = (Vector.Load(s0 + i), Vector.Load(q0 + i));
                    for (var f = 0; f < fields; f++)
                    {
                        var v = Vector.Load(from + f * d + i);
                        s += v;
                        q += v * v;
                    }
                    for (var n = 0; n < slots.Length;)
                    {
                        Vector<float> v = default;
                        var first = slot[n];
                        for (; n < slots.Length && slot[n] == first; n++) v += Vector.Load(pv + n * d + i) * px[n * examples + b];
                        s += v;
                        q += v * v;
                    }
                    Vector.Store(s, ps + (nint)b * d + i);
                    Vector.Store((s * s - q) * 0.5f, pp + (nint)b * d + i);
                }
                for (; i < d; i++)
                {
                    var (s, q) = (s0[i], q0[i]);
                    for (var f = 0; f < fields; f++)
                    {
                        s += from[f * d + i];
                        q += from[f * d + i] * from[f * d + i];
                    }
                    for (var n = 0; n < slots.Length;)
                    {
                        var (v, first) = (0f, slot[n]);
                        for (; n < slots.Length && slot[n] == first; n++) v += pv[n * d + i] * px[n * examples + b];
                        s += v;
                        q += v * v;
                    }
                    ps[(nint)b * d + i] = s;
                    pp[(nint)b * d + i] = (s * s - q) * 0.5f;
                }
            }
        }
    }

    /// <summary>The way back: ∂x_f = g ⊙ (sum − x_f), for a number ∂v_n += x_n ∂x_f. Empty outputs are not wanted.</summary>
    /// <param name="rows">[B, F, d].</param>
    /// <param name="values">[N, B].</param>
    /// <param name="vectors">[N, d].</param>
    /// <param name="slots">The slot of each number.</param>
    /// <param name="sums">[B, d], from the way forward.</param>
    /// <param name="gradient">[B, d].</param>
    /// <param name="dRows">[B, F, d].</param>
    /// <param name="add">Whether to add to it; else it is written.</param>
    /// <param name="dVectors">[N, d], added to.</param>
    /// <param name="d">Length of a vector.</param>
    public static void PoolPairsBack(ReadOnlySpan<float> rows, ReadOnlySpan<float> values, ReadOnlySpan<float> vectors,
        ReadOnlySpan<int> slots, ReadOnlySpan<float> sums, ReadOnlySpan<float> gradient, Span<float> dRows, bool add, Span<float> dVectors,
        int d)
    {
        var (examples, fields) = Sizes(rows.Length, values.Length, vectors.Length, slots.Length, sums.Length, d);
        if (gradient.Length != sums.Length || !dRows.IsEmpty && dRows.Length != rows.Length
            || !dVectors.IsEmpty && dVectors.Length != vectors.Length)
            throw new ArgumentException("The sizes do not fit.", nameof(gradient));
        if (dRows.IsEmpty) fields = 0;
        var stride = rows.Length / Math.Max(1, examples);
        fixed (float* pr = rows, px = values, pv = vectors, ps = sums, pg = gradient, pd = dRows, pn = dVectors)
        fixed (int* slot = slots)
        {
            for (var b = 0; b < examples; b++)
            {
                float* from = pr + (nint)b * stride, to = pd + (nint)b * stride;
                var i = 0;
                for (; i <= d - Vector<float>.Count; i += Vector<float>.Count)
                {
                    var (s, g) = (Vector.Load(ps + (nint)b * d + i), Vector.Load(pg + (nint)b * d + i));
                    for (var f = 0; f < fields; f++)
                    {
                        var at = f * d + i;
                        var change = g * (s - Vector.Load(from + at));
                        Vector.Store(add ? Vector.Load(to + at) + change : change, to + at);
                    }
                    if (pn == null) continue;
                    for (var n = 0; n < slots.Length;)
                    {
                        Vector<float> v = default;
                        var first = n;
                        for (; n < slots.Length && slot[n] == slot[first]; n++) v += Vector.Load(pv + n * d + i) * px[n * examples + b];
                        var change = g * (s - v);
                        for (var m = first; m < n; m++)
                            Vector.Store(Vector.Load(pn + m * d + i) + change * px[m * examples + b], pn + m * d + i);
                    }
                }
                for (; i < d; i++)
                {
                    var (s, g) = (ps[(nint)b * d + i], pg[(nint)b * d + i]);
                    for (var f = 0; f < fields; f++)
                    {
                        var change = g * (s - from[f * d + i]);
                        to[f * d + i] = add ? to[f * d + i] + change : change;
                    }
                    if (pn == null) continue;
                    for (var n = 0; n < slots.Length;)
                    {
                        var (v, first) = (0f, n);
                        for (; n < slots.Length && slot[n] == slot[first]; n++) v += pv[n * d + i] * px[n * examples + b];
                        for (var m = first; m < n; m++) pn[m * d + i] += g * (s - v) * px[m * examples + b];
                    }
                }
            }
        }
    }

    /// <summary>to[b] = kept[items[b]] + rest, with a rectifier if asked.</summary>
    /// <param name="kept">[items + 1, columns]; the last row is that of unknown items.</param>
    /// <param name="items">[B]; those outside 0..items-1 are unknown.</param>
    /// <param name="rest">[B, columns], or [columns] for all.</param>
    /// <param name="relu">Whether negative sums become 0.</param>
    /// <param name="columns">At least 1.</param>
    /// <param name="to">[B, columns].</param>
    public static void AddKept(
        ReadOnlySpan<float> kept, ReadOnlySpan<int> items, ReadOnlySpan<float> rest, bool relu, int columns, Span<float> to)
    {
        var (unknown, step) = KeptSizes(kept.Length, items.Length, rest.Length, to.Length, columns, columns);
        var least = relu ? 0 : float.NegativeInfinity;
        fixed (float* pk = kept, pr = rest, pt = to)
        {
            for (var b = 0; b < items.Length; b++)
            {
                if (Sse.IsSupported) PrefetchRow(pk + (nint)Row(items[Math.Min(b + KeptAhead, items.Length - 1)], unknown) * columns, columns);
                float* from = pk + (nint)Row(items[b], unknown) * columns, add = pr + (nint)b * step, into = pt + (nint)b * columns;
                var i = 0;
                for (; i <= columns - Vector<float>.Count; i += Vector<float>.Count)
                    Vector.Store(Vector.Max(Vector.Load(from + i) + Vector.Load(add + i), new Vector<float>(least)), into + i);
                for (; i < columns; i++) into[i] = MathF.Max(from[i] + add[i], least);
            }
        }
    }

    /// <summary>Pairs of fields of which some were kept: to[b] = pooled + p + sums ⊙ s, (s, p) being the sums and pairs of the kept ones.</summary>
    /// <param name="kept">[items + 1, 2 · d]; the last row is that of unknown items.</param>
    /// <param name="items">[B]; those outside 0..items-1 are unknown.</param>
    /// <param name="sums">[B, d], or [d] for all.</param>
    /// <param name="pooled">As long.</param>
    /// <param name="d">At least 1.</param>
    /// <param name="to">[B, d].</param>
    public static void AddKeptPairs(
        ReadOnlySpan<float> kept, ReadOnlySpan<int> items, ReadOnlySpan<float> sums, ReadOnlySpan<float> pooled, int d, Span<float> to)
    {
        var (unknown, step) = KeptSizes(kept.Length, items.Length, sums.Length, to.Length, 2 * d, d);
        if (pooled.Length != sums.Length) throw new ArgumentException("The sizes do not fit.", nameof(pooled));
        fixed (float* pk = kept, ps = sums, pp = pooled, pt = to)
        {
            for (var b = 0; b < items.Length; b++)
            {
                if (Sse.IsSupported) PrefetchRow(pk + (nint)Row(items[Math.Min(b + KeptAhead, items.Length - 1)], unknown) * 2 * d, 2 * d);
                float* s = pk + (nint)Row(items[b], unknown) * 2 * d, p = s + d, into = pt + (nint)b * d;
                float* sum = ps + (nint)b * step, pool = pp + (nint)b * step;
                var i = 0;
                for (; i <= d - Vector<float>.Count; i += Vector<float>.Count)
                    Vector.Store(Vector.Load(pool + i) + Vector.Load(p + i) + Vector.Load(sum + i) * Vector.Load(s + i), into + i);
                for (; i < d; i++) into[i] = pool[i] + p[i] + sum[i] * s[i];
            }
        }
    }

    private static int Row(int item, int unknown) => (uint)item < (uint)unknown ? item : unknown;

    private static void PrefetchRow(float* row, int columns)
    {
        for (var i = 0; i < columns; i += Line) Sse.Prefetch0(row + i);
    }

    private static (int Unknown, int Step) KeptSizes(int kept, int items, int rest, int to, int keptColumns, int columns)
    {
        if (columns < 1 || kept < keptColumns || kept % keptColumns != 0 || (long)items * columns != to
            || rest != columns && rest != to)
            throw new ArgumentException("The sizes do not fit.", nameof(kept));
        return (kept / keptColumns - 1, rest == columns ? 0 : columns);
    }

    private static (int Examples, int Fields) Sizes(int rows, int values, int vectors, int numbers, int sums, int d)
    {
        if (d == 0) throw new ArgumentException("A vector has at least one component.", nameof(d));
        var examples = sums / d;
        var fields = examples == 0 ? 0 : rows / d / examples;
        if ((long)examples * d != sums || (long)examples * fields * d != rows || (long)numbers * examples != values
            || (long)numbers * d != vectors)
            throw new ArgumentException("The sizes do not fit.", nameof(rows));
        return (examples, fields);
    }
}
