using System.Numerics.Tensors;

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

    /// <summary>How many go on at a step, given how many did at an earlier one (all) or a later one (0).</summary>
    public int Going(int step, int before)
    {
        while (before > 0 && Lengths[before - 1] <= step) before--;
        while (before < Count && Lengths[before] > step) before++;
        return before;
    }
}

/// <summary>
/// The steps of a GRU (gates r, z, n) and of an LSTM (gates i, f, g, o), forward and back. Each step is one product for all sequences that go
/// on. Thread-safe; nothing is allocated.
/// </summary>
internal static class RecurrentKernels
{
    /// <summary>
    /// r = σ(p_r + s_r), z = σ(p_z + s_z), n = tanh(p_n + r ⊙ s_n), h_t = (1 − z) ⊙ n + z ⊙ h_{t−1}, s = h_{t−1} W + b.
    /// </summary>
    /// <param name="sequences">Over which.</param>
    /// <param name="p">[rows, 3 h]</param>
    /// <param name="weights">W: [h, 3 h].</param>
    /// <param name="bias">b: [3 h].</param>
    /// <param name="kept">Receives r, z, n, s_n of each row: [rows, 4 h].</param>
    /// <param name="scratch">[sequences, 4 h]</param>
    /// <param name="states">Receives h_t of each row: [rows, h].</param>
    public static void GruForward(in RecurrentSequences sequences, ReadOnlySpan<float> p, ReadOnlySpan<float> weights,
        ReadOnlySpan<float> bias, Span<float> kept, Span<float> scratch, Span<float> states)
    {
        var h = bias.Length / 3;
        var sums = scratch[..(sequences.Count * 3 * h)];
        var previous = scratch[sums.Length..];
        for (int step = 0, going = sequences.Count; step < sequences.Steps; step++)
        {
            going = sequences.Going(step, going);
            Sums(sequences, step, going, states, weights, bias, previous, sums);
            for (var a = 0; a < going; a++)
            {
                var row = sequences.Starts[a] + step;
                var (from, to) = (row * 3 * h, row * 4 * h);
                var s = sums.Slice(a * 3 * h, 3 * h);
                var gates = kept.Slice(to, 2 * h);
                TensorPrimitives.Add(p.Slice(from, 2 * h), s[..(2 * h)], gates);
                Elementwise.Sigmoid(gates, gates);
                var n = kept.Slice(to + 2 * h, h);
                s[(2 * h)..].CopyTo(kept[(to + 3 * h)..]);
                TensorPrimitives.MultiplyAdd(gates[..h], s[(2 * h)..], p.Slice(from + 2 * h, h), n);
                Elementwise.Tanh(n, n);
                var state = states.Slice(row * h, h);
                // n + z (h − n); h_0 = 0.
                if (step == 0) TensorPrimitives.Negate(n, state);
                else TensorPrimitives.Subtract(previous.Slice(a * h, h), n, state);
                TensorPrimitives.MultiplyAdd(gates[h..], state, n, state);
            }
        }
    }

