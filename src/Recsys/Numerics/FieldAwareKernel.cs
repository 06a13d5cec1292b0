using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recsys.Numerics;

// φ = Σ_{a<b} (w_{a,f_b}·w_{b,f_a}) x_a x_b: a value has a vector for each field that it meets.
// Juan, Zhuang, Chin and Lin, "Field-aware factorization machines for CTR prediction", RecSys 2016, eq. 5.

/// <summary>
/// Field-aware pairs of one sparse row. A row of the table holds a vector for each field, <see cref="Padded"/> floats apart. Columns must
/// lie inside the table, as a <see cref="SparseMatrix"/> of that many columns guarantees: not checked again.
/// </summary>
internal static unsafe class FieldAwareKernel
{
    /// <summary>Floats from one vector to the next: padded with zeros, which steps keep zero.</summary>
    public static int Padded(int factors) => (factors + 3) / 4 * 4;

    /// <summary>φ.</summary>
    /// <param name="table">w. [columns, fields · width]</param>
    /// <param name="width">Floats from one vector to the next, a multiple of 4.</param>
    /// <param name="fieldOf">The field of each column.</param>
    /// <param name="columns">Of the values.</param>
    /// <param name="values">x, as many.</param>
    public static float Pairs(AlignedRows table, int width, int[] fieldOf, ReadOnlySpan<int> columns, ReadOnlySpan<float> values)
    {
        Check(table, width, columns, values);
        fixed (int* j = columns, f = fieldOf)
        fixed (float* x = values)
        {
            if (width % 16 == 0 && Avx512F.IsSupported) return Pairs<Lanes512, Vector512<float>>(table, width, f, j, x, columns.Length);
            if (width % 8 == 0 && Vector256.IsHardwareAccelerated)
                return Pairs<Lanes256, Vector256<float>>(table, width, f, j, x, columns.Length);
            return Pairs<Lanes128, Vector128<float>>(table, width, f, j, x, columns.Length);
        }
    }

    /// <summary>The gradients of κ φ + λ/2 |w|² over the vectors that take part, once for each pair: algorithm 1 of the paper.</summary>
    /// <param name="table">w.</param>
    /// <param name="width">Floats from one vector to the next, a multiple of 4.</param>
    /// <param name="fieldOf">The field of each column.</param>
    /// <param name="columns">Of the values.</param>
    /// <param name="values">x, as many.</param>
    /// <param name="kappa">κ.</param>
    /// <param name="lambda">λ.</param>
    /// <param name="gradients">Receives a row for each value. [values, table.Stride]</param>
    public static void Gradients(
        AlignedRows table, int width, int[] fieldOf, ReadOnlySpan<int> columns, ReadOnlySpan<float> values, float kappa, float lambda,
        Span<float> gradients)
    {
        Check(table, width, columns, values);
        if (gradients.Length != columns.Length * table.Stride)
            throw new ArgumentException($"{gradients.Length} floats for {columns.Length} rows of {table.Stride}.", nameof(gradients));
        gradients.Clear();
        fixed (int* j = columns, f = fieldOf)
        fixed (float* x = values, g = gradients)
        {
            if (width % 16 == 0 && Avx512F.IsSupported)
                Gradients<Lanes512, Vector512<float>>(table, width, f, j, x, columns.Length, kappa, lambda, g);
            else if (width % 8 == 0 && Vector256.IsHardwareAccelerated)
                Gradients<Lanes256, Vector256<float>>(table, width, f, j, x, columns.Length, kappa, lambda, g);
            else Gradients<Lanes128, Vector128<float>>(table, width, f, j, x, columns.Length, kappa, lambda, g);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // long loops within few calls: the first training is the only one
    private static float Pairs<L, V>(AlignedRows table, int width, int* fieldOf, int* columns, float* values, int count)
        where L : struct, ILanes<V> where V : struct
    {
        var (w, stride) = ((nint)table.Pointer, (nint)table.Stride);
        V even = L.Create(0), odd = L.Create(0);
        for (var a = 0; a < count; a++)
        {
            var rowA = (float*)w + columns[a] * stride;
            var toA = (nint)fieldOf[columns[a]] * width;
            for (var b = a + 1; b < count; b++)
            {
                var left = rowA + (nint)fieldOf[columns[b]] * width;
                var right = (float*)w + columns[b] * stride + toA;
                var x = L.Create(values[a] * values[b]);
                for (nint k = 0; k < width; k += L.Count)
                    even = L.MultiplyAdd(L.Multiply(x, L.Load(left + k)), L.Load(right + k), even);
                (even, odd) = (odd, even);
            }
        }
        return L.Sum(L.Add(even, odd));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // long loops within few calls: the first training is the only one
    private static void Gradients<L, V>(
        AlignedRows table, int width, int* fieldOf, int* columns, float* values, int count, float kappa, float lambda, float* gradients)
        where L : struct, ILanes<V> where V : struct
    {
        var (w, stride, penalty) = ((nint)table.Pointer, (nint)table.Stride, L.Create(lambda));
        for (var a = 0; a < count; a++)
        {
            var rowA = (float*)w + columns[a] * stride;
            var toA = (nint)fieldOf[columns[a]] * width;
            for (var b = a + 1; b < count; b++)
            {
                var toB = (nint)fieldOf[columns[b]] * width;
                float* left = rowA + toB, right = (float*)w + columns[b] * stride + toA;
                float* ofLeft = gradients + a * stride + toB, ofRight = gradients + b * stride + toA;
                var x = L.Create(kappa * values[a] * values[b]);
                for (nint k = 0; k < width; k += L.Count)
                {
                    V l = L.Load(left + k), r = L.Load(right + k);
                    L.Store(L.MultiplyAdd(x, r, L.MultiplyAdd(penalty, l, L.Load(ofLeft + k))), ofLeft + k);
                    L.Store(L.MultiplyAdd(x, l, L.MultiplyAdd(penalty, r, L.Load(ofRight + k))), ofRight + k);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Check(AlignedRows table, int width, ReadOnlySpan<int> columns, ReadOnlySpan<float> values)
    {
        if (values.Length < columns.Length || width < 4 || width % 4 != 0 || width > table.Stride)
            throw new ArgumentException(
                $"{columns.Length} columns, {values.Length} values and vectors of {width} floats do not fit rows of {table.Stride}.");
        foreach (var column in columns) Debug.Assert((uint)column < (uint)table.Rows, "A column must lie inside the table.");
    }
}
