using System.Runtime.CompilerServices;

namespace Recsys.Numerics;

/// <summary>Additions to places named by an index list.</summary>
internal static class Scatter
{
    /// <summary>sums[at[i]] += w for every i; the places are distinct.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // long loops within few calls: the first training is the only one
    public static void Add(Span<float> sums, ReadOnlySpan<int> at, float w)
    {
        foreach (var place in at) sums[place] += w;
    }

    /// <summary>sums[at[i]] += w · values[i] for every i; the places are distinct.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled(Span<float> sums, ReadOnlySpan<int> at, ReadOnlySpan<float> values, float w)
    {
        values = values[..at.Length];
        for (var i = 0; i < at.Length; i++) sums[at[i]] += w * values[i];
    }
}