    /// <summary>The way back of a GRU: ∂p, ∂s and h_{t−1} of each row in use.</summary>
    /// <param name="sequences">Over which.</param>
    /// <param name="weights">W: [h, 3 h].</param>
    /// <param name="kept">What the way forward kept.</param>
    /// <param name="states">[rows, h]</param>
    /// <param name="gradient">Of the states; used as scratch.</param>
    /// <param name="dp">Receives ∂p: [rows, 3 h].</param>
    /// <param name="ds">Receives ∂s: [rows, 3 h].</param>
    /// <param name="before">Receives h_{t−1}: [rows, h].</param>
    /// <param name="scratch">[sequences, 4 h]</param>
    public static void GruBackward(in RecurrentSequences sequences, ReadOnlySpan<float> weights, ReadOnlySpan<float> kept,
        ReadOnlySpan<float> states, Span<float> gradient, Span<float> dp, Span<float> ds, Span<float> before, Span<float> scratch)
    {
        var h = weights.Length == 0 ? 0 : (int)Math.Sqrt(weights.Length / 3);
        var changes = scratch[..(sequences.Count * 3 * h)];
        var later = scratch[changes.Length..];
        later.Clear();
        for (int step = sequences.Steps - 1, going = 0; step >= 0; step--)
        {
            going = sequences.Going(step, going);
            for (var a = 0; a < going; a++)
            {
                var row = sequences.Starts[a] + step;
                var gates = kept.Slice(row * 4 * h, 4 * h);
                var (g, next, old) = (row * h, a * h, (row - 1) * h);
                for (var i = 0; i < h; i++)
                {
                    var (r, z, n, s) = (gates[i], gates[h + i], gates[2 * h + i], gates[3 * h + i]);
                    var state = step == 0 ? 0 : states[old + i];
                    var d = gradient[g + i] + later[next + i];
                    var dn = d * (1 - z) * (1 - n * n);
                    var dr = dn * s * r * (1 - r);
                    var dz = d * (state - n) * z * (1 - z);
                    var at = row * 3 * h + i;
                    (dp[at], dp[at + h], dp[at + 2 * h]) = (dr, dz, dn);
                    (ds[at], ds[at + h], ds[at + 2 * h]) = (dr, dz, dn * r);
                    before[g + i] = state;
                    later[next + i] = d * z;
                }
                ds.Slice(row * 3 * h, 3 * h).CopyTo(changes[(a * 3 * h)..]);
            }
            if (step > 0)
                Gemm.Multiply(Transpose.No, Transpose.Yes, going, h, 3 * h, 1, changes, 3 * h, weights, 3 * h, 1, later, h);
        }
    }

    /// <summary>a = p + h_{t−1} W + b, c_t = σ(a_f) ⊙ c_{t−1} + σ(a_i) ⊙ tanh(a_g), h_t = σ(a_o) ⊙ tanh(c_t).</summary>
    /// <param name="sequences">Over which.</param>
    /// <param name="p">[rows, 4 h]</param>
    /// <param name="weights">W: [h, 4 h].</param>
    /// <param name="bias">b: [4 h].</param>
    /// <param name="kept">Receives σ(a_i), σ(a_f), tanh(a_g), σ(a_o), c_t, tanh(c_t) of each row: [rows, 6 h].</param>
    /// <param name="scratch">[sequences, 5 h]</param>
    /// <param name="states">Receives h_t of each row: [rows, h].</param>
    public static void LstmForward(in RecurrentSequences sequences, ReadOnlySpan<float> p, ReadOnlySpan<float> weights,
        ReadOnlySpan<float> bias, Span<float> kept, Span<float> scratch, Span<float> states)
    {
        var h = bias.Length / 4;
        var sums = scratch[..(sequences.Count * 4 * h)];
        var previous = scratch[sums.Length..];
        for (int step = 0, going = sequences.Count; step < sequences.Steps; step++)
        {
            going = sequences.Going(step, going);
            Sums(sequences, step, going, states, weights, bias, previous, sums);
            for (var a = 0; a < going; a++)
            {
                var row = sequences.Starts[a] + step;
                var at = row * 6 * h;
                var gates = kept.Slice(at, 4 * h);
                TensorPrimitives.Add(p.Slice(row * 4 * h, 4 * h), sums.Slice(a * 4 * h, 4 * h), gates);
                Elementwise.Sigmoid(gates[..(2 * h)], gates[..(2 * h)]);
                var g = gates.Slice(2 * h, h);
                Elementwise.Tanh(g, g);
                var o = gates[(3 * h)..];
                Elementwise.Sigmoid(o, o);
                var c = kept.Slice(at + 4 * h, h);
                TensorPrimitives.Multiply(gates[..h], g, c);
                if (step > 0) TensorPrimitives.MultiplyAdd(gates.Slice(h, h), kept.Slice(at - 2 * h, h), c, c);
                var t = kept.Slice(at + 5 * h, h);
                Elementwise.Tanh(c, t);
                TensorPrimitives.Multiply(o, t, states.Slice(row * h, h));
            }
        }
    }

