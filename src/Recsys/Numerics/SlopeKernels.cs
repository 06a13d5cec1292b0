using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Recsys.Numerics;

/// <summary>
/// Activations with a learned slope for each column, or one for all: PReLU, y = x where x &gt; 0, else a x, and the gate of Dice,
/// y = p x + (1 − p) a x. Slopes sum over ascending rows; one slope for all sums by lanes. NaN goes in and comes out. Thread-safe; nothing
/// is allocated.
/// </summary>
internal static unsafe class SlopeKernels
{
    /// <summary>y = x where x &gt; 0, else a x.</summary>
    public static void PRelu(ReadOnlySpan<float> x, ReadOnlySpan<float> slope, Span<float> y)
    {
        fixed (float* px = x, pa = slope, py = y)
            Run<PReluForward>(new Job { X = px, Slope = pa, To = py }, x.Length, slope.Length, y.Length == x.Length);
    }

    /// <summary>dx += g where x &gt; 0, else a g; da += Σ g x over the others. An empty span is not wanted.</summary>
    public static void AddPReluBack(
        ReadOnlySpan<float> x, ReadOnlySpan<float> slope, ReadOnlySpan<float> g, Span<float> dx, Span<float> da)
    {
        fixed (float* px = x, pa = slope, pg = g, pdx = dx, pda = da)
        {
            Run<PReluBackward>(new Job { X = px, Slope = pa, G = pg, DX = pdx, DSlope = pda }, x.Length, slope.Length,
                g.Length == x.Length && Fits(dx, x) && Fits(da, slope));
        }
    }

    /// <summary>p = σ(normalised) and y = (a + (1 − a) p) x.</summary>
    public static void Dice(ReadOnlySpan<float> x, ReadOnlySpan<float> normalised, ReadOnlySpan<float> slope, Span<float> p, Span<float> y)
    {
        fixed (float* px = x, pn = normalised, pa = slope, pp = p, py = y)
        {
            Run<DiceForward>(new Job { X = px, Normalised = pn, Slope = pa, P = pp, To = py }, x.Length, slope.Length,
                normalised.Length == x.Length && p.Length == x.Length && y.Length == x.Length);
        }
    }

    /// <summary>
    /// dx += g (a + (1 − a) p), dn += g x (1 − a) p (1 − p), da += Σ g x (1 − p). An empty span is not wanted.
    /// </summary>
    public static void AddDiceBack(ReadOnlySpan<float> x, ReadOnlySpan<float> p, ReadOnlySpan<float> slope, ReadOnlySpan<float> g,
        Span<float> dx, Span<float> dn, Span<float> da)
    {
        fixed (float* px = x, pp = p, pa = slope, pg = g, pdx = dx, pdn = dn, pda = da)
        {
            Run<DiceBackward>(new Job { X = px, P = pp, Slope = pa, G = pg, DX = pdx, DN = pdn, DSlope = pda }, x.Length, slope.Length,
                p.Length == x.Length && g.Length == x.Length && Fits(dx, x) && Fits(dn, x) && Fits(da, slope));
        }
    }

    private static bool Fits(ReadOnlySpan<float> gradient, ReadOnlySpan<float> of) => gradient.IsEmpty || gradient.Length == of.Length;

    private static void Run<TCell>(in Job job, int length, int slopes, bool fits) where TCell : struct, ICell
    {
        if (!fits || (slopes == 0 ? length != 0 : length % slopes != 0))
            throw new ArgumentException($"The sizes do not fit {length} values and {slopes} slopes.");
        if (length == 0) return;
        if (Vector512.IsHardwareAccelerated) Run<Lanes512, Vector512<float>, TCell>(job, length, slopes);
        else if (Vector256.IsHardwareAccelerated) Run<Lanes256, Vector256<float>, TCell>(job, length, slopes);
        else Run<Lanes128, Vector128<float>, TCell>(job, length, slopes);
    }

