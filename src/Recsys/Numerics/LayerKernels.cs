using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Recsys.Numerics;

/// <summary>
/// What stands around the matrix products of a network's layer: rows of a matrix with a vector for all of them, and rows of a table picked
/// by number. Sums run over ascending rows, so their bits depend on nothing but the data. Thread-safe; nothing is allocated.
/// </summary>
internal static unsafe class LayerKernels
{
    // Rows of a table fetched before they are needed: a miss takes as long as about so many rows, or so many single numbers.
    private const int Ahead = 24, NumbersAhead = 96;

    /// <summary>Adds a row to each row of the matrix.</summary>
    public static void AddRow(Span<float> matrix, ReadOnlySpan<float> row)
    {
        var (n, rows) = Sizes(matrix.Length, row.Length);
        fixed (float* m = matrix, b = row)
        {
            for (var r = 0; r < rows; r++)
            {
                var at = m + (nint)r * n;
                var i = 0;
                for (; i <= n - Vector<float>.Count; i += Vector<float>.Count)
                    Vector.Store(Vector.Load(at + i) + Vector.Load(b + i), at + i);
                for (; i < n; i++) at[i] += b[i];
            }
        }
    }

    /// <summary>matrix = max(matrix + row, 0), row by row.</summary>
    public static void AddRowRelu(Span<float> matrix, ReadOnlySpan<float> row)
    {
        var (n, rows) = Sizes(matrix.Length, row.Length);
        fixed (float* m = matrix, b = row)
        {
            for (var r = 0; r < rows; r++)
            {
                var at = m + (nint)r * n;
                var i = 0;
                for (; i <= n - Vector<float>.Count; i += Vector<float>.Count)
                    Vector.Store(Vector.Max(Vector.Load(at + i) + Vector.Load(b + i), Vector<float>.Zero), at + i);
                for (; i < n; i++) at[i] = MathF.Max(at[i] + b[i], 0);
            }
        }
    }

    /// <summary>sums += Σ over the rows of the matrix.</summary>
    public static void AddColumnSums(ReadOnlySpan<float> matrix, Span<float> sums)
    {
        var (n, rows) = Sizes(matrix.Length, sums.Length);
        fixed (float* m = matrix, s = sums)
        {
            var r = 0;
            for (; r <= rows - 4; r += 4)
            {
                float* a = m + (nint)r * n, b = a + n, c = b + n, d = c + n;
                var i = 0;
                for (; i <= n - Vector<float>.Count; i += Vector<float>.Count)
                {
                    var four = (Vector.Load(a + i) + Vector.Load(b + i)) + (Vector.Load(c + i) + Vector.Load(d + i));
                    Vector.Store(Vector.Load(s + i) + four, s + i);
                }
                for (; i < n; i++) s[i] += (a[i] + b[i]) + (c[i] + d[i]);
            }
            for (; r < rows; r++)
                for (var i = 0; i < n; i++) s[i] += m[(nint)r * n + i];
        }
    }

    /// <summary>gradient = 0 where the output of a rectifier was not above 0.</summary>
    public static void GateRelu(ReadOnlySpan<float> output, Span<float> gradient)
    {
        fixed (float* y = output, g = gradient)
        {
            var i = 0;
            for (; i <= gradient.Length - Vector<float>.Count; i += Vector<float>.Count)
            {
                var mask = Vector.GreaterThan(Vector.Load(y + i), Vector<float>.Zero);
                Vector.Store(Vector.ConditionalSelect(mask, Vector.Load(g + i), Vector<float>.Zero), g + i);
            }
            for (; i < gradient.Length; i++)
                if (!(y[i] > 0)) g[i] = 0;
        }
    }

    /// <summary>Adds rows of a table: to[slots[k] · columns ..] += scales[k] · table[rows[k]]; no scales mean 1.</summary>
    public static void AddRows(ReadOnlySpan<float> table, int columns, ReadOnlySpan<int> rows, ReadOnlySpan<int> slots,
        ReadOnlySpan<float> scales, Span<float> to)
    {
        CheckRows(table.Length, columns, rows);
        CheckRows(to.Length, columns, slots);
        if (slots.Length != rows.Length || scales.Length != rows.Length && !scales.IsEmpty)
            throw new ArgumentException($"There are {rows.Length} rows, {slots.Length} slots and {scales.Length} scales.", nameof(slots));
        fixed (float* t = table, o = to, f = scales)
        fixed (int* row = rows, slot = slots)
        {
            if (columns == 1)
            {
                AddNumbers(t, row, slot, f, rows.Length, o);
                return;
            }
            for (var k = 0; k < rows.Length; k++)
            {
                if (Sse.IsSupported) Sse.Prefetch0(t + (nint)row[Math.Min(k + Ahead, rows.Length - 1)] * columns);
                var scale = f == null ? 1 : f[k];
                float* from = t + (nint)row[k] * columns;
                float* into = o + (nint)slot[k] * columns;
                var i = 0;
                for (; i <= columns - Vector<float>.Count; i += Vector<float>.Count)
                    Vector.Store(Vector.Load(into + i) + Vector.Load(from + i) * scale, into + i);
                for (; i < columns; i++) into[i] += from[i] * scale;
            }
        }
    }

