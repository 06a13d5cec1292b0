namespace Recsys.Numerics;

/// <summary>
/// The sequences that a recurrence runs over, longest first, so that those that go on at a step are the first ones. A sequence owns
/// neighbouring rows.
/// </summary>
internal readonly ref struct RecurrentSequences(ReadOnlySpan<int> starts, ReadOnlySpan<int> lengths)
{
    /// <summary>The first row of each.</summary>
    public readonly ReadOnlySpan<int> Starts = starts;

    /// <summary>The rows of each, falling.</summary>
    public readonly ReadOnlySpan<int> Lengths = lengths;

    public int Count => Starts.Length;

    public int Steps => Lengths.IsEmpty ? 0 : Lengths[0];

    /// <summary>Rows of all of them.</summary>
    public int Total
    {
        get
        {
            var sum = 0;
            foreach (var length in Lengths) sum += length;
            return sum;
        }
    }

    /// <summary>How many go on at a step, given how many did at an earlier one (all) or a later one (0).</summary>
    public int Going(int step, int before)
    {
        while (before > 0 && Lengths[before - 1] <= step) before--;
        while (before < Count && Lengths[before] > step) before++;
        return before;
    }
}

/// <summary>
/// A GRU (gates r, z, n) and an LSTM (gates i, f, g, o) over sequences, forward and back: at each step one product for all sequences that
/// go on, then their gates. What a step keeps lies together, step after step and longest sequence first, so that it is a matrix as it
/// stands. Thread-safe; nothing is allocated.
/// </summary>
internal static unsafe class RecurrentKernels
{
    /// <summary>Floats that a way forward keeps for a row: the gates, and h_{t−1}.</summary>
    public static int Kept(int gates) => gates == 3 ? 5 : 7;

    /// <summary>
    /// r = σ(p_r + s_r), z = σ(p_z + s_z), n = tanh(p_n + r ⊙ s_n), h_t = (1 − z) ⊙ n + z ⊙ h_{t−1}, s = h_{t−1} W + b, from h = 0.
    /// </summary>
    /// <param name="sequences">Over which.</param>
    /// <param name="p">[rows, 3 h]</param>
    /// <param name="weights">W: [h, 3 h].</param>
    /// <param name="bias">b: [3 h].</param>
    /// <param name="kept">Receives r, z, n, s_n and, behind those of all, h_{t−1}: [total, 5 h]. If nobody goes back, one step of it
    /// suffices: [sequences, 5 h].</param>
    /// <param name="scratch">[sequences, 3 h]</param>
    /// <param name="states">Receives h_t of each row: [rows, h].</param>
    public static void GruForward(in RecurrentSequences sequences, ReadOnlySpan<float> p, ReadOnlySpan<float> weights,
        ReadOnlySpan<float> bias, Span<float> kept, Span<float> scratch, Span<float> states)
        => Forward(3, sequences, p, weights, bias, kept, scratch, states);

    /// <summary>a = p + h_{t−1} W + b, c_t = σ(a_f) ⊙ c_{t−1} + σ(a_i) ⊙ tanh(a_g), h_t = σ(a_o) ⊙ tanh(c_t), from h = c = 0.</summary>
    /// <param name="sequences">Over which.</param>
    /// <param name="p">[rows, 4 h]</param>
    /// <param name="weights">W: [h, 4 h].</param>
    /// <param name="bias">b: [4 h].</param>
    /// <param name="kept">Receives σ(a_i), σ(a_f), tanh(a_g), σ(a_o), c_t, tanh(c_t) and, behind those of all, h_{t−1}: [total, 7 h]. If
    /// nobody goes back, one step of it suffices: [sequences, 7 h].</param>
    /// <param name="scratch">[sequences, 4 h]</param>
    /// <param name="states">Receives h_t of each row: [rows, h].</param>
    public static void LstmForward(in RecurrentSequences sequences, ReadOnlySpan<float> p, ReadOnlySpan<float> weights,
        ReadOnlySpan<float> bias, Span<float> kept, Span<float> scratch, Span<float> states)
        => Forward(4, sequences, p, weights, bias, kept, scratch, states);

