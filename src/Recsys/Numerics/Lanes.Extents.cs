using System.Runtime.CompilerServices;

namespace Recsys.Numerics;

/// <summary>
/// How much of a register is in use, so that one body of a kernel compiles for the middle of a row and for its end. Lanes beyond the end
/// load 0 and are not stored.
/// </summary>
/// <typeparam name="TVector">The register.</typeparam>
internal unsafe interface IExtent<TVector> where TVector : struct
{
    /// <summary><paramref name="count"/> is that of a part, 1 to the lanes less 1; a whole register ignores it.</summary>
    static abstract TVector Load(float* from, int count);

    static abstract void Store(TVector value, float* to, int count);
}

internal readonly unsafe struct WholeRegister<L, T> : IExtent<T> where L : struct, ILanes<T> where T : struct
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load(float* from, int count) => L.Load(from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(T value, float* to, int count) => L.Store(value, to);
}

internal readonly unsafe struct PartOfRegister<L, T> : IExtent<T> where L : struct, ILanes<T> where T : struct
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load(float* from, int count) => L.LoadPart(from, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(T value, float* to, int count) => L.StorePart(value, to, count);
}
