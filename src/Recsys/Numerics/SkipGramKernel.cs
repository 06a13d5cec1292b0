using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recsys.Numerics;

/// <summary>Two tokens that were met together.</summary>
/// <param name="Centre">Row of the input table.</param>
/// <param name="Context">Row of the output table.</param>
internal readonly record struct TokenPair(int Centre, int Context);

/// <summary>
/// Where the outputs of a step come from: the positive and up to <paramref name="Count"/> draws from a distribution over neighbouring rows.
/// A draw that hits the positive is left out.
/// </summary>
/// <param name="Table">The distribution of negatives; its index 0 is row <paramref name="FirstRow"/>.</param>
/// <param name="FirstRow">A row of the output table.</param>
/// <param name="Count">N, 1..<see cref="SkipGramKernel.MostNegatives"/>.</param>
/// <param name="Rng">Step p draws at the positions p · Count ….</param>
internal readonly record struct Negatives(AliasTable Table, int FirstRow, int Count, Rng Rng);

// One step: with the input vector h, the positive output z_0 (label 1) and negatives z_1 … z_n (label 0), all right sides old,
//
//   g_k = η (y_k - σ(h·z_k)),   e = Σ_k g_k z_k,   z_k ← z_k + g_k h
//
// and the caller moves whatever h was made of along e; for skip-gram h ← h + e. Mikolov et al., "Distributed representations of words and
// phrases
// and their compositionality", NIPS 2013, eq. 4. A negative drawn twice is updated twice.

/// <summary>Negative sampling by SIMD. Steps over disjoint rows may run at the same time; others race, which only the caller can
/// want.</summary>
internal static unsafe class SkipGramKernel
{
    public const int MostNegatives = 255;

    // Every so many steps the loss is computed: a logarithm for each output would cost as much as the step.
    private const int LossEvery = 64;

    /// <summary>One step for each pair, in order.</summary>
    /// <returns>The sum of -log σ(h·z_0) - Σ log σ(-h·z_k) over the measured pairs, and how many were measured.</returns>
    public static (double Loss, int Measured) Train(AlignedRows input, AlignedRows output, ReadOnlySpan<TokenPair> pairs,
        in Negatives negatives, float rate)
    {
        CheckFits(input, output, negatives);
        // Padded to 16 floats, rows divide into registers of every width.
        if (Avx512F.IsSupported) return Train<Lanes512, Vector512<float>>(input, output, pairs, negatives, rate);
        if (Vector256.IsHardwareAccelerated) return Train<Lanes256, Vector256<float>>(input, output, pairs, negatives, rate);
        if (Vector128.IsHardwareAccelerated) return Train<Lanes128, Vector128<float>>(input, output, pairs, negatives, rate);
        return Train<Lanes1, float>(input, output, pairs, negatives, rate);
    }

    /// <summary>One step of a composed input: changes the outputs and writes e.</summary>
    /// <param name="h">[output.Stride], padded with zeros.</param>
    /// <param name="e">Receives Σ g z, [output.Stride].</param>
    /// <param name="output">The output table.</param>
    /// <param name="context">The positive's row.</param>
    /// <param name="negatives">What is drawn.</param>
    /// <param name="step">The number p of the step.</param>
    /// <param name="rate">η.</param>
    /// <returns>The loss, or NaN for a step that is not measured.</returns>
    public static double Step(
        ReadOnlySpan<float> h, Span<float> e, AlignedRows output, int context, in Negatives negatives, long step, float rate)
    {
        CheckFits(output, output, negatives);
        if (h.Length != output.Stride || e.Length != output.Stride)
            throw new ArgumentException($"h holds {h.Length} floats and e {e.Length}; both must hold {output.Stride}.", nameof(h));
        fixed (float* ph = h, pe = e)
        {
            var rows = stackalloc float*[MostNegatives + 4];
            var gradients = stackalloc float[MostNegatives + 4];
            var count = Gather(rows, output, context, negatives, step);
            if (Avx512F.IsSupported) return Step<Lanes512, Vector512<float>>(ph, pe, false, output.Stride, rows, count, gradients, rate,
                Measures(step));
            if (Vector256.IsHardwareAccelerated)
                return Step<Lanes256, Vector256<float>>(ph, pe, false, output.Stride, rows, count, gradients, rate, Measures(step));
            if (Vector128.IsHardwareAccelerated)
                return Step<Lanes128, Vector128<float>>(ph, pe, false, output.Stride, rows, count, gradients, rate, Measures(step));
            return Step<Lanes1, float>(ph, pe, false, output.Stride, rows, count, gradients, rate, Measures(step));
        }
    }

