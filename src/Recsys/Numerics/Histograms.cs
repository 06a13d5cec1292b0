using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recsys.Numerics;

/// <summary>Kernels over rows of one-byte codes: sums of histograms, stable partitions, and the coding itself.</summary>
internal static unsafe partial class Histograms
{
    /// <summary>Cuts of a column, padded with +∞ to a square of lanes, behind the last cut of each row of the square.</summary>
    public const int CutBlock = 16 + 256;

    // Rows ahead of the one at work: about one trip to memory.
    private const int Ahead = 24;

    /// <summary>
    /// Puts the rows whose code is at most <paramref name="last"/> to the front of <paramref name="rows"/> and the others into
    /// <paramref name="spare"/>, both in their old order.
    /// </summary>
    /// <param name="codes">[all rows, columns], and three bytes more.</param>
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
        int front = 0, back = 0, i = 0;
        fixed (byte* all = codes)
        fixed (int* r = rows)
        fixed (int* s = spare)
        {
            var code = all + column;
            if (Avx512F.IsSupported)
            {
                var (stride, low) = (Vector256.Create(columns), Vector256.Create(255u));
                var (shifts, limits) = (Vector256.Create(shift), Vector512.Create(limit));
                // A whole vector is stored, which must not run over what is still to come or beyond the end.
                for (; i + 16 <= rows.Length && back + 16 <= spare.Length; i += 16)
                {
                    var sixteen = Vector512.Load(r + i);
                    if (i + 64 + 16 <= rows.Length)
                        for (var next = i + 64; next < i + 64 + 16; next++) Sse.Prefetch0(code + ((long)r[next] * columns));
                    var a = (Avx2.GatherVector256((int*)code, sixteen.GetLower() * stride, 1).AsUInt32() & low) - shifts;
                    var b = (Avx2.GatherVector256((int*)code, sixteen.GetUpper() * stride, 1).AsUInt32() & low) - shifts;
                    var isFront = Vector512.LessThanOrEqual(Vector512.Create(a, b), limits).AsInt32();
                    Avx512F.Compress(Vector512<int>.Zero, isFront, sixteen).Store(r + front);
                    Avx512F.Compress(Vector512<int>.Zero, ~isFront, sixteen).Store(s + back);
                    var count = Count(isFront.AsSingle());
                    front += count;
                    back += 16 - count;
                }
            }
            for (; i < rows.Length; i++)
            {
                if (Sse.IsSupported && i + Ahead < rows.Length) Sse.Prefetch0(code + ((long)r[i + Ahead] * columns));
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

    /// <summary>Exchanges two spans of equal length that do not overlap.</summary>
    public static void Swap(Span<int> x, Span<int> y)
    {
        if (x.Length != y.Length) throw new ArgumentException($"{x.Length} numbers do not fit {y.Length}.", nameof(y));
        var i = 0;
        fixed (int* a = x, b = y)
        {
            for (; i + 16 <= x.Length; i += 16)
            {
                var (first, second) = (Vector512.Load(a + i), Vector512.Load(b + i));
                second.Store(a + i);
                first.Store(b + i);
            }
            for (; i < x.Length; i++) (a[i], b[i]) = (b[i], a[i]);
        }
    }

    /// <summary>counts[code] += 1 for the code of a column in every row.</summary>
    /// <param name="codes">[all rows, columns]</param>
    /// <param name="columns">Of a row.</param>
    /// <param name="column">The one that is counted.</param>
    /// <param name="rows">The rows to count.</param>
    /// <param name="counts">As many as the column has codes.</param>
    public static void CountCodes(ReadOnlySpan<byte> codes, int columns, int column, ReadOnlySpan<int> rows, Span<long> counts)
    {
        foreach (var row in rows) counts[codes[(row * columns) + column]]++;
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Subtract(Span<long> to, ReadOnlySpan<long> from)
    {
        if (to.Length != from.Length) throw new ArgumentException($"{from.Length} cells do not fit {to.Length}.", nameof(from));
        var i = 0;
        fixed (long* a = to, b = from)
        {
            for (; i + 8 <= to.Length; i += 8) (Vector512.Load(a + i) - Vector512.Load(b + i)).Store(a + i);
            for (; i < to.Length; i++) a[i] -= b[i];
        }
    }

    /// <summary>to[i] += from[i].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(Span<long> to, ReadOnlySpan<long> from)
    {
        if (to.Length != from.Length) throw new ArgumentException($"{from.Length} cells do not fit {to.Length}.", nameof(from));
        var i = 0;
        fixed (long* a = to, b = from)
        {
            for (; i + 8 <= to.Length; i += 8) (Vector512.Load(a + i) + Vector512.Load(b + i)).Store(a + i);
            for (; i < to.Length; i++) a[i] += b[i];
        }
    }
}
