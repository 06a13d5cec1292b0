using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Recsys.Numerics;

// exp(x) = 2ⁿ exp(r), n = round(x / ln 2), |r| ≤ ln 2 / 2, exp(r) by the polynomial of Moshier's Cephes library (expf.c); tanh near 0 too
// (tanhf.c).
// log(1 + u) = 2 atanh(u / (2 + u)), by its series: relative precision down to the smallest u, for u in 0..1.
public static partial class Elementwise
{
    /// <summary>eˣ: 0 below -104, infinite above 88.73.</summary>
    public static void Exp(ReadOnlySpan<float> x, Span<float> destination) => Map<ExpMap>(x, destination);

    /// <inheritdoc cref="Exp(ReadOnlySpan{float}, Span{float})"/>
    public static float Exp(float x) => One<ExpMap>(x);

    /// <summary>σ(x) = 1 / (1 + e⁻ˣ), precise in both tails: small values keep their digits down to x = -87, and are 0 below -89.</summary>
    public static void Sigmoid(ReadOnlySpan<float> x, Span<float> destination) => Map<SigmoidMap>(x, destination);

    /// <inheritdoc cref="Sigmoid(ReadOnlySpan{float}, Span{float})"/>
    public static float Sigmoid(float x) => One<SigmoidMap>(x);

    /// <summary>σ of four values in a register.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> Sigmoid4(Vector128<float> x) => SigmoidMap.Apply<Lanes128, Vector128<float>>(x);

    /// <summary>σ of a register, for kernels that go on with it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T Sigmoid<L, T>(T x) where L : struct, IFunctionLanes<T> where T : struct => SigmoidMap.Apply<L, T>(x);

    /// <summary>The hyperbolic tangent of a register.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T Tanh<L, T>(T x) where L : struct, IFunctionLanes<T> where T : struct => TanhMap.Apply<L, T>(x);

    /// <summary>log σ(x) = -softplus(-x), precise in both tails and finite for every finite x.</summary>
    public static void LogSigmoid(ReadOnlySpan<float> x, Span<float> destination) => Map<LogSigmoidMap>(x, destination);

    /// <inheritdoc cref="LogSigmoid(ReadOnlySpan{float}, Span{float})"/>
    public static float LogSigmoid(float x) => One<LogSigmoidMap>(x);

    /// <summary>log(1 + eˣ), precise in both tails and finite for every finite x.</summary>
    public static void Softplus(ReadOnlySpan<float> x, Span<float> destination) => Map<SoftplusMap>(x, destination);

    /// <inheritdoc cref="Softplus(ReadOnlySpan{float}, Span{float})"/>
    public static float Softplus(float x) => One<SoftplusMap>(x);

    /// <summary>The hyperbolic tangent.</summary>
    public static void Tanh(ReadOnlySpan<float> x, Span<float> destination) => Map<TanhMap>(x, destination);

    /// <inheritdoc cref="Tanh(ReadOnlySpan{float}, Span{float})"/>
    public static float Tanh(float x) => One<TanhMap>(x);

    /// <summary>log Σ eˣ, without overflow; -∞ of an empty span. A value of -∞ counts nothing.</summary>
    public static float LogSumExp(ReadOnlySpan<float> x)
    {
        if (x.IsEmpty) return float.NegativeInfinity;
        var max = Max(x);
        return float.IsInfinity(max) ? max : max + MathF.Log(SumExp(x, max, default));
    }

    /// <summary>destination = eˣ / Σ eˣ, without overflow. A value of -∞ gets 0; at least one must be finite, and none +∞, else the
    /// result is NaN.</summary>
    public static void Softmax(ReadOnlySpan<float> x, Span<float> destination)
    {
        CheckLengths(x, destination);
        if (x.IsEmpty) return;
        Scale(1 / SumExp(x, Max(x), destination), destination);
    }

    /// <summary>destination = x - log Σ eˣ, without overflow: the logarithm of the softmax, precise where that is tiny.</summary>
    public static void LogSoftmax(ReadOnlySpan<float> x, Span<float> destination)
    {
        CheckLengths(x, destination);
        if (x.IsEmpty) return;
        var max = Max(x);
        var log = MathF.Log(SumExp(x, max, default));
        // Two subtractions: max + log would round away the logarithm of a large score.
        for (var i = 0; i < x.Length; i++) destination[i] = x[i] - max - log;
    }

    private interface IMap
    {
        static abstract T Apply<L, T>(T x) where L : struct, IFunctionLanes<T> where T : struct;
    }

