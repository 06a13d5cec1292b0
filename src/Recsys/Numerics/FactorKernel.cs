using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recsys.Numerics;

// Σ_{i<j} (v_i·v_j) x_i x_j = ½ Σ_f [(Σ_i v_if x_i)² - Σ_i v_if² x_i²]: linear in the number of values and of factors.
// Rendle, "Factorization machines", ICDM 2010, lemma 3.1.

/// <summary>
/// Sums over the vectors of one sparse row. Columns must lie inside the table, as a <see cref="SparseMatrix"/> of that many columns
/// guarantees: not checked again.
/// </summary>
internal static unsafe class FactorKernel
{
    private const int OffsetsAhead = 16, CellsAhead = 8, VectorsAhead = 2, FloatsOfLine = 16;

    /// <summary>Σ_{i&lt;j} (v_i·v_j) x_i x_j.</summary>
    /// <param name="table">v.</param>
    /// <param name="columns">i, rows of the table.</param>
    /// <param name="values">x, as many.</param>
    /// <param name="sum">Receives Σ x v. [table.Stride]</param>
    public static float Pairs(AlignedRows table, ReadOnlySpan<int> columns, ReadOnlySpan<float> values, Span<float> sum)
    {
        Check(table, columns, values, sum);
        fixed (int* j = columns)
        fixed (float* x = values, s = sum)
        {
            if (Avx512F.IsSupported) return Pairs<Lanes512, Vector512<float>>(table.Pointer, table.Stride, j, x, columns.Length, s);
            if (Vector256.IsHardwareAccelerated)
                return Pairs<Lanes256, Vector256<float>>(table.Pointer, table.Stride, j, x, columns.Length, s);
            if (Vector128.IsHardwareAccelerated)
                return Pairs<Lanes128, Vector128<float>>(table.Pointer, table.Stride, j, x, columns.Length, s);
            return Pairs<Lanes1, float>(table.Pointer, table.Stride, j, x, columns.Length, s);
        }
    }

    /// <summary>Σ x v.</summary>
    /// <param name="table">v.</param>
    /// <param name="columns">Rows of the table.</param>
    /// <param name="values">x, as many.</param>
    /// <param name="sum">Receives the sum. [table.Stride]</param>
    public static void Sum(AlignedRows table, ReadOnlySpan<int> columns, ReadOnlySpan<float> values, Span<float> sum)
    {
        Check(table, columns, values, sum);
        fixed (int* j = columns)
        fixed (float* x = values, s = sum)
        {
            if (Avx512F.IsSupported) Sum<Lanes512, Vector512<float>>(table.Pointer, table.Stride, j, x, columns.Length, s);
            else if (Vector256.IsHardwareAccelerated)
                Sum<Lanes256, Vector256<float>>(table.Pointer, table.Stride, j, x, columns.Length, s);
            else if (Vector128.IsHardwareAccelerated)
                Sum<Lanes128, Vector128<float>>(table.Pointer, table.Stride, j, x, columns.Length, s);
            else Sum<Lanes1, float>(table.Pointer, table.Stride, j, x, columns.Length, s);
        }
    }

    /// <summary>Σ x w.</summary>
    /// <param name="weights">w of column j at step · j.</param>
    /// <param name="step">Floats between two weights.</param>
    /// <param name="columns">Inside the weights.</param>
    /// <param name="values">x, as many.</param>
    public static float Linear(float[] weights, int step, ReadOnlySpan<int> columns, ReadOnlySpan<float> values)
    {
        values = values[..columns.Length];
        var sum = 0f;
        for (var k = 0; k < columns.Length; k++) sum += values[k] * weights[step * columns[k]];
        return sum;
    }

    /// <summary>
    /// Fetches what the next examples of a shuffled order will need, in three steps, since each address lies behind the one before: where a
    /// row begins, its cells, their vectors. To be called for each example in turn.
    /// </summary>
    /// <param name="x">The examples.</param>
    /// <param name="places">Their order.</param>
    /// <param name="i">The place at work.</param>
    /// <param name="table">Their vectors.</param>
    public static void FetchAhead(SparseMatrix x, ReadOnlySpan<int> places, int i, AlignedRows table)
    {
        if (!Sse.IsSupported) return;
        if (i + OffsetsAhead < places.Length) Sse.Prefetch0(Unsafe.AsPointer(ref x.RowOffsets[places[i + OffsetsAhead]]));
        if (i + CellsAhead < places.Length)
        {
            var row = x.Row(places[i + CellsAhead]);
            ref var columns = ref MemoryMarshal.GetReference(row.Columns);
            ref var values = ref MemoryMarshal.GetReference(row.Values);
            for (var k = 0; k < row.Length; k += FloatsOfLine)
            {
                Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.Add(ref columns, k)));
                Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.Add(ref values, k)));
            }
        }
        if (i + VectorsAhead >= places.Length) return;
        var start = table.Pointer;
        foreach (var column in x.Row(places[i + VectorsAhead]).Columns)
            if (column < table.Rows) Sse.Prefetch0(start + (nint)column * table.Stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // long loops within few calls: the first training is the only one
    private static float Pairs<L, V>(float* table, nint stride, int* columns, float* values, int count, float* sum)
        where L : struct, ILanes<V> where V : struct
    {
        var total = L.Create(0);
        for (nint f = 0; f < stride; f += L.Count)
        {
            V s = L.Create(0), q = L.Create(0);
            for (var k = 0; k < count; k++)
            {
                var t = L.Multiply(L.Create(values[k]), L.Load(table + columns[k] * stride + f));
                s = L.Add(s, t);
                q = L.MultiplyAdd(t, t, q);
            }
            L.Store(s, sum + f);
            total = L.Add(total, L.Subtract(L.Multiply(s, s), q));
        }
        return 0.5f * L.Sum(total);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // long loops within few calls: the first training is the only one
    private static void Sum<L, V>(float* table, nint stride, int* columns, float* values, int count, float* sum)
        where L : struct, ILanes<V> where V : struct
    {
        for (nint f = 0; f < stride; f += L.Count)
        {
            var s = L.Create(0);
            for (var k = 0; k < count; k++) s = L.MultiplyAdd(L.Create(values[k]), L.Load(table + columns[k] * stride + f), s);
            L.Store(s, sum + f);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Check(AlignedRows table, ReadOnlySpan<int> columns, ReadOnlySpan<float> values, Span<float> sum)
    {
        if (values.Length < columns.Length || sum.Length != table.Stride)
            throw new ArgumentException(
                $"{columns.Length} columns, {values.Length} values and a sum of {sum.Length} floats do not fit rows of {table.Stride}.");
        foreach (var column in columns) Debug.Assert((uint)column < (uint)table.Rows, "A column must lie inside the table.");
    }
}
