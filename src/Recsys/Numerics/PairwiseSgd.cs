using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Recsys.Numerics;

/// <summary>Steps that push the score of one column of a factorisation above that of another, for one row.</summary>
internal static class PairwiseSgd
{
    /// <summary>x = p·(q_i - q_j) + c_i - c_j.</summary>
    /// <param name="state">The factors.</param>
    /// <param name="row">Whose p.</param>
    /// <param name="i">The column that should stand higher.</param>
    /// <param name="j">The other one.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Difference(FactorState state, int row, int i, int j)
    {
        var stride = state.Stride;
        ref var p = ref MemoryMarshal.GetReference(state.P.AsSpan(row * stride, stride));
        ref var a = ref MemoryMarshal.GetReference(state.Q.AsSpan(i * stride, stride));
        ref var b = ref MemoryMarshal.GetReference(state.Q.AsSpan(j * stride, stride));
        var even = Vector256<float>.Zero;
        var odd = Vector256<float>.Zero;
        nuint f = 0;
        for (; f + 2 * FactorState.Width <= (nuint)stride; f += 2 * FactorState.Width)
        {
            even = Add(ref p, ref a, ref b, f, even);
            odd = Add(ref p, ref a, ref b, f + FactorState.Width, odd);
        }
        if (f < (nuint)stride) even = Add(ref p, ref a, ref b, f, even);
        return Vector256.Sum(even + odd) + state.ColumnBias[i] - state.ColumnBias[j];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Add(ref float p, ref float a, ref float b, nuint f, Vector256<float> sum)
        => Vector256.MultiplyAddEstimate(
            Vector256.LoadUnsafe(ref p, f), Vector256.LoadUnsafe(ref a, f) - Vector256.LoadUnsafe(ref b, f), sum);

    /// <summary>
    /// All right sides old: p ← (1-η λ) p + s (q_i - q_j), q_i ← (1-η λ) q_i + s p, q_j ← (1-η λ) q_j - s p, and if the state has biases
    /// c_i ← (1-η λ) c_i + s, c_j ← (1-η λ) c_j - s.
    /// </summary>
    /// <param name="state">Changed in place. Calls that share no row and no column may run at the same time.</param>
    /// <param name="row">Whose p.</param>
    /// <param name="i">The column that is pushed up.</param>
    /// <param name="j">The column that is pushed down; another one than i.</param>
    /// <param name="push">s, the rate times the slope.</param>
    /// <param name="shrink">η λ.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Step(FactorState state, int row, int i, int j, float push, float shrink)
    {
        var stride = state.Stride;
        ref var p = ref MemoryMarshal.GetReference(state.P.AsSpan(row * stride, stride));
        ref var a = ref MemoryMarshal.GetReference(state.Q.AsSpan(i * stride, stride));
        ref var b = ref MemoryMarshal.GetReference(state.Q.AsSpan(j * stride, stride));
        var s = Vector256.Create(push);
        var keep = Vector256.Create(1 - shrink);
        for (nuint f = 0; f < (nuint)stride; f += FactorState.Width)
        {
            var (oldP, oldA, oldB) = (Vector256.LoadUnsafe(ref p, f), Vector256.LoadUnsafe(ref a, f), Vector256.LoadUnsafe(ref b, f));
            var change = s * oldP;
            Vector256.MultiplyAddEstimate(s, oldA - oldB, keep * oldP).StoreUnsafe(ref p, f);
            Vector256.MultiplyAddEstimate(keep, oldA, change).StoreUnsafe(ref a, f);
            (keep * oldB - change).StoreUnsafe(ref b, f);
        }
        if (!state.Biases) return;
        state.ColumnBias[i] = (1 - shrink) * state.ColumnBias[i] + push;
        state.ColumnBias[j] = (1 - shrink) * state.ColumnBias[j] - push;
    }
}
