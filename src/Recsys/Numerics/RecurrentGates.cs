using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Recsys.Numerics;

/// <summary>
/// One step of a recurrence, with s = h_{t−1} W computed: where each quantity of the first sequence that goes on lies. Those of the others
/// follow without gaps, save those of P, States, Gradient and DP, which lie in the rows of the sequences.
/// </summary>
internal unsafe struct RecurrentStep
{
    public int* Starts;
    public int Step, Going, Width;

    /// <summary>How many go on at the step after this one.</summary>
    public int Next;

    public float* P, Sums, Bias, States;

    /// <summary>What the gates were: [going, 4 h] of a GRU, [going, 6 h] of an LSTM.</summary>
    public float* Kept;

    /// <summary>h_{t−1} and, for those that go on, the place of h_t.</summary>
    public float* Before, After;

    /// <summary>c_{t−1} of an LSTM, and the floats from one to the next.</summary>
    public float* Memory;

    public int MemoryStride;

    public float* Gradient, DP, DS;

    /// <summary>
    /// ∂h_t and ∂c_t that the later steps give. What this step gives to the earlier ones, save the product with W, takes their place; of
    /// ∂h an LSTM has nothing else.
    /// </summary>
    public float* Later, LaterMemory;
}

/// <summary>
/// What the gates of a GRU and an LSTM do with the products, forward and back, in registers of any width: the bits of an element depend on
/// nothing but that element.
/// </summary>
internal static unsafe class RecurrentGates
{
    public static void Gru(in RecurrentStep step) => Run<GruForward>(step);

    public static void GruBack(in RecurrentStep step) => Run<GruBackward>(step);

    public static void Lstm(in RecurrentStep step) => Run<LstmForward>(step);

    public static void LstmBack(in RecurrentStep step) => Run<LstmBackward>(step);

    private static void Run<TCell>(in RecurrentStep step) where TCell : struct, ICell
    {
        if (Vector512.IsHardwareAccelerated) Run<Lanes512, Vector512<float>, TCell>(step);
        else if (Vector256.IsHardwareAccelerated) Run<Lanes256, Vector256<float>, TCell>(step);
        else Run<Lanes128, Vector128<float>, TCell>(step);
    }

    private static void Run<L, T, TCell>(in RecurrentStep step)
        where L : struct, IFunctionLanes<T> where T : struct where TCell : struct, ICell
    {
        var whole = step.Width - step.Width % L.Count;
        for (nint a = 0; a < step.Going; a++)
        {
            var row = step.Starts[a] + (nint)step.Step;
            for (var i = 0; i < whole; i += L.Count) TCell.At<L, T, WholeRegister<L, T>>(step, a, row, i, 0);
            if (whole < step.Width) TCell.At<L, T, PartOfRegister<L, T>>(step, a, row, whole, step.Width - whole);
        }
    }

    /// <summary>Some neighbouring elements of one sequence.</summary>
    private interface ICell
    {
        static abstract void At<L, T, E>(in RecurrentStep step, nint a, nint row, int i, int count)
            where L : struct, IFunctionLanes<T> where T : struct where E : struct, IExtent<T>;
    }