    private static void Run<L, T, TCell>(in Job job, int length, int slopes)
        where L : struct, IFunctionLanes<T> where T : struct where TCell : struct, ICell
    {
        if (slopes == 1)
        {
            var (slope, sum) = (L.Create(*job.Slope), L.Create(0));
            var i = 0;
            for (; i + L.Count <= length; i += L.Count) sum = L.Add(sum, TCell.At<L, T, WholeRegister<L, T>>(job, i, slope, 0));
            if (i < length) sum = L.Add(sum, TCell.At<L, T, PartOfRegister<L, T>>(job, i, slope, length - i));
            if (job.DSlope != null) *job.DSlope += L.Sum(sum);
            return;
        }
        for (nint row = 0; row < length; row += slopes)
        {
            var j = 0;
            for (; j + L.Count <= slopes; j += L.Count) Cell<L, T, TCell, WholeRegister<L, T>>(job, row, j, 0);
            if (j < slopes) Cell<L, T, TCell, PartOfRegister<L, T>>(job, row, j, slopes - j);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Cell<L, T, TCell, E>(in Job job, nint row, int j, int count)
        where L : struct, IFunctionLanes<T> where T : struct where TCell : struct, ICell where E : struct, IExtent<T>
    {
        var rise = TCell.At<L, T, E>(job, row + j, E.Load(job.Slope + j, count), count);
        if (job.DSlope != null) E.Store(L.Add(E.Load(job.DSlope + j, count), rise), job.DSlope + j, count);
    }

    private struct Job
    {
        public float* X, Normalised, Slope, P, To, G, DX, DN, DSlope;
    }

    /// <summary>Some neighbouring elements; returns what they give to the slopes. Lanes beyond the end give 0.</summary>
    private interface ICell
    {
        static abstract T At<L, T, E>(in Job job, nint i, T slope, int count)
            where L : struct, IFunctionLanes<T> where T : struct where E : struct, IExtent<T>;
    }

    private readonly struct PReluForward : ICell
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T At<L, T, E>(in Job job, nint i, T slope, int count)
            where L : struct, IFunctionLanes<T> where T : struct where E : struct, IExtent<T>
        {
            var x = E.Load(job.X + i, count);
            E.Store(L.WhereBelow(L.Create(0), x, x, L.Multiply(slope, x)), job.To + i, count);
            return L.Create(0);
        }
    }

    private readonly struct PReluBackward : ICell
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T At<L, T, E>(in Job job, nint i, T slope, int count)
            where L : struct, IFunctionLanes<T> where T : struct where E : struct, IExtent<T>
        {
            var (x, g, zero) = (E.Load(job.X + i, count), E.Load(job.G + i, count), L.Create(0));
            if (job.DX != null)
                E.Store(L.Add(E.Load(job.DX + i, count), L.WhereBelow(zero, x, g, L.Multiply(slope, g))), job.DX + i, count);
            return L.WhereBelow(zero, x, zero, L.Multiply(g, x));
        }
    }

    private readonly struct DiceForward : ICell
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T At<L, T, E>(in Job job, nint i, T slope, int count)
            where L : struct, IFunctionLanes<T> where T : struct where E : struct, IExtent<T>
        {
            var p = Elementwise.Sigmoid<L, T>(E.Load(job.Normalised + i, count));
            E.Store(p, job.P + i, count);
            E.Store(L.Multiply(Gate<L, T>(slope, p), E.Load(job.X + i, count)), job.To + i, count);
            return L.Create(0);
        }
    }

    private readonly struct DiceBackward : ICell
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T At<L, T, E>(in Job job, nint i, T slope, int count)
            where L : struct, IFunctionLanes<T> where T : struct where E : struct, IExtent<T>
        {
            var (p, g, one) = (E.Load(job.P + i, count), E.Load(job.G + i, count), L.Create(1));
            // g x (1 − p), which the slope gets.
            var rise = L.Multiply(L.Multiply(g, E.Load(job.X + i, count)), L.Subtract(one, p));
            if (job.DX != null) E.Store(L.Add(E.Load(job.DX + i, count), L.Multiply(g, Gate<L, T>(slope, p))), job.DX + i, count);
            if (job.DN != null)
                E.Store(L.Add(E.Load(job.DN + i, count), L.Multiply(L.Multiply(rise, L.Subtract(one, slope)), p)), job.DN + i, count);
            return rise;
        }
    }

    // a + (1 − a) p.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Gate<L, T>(T slope, T p) where L : struct, IFunctionLanes<T> where T : struct
        => L.MultiplyAdd(L.Subtract(L.Create(1), slope), p, slope);
}
