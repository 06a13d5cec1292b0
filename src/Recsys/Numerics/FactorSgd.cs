using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Recsys.Numerics;

/// <summary>One known cell of a matrix that is to be factorised.</summary>
internal readonly record struct FactorExample(int Row, int Column, float Value);

/// <summary>
/// The rows and columns of a factorisation while it is being trained: value ≈ mean + b_row + b_column + p_row · q_column. Vectors stand
/// <see cref="Stride"/> apart and are padded with zeros, which every step keeps zero.
/// </summary>
internal sealed class FactorState(int rows, int columns, int factors, float mean, bool biases)
{
    public int Factors { get; } = factors;

    public int Stride { get; } = (factors + Width - 1) / Width * Width;

    public float Mean { get; } = mean;

    /// <summary>Without biases they stay 0.</summary>
    public bool Biases { get; } = biases;

    public float[] RowBias { get; } = new float[rows];

    public float[] ColumnBias { get; } = new float[columns];

    public float[] P { get; } = new float[checked(rows * ((factors + Width - 1) / Width * Width))];

    public float[] Q { get; } = new float[checked(columns * ((factors + Width - 1) / Width * Width))];

    internal const int Width = 8;
}

/// <summary>Stochastic gradient descent on factors.</summary>
internal static class FactorSgd
{
    /// <summary>
    /// One step for each example, in order, on (e² + λ |p|² + λ |q|² + λ b²) / 2, where e = value - prediction and all right sides are old:
    /// p ← p + η (e q - λ p), q ← q + η (e p - λ q), b ← b + η (e - λ b).
    /// </summary>
    /// <param name="state">Changed in place. Calls that share no row and no column may run at the same time.</param>
    /// <param name="examples">Rows and columns of the state.</param>
    /// <param name="rate">η.</param>
    /// <param name="regularization">λ.</param>
    /// <returns>Σ e².</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Run(FactorState state, ReadOnlySpan<FactorExample> examples, float rate, float regularization)
    {
        var stride = state.Stride;
        var keep = Vector256.Create(1 - rate * regularization);
        var loss = 0.0;
        foreach (var (row, column, value) in examples)
        {
            // Taking the spans checks that the ids lie inside.
            ref var p = ref MemoryMarshal.GetReference(state.P.AsSpan(row * stride, stride));
            ref var q = ref MemoryMarshal.GetReference(state.Q.AsSpan(column * stride, stride));
            var sum = Vector256<float>.Zero;
            for (nuint f = 0; f < (nuint)stride; f += FactorState.Width)
                sum = Vector256.MultiplyAddEstimate(Vector256.LoadUnsafe(ref p, f), Vector256.LoadUnsafe(ref q, f), sum);

            ref var b = ref state.RowBias[row];
            ref var c = ref state.ColumnBias[column];
            var e = value - (state.Mean + b + c + Vector256.Sum(sum));
            loss += (double)e * e;
            if (state.Biases)
            {
                b += rate * (e - regularization * b);
                c += rate * (e - regularization * c);
            }
            var step = Vector256.Create(rate * e);
            for (nuint f = 0; f < (nuint)stride; f += FactorState.Width)
            {
                var oldP = Vector256.LoadUnsafe(ref p, f);
                var oldQ = Vector256.LoadUnsafe(ref q, f);
                Vector256.MultiplyAddEstimate(step, oldQ, keep * oldP).StoreUnsafe(ref p, f);
                Vector256.MultiplyAddEstimate(step, oldP, keep * oldQ).StoreUnsafe(ref q, f);
            }
        }
        return loss;
    }
}
