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

    /// <summary>Packs pairs in place: as many floats as a whole number of vectors are read and written.</summary>
    /// <param name="pairs">Room for a multiple of 8 pairs, aligned or not.</param>
    /// <param name="count">Pairs.</param>
    /// <param name="scales">Powers of two.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(long* pairs, int count, (float First, float Second) scales)
    {
        var scale = Vector512.Create(Vector128.Create(scales.First, scales.Second, scales.First, scales.Second));
        // The lanes of the firsts.
        var firsts = Vector512.Create(0xFFFFFFFFL).AsInt32();
        for (var i = 0; i < count; i += 8)
        {
            var values = Vector512.Load((float*)(pairs + i));
            var whole = Vector512.ConvertToInt32Native(Vector512.Round(values * scale));
            var lift = Vector512.GreaterThan(values, Vector512<float>.Zero).AsInt32() & firsts
                & Vector512.Equals(whole, Vector512<int>.Zero) & Vector512<int>.One;
            (whole | lift).Store((int*)(pairs + i));
        }
    }

    /// <summary>pairs[i] = (firsts[i], seconds[i]).</summary>
    public static void Interleave(ReadOnlySpan<float> firsts, ReadOnlySpan<float> seconds, Span<float> pairs)
    {
        if (firsts.Length != seconds.Length || pairs.Length != 2 * firsts.Length)
            throw new ArgumentException($"{firsts.Length} and {seconds.Length} numbers are no {pairs.Length}.", nameof(pairs));
        var i = 0;
        var order = Vector512.Create(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
        fixed (float* a = firsts, b = seconds, to = pairs)
        {
            for (; i + 8 <= firsts.Length; i += 8)
            {
                var both = Vector512.Create(Vector256.Load(a + i), Vector256.Load(b + i));
                Vector512.Shuffle(both, order).Store(to + (2 * i));
            }
            for (; i < firsts.Length; i++) (to[2 * i], to[(2 * i) + 1]) = (a[i], b[i]);
        }
    }

    /// <summary>The sum of the firsts, the sum of the absolute seconds, and the greatest first.</summary>
    public static (double First, double Second, float MostFirst) Magnitudes(ReadOnlySpan<float> pairs)
    {
        var i = 0;
        var sums = Vector512<double>.Zero;
        var most = Vector256<float>.Zero;
        fixed (float* p = pairs)
        {
            for (; i + 8 <= pairs.Length; i += 8)
            {
                var values = Vector256.Abs(Vector256.Load(p + i));
                most = Vector256.Max(most, values);
                var (lower, upper) = Vector256.Widen(values);
                sums += Vector512.Create(lower, upper);
            }
            double first = sums[0] + sums[2] + sums[4] + sums[6], second = sums[1] + sums[3] + sums[5] + sums[7];
            var top = Math.Max(Math.Max(most[0], most[2]), Math.Max(most[4], most[6]));
            for (; i < pairs.Length; i += 2)
            {
                first += p[i];
                second += Math.Abs(p[i + 1]);
                top = Math.Max(top, p[i]);
            }
            return (first, second, top);
        }
    }

    /// <summary>Sums over some pairs in fixed point of 64 bits; rounds to even.</summary>
    /// <param name="pairs">[all, 2]</param>
    /// <param name="rows">Which ones.</param>
    /// <param name="scales">Powers of two, so that the sums fit.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (long First, long Second) FineSums(
        ReadOnlySpan<float> pairs, ReadOnlySpan<int> rows, (double First, double Second) scales)
    {
        var i = 0;
        var sums = Vector256<long>.Zero;
        var scale = Vector256.Create(scales.First, scales.Second, scales.First, scales.Second);
        fixed (float* values = pairs)
        fixed (int* r = rows)
        {
            var p = (long*)values;
            for (; i + 2 <= rows.Length; i += 2)
            {
                var two = Vector128.Create(p[r[i]], p[r[i + 1]]).AsSingle();
                var wide = Vector256.Create(Vector128.WidenLower(two), Vector128.WidenUpper(two));
                sums += Vector256.ConvertToInt64Native(Vector256.Round(wide * scale));
            }
            var (first, second) = (sums[0] + sums[2], sums[1] + sums[3]);
            for (; i < rows.Length; i++)
            {
                first += (long)Math.Round(values[2L * r[i]] * scales.First);
                second += (long)Math.Round(values[(2L * r[i]) + 1] * scales.Second);
            }
            return (first, second);
        }
    }
}
