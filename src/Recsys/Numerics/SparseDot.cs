using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Recsys.Numerics;

/// <summary>Products of one sparse row with a dense vector, in double precision. Four sums run side by side, so that an addition need not wait for the last.</summary>
internal static class SparseDot
{
    /// <summary>Σ_k values[k] · dense[columns[k]].</summary>
    /// <param name="columns">Each below dense.Length, as a <see cref="SparseMatrix"/> of that many columns guarantees: not checked again.</param>
    /// <param name="values">As many as columns.</param>
    /// <param name="dense">The vector.</param>
    public static double Product(ReadOnlySpan<int> columns, ReadOnlySpan<float> values, ReadOnlySpan<double> dense)
    {
        Debug.Assert(values.Length == columns.Length, "One value for each column.");
        ref var x = ref MemoryMarshal.GetReference(dense);
        ref var j = ref MemoryMarshal.GetReference(columns);
        ref var v = ref MemoryMarshal.GetReference(values);
        double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        var k = 0;
        for (; k <= columns.Length - 4; k += 4)
        {
            s0 += Unsafe.Add(ref v, k) * Unsafe.Add(ref x, Unsafe.Add(ref j, k));
            s1 += Unsafe.Add(ref v, k + 1) * Unsafe.Add(ref x, Unsafe.Add(ref j, k + 1));
            s2 += Unsafe.Add(ref v, k + 2) * Unsafe.Add(ref x, Unsafe.Add(ref j, k + 2));
            s3 += Unsafe.Add(ref v, k + 3) * Unsafe.Add(ref x, Unsafe.Add(ref j, k + 3));
        }
        for (; k < columns.Length; k++) s0 += Unsafe.Add(ref v, k) * Unsafe.Add(ref x, Unsafe.Add(ref j, k));
        return (s0 + s1) + (s2 + s3);
    }

    /// <summary>Σ_k dense[columns[k]]: the product where every value is 1, as in one-hot data. The same bits as <see cref="Product"/> with ones.</summary>
    public static double Sum(ReadOnlySpan<int> columns, ReadOnlySpan<double> dense)
    {
        ref var x = ref MemoryMarshal.GetReference(dense);
        ref var j = ref MemoryMarshal.GetReference(columns);
        double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        var k = 0;
        for (; k <= columns.Length - 4; k += 4)
        {
            s0 += Unsafe.Add(ref x, Unsafe.Add(ref j, k));
            s1 += Unsafe.Add(ref x, Unsafe.Add(ref j, k + 1));
            s2 += Unsafe.Add(ref x, Unsafe.Add(ref j, k + 2));
            s3 += Unsafe.Add(ref x, Unsafe.Add(ref j, k + 3));
        }
        for (; k < columns.Length; k++) s0 += Unsafe.Add(ref x, Unsafe.Add(ref j, k));
        return (s0 + s1) + (s2 + s3);
    }
}