    /// <summary>Copies rows of a table: to[slots[k] · columns ..] = table[rows[k]].</summary>
    public static void CopyRows(ReadOnlySpan<float> table, int columns, ReadOnlySpan<int> rows, ReadOnlySpan<int> slots, Span<float> to)
    {
        CheckRows(table.Length, columns, rows);
        CheckRows(to.Length, columns, slots);
        if (slots.Length != rows.Length) throw new ArgumentException($"There are {rows.Length} rows and {slots.Length} slots.", nameof(slots));
        fixed (float* t = table, o = to)
        fixed (int* row = rows, slot = slots)
        {
            for (var k = 0; k < rows.Length; k++)
            {
                if (Sse.IsSupported) Sse.Prefetch0(t + (nint)row[Math.Min(k + Ahead, rows.Length - 1)] * columns);
                GemmPacking.Copy(t + (nint)row[k] * columns, o + (nint)slot[k] * columns, columns);
            }
        }
    }

    /// <summary>to[i · stride ..] += values[i] · row, for each value.</summary>
    public static void AddMultiples(ReadOnlySpan<float> row, ReadOnlySpan<float> values, Span<float> to, int stride)
    {
        CheckStride(values.Length, row.Length, stride, to.Length);
        fixed (float* r = row, o = to)
        {
            for (var k = 0; k < values.Length; k++)
            {
                var into = o + (nint)k * stride;
                var value = values[k];
                var i = 0;
                for (; i <= row.Length - Vector<float>.Count; i += Vector<float>.Count)
                    Vector.Store(Vector.Load(into + i) + Vector.Load(r + i) * value, into + i);
                for (; i < row.Length; i++) into[i] += r[i] * value;
            }
        }
    }

    /// <summary>sum += Σ_i values[i] · from[i · stride ..].</summary>
    public static void SumMultiples(ReadOnlySpan<float> from, int stride, ReadOnlySpan<float> values, Span<float> sum)
    {
        CheckStride(values.Length, sum.Length, stride, from.Length);
        fixed (float* f = from, s = sum)
        {
            var i = 0;
            for (; i <= sum.Length - Vector<float>.Count; i += Vector<float>.Count)
            {
                var total = Vector<float>.Zero;
                for (var k = 0; k < values.Length; k++) total += Vector.Load(f + (nint)k * stride + i) * values[k];
                Vector.Store(Vector.Load(s + i) + total, s + i);
            }
            for (; i < sum.Length; i++)
            {
                var total = 0f;
                for (var k = 0; k < values.Length; k++) total += f[(nint)k * stride + i] * values[k];
                s[i] += total;
            }
        }
    }

    /// <summary>Hints that the memory from there on is needed soon.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch<T>(ReadOnlySpan<T> memory, nint at) where T : unmanaged
    {
        if (Sse.IsSupported) Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.Add(ref MemoryMarshal.GetReference(memory), at)));
    }

    /// <summary>destination += scale · source.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddScaled(ReadOnlySpan<float> source, float scale, Span<float> destination)
    {
        var length = Math.Min(source.Length, destination.Length);
        fixed (float* s = source, d = destination)
        {
            var i = 0;
            var factor = new Vector<float>(scale);
            for (; i <= length - Vector<float>.Count; i += Vector<float>.Count)
                Vector.Store(Vector.Load(d + i) + factor * Vector.Load(s + i), d + i);
            for (; i < length; i++) d[i] += scale * s[i];
        }
    }

    private static void AddNumbers(float* table, int* rows, int* slots, float* scales, int count, float* to)
    {
        for (var k = 0; k < count; k++)
        {
            if (Sse.IsSupported) Sse.Prefetch0(table + rows[Math.Min(k + NumbersAhead, count - 1)]);
            var value = table[rows[k]];
            to[slots[k]] += scales == null ? value : value * scales[k];
        }
    }

    private static void CheckRows(int length, int columns, ReadOnlySpan<int> rows)
    {
        var count = columns == 0 ? 0 : length / columns;
        foreach (var row in rows)
            if ((uint)row >= (uint)count) throw new ArgumentOutOfRangeException(nameof(rows), row, $"The table has {count} rows.");
    }

    private static void CheckStride(int count, int columns, int stride, int length)
    {
        if (count > 0 && (long)(count - 1) * stride + columns > length)
            throw new ArgumentException($"{count} vectors of {columns} floats, {stride} apart, do not fit into {length}.", nameof(stride));
    }

    private static (int Columns, int Rows) Sizes(int matrix, int row)
    {
        if (row == 0 ? matrix != 0 : matrix % row != 0)
            throw new ArgumentException($"A matrix of {matrix} floats has no rows of {row}.", nameof(matrix));
        return (row, row == 0 ? 0 : matrix / row);
    }
}
