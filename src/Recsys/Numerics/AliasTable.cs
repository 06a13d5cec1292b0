namespace Recsys.Numerics;

/// <summary>
/// Draws from a discrete distribution in constant time. Immutable, thread-safe; the same weights always give the same table.
/// Walker, "An efficient method for generating discrete random variables with general distributions", ACM TOMS 3(3), 1977; built as in
/// Vose, "A linear algorithm for generating random numbers with a given distribution", IEEE TSE 17(9), 1991.
/// A weight of 0 is never drawn, a positive one always can be; a probability is off by at most 2⁻³² of its own slot.
/// </summary>
public sealed class AliasTable
{
    private readonly Slot[] _slots;

    /// <summary>The distribution proportional to the weights.</summary>
    /// <param name="weights">Finite and at least 0, one or more of them positive. They need not add up to 1.</param>
    /// <exception cref="ArgumentException">There is no positive weight, or one is negative, NaN or infinite.</exception>
    public AliasTable(ReadOnlySpan<float> weights)
    {
        var scaled = new double[weights.Length];
        for (var i = 0; i < scaled.Length; i++) scaled[i] = weights[i];
        _slots = Build(scaled);
    }

    /// <inheritdoc cref="AliasTable(ReadOnlySpan{float})"/>
    public AliasTable(ReadOnlySpan<double> weights) => _slots = Build(weights.ToArray());

    /// <summary>Number of weights.</summary>
    public int Count => _slots.Length;

    /// <summary>An index in 0..Count-1, drawn with the probability of its weight: a pure function of the stream and the position.</summary>
    /// <param name="rng">The stream.</param>
    /// <param name="index">Position in the stream; one position is used.</param>
    public int Sample(in Rng rng, ulong index)
        => Pick(_slots, rng.Bits(index));

    /// <summary>What those random bits draw.</summary>
    internal static int Pick(ReadOnlySpan<Slot> slots, ulong bits)
    {
        // The high word picks the slot, the low word is the coin: one draw serves both.
        var i = (int)Math.BigMul(bits, (ulong)slots.Length, out var coin);
        var slot = slots[i];
        return (uint)(coin >> 32) < slot.Threshold ? i : slot.Alias;
    }

    /// <summary>The probability of an index that the table really draws with, from its slots.</summary>
    internal double ProbabilityOf(int index)
    {
        var sum = 0.0;
        for (var i = 0; i < _slots.Length; i++)
        {
            var own = _slots[i].Threshold / 4294967296.0;
            if (i == index) sum += own;
            if (_slots[i].Alias == index) sum += 1 - own;
        }
        return sum / _slots.Length;
    }

    /// <summary>The slots of a distribution; changes the weights.</summary>
    internal static Slot[] Build(double[] weights)
    {
        var largest = 0;
        for (var i = 0; i < weights.Length; i++)
        {
            if (!double.IsFinite(weights[i]) || weights[i] < 0)
                throw new ArgumentException($"Weight {i} is {weights[i]}; weights must be finite and at least 0.", nameof(weights));
            if (weights[i] > weights[largest]) largest = i;
        }
        if (weights.Length == 0 || weights[largest] == 0)
            throw new ArgumentException($"None of the {weights.Length} weights is positive; there is nothing to draw.", nameof(weights));

        // Dividing by the largest first keeps the sum finite for any finite weights.
        var (top, sum, positive) = (weights[largest], 0.0, new bool[weights.Length]);
        for (var i = 0; i < weights.Length; i++)
        {
            positive[i] = weights[i] > 0;
            sum += weights[i] /= top;
        }
        var average = weights.Length / sum;
        int[] small = new int[weights.Length], large = new int[weights.Length];
        int smalls = 0, larges = 0;
        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] *= average;
            if (weights[i] < 1) small[smalls++] = i;
            else large[larges++] = i;
        }

        var slots = new Slot[weights.Length];
        while (smalls > 0 && larges > 0)
        {
            int less = small[--smalls], more = large[larges - 1];
            slots[less] = new Slot(Threshold(weights[less], positive[less]), more);
            weights[more] -= 1 - weights[less];
            if (weights[more] < 1) small[smalls++] = large[--larges];
        }
        // What rounding leaves over is 1 but for the last bits; a weight of 0 left over still must not be drawn.
        while (larges > 0) slots[large[larges - 1]] = new Slot(0, large[--larges]);
        while (smalls > 0)
        {
            var i = small[--smalls];
            slots[i] = new Slot(0, positive[i] ? i : largest);
        }
        return slots;
    }

    private static uint Threshold(double share, bool positive)
        => !positive ? 0 : (uint)Math.Clamp(Math.Ceiling(share * 4294967296.0), 1, uint.MaxValue);

    internal readonly record struct Slot(uint Threshold, int Alias);
}