    private readonly struct GruForward : ICell
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void At<L, T, E>(in RecurrentStep step, nint a, nint row, int i, int count)
            where L : struct, IFunctionLanes<T> where T : struct where E : struct, IExtent<T>
        {
            nint h = step.Width;
            float* p = step.P + row * 3 * h + i, s = step.Sums + a * 3 * h + i, b = step.Bias + i, kept = step.Kept + a * 4 * h + i;
            var r = Elementwise.Sigmoid<L, T>(Sum<L, T, E>(s, b, p, 0, count));
            var z = Elementwise.Sigmoid<L, T>(Sum<L, T, E>(s, b, p, h, count));
            var sum = L.Add(E.Load(s + 2 * h, count), E.Load(b + 2 * h, count));
            var n = Elementwise.Tanh<L, T>(L.MultiplyAdd(r, sum, E.Load(p + 2 * h, count)));
            var state = L.MultiplyAdd(z, L.Subtract(E.Load(step.Before + a * h + i, count), n), n);
            E.Store(r, kept, count);
            E.Store(z, kept + h, count);
            E.Store(n, kept + 2 * h, count);
            E.Store(sum, kept + 3 * h, count);
            E.Store(state, step.States + row * h + i, count);
            if (a < step.Next) E.Store(state, step.After + a * h + i, count);
        }
    }

    private readonly struct GruBackward : ICell
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void At<L, T, E>(in RecurrentStep step, nint a, nint row, int i, int count)
            where L : struct, IFunctionLanes<T> where T : struct where E : struct, IExtent<T>
        {
            nint h = step.Width;
            float* kept = step.Kept + a * 4 * h + i, later = step.Later + a * h + i;
            var (r, z) = (E.Load(kept, count), E.Load(kept + h, count));
            var (n, sum) = (E.Load(kept + 2 * h, count), E.Load(kept + 3 * h, count));
            var (one, d) = (L.Create(1), L.Add(E.Load(step.Gradient + row * h + i, count), E.Load(later, count)));
            var dn = L.Multiply(L.Multiply(d, L.Subtract(one, z)), L.Subtract(one, L.Multiply(n, n)));
            var dr = L.Multiply(L.Multiply(dn, sum), Slope<L, T>(r));
            var change = L.Subtract(E.Load(step.Before + a * h + i, count), n);
            var dz = L.Multiply(L.Multiply(d, change), Slope<L, T>(z));
            E.Store(L.Multiply(d, z), later, count);
            float* dp = step.DP + row * 3 * h + i, ds = step.DS + a * 3 * h + i;
            E.Store(dr, dp, count);
            E.Store(dz, dp + h, count);
            E.Store(dn, dp + 2 * h, count);
            E.Store(dr, ds, count);
            E.Store(dz, ds + h, count);
            E.Store(L.Multiply(dn, r), ds + 2 * h, count);
        }
    }

    private readonly struct LstmForward : ICell
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void At<L, T, E>(in RecurrentStep step, nint a, nint row, int i, int count)
            where L : struct, IFunctionLanes<T> where T : struct where E : struct, IExtent<T>
        {
            nint h = step.Width;
            float* p = step.P + row * 4 * h + i, s = step.Sums + a * 4 * h + i, b = step.Bias + i, kept = step.Kept + a * 6 * h + i;
            var input = Elementwise.Sigmoid<L, T>(Sum<L, T, E>(s, b, p, 0, count));
            var forget = Elementwise.Sigmoid<L, T>(Sum<L, T, E>(s, b, p, h, count));
            var cell = Elementwise.Tanh<L, T>(Sum<L, T, E>(s, b, p, 2 * h, count));
            var output = Elementwise.Sigmoid<L, T>(Sum<L, T, E>(s, b, p, 3 * h, count));
            var memory = L.MultiplyAdd(forget, E.Load(step.Memory + a * step.MemoryStride + i, count), L.Multiply(input, cell));
            var tanh = Elementwise.Tanh<L, T>(memory);
            var state = L.Multiply(output, tanh);
            E.Store(input, kept, count);
            E.Store(forget, kept + h, count);
            E.Store(cell, kept + 2 * h, count);
            E.Store(output, kept + 3 * h, count);
            E.Store(memory, kept + 4 * h, count);
            E.Store(tanh, kept + 5 * h, count);
            E.Store(state, step.States + row * h + i, count);
            if (a < step.Next) E.Store(state, step.After + a * h + i, count);
        }
    }

    private readonly struct LstmBackward : ICell
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void At<L, T, E>(in RecurrentStep step, nint a, nint row, int i, int count)
            where L : struct, IFunctionLanes<T> where T : struct where E : struct, IExtent<T>
        {
            nint h = step.Width;
            float* kept = step.Kept + a * 6 * h + i, later = step.LaterMemory + a * h + i;
            var (input, forget) = (E.Load(kept, count), E.Load(kept + h, count));
            var (cell, output) = (E.Load(kept + 2 * h, count), E.Load(kept + 3 * h, count));
            var (one, tanh) = (L.Create(1), E.Load(kept + 5 * h, count));
            var d = L.Add(E.Load(step.Gradient + row * h + i, count), E.Load(step.Later + a * h + i, count));
            var dc = L.MultiplyAdd(L.Multiply(d, output), L.Subtract(one, L.Multiply(tanh, tanh)), E.Load(later, count));
            var di = L.Multiply(L.Multiply(dc, cell), Slope<L, T>(input));
            var df = L.Multiply(L.Multiply(dc, E.Load(step.Memory + a * step.MemoryStride + i, count)), Slope<L, T>(forget));
            var dg = L.Multiply(L.Multiply(dc, input), L.Subtract(one, L.Multiply(cell, cell)));
            var dOut = L.Multiply(L.Multiply(d, tanh), Slope<L, T>(output));
            E.Store(L.Multiply(dc, forget), later, count);
            float* dp = step.DP + row * 4 * h + i, ds = step.DS + a * 4 * h + i;
            E.Store(di, dp, count);
            E.Store(df, dp + h, count);
            E.Store(dg, dp + 2 * h, count);
            E.Store(dOut, dp + 3 * h, count);
            E.Store(di, ds, count);
            E.Store(df, ds + h, count);
            E.Store(dg, ds + 2 * h, count);
            E.Store(dOut, ds + 3 * h, count);
        }
    }

    // What goes into a gate: s + b + p.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Sum<L, T, E>(float* s, float* b, float* p, nint gate, int count)
        where L : struct, IFunctionLanes<T> where T : struct where E : struct, IExtent<T>
        => L.Add(L.Add(E.Load(s + gate, count), E.Load(b + gate, count)), E.Load(p + gate, count));

    // σ' = σ (1 − σ).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Slope<L, T>(T y) where L : struct, IFunctionLanes<T> where T : struct => L.Multiply(y, L.Subtract(L.Create(1), y));
}
