using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recsys.Numerics;

/// <summary>Kernels over rows of one-byte codes: histograms of packed pairs, stable partitions, and the coding itself.</summary>
internal static unsafe class Histograms
{
    /// <summary>Cuts of a column, padded with +∞ to a square of lanes, behind the last cut of each row of the square.</summary>
    public const int CutBlock = 16 + 256;

    // Rows ahead of the one at work: about one trip to memory.
    private const int Ahead = 12;

    /// <summary>histogram[offsets[c] + code of column c] += pairs[row], for every row and column.</summary>
    /// <param name="codes">[all rows, columns]</param>
    /// <param name="offsets">Where the part of each column begins. [columns]</param>
    /// <param name="rows">The rows to add.</param>
    /// <param name="pairs">By row: a signed sum in the high 32 bits, an unsigned one in the low.</param>
    /// <param name="histogram">Integers, so their order does not matter.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(
        ReadOnlySpan<byte> codes, ReadOnlySpan<int> offsets, ReadOnlySpan<int> rows, ReadOnlySpan<long> pairs, Span<long> histogram)
    {
        long columns = offsets.Length;
        fixed (byte* all = codes)
        fixed (int* first = offsets)
        fixed (int* r = rows)
        fixed (long* p = pairs)
        fixed (long* sums = histogram)
        {
            for (var i = 0; i < rows.Length; i++)
            {
                if (Sse.IsSupported && i + Ahead < rows.Length)
                {
                    var next = all + (r[i + Ahead] * columns);
                    Sse.Prefetch0(next);
                    Sse.Prefetch0(next + columns - 1);
                    Sse.Prefetch0(p + r[i + Ahead]);
                }
                var code = all + (r[i] * columns);
                var pair = p[r[i]];
                long c = 0;
                for (; c + 8 <= columns; c += 8)
                {
                    var eight = *(ulong*)(code + c);
                    sums[first[c] + (uint)(byte)eight] += pair;
                    sums[first[c + 1] + (uint)(byte)(eight >> 8)] += pair;
                    sums[first[c + 2] + (uint)(byte)(eight >> 16)] += pair;
                    sums[first[c + 3] + (uint)(byte)(eight >> 24)] += pair;
                    sums[first[c + 4] + (uint)(byte)(eight >> 32)] += pair;
                    sums[first[c + 5] + (uint)(byte)(eight >> 40)] += pair;
                    sums[first[c + 6] + (uint)(byte)(eight >> 48)] += pair;
                    sums[first[c + 7] + (uint)(eight >> 56)] += pair;
                }
                for (; c < columns; c++) sums[first[c] + (uint)code[c]] += pair;
            }
        }
    }

    /// <summary>
    /// Puts the rows whose code is at most <paramref name="last"/> to the front of <paramref name="rows"/> and the others into
    /// <paramref name="spare"/>, both in their old order.
    /// </summary>
    /// <param name="codes">[all rows, columns]</param>
    /// <param name="columns">Of a row.</param>
    /// <param name="column">The one that decides.</param>
    /// <param name="last">The last code of the front, at least 1.</param>
    /// <param name="zeroFirst">Whether code 0 (missing) goes to the front.</param>
    /// <param name="rows">Row numbers.</param>
    /// <param name="spare">As long as the rows.</param>
    /// <returns>How many went to the front.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Partition(
        ReadOnlySpan<byte> codes, int columns, int column, int last, bool zeroFirst, Span<int> rows, Span<int> spare)
    {
        // One comparison: where code 0 goes to the back, it wraps around above all others.
        var shift = zeroFirst ? 0u : 1u;
        var limit = (uint)last - shift;
        int front = 0, back = 0;
        fixed (byte* all = codes)
        fixed (int* r = rows)
        fixed (int* s = spare)
        {
            var code = all + column;
            for (var i = 0; i < rows.Length; i++)
            {
                if (Sse.IsSupported && i + (2 * Ahead) < rows.Length) Sse.Prefetch0(code + ((long)r[i + (2 * Ahead)] * columns));
                var row = r[i];
                var isFront = code[(long)row * columns] - shift <= limit ? 1 : 0;
                r[front] = row;
                s[back] = row;
                front += isFront;
                back += 1 - isFront;
            }
        }
        return front;
    }

    /// <summary>Codes: 0 for NaN, else 1 + the number of cuts below the value.</summary>
    /// <param name="x">[rows, columns]</param>
    /// <param name="cuts">For each column <see cref="CutBlock"/> numbers.</param>
    /// <param name="columns">Of a row.</param>
    /// <param name="codes">[rows, columns]</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Code(ReadOnlySpan<float> x, ReadOnlySpan<float> cuts, int columns, Span<byte> codes)
    {
        fixed (float* values = x)
        fixed (float* allCuts = cuts)
        fixed (byte* to = codes)
        {
            for (var start = 0; start < x.Length; start += columns)
            {
                for (var c = 0; c < columns; c++)
                {
                    var value = Vector512.Create(values[start + c]);
                    var own = allCuts + (c * CutBlock);
                    var block = Count(Vector512.GreaterThan(value, Vector512.Load(own)));
                    // A value above all coarse cuts does not exist: the last is +∞.
                    var within = Count(Vector512.GreaterThan(value, Vector512.Load(own + 16 + (16 * block))));
                    to[start + c] = float.IsNaN(values[start + c]) ? (byte)0 : (byte)(1 + (16 * block) + within);
                }
            }
        }
    }

    private static int Count(Vector512<float> mask) => System.Numerics.BitOperations.PopCount(mask.ExtractMostSignificantBits());

    /// <summary>to[i] -= from[i].</summary>
    public static void Subtract(Span<long> to, ReadOnlySpan<long> from) => System.Numerics.Tensors.TensorPrimitives.Subtract(to, from, to);

    /// <summary>to[i] += from[i].</summary>
    public static void Add(Span<long> to, ReadOnlySpan<long> from) => System.Numerics.Tensors.TensorPrimitives.Add(to, from, to);
}
