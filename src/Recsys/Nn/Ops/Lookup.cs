using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>
/// y[slot] = Σ scale · table[row] over the lookups of the slot, and y[slot] += value · w for numbers: the vectors of an example's fields.
/// The gradient of a table is the list of lookups with the gradient of y. Slots that nothing picks are zero.
/// </summary>
internal sealed class Lookup : Op
{
    public static readonly Lookup Instance = new();

    public override string Name => "lookup";

    public override bool OwnsGradient => true;

    /// <summary>Begins a lookup; the caller writes the picks and then calls <see cref="Finish"/>.</summary>
    /// <param name="tape">Where to.</param>
    /// <param name="table">Whose rows are picked.</param>
    /// <param name="shape">[.., d]; its rows are the slots.</param>
    /// <param name="count">Number of lookups.</param>
    /// <param name="scaled">Whether lookups have factors; else they are 1.</param>
    /// <param name="weights">One vector w for each number [N, d], or null.</param>
    /// <param name="values">The numbers [N, B], or null.</param>
    /// <param name="picks">To be written.</param>
    /// <param name="once">Whether every slot will be picked exactly once.</param>
    public static Tensor Begin(Tape tape, EmbeddingTable table, Shape shape, int count, bool scaled, Tensor? weights, Tensor? values,
        out Picks picks, bool once = false)
    {
        var y = tape.PushSource(Instance, shape, table, weights, values);
        ref var node = ref tape.At(y.Node);
        // What the sink needs after the tape is reset lies in the sink.
        var numbers = values is { } v ? v.Shape[0] : 0;
        node.Ints = tape.Sink is { } sink ? sink.TakeInts(2 * count + numbers) : tape.TakeInts(2 * count + numbers);
        if (scaled) node.Kept = tape.Sink is { } to ? to.Take(count) : tape.Take(count);
        node.I0 = count;
        picks = new Picks
        {
            Rows = node.Ints.Span[..count],
            Slots = node.Ints.Span.Slice(count, count),
            NumberSlots = node.Ints.Span[(2 * count)..],
            Scales = node.Kept.Span,
            Once = once && !scaled && table.Packed is null,
        };
        if (!picks.Once) y.Mutable.Clear();
        return y;
    }

    /// <summary>Computes what the picks say.</summary>
    /// <param name="y">From <see cref="Begin"/>.</param>
    /// <param name="picks">Written.</param>
    /// <param name="step">From the slot of a number in one example to that in the next.</param>
    public static void Finish(Tensor y, in Picks picks, int step)
    {
        var tape = y.Tape;
        tape.At(y.Node).I1 = step;
        var node = tape.At(y.Node);
        var table = (EmbeddingTable)node.Data!;
        var d = table.Dimension;
        var to = y.Mutable;
        if (table.Packed is { } packed) Unpack(tape, packed, picks, to);
        else if (picks.Once) LayerKernels.CopyRows(table.Mutable, d, picks.Rows, picks.Slots, to);
        else LayerKernels.AddRows(table.Mutable, d, picks.Rows, picks.Slots, picks.Scales, to);
        if (node.A < 0) return;
        ReadOnlySpan<float> weights = tape.Values(node.A), values = tape.Values(node.B);
        var examples = tape.At(node.B).Shape[1];
        for (var n = 0; n < picks.NumberSlots.Length; n++)
            LayerKernels.AddMultiples(weights.Slice(n * d, d), values.Slice(n * examples, examples), to[(picks.NumberSlots[n] * d)..], step * d);
    }

    public override void Backward(in Adjoint node)
    {
        if (node.Tape.Sink is { } sink) node.Deposit(sink.Rows((EmbeddingTable)node.Data!));
        if (!node.Wants(0)) return;
        var dw = node.GradientOf(0);
        var g = node.Gradient;
        var values = node.Input(1);
        var d = node.ShapeOf(0)[1];
        var examples = node.ShapeOf(1)[1];
        var slots = node.Ints[(2 * node.I0)..];
        for (var n = 0; n < slots.Length; n++)
            LayerKernels.SumMultiples(g[(slots[n] * d)..], node.I1 * d, values.Slice(n * examples, examples), dw.Slice(n * d, d));
    }

    private static void Unpack(Tape tape, PackedRows packed, in Picks picks, Span<float> to)
    {
        var d = packed.Columns;
        var row = tape.Take(d).Span;
        for (var k = 0; k < picks.Rows.Length; k++)
        {
            packed.CopyRow(picks.Rows[k], row);
            Elementwise.Axpy(picks.Scales.IsEmpty ? 1 : picks.Scales[k], row, to.Slice(picks.Slots[k] * d, d));
        }
    }

    /// <summary>Rows of the table, the slots of the output that they are added to, their factors; the first slot of each number.</summary>
    public ref struct Picks
    {
        public Span<int> Rows, Slots, NumberSlots;
        public Span<float> Scales;
        public bool Once;
    }
}
