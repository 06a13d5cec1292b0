using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recsys.Numerics;

// Rows are copied together in chunks that stay in the first cache, with their pairs beside them; then a few columns at a time pass over the
// chunk, so that the cells at work stay in the first cache too. An addition into memory is written as a load and a store of the same place:
// the compiler makes one instruction of it, which it does not of +=.
internal static unsafe partial class Histograms
{
    private const int Chunk = 512;

    // Bytes of a row in a chunk.
    private const int Stride = HistogramLayout.MostColumns;

    private const int Full = 256;

    /// <summary>histogram[offset of c + code of column c] += pairs[row], for every row and every column of some strips.</summary>
    /// <param name="codes">[all rows, columns], and <see cref="HistogramLayout.Window"/> bytes more.</param>
    /// <param name="columns">Of a row.</param>
    /// <param name="layout">Of the histogram.</param>
    /// <param name="first">The first strip.</param>
    /// <param name="end">The strip behind the last.</param>
    /// <param name="rows">The rows to add; behind them those that come next, which are fetched ahead.</param>
    /// <param name="pairs">What is added for each row, see <see cref="Pairs"/>. [rows to add]</param>
    /// <param name="histogram">Integers, so their order does not matter.</param>
    [SkipLocalsInit]
    public static void Add(
        ReadOnlySpan<byte> codes, int columns, HistogramLayout layout, int first, int end, ReadOnlySpan<int> rows,
        ReadOnlySpan<long> pairs, Span<long> histogram)
    {
        if (pairs.Length > rows.Length) throw new ArgumentException($"{pairs.Length} pairs for {rows.Length} rows.", nameof(pairs));
        if (histogram.Length != layout.Length) throw new ArgumentException("The histogram does not fit its layout.", nameof(histogram));
        var scratch = stackalloc byte[(Chunk * Stride) + 64];
        scratch = (byte*)(((nuint)scratch + 63) & ~(nuint)63);
        fixed (byte* all = codes)
        fixed (int* r = rows)
        fixed (long* p = pairs)
        fixed (long* cells = histogram)
        {
            for (var start = 0; start < pairs.Length; start += Chunk)
            {
                var left = rows.Length - start;
                var count = Math.Min(Chunk, pairs.Length - start);
                for (var i = first; i < end; i++)
                {
                    var strip = layout.Strips[i];
                    Gather(all + strip.Columns[0], columns, r + start, count, left, strip.Choice, scratch);
                    Add(scratch, count, p + start, strip, cells + strip.Start);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gather(byte* codes, long columns, int* rows, int count, int left, byte[]? choice, byte* own)
    {
        if (choice is not null)
        {
            Choose(codes, columns, rows, count, left, choice, own);
            return;
        }
        for (var i = 0; i < count; i++, own += Stride)
        {
            if (Sse.IsSupported && i + Ahead < left)
            {
                var next = codes + (rows[i + Ahead] * columns);
                Sse.Prefetch0(next);
                Sse.Prefetch0(next + Stride - 1);
            }
            Vector256.Load(codes + (rows[i] * columns)).Store(own);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Choose(byte* codes, long columns, int* rows, int count, int left, byte[] choice, byte* own)
    {
        var places = Vector512.Create(choice);
        for (var i = 0; i < count; i++, own += Stride)
        {
            var row = codes + (rows[i] * columns);
            if (!Avx512Vbmi.IsSupported)
            {
                for (var c = 0; c < Stride; c++) own[c] = row[choice[c]];
                continue;
            }
            if (i + Ahead < left)
            {
                var next = codes + (rows[i + Ahead] * columns);
                Sse.Prefetch0(next);
                Sse.Prefetch0(next + choice[Stride - 1]);
            }
            Avx512Vbmi.PermuteVar64x8(Vector512.Load(row), places).GetLower().Store(own);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add(byte* e, int rows, long* pairs, HistogramLayout.Strip strip, long* h)
    {
        var offsets = strip.Offsets.AsSpan();
        for (var c = 0; c < offsets.Length;)
        {
            var left = offsets[c..];
            if (IsSquare(left, 16))
            {
                Square16(e + c, rows, pairs, h + left[0]);
                c += 16;
            }
            else if (IsSquare(left, 8))
            {
                Square8(e + c, rows, pairs, h + left[0]);
                c += 8;
            }
            else if (left.Length >= 8)
            {
                Any8(e + c, rows, pairs, h, left);
                c += 8;
            }
            else if (left.Length >= 4)
            {
                Any4(e + c, rows, pairs, h + left[0], h + left[1], h + left[2], h + left[3]);
                c += 4;
            }
            else
            {
                for (var i = 0; i < rows; i++) h[left[0] + e[(i * Stride) + c]] += pairs[i];
                c++;
            }
        }
    }

    // Whether the first columns have all cells that a byte can name: then where they lie is known to the compiler.
    private static bool IsSquare(ReadOnlySpan<int> offsets, int columns)
    {
        if (offsets.Length < columns) return false;
        for (var c = 1; c < columns; c++) if (offsets[c] - offsets[0] != c * Full) return false;
        return true;
    }

    // Rows that share a cell wait for each other's sum: the more columns, the more is done meanwhile.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Any8(byte* e, int rows, long* pairs, long* h, ReadOnlySpan<int> offsets)
    {
        long* h0 = h + offsets[0], h1 = h + offsets[1], h2 = h + offsets[2], h3 = h + offsets[3];
        long* h4 = h + offsets[4], h5 = h + offsets[5], h6 = h + offsets[6], h7 = h + offsets[7];
        for (var i = 0; i < rows; i++, e += Stride)
        {
            var pair = pairs[i];
            ulong one = e[0];
            h0[one] = h0[one] + pair;
            one = e[1];
            h1[one] = h1[one] + pair;
            one = e[2];
            h2[one] = h2[one] + pair;
            one = e[3];
            h3[one] = h3[one] + pair;
            one = e[4];
            h4[one] = h4[one] + pair;
            one = e[5];
            h5[one] = h5[one] + pair;
            one = e[6];
            h6[one] = h6[one] + pair;
            one = e[7];
            h7[one] = h7[one] + pair;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Any4(byte* e, int rows, long* pairs, long* h0, long* h1, long* h2, long* h3)
    {
        for (var i = 0; i < rows; i++, e += Stride)
        {
            var pair = pairs[i];
            ulong one = e[0];
            h0[one] = h0[one] + pair;
            one = e[1];
            h1[one] = h1[one] + pair;
            one = e[2];
            h2[one] = h2[one] + pair;
            one = e[3];
            h3[one] = h3[one] + pair;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Square8(byte* e, int rows, long* pairs, long* h)
    {
        for (var i = 0; i < rows; i++, e += Stride)
        {
            var pair = pairs[i];
            ulong one = e[0];
            h[one] = h[one] + pair;
            one = e[1];
            (h + 256)[one] = (h + 256)[one] + pair;
            one = e[2];
            (h + 512)[one] = (h + 512)[one] + pair;
            one = e[3];
            (h + 768)[one] = (h + 768)[one] + pair;
            one = e[4];
            (h + 1024)[one] = (h + 1024)[one] + pair;
            one = e[5];
            (h + 1280)[one] = (h + 1280)[one] + pair;
            one = e[6];
            (h + 1536)[one] = (h + 1536)[one] + pair;
            one = e[7];
            (h + 1792)[one] = (h + 1792)[one] + pair;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Square16(byte* e, int rows, long* pairs, long* h)
    {
        for (var i = 0; i < rows; i++, e += Stride)
        {
            var pair = pairs[i];
            ulong one = e[0];
            h[one] = h[one] + pair;
            one = e[1];
            (h + 256)[one] = (h + 256)[one] + pair;
            one = e[2];
            (h + 512)[one] = (h + 512)[one] + pair;
            one = e[3];
            (h + 768)[one] = (h + 768)[one] + pair;
            one = e[4];
            (h + 1024)[one] = (h + 1024)[one] + pair;
            one = e[5];
            (h + 1280)[one] = (h + 1280)[one] + pair;
            one = e[6];
            (h + 1536)[one] = (h + 1536)[one] + pair;
            one = e[7];
            (h + 1792)[one] = (h + 1792)[one] + pair;
            one = e[8];
            (h + 2048)[one] = (h + 2048)[one] + pair;
            one = e[9];
            (h + 2304)[one] = (h + 2304)[one] + pair;
            one = e[10];
            (h + 2560)[one] = (h + 2560)[one] + pair;
            one = e[11];
            (h + 2816)[one] = (h + 2816)[one] + pair;
            one = e[12];
            (h + 3072)[one] = (h + 3072)[one] + pair;
            one = e[13];
            (h + 3328)[one] = (h + 3328)[one] + pair;
            one = e[14];
            (h + 3584)[one] = (h + 3584)[one] + pair;
            one = e[15];
            (h + 3840)[one] = (h + 3840)[one] + pair;
        }
    }
}
