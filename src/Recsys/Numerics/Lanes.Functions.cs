using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recsys.Numerics;

/// <summary>
/// What elementary functions need beyond sums of products. An operation on one lane gives the same bits in every width: which lane a value
/// falls into, and so its place in a span, never shows in the result.
/// </summary>
/// <typeparam name="TVector">The register.</typeparam>
internal interface IFunctionLanes<TVector> : ILanes<TVector> where TVector : struct
{
    static abstract float Lane(TVector value, int lane);

    static abstract TVector Divide(TVector a, TVector b);

    /// <summary>1 / √a for normal a above 0, to about the last place.</summary>
    static abstract TVector ReciprocalSqrt(TVector a);

    /// <summary>NaN if either is.</summary>
    static abstract TVector Min(TVector a, TVector b);

    /// <summary>NaN if either is.</summary>
    static abstract TVector Max(TVector a, TVector b);

    static abstract TVector Abs(TVector a);

    static abstract TVector Negate(TVector a);

    /// <summary>To the nearest whole number, ties to even.</summary>
    static abstract TVector Round(TVector a);

    /// <summary>Lane by lane: a where x is below the bound, else b.</summary>
    static abstract TVector WhereBelow(TVector x, TVector bound, TVector a, TVector b);

    /// <summary>The magnitude of one with the sign of the other.</summary>
    static abstract TVector CopySign(TVector magnitude, TVector sign);

    /// <summary>2ⁿ for whole n in -126..127.</summary>
    static abstract TVector PowerOfTwo(TVector n);
}

internal readonly unsafe partial struct Lanes128 : IFunctionLanes<Vector128<float>>
{
    public static float Lane(Vector128<float> value, int lane) => value.GetElement(lane);
    public static Vector128<float> Divide(Vector128<float> a, Vector128<float> b) => a / b;
    public static Vector128<float> Min(Vector128<float> a, Vector128<float> b) => Vector128.Min(a, b);
    public static Vector128<float> Max(Vector128<float> a, Vector128<float> b) => Vector128.Max(a, b);
    public static Vector128<float> Abs(Vector128<float> a) => Vector128.Abs(a);
    public static Vector128<float> Negate(Vector128<float> a) => -a;
    public static Vector128<float> Round(Vector128<float> a) => Vector128.Round(a);
    public static Vector128<float> CopySign(Vector128<float> magnitude, Vector128<float> sign) => Vector128.CopySign(magnitude, sign);

    // An estimate of 12 or 14 bits and one step of Newton's method: a root and a division take several times as long.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> ReciprocalSqrt(Vector128<float> a)
    {
        if (!Sse.IsSupported) return Vector128<float>.One / Vector128.Sqrt(a);
        var y = Sse.ReciprocalSqrt(a);
        return y * (Vector128.Create(1.5f) - Vector128.Create(0.5f) * a * y * y);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> WhereBelow(Vector128<float> x, Vector128<float> bound, Vector128<float> a, Vector128<float> b)
        => Vector128.ConditionalSelect(Vector128.LessThan(x, bound), a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> PowerOfTwo(Vector128<float> n)
        => ((Vector128.ConvertToInt32Native(n) + Vector128.Create(127)) << 23).AsSingle();
}

internal readonly unsafe partial struct Lanes256 : IFunctionLanes<Vector256<float>>
{
    public static float Lane(Vector256<float> value, int lane) => value.GetElement(lane);
    public static Vector256<float> Divide(Vector256<float> a, Vector256<float> b) => a / b;
    public static Vector256<float> Min(Vector256<float> a, Vector256<float> b) => Vector256.Min(a, b);
    public static Vector256<float> Max(Vector256<float> a, Vector256<float> b) => Vector256.Max(a, b);
    public static Vector256<float> Abs(Vector256<float> a) => Vector256.Abs(a);
    public static Vector256<float> Negate(Vector256<float> a) => -a;
    public static Vector256<float> Round(Vector256<float> a) => Vector256.Round(a);
    public static Vector256<float> CopySign(Vector256<float> magnitude, Vector256<float> sign) => Vector256.CopySign(magnitude, sign);

    // An estimate of 12 or 14 bits and one step of Newton's method: a root and a division take several times as long.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ReciprocalSqrt(Vector256<float> a)
    {
        if (!Avx.IsSupported) return Vector256<float>.One / Vector256.Sqrt(a);
        var y = Avx.ReciprocalSqrt(a);
        return y * (Vector256.Create(1.5f) - Vector256.Create(0.5f) * a * y * y);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> WhereBelow(Vector256<float> x, Vector256<float> bound, Vector256<float> a, Vector256<float> b)
        => Vector256.ConditionalSelect(Vector256.LessThan(x, bound), a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> PowerOfTwo(Vector256<float> n)
        => ((Vector256.ConvertToInt32Native(n) + Vector256.Create(127)) << 23).AsSingle();
}

internal readonly unsafe partial struct Lanes512 : IFunctionLanes<Vector512<float>>
{
    public static float Lane(Vector512<float> value, int lane) => value.GetElement(lane);
    public static Vector512<float> Divide(Vector512<float> a, Vector512<float> b) => a / b;
    public static Vector512<float> Min(Vector512<float> a, Vector512<float> b) => Vector512.Min(a, b);
    public static Vector512<float> Max(Vector512<float> a, Vector512<float> b) => Vector512.Max(a, b);
    public static Vector512<float> Abs(Vector512<float> a) => Vector512.Abs(a);
    public static Vector512<float> Negate(Vector512<float> a) => -a;
    public static Vector512<float> Round(Vector512<float> a) => Vector512.Round(a);
    public static Vector512<float> CopySign(Vector512<float> magnitude, Vector512<float> sign) => Vector512.CopySign(magnitude, sign);

    // An estimate of 12 or 14 bits and one step of Newton's method: a root and a division take several times as long.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> ReciprocalSqrt(Vector512<float> a)
    {
        if (!Avx512F.IsSupported) return Vector512<float>.One / Vector512.Sqrt(a);
        var y = Avx512F.ReciprocalSqrt14(a);
        return y * (Vector512.Create(1.5f) - Vector512.Create(0.5f) * a * y * y);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> WhereBelow(Vector512<float> x, Vector512<float> bound, Vector512<float> a, Vector512<float> b)
        => Vector512.ConditionalSelect(Vector512.LessThan(x, bound), a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> PowerOfTwo(Vector512<float> n)
        => ((Vector512.ConvertToInt32Native(n) + Vector512.Create(127)) << 23).AsSingle();
}