    /// <summary>Whether the loss of a step is computed.</summary>
    public static bool Measures(long step) => step % LossEvery == 0;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // long loops within few calls: the first training is the only one
    private static (double, int) Train<L, V>(AlignedRows input, AlignedRows output, ReadOnlySpan<TokenPair> pairs, in Negatives negatives,
        float rate)
        where L : struct, ILanes<V> where V : struct
    {
        var rows = stackalloc float*[MostNegatives + 4];
        var gradients = stackalloc float[MostNegatives + 4];
        var inputs = input.Pointer;
        var (stride, loss, measured) = (output.Stride, 0.0, 0);
        for (var p = 0; p < pairs.Length; p++)
        {
            var (centre, context) = pairs[p];
            if ((uint)centre >= (uint)input.Rows) throw new ArgumentOutOfRangeException(nameof(pairs), centre,
                $"The table has {input.Rows} rows.");
            var count = Gather(rows, output, context, negatives, p);
            var h = inputs + (nint)centre * stride;
            var one = Step<L, V>(h, h, true, stride, rows, count, gradients, rate, Measures(p));
            if (Measures(p))
            {
                loss += one;
                measured++;
            }
        }
        return (loss, measured);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Gather(float** rows, AlignedRows output, int context, in Negatives negatives, long step)
    {
        if ((uint)context >= (uint)output.Rows) throw new ArgumentOutOfRangeException(nameof(context), context,
            $"The table has {output.Rows} rows.");
        var outputs = output.Pointer;
        var stride = output.Stride;
        rows[0] = outputs + (nint)context * stride;
        var count = 1;
        for (var k = 0; k < negatives.Count; k++)
        {
            var row = negatives.FirstRow + negatives.Table.Sample(negatives.Rng, (ulong)(step * negatives.Count + k));
            rows[count] = outputs + (nint)row * stride;
            count += row == context ? 0 : 1;
        }
        return count;
    }

    // target = e, or with add target = old target + e, where it may be h itself.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Step<L, V>(
        float* h, float* target, bool add, int stride, float** rows, int count, float* gradients, float rate, bool measure)
        where L : struct, ILanes<V> where V : struct
    {
        // Four outputs at a time; the last group repeats the last one.
        for (var k = count; k < (count + 3 & ~3); k++) rows[k] = rows[count - 1];
        var loss = 0.0;
        for (var k = 0; k < count; k += 4)
        {
            V a = L.Create(0), b = L.Create(0), c = L.Create(0), d = L.Create(0);
            float* ra = rows[k], rb = rows[k + 1], rc = rows[k + 2], rd = rows[k + 3];
            for (var f = 0; f < stride; f += L.Count)
            {
                var x = L.Load(h + f);
                a = L.MultiplyAdd(x, L.Load(ra + f), a);
                b = L.MultiplyAdd(x, L.Load(rb + f), b);
                c = L.MultiplyAdd(x, L.Load(rc + f), c);
                d = L.MultiplyAdd(x, L.Load(rd + f), d);
            }
            var z = Vector128.Create(L.Sum(a), L.Sum(b), L.Sum(c), L.Sum(d));
            if (measure) loss += Loss(z, k, count);
            var label = k == 0 ? Vector128.Create(1f, 0, 0, 0) : Vector128<float>.Zero;
            ((label - Elementwise.Sigmoid4(z)) * Vector128.Create(rate)).Store(gradients + k);
        }
        for (var f = 0; f < stride; f += L.Count)
        {
            var x = L.Load(h + f);
            var e = add ? L.Load(target + f) : L.Create(0);
            for (var k = 0; k < count; k++)
            {
                var g = L.Create(gradients[k]);
                var to = rows[k] + f;
                var z = L.Load(to);
                e = L.MultiplyAdd(g, z, e);
                L.Store(L.MultiplyAdd(g, x, z), to);
            }
            L.Store(e, target + f);
        }
        return loss;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static double Loss(Vector128<float> z, int first, int count)
    {
        var loss = 0.0;
        for (var k = first; k < Math.Min(count, first + 4); k++) loss -= Elementwise.LogSigmoid(k == 0 ? z[0] : -z[k - first]);
        return loss;
    }

    private static void CheckFits(AlignedRows input, AlignedRows output, in Negatives negatives)
    {
        var last = negatives.FirstRow + negatives.Table.Count;
        if (input.Stride != output.Stride || negatives.FirstRow < 0 || last > output.Rows || negatives.Count is < 1 or > MostNegatives)
        {
            throw new ArgumentException(
                $"Rows of {input.Stride} and {output.Stride} floats, {output.Rows} outputs, {negatives.Count} negatives from rows " +
                $"{negatives.FirstRow} to " +
                $"{last - 1}: strides must be equal, the rows inside, the negatives 1 to {MostNegatives}.", nameof(negatives));
        }
    }
}