    private readonly struct ExpMap : IMap
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Apply<L, T>(T x) where L : struct, IFunctionLanes<T> where T : struct
        {
            x = L.Min(L.Max(x, L.Create(-104)), L.Create(89));
            var n = L.Round(L.Multiply(x, L.Create(1.44269504f)));
            var r = L.MultiplyAdd(n, L.Create(-0.693359375f), x);
            r = L.MultiplyAdd(n, L.Create(2.12194440e-4f), r);
            var p = L.MultiplyAdd(L.Create(1.9875691500e-4f), r, L.Create(1.3981999507e-3f));
            p = L.MultiplyAdd(p, r, L.Create(8.3334519073e-3f));
            p = L.MultiplyAdd(p, r, L.Create(4.1665795894e-2f));
            p = L.MultiplyAdd(p, r, L.Create(1.6666665459e-1f));
            p = L.MultiplyAdd(p, r, L.Create(5.0000001201e-1f));
            p = L.Add(L.MultiplyAdd(L.Multiply(p, r), r, r), L.Create(1));
            // In two steps, so that the ends of the range go through subnormals to 0, and to infinity.
            var half = L.Round(L.Multiply(n, L.Create(0.5f)));
            return L.Multiply(L.Multiply(p, L.PowerOfTwo(half)), L.PowerOfTwo(L.Subtract(n, half)));
        }
    }

    private readonly struct SigmoidMap : IMap
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Apply<L, T>(T x) where L : struct, IFunctionLanes<T> where T : struct
            => L.Divide(L.Create(1), L.Add(L.Create(1), ExpMap.Apply<L, T>(L.Negate(x))));
    }

    private readonly struct SoftplusMap : IMap
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Apply<L, T>(T x) where L : struct, IFunctionLanes<T> where T : struct
            => L.Add(L.Max(x, L.Create(0)), LogOnePlus<L, T>(ExpMap.Apply<L, T>(L.Negate(L.Abs(x)))));
    }

    private readonly struct LogSigmoidMap : IMap
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Apply<L, T>(T x) where L : struct, IFunctionLanes<T> where T : struct
            => L.Subtract(L.Min(x, L.Create(0)), LogOnePlus<L, T>(ExpMap.Apply<L, T>(L.Negate(L.Abs(x)))));
    }

    private readonly struct TanhMap : IMap
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Apply<L, T>(T x) where L : struct, IFunctionLanes<T> where T : struct
        {
            var size = L.Abs(x);
            var square = L.Multiply(x, x);
            var p = L.MultiplyAdd(L.Create(-5.70498872745e-3f), square, L.Create(2.06390887954e-2f));
            p = L.MultiplyAdd(p, square, L.Create(-5.37397155531e-2f));
            p = L.MultiplyAdd(p, square, L.Create(1.33314422036e-1f));
            p = L.MultiplyAdd(p, square, L.Create(-3.33332819422e-1f));
            var near = L.MultiplyAdd(L.Multiply(p, square), x, x);
            var far = L.Divide(L.Create(2), L.Add(ExpMap.Apply<L, T>(L.Add(size, size)), L.Create(1)));
            return L.WhereBelow(size, L.Create(0.625f), near, L.CopySign(L.Subtract(L.Create(1), far), x));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T LogOnePlus<L, T>(T u) where L : struct, IFunctionLanes<T> where T : struct
    {
        var s = L.Divide(u, L.Add(L.Create(2), u));
        var square = L.Multiply(s, s);
        var p = L.MultiplyAdd(L.Create(2 / 15f), square, L.Create(2 / 13f));
        p = L.MultiplyAdd(p, square, L.Create(2 / 11f));
        p = L.MultiplyAdd(p, square, L.Create(2 / 9f));
        p = L.MultiplyAdd(p, square, L.Create(2 / 7f));
        p = L.MultiplyAdd(p, square, L.Create(2 / 5f));
        p = L.MultiplyAdd(p, square, L.Create(2 / 3f));
        return L.MultiplyAdd(L.Multiply(p, square), s, L.Add(s, s));
    }

    private static float One<TMap>(float x) where TMap : struct, IMap
        => TMap.Apply<Lanes128, Vector128<float>>(Vector128.Create(x)).ToScalar();

    private static void Map<TMap>(ReadOnlySpan<float> x, Span<float> destination) where TMap : struct, IMap
    {
        CheckLengths(x, destination);
        if (Vector512.IsHardwareAccelerated) Map<Lanes512, Vector512<float>, TMap>(x, destination);
        else if (Vector256.IsHardwareAccelerated) Map<Lanes256, Vector256<float>, TMap>(x, destination);
        else Map<Lanes128, Vector128<float>, TMap>(x, destination);
    }

    private static unsafe void Map<L, T, TMap>(ReadOnlySpan<float> x, Span<float> destination)
        where L : struct, IFunctionLanes<T> where T : struct where TMap : struct, IMap
    {
        fixed (float* from = x, to = destination)
        {
            var i = 0;
            for (; i + L.Count <= x.Length; i += L.Count) L.Store(TMap.Apply<L, T>(L.Load(from + i)), to + i);
            if (i == x.Length) return;

            var tail = stackalloc float[L.Count];
            L.Store(TMap.Apply<L, T>(L.LoadPart(from + i, x.Length - i)), tail);
            new ReadOnlySpan<float>(tail, x.Length - i).CopyTo(destination[i..]);
        }
    }

    // Σ e^(x - shift); the terms are kept too, where there is a destination.
    private static float SumExp(ReadOnlySpan<float> x, float shift, Span<float> destination)
        => Vector512.IsHardwareAccelerated ? SumExp<Lanes512, Vector512<float>>(x, shift, destination)
            : Vector256.IsHardwareAccelerated ? SumExp<Lanes256, Vector256<float>>(x, shift, destination)
            : SumExp<Lanes128, Vector128<float>>(x, shift, destination);

    private static unsafe float SumExp<L, T>(ReadOnlySpan<float> x, float shift, Span<float> destination)
        where L : struct, IFunctionLanes<T> where T : struct
    {
        fixed (float* from = x, to = destination)
        {
            var (i, sum, top) = (0, L.Create(0), L.Create(shift));
            for (; i + L.Count <= x.Length; i += L.Count)
            {
                var term = ExpMap.Apply<L, T>(L.Subtract(L.Load(from + i), top));
                if (to != null) L.Store(term, to + i);
                sum = L.Add(sum, term);
            }
            if (i == x.Length) return L.Sum(sum);

            var tail = stackalloc float[L.Count];
            new Span<float>(tail, L.Count).Fill(float.NegativeInfinity);
            x[i..].CopyTo(new Span<float>(tail, L.Count));
            var last = ExpMap.Apply<L, T>(L.Subtract(L.Load(tail), top));
            L.Store(last, tail);
            if (to != null) new ReadOnlySpan<float>(tail, x.Length - i).CopyTo(destination[i..]);
            return L.Sum(L.Add(sum, last));
        }
    }
}
