using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>
/// y[slot] = Σ scale · table[row] over the lookups of the slot: one code, a mean of several, or a number times its row. The gradient of a
/// table is the list of lookups with the gradient of y.
/// </summary>
internal sealed class Lookup : Op
{
    public static readonly Lookup Instance = new();

    public override string Name => "lookup";

    public override bool OwnsGradient => true;

    /// <summary>Begins a lookup whose rows the caller writes: rows and slots of length <paramref name="count"/>, scales 1 if empty.</summary>
    public static Tensor Begin(Tape tape, EmbeddingTable table, Shape shape, int count, bool scaled, out Picks picks)
    {
        var y = tape.PushSource(Instance, shape, table, needsGradient: true);
        ref var node = ref tape.At(y.Node);
        // What the sink needs after the tape is reset lies in the sink.
        node.Ints = tape.Sink is { } sink ? sink.TakeInts(2 * count) : tape.TakeInts(2 * count);
        if (scaled) node.Kept = tape.Sink is { } to ? to.Take(count) : tape.Take(count);
        node.I0 = count;
        picks = new Picks { Rows = node.Ints.Span[..count], Slots = node.Ints.Span[count..], Scales = node.Kept.Span };
        return y;
    }

    /// <summary>Computes what the picks say.</summary>
    public static void Finish(Tensor y, in Picks picks)
    {
        var table = (EmbeddingTable)y.Tape.At(y.Node).Data!;
        var d = table.Dimension;
        var values = y.Mutable;
        values.Clear();
        if (table.Packed is { } packed)
        {
            Span<float> row = d <= 256 ? stackalloc float[d] : new float[d];
            for (var k = 0; k < picks.Rows.Length; k++)
            {
                packed.CopyRow(picks.Rows[k], row);
                Elementwise.Axpy(picks.Scales.IsEmpty ? 1 : picks.Scales[k], row, values.Slice(picks.Slots[k] * d, d));
            }
            return;
        }
        LayerKernels.AddRows(table.Mutable, d, picks.Rows, picks.Slots, picks.Scales, values);
    }

    public override void Backward(in Adjoint node)
    {
        if (node.Tape.Sink is not { } sink) return;
        node.Deposit(sink.Rows((EmbeddingTable)node.Data!));
    }

    /// <summary>Rows of the table, the slots of the output that they are added to, and their factors.</summary>
    public ref struct Picks
    {
        public Span<int> Rows, Slots;
        public Span<float> Scales;
    }
}