    /// <summary>The way back of a GRU: ∂p of each row in use, ∂s in the order of what was kept.</summary>
    /// <param name="sequences">Over which.</param>
    /// <param name="weights">W: [h, 3 h].</param>
    /// <param name="kept">What the way forward kept: [total, 5 h].</param>
    /// <param name="gradient">Of the states: [rows, h].</param>
    /// <param name="dp">Receives ∂p: [rows, 3 h].</param>
    /// <param name="ds">Receives ∂s: [total, 3 h].</param>
    /// <param name="scratch">[3 h + sequences, h]</param>
    public static void GruBackward(in RecurrentSequences sequences, ReadOnlySpan<float> weights, ReadOnlySpan<float> kept,
        ReadOnlySpan<float> gradient, Span<float> dp, Span<float> ds, Span<float> scratch)
        => Backward(3, sequences, weights, kept, gradient, dp, ds, scratch);

    /// <summary>The way back of an LSTM: ∂p of each row in use, and the same in the order of what was kept.</summary>
    /// <param name="sequences">Over which.</param>
    /// <param name="weights">W: [h, 4 h].</param>
    /// <param name="kept">What the way forward kept: [total, 7 h].</param>
    /// <param name="gradient">Of the states: [rows, h].</param>
    /// <param name="dp">Receives ∂p: [rows, 4 h].</param>
    /// <param name="ds">Receives ∂p: [total, 4 h].</param>
    /// <param name="scratch">[4 h + 2 sequences, h]</param>
    public static void LstmBackward(in RecurrentSequences sequences, ReadOnlySpan<float> weights, ReadOnlySpan<float> kept,
        ReadOnlySpan<float> gradient, Span<float> dp, Span<float> ds, Span<float> scratch)
        => Backward(4, sequences, weights, kept, gradient, dp, ds, scratch);

    /// <summary>What the steps together give to W and b: ∂W += Σ h_{t−1}ᵀ ∂s, ∂b += Σ ∂s. An empty span is not wanted.</summary>
    /// <param name="sequences">Over which.</param>
    /// <param name="kept">What the way forward kept.</param>
    /// <param name="ds">∂s, in the same order.</param>
    /// <param name="dw">[h, gates · h]</param>
    /// <param name="db">[gates · h]</param>
    /// <param name="h">Width of a state.</param>
    public static void AddWeightGradients(in RecurrentSequences sequences, ReadOnlySpan<float> kept, ReadOnlySpan<float> ds,
        Span<float> dw, Span<float> db, int h)
    {
        var total = sequences.Total;
        if (total == 0) return;
        var width = ds.Length / total;
        if (!db.IsEmpty) LayerKernels.AddColumnSums(ds, db);
        // Before the first step h is 0.
        var first = sequences.Going(0, sequences.Count);
        var before = kept[^(total * h)..];
        if (dw.IsEmpty || first == total) return;
        Gemm.Multiply(Transpose.Yes, Transpose.No, h, width, total - first, 1, before[(first * h)..], h, ds[(first * width)..], width,
            1, dw, width);
    }