    /// <summary>The way back of an LSTM: ∂a and h_{t−1} of each row in use.</summary>
    /// <param name="sequences">Over which.</param>
    /// <param name="weights">W: [h, 4 h].</param>
    /// <param name="kept">What the way forward kept.</param>
    /// <param name="states">[rows, h]</param>
    /// <param name="gradient">Of the states.</param>
    /// <param name="da">Receives ∂a: [rows, 4 h].</param>
    /// <param name="before">Receives h_{t−1}: [rows, h].</param>
    /// <param name="scratch">[sequences, 6 h]</param>
    public static void LstmBackward(in RecurrentSequences sequences, ReadOnlySpan<float> weights, ReadOnlySpan<float> kept,
        ReadOnlySpan<float> states, ReadOnlySpan<float> gradient, Span<float> da, Span<float> before, Span<float> scratch)
    {
        var h = weights.Length == 0 ? 0 : (int)Math.Sqrt(weights.Length / 4);
        var changes = scratch[..(sequences.Count * 4 * h)];
        var later = scratch.Slice(changes.Length, sequences.Count * h);
        var memory = scratch.Slice(changes.Length + later.Length, sequences.Count * h);
        later.Clear();
        memory.Clear();
        for (int step = sequences.Steps - 1, going = 0; step >= 0; step--)
        {
            going = sequences.Going(step, going);
            for (var a = 0; a < going; a++)
            {
                var row = sequences.Starts[a] + step;
                var gates = kept.Slice(row * 6 * h, 6 * h);
                for (var i = 0; i < h; i++)
                {
                    var (input, forget, cell) = (gates[i], gates[h + i], gates[2 * h + i]);
                    var (output, tanh) = (gates[3 * h + i], gates[5 * h + i]);
                    var (d, m) = (gradient[row * h + i] + later[a * h + i], memory[a * h + i]);
                    var dc = m + d * output * (1 - tanh * tanh);
                    var old = step == 0 ? 0 : kept[(row - 1) * 6 * h + 4 * h + i];
                    var at = row * 4 * h + i;
                    da[at] = dc * cell * input * (1 - input);
                    da[at + h] = dc * old * forget * (1 - forget);
                    da[at + 2 * h] = dc * input * (1 - cell * cell);
                    da[at + 3 * h] = d * tanh * output * (1 - output);
                    before[row * h + i] = step == 0 ? 0 : states[(row - 1) * h + i];
                    memory[a * h + i] = dc * forget;
                }
                da.Slice(row * 4 * h, 4 * h).CopyTo(changes[(a * 4 * h)..]);
            }
            if (step > 0)
                Gemm.Multiply(Transpose.No, Transpose.Yes, going, h, 4 * h, 1, changes, 4 * h, weights, 4 * h, 0, later, h);
        }
    }

    // sums = h_{t−1} W + b; h_0 = 0.
    private static void Sums(in RecurrentSequences sequences, int step, int going, ReadOnlySpan<float> states, ReadOnlySpan<float> weights,
        ReadOnlySpan<float> bias, Span<float> previous, Span<float> sums)
    {
        var width = bias.Length;
        for (var a = 0; a < going; a++) bias.CopyTo(sums[(a * width)..]);
        if (step == 0) return;
        var h = weights.Length / width;
        for (var a = 0; a < going; a++) states.Slice((sequences.Starts[a] + step - 1) * h, h).CopyTo(previous[(a * h)..]);
        Gemm.Multiply(Transpose.No, Transpose.No, going, width, h, 1, previous, h, weights, width, 1, sums, width);
    }
}
