using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Recsys.Numerics;

/// <summary>
/// Kernels over pairs of floats (first, second) side by side, and over what they become in fixed point: one 64-bit number with the second
/// in the high half, the first, 0 or greater, in the low. A first that is above 0 becomes at least 1.
/// </summary>
internal static unsafe class Pairs
{
    /// <summary>One pair in fixed point; rounds to even.</summary>
    public static long Pack(float first, float second, (float First, float Second) scales)
    {
        var low = (uint)MathF.Round(first * scales.First);
        if (low == 0 && first > 0) low = 1;
        return ((long)MathF.Round(second * scales.Second) << 32) + low;
    }

    /// <summary>Packs pairs.</summary>
    /// <param name="firsts">0 or greater.</param>
    /// <param name="seconds">As many.</param>
    /// <param name="scales">Powers of two.</param>
    /// <param name="pairs">Receives as many.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(
        ReadOnlySpan<float> firsts, ReadOnlySpan<float> seconds, (float First, float Second) scales, Span<long> pairs)
    {
        CheckLengths(firsts, seconds, pairs.Length);
        var (scaleFirst, scaleSecond) = (Vector256.Create(scales.First), Vector256.Create(scales.Second));
        fixed (float* a = firsts, b = seconds)
        fixed (long* to = pairs)
        {
            var i = 0;
            for (; i + 8 <= firsts.Length; i += 8)
            {
                var first = Vector256.Load(a + i);
                var low = Vector256.ConvertToInt32Native(Vector256.Round(first * scaleFirst));
                low |= Vector256.GreaterThan(first, Vector256<float>.Zero).AsInt32() & Vector256.Equals(low, Vector256<int>.Zero)
                    & Vector256<int>.One;
                var high = Vector256.ConvertToInt32Native(Vector256.Round(Vector256.Load(b + i) * scaleSecond));
                Vector512.Shuffle(Vector512.Create(low, high), InPairs).Store((int*)(to + i));
            }
            for (; i < firsts.Length; i++) to[i] = Pack(a[i], b[i], scales);
        }
    }

    /// <summary>pairs[i] = (firsts[i], seconds[i]).</summary>
    public static void Interleave(ReadOnlySpan<float> firsts, ReadOnlySpan<float> seconds, Span<float> pairs)
    {
        CheckLengths(firsts, seconds, pairs.Length / 2);
        var i = 0;
        fixed (float* a = firsts, b = seconds, to = pairs)
        {
            for (; i + 8 <= firsts.Length; i += 8)
            {
                var both = Vector512.Create(Vector256.Load(a + i), Vector256.Load(b + i));
                Vector512.Shuffle(both.AsInt32(), InPairs).AsSingle().Store(to + (2 * i));
            }
            for (; i < firsts.Length; i++) (to[2 * i], to[(2 * i) + 1]) = (a[i], b[i]);
        }
    }

    /// <summary>(firsts[i], seconds[i]) = pairs[rows[i]].</summary>
    /// <param name="pairs">[all, 2]</param>
    /// <param name="rows">Which ones.</param>
    /// <param name="firsts">Receives as many.</param>
    /// <param name="seconds">Receives as many.</param>
    public static void Separate(ReadOnlySpan<float> pairs, ReadOnlySpan<int> rows, Span<float> firsts, Span<float> seconds)
    {
        CheckLengths(firsts, seconds, rows.Length);
        fixed (float* p = pairs, a = firsts, b = seconds)
        {
            for (var i = 0; i < rows.Length; i++) (a[i], b[i]) = (p[2L * rows[i]], p[(2L * rows[i]) + 1]);
        }
    }

    /// <summary>to[i] = from[rows[i]]; rows that are neighbours are copied.</summary>
    /// <param name="from">[all]</param>
    /// <param name="rows">Which ones, not checked.</param>
    /// <param name="to">Receives as many, or has more room.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Take(ReadOnlySpan<float> from, ReadOnlySpan<int> rows, Span<float> to)
    {
        if (AreNeighbours(rows))
        {
            from.Slice(rows[0], rows.Length).CopyTo(to);
            return;
        }
        to = to[..rows.Length];
        fixed (float* x = from, y = to)
        fixed (int* r = rows)
        {
            var i = 0;
            for (; i + 4 <= rows.Length; i += 4) (y[i], y[i + 1], y[i + 2], y[i + 3]) = (x[r[i]], x[r[i + 1]], x[r[i + 2]], x[r[i + 3]]);
            for (; i < rows.Length; i++) y[i] = x[r[i]];
        }
    }

    private static bool AreNeighbours(ReadOnlySpan<int> rows)
    {
        if (rows.IsEmpty || rows[^1] - rows[0] != rows.Length - 1) return false;
        var i = 0;
        for (var next = Vector512.CreateSequence(rows[0], 1); i + 16 <= rows.Length; i += 16, next += Vector512.Create(16))
            if (Vector512.Create(rows.Slice(i, 16)) != next) return false;
        for (; i < rows.Length; i++) if (rows[i] != rows[0] + i) return false;
        return true;
    }

    /// <summary>The sum of the firsts, the sum of the absolute seconds, and the greatest first.</summary>
    public static (double First, double Second, float MostFirst) Magnitudes(ReadOnlySpan<float> firsts, ReadOnlySpan<float> seconds)
    {
        CheckLengths(firsts, seconds, firsts.Length);
        var i = 0;
        var (sumFirst, sumSecond) = (Vector512<double>.Zero, Vector512<double>.Zero);
        var most = Vector256<float>.Zero;
        fixed (float* a = firsts, b = seconds)
        {
            for (; i + 8 <= firsts.Length; i += 8)
            {
                var first = Vector256.Load(a + i);
                most = Vector256.Max(most, first);
                sumFirst += Wide(first);
                sumSecond += Wide(Vector256.Abs(Vector256.Load(b + i)));
            }
            var (one, two, top) = (Vector512.Sum(sumFirst), Vector512.Sum(sumSecond), 0f);
            for (var lane = 0; lane < 8; lane++) top = Math.Max(top, most[lane]);
            for (; i < firsts.Length; i++)
            {
                one += a[i];
                two += Math.Abs(b[i]);
                top = Math.Max(top, a[i]);
            }
            return (one, two, top);
        }
    }

    /// <summary>Sums in fixed point of 64 bits; rounds to even.</summary>
    /// <param name="firsts">The ones.</param>
    /// <param name="seconds">The others, as many.</param>
    /// <param name="scales">Powers of two, so that the sums fit.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (long First, long Second) FineSums(
        ReadOnlySpan<float> firsts, ReadOnlySpan<float> seconds, (double First, double Second) scales)
    {
        CheckLengths(firsts, seconds, firsts.Length);
        var i = 0;
        var (sumFirst, sumSecond) = (Vector512<long>.Zero, Vector512<long>.Zero);
        fixed (float* a = firsts, b = seconds)
        {
            for (; i + 8 <= firsts.Length; i += 8)
            {
                sumFirst += Vector512.ConvertToInt64Native(Vector512.Round(Wide(Vector256.Load(a + i)) * scales.First));
                sumSecond += Vector512.ConvertToInt64Native(Vector512.Round(Wide(Vector256.Load(b + i)) * scales.Second));
            }
            var (one, two) = (Vector512.Sum(sumFirst), Vector512.Sum(sumSecond));
            for (; i < firsts.Length; i++)
            {
                one += (long)Math.Round(a[i] * scales.First);
                two += (long)Math.Round(b[i] * scales.Second);
            }
            return (one, two);
        }
    }

    // What puts two halves of a vector side by side, lane by lane.
    private static Vector512<int> InPairs => Vector512.Create(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);

    private static Vector512<double> Wide(Vector256<float> values)
    {
        var (lower, upper) = Vector256.Widen(values);
        return Vector512.Create(lower, upper);
    }

    private static void CheckLengths(ReadOnlySpan<float> firsts, ReadOnlySpan<float> seconds, int pairs)
    {
        if (firsts.Length != seconds.Length || pairs != firsts.Length)
            throw new ArgumentException($"{firsts.Length} and {seconds.Length} numbers are not {pairs} pairs.", nameof(firsts));
    }
}