    private static void Forward(int gates, in RecurrentSequences sequences, ReadOnlySpan<float> p, ReadOnlySpan<float> weights,
        ReadOnlySpan<float> bias, Span<float> kept, Span<float> scratch, Span<float> states)
    {
        var (h, width, count) = (bias.Length / gates, bias.Length, sequences.Count);
        // Of a row, without h.
        var size = (Kept(gates) - 1) * h;
        var keeps = kept.Length == sequences.Total * (size + h);
        var room = keeps ? sequences.Total : count;
        Check(sequences, h, states.Length, bias.Length == gates * h && p.Length == gates * (long)states.Length
            && weights.Length == width * h && kept.Length == room * (size + h) && scratch.Length >= count * width);
        if (sequences.Steps == 0) return;
        var before = kept[(room * size)..];
        var (going, at) = (sequences.Going(0, count), 0);
        before[..(going * h)].Clear();
        scratch[..(going * width)].Clear();
        fixed (int* starts = sequences.Starts)
        fixed (float* pp = p, pb = bias, pk = kept, ph = before, ps = scratch, py = states)
        {
            var now = new RecurrentStep { Starts = starts, Width = h, P = pp, Bias = pb, Sums = ps, States = py };
            now.Memory = ph;
            now.MemoryStride = h;
            for (var step = 0; step < sequences.Steps; step++)
            {
                if (step > 0)
                    Gemm.Multiply(Transpose.No, Transpose.No, going, width, h, 1, before[(at * h)..], h, weights, width, 0, scratch, width);
                var next = sequences.Going(step + 1, going);
                (now.Step, now.Going, now.Next) = (step, going, next);
                now.Kept = pk + (nint)at * size;
                now.Before = ph + (nint)at * h;
                if (keeps) at += going;
                now.After = ph + (nint)at * h;
                if (gates == 3) RecurrentGates.Gru(now);
                else RecurrentGates.Lstm(now);
                now.Memory = now.Kept + 4 * h;
                now.MemoryStride = size;
                going = next;
            }
        }
    }

    private static void Backward(int gates, in RecurrentSequences sequences, ReadOnlySpan<float> weights, ReadOnlySpan<float> kept,
        ReadOnlySpan<float> gradient, Span<float> dp, Span<float> ds, Span<float> scratch)
    {
        var (total, count) = (sequences.Total, sequences.Count);
        if (total == 0) return;
        var h = kept.Length / total / Kept(gates);
        var (width, size) = (gates * h, (Kept(gates) - 1) * h);
        Check(sequences, h, gradient.Length, kept.Length == total * (size + h) && weights.Length == width * h
            && dp.Length == gates * (long)gradient.Length && ds.Length == total * width
            && scratch.Length >= (width + (gates - 2) * count) * h);
        // The products with Wᵀ read it as it lies; turned once, it need not be packed at each step.
        var turned = scratch[..(width * h)];
        var later = scratch.Slice(turned.Length, (gates - 2) * count * h);
        later.Clear();
        fixed (int* starts = sequences.Starts)
        fixed (float* pw = weights, pt = turned, pk = kept, pg = gradient, pp = dp, ps = ds, pl = later)
        {
            GemmPacking.Transposed(pw, width, width, h, h, pt);
            var before = pk + (nint)total * size;
            var now = new RecurrentStep { Starts = starts, Width = h, Gradient = pg, DP = pp, Later = pl, LaterMemory = pl + count * h };
            var (at, going) = (total, sequences.Going(sequences.Steps - 1, 0));
            for (var step = sequences.Steps - 1; step >= 0; step--)
            {
                at -= going;
                // Sequences of the step before, whose block ends where this one begins.
                var earlier = step == 0 ? 0 : sequences.Going(step - 1, going);
                (now.Step, now.Going) = (step, going);
                now.Kept = pk + (nint)at * size;
                now.Before = before + (nint)at * h;
                now.DS = ps + (nint)at * width;
                now.Memory = step == 0 ? now.Before : now.Kept - (nint)earlier * size + 4 * h;
                now.MemoryStride = step == 0 ? h : size;
                if (gates == 3) RecurrentGates.GruBack(now);
                else RecurrentGates.LstmBack(now);
                if (step > 0)
                    Gemm.Multiply(Transpose.No, Transpose.No, going, h, width, 1, ds[(at * width)..], width, turned, h, gates == 3 ? 1 : 0,
                        later, h);
                going = earlier;
            }
        }
    }

    private static void Check(in RecurrentSequences sequences, int h, int states, bool fits)
    {
        for (var a = 0; a < sequences.Count; a++)
            fits &= sequences.Starts[a] >= 0 && (sequences.Starts[a] + (long)sequences.Lengths[a]) * h <= states;
        if (!fits) throw new ArgumentException("The sizes do not fit.");
    }
}
