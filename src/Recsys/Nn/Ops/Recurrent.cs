using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>
/// A GRU over sequences in one op, from the products of the inputs p = X W_x + b_x, [rows, 3 h], with W_h [h, 3 h] and b_h [3 h]; gates in
/// the order r, z, n. See <see cref="RecurrentKernels.GruForward"/>. The states of all steps; zeros between sequences.
/// </summary>
internal sealed class GruOp : Op
{
    public static readonly GruOp Instance = new();

    public override string Name => "gru";

    public static Tensor Of(Tensor p, Tensor weights, Tensor bias, in Segments segments)
    {
        var y = Recurrence.Begin(Instance, 3, p, weights, bias, segments, out var kept, out var scratch);
        ref var node = ref p.Tape.At(y.Node);
        RecurrentKernels.GruForward(
            Recurrence.SequencesOf(node.Ints.Span), p.Values, weights.Values, bias.Values, kept, scratch, y.Mutable);
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        var sequences = Recurrence.SequencesOf(node.Ints);
        var h = node.Shape.Columns;
        var dp = Recurrence.InputGradient(node, out var apart);
        var ds = node.Tape.Take(3 * h * sequences.Total).Span;
        RecurrentKernels.GruBackward(sequences, node.Input(1), node.Kept, node.Gradient, dp, ds,
            node.Tape.Take((3 * h + sequences.Count) * h).Span);
        Recurrence.Finish(node, apart ? dp : [], ds);
    }
}

/// <summary>
/// An LSTM over sequences in one op, from p = X W_x + b_x, [rows, 4 h], with W_h [h, 4 h] and b_h [4 h]; gates in the order i, f, g, o. See
/// <see cref="RecurrentKernels.LstmForward"/>. The states of all steps; zeros between sequences.
/// </summary>
internal sealed class LstmOp : Op
{
    public static readonly LstmOp Instance = new();

    public override string Name => "lstm";

    public static Tensor Of(Tensor p, Tensor weights, Tensor bias, in Segments segments)
    {
        var y = Recurrence.Begin(Instance, 4, p, weights, bias, segments, out var kept, out var scratch);
        ref var node = ref p.Tape.At(y.Node);
        RecurrentKernels.LstmForward(
            Recurrence.SequencesOf(node.Ints.Span), p.Values, weights.Values, bias.Values, kept, scratch, y.Mutable);
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        var sequences = Recurrence.SequencesOf(node.Ints);
        var h = node.Shape.Columns;
        var dp = Recurrence.InputGradient(node, out var apart);
        var ds = node.Tape.Take(4 * h * sequences.Total).Span;
        RecurrentKernels.LstmBackward(sequences, node.Input(1), node.Kept, node.Gradient, dp, ds,
            node.Tape.Take((4 * h + 2 * sequences.Count) * h).Span);
        Recurrence.Finish(node, apart ? dp : [], ds);
    }
}

/// <summary>What the recurrences share.</summary>
internal static class Recurrence
{
    public static Tensor Begin(Op op, int gates, Tensor p, Tensor weights, Tensor bias, in Segments segments, out Span<float> kept,
        out Span<float> scratch)
    {
        segments.Check(op.Name, p.Shape);
        var h = weights.Shape.Rank == 2 ? weights.Shape[0] : 0;
        if (h == 0 || weights.Shape[1] != gates * h || p.Shape.Columns != gates * h)
            throw Op.Mismatch(op.Name, p.Shape, weights.Shape, $"they must be [rows, {gates} h] and [h, {gates} h]");
        if (bias.Shape.Length != gates * h) throw Op.Mismatch(op.Name, weights.Shape, bias.Shape, $"the bias must be [{gates} h]");
        var tape = p.Tape;
        var y = tape.Push(op, p.Shape.Rank == 3 ? new Shape(p.Shape[0], p.Shape[1], h) : new Shape(p.Shape[0], h), p, weights, bias);
        ref var node = ref tape.At(y.Node);
        node.Ints = LongestFirst(segments);
        node.Kept = tape.Take((node.NeedsGradient ? segments.Total : segments.Count) * RecurrentKernels.Kept(gates) * h);
        kept = node.Kept.Span;
        scratch = tape.Take(gates * h * segments.Count).Span;
        if (segments.Total < segments.Rows) y.Mutable.Clear();
        return y;
    }

    public static RecurrentSequences SequencesOf(ReadOnlySpan<int> ints) => new(ints[..(ints.Length / 2)], ints[(ints.Length / 2)..]);

    /// <summary>
    /// Where ∂p is written, zero between sequences: the gradient of p itself, unless that is not wanted or holds something.
    /// </summary>
    public static Span<float> InputGradient(in Adjoint node, out bool apart)
    {
        var fresh = false;
        var dp = node.Wants(0) ? node.GradientOf(0, out fresh) : [];
        apart = !fresh;
        if (apart) dp = node.Tape.Take(node.ShapeOf(0).Length).Span;
        if (SequencesOf(node.Ints).Total * node.ShapeOf(0).Columns < dp.Length) dp.Clear();
        return dp;
    }

    /// <summary>Adds ∂p if it was written apart, and the sums over all steps.</summary>
    public static void Finish(in Adjoint node, ReadOnlySpan<float> dp, ReadOnlySpan<float> ds)
    {
        if (node.Wants(0) && !dp.IsEmpty) LayerKernels.AddColumnSums(dp, node.GradientOf(0));
        var dw = node.Wants(1) ? node.GradientOf(1) : [];
        var db = node.Wants(2) ? node.GradientOf(2) : [];
        RecurrentKernels.AddWeightGradients(SequencesOf(node.Ints), node.Kept, ds, dw, db, node.Shape.Columns);
    }

    // Starts and lengths; sequences of one length stay in order.
    private static IntBlock LongestFirst(in Segments segments)
    {
        var count = segments.Count;
        var sorted = segments.Tape.TakeInts(2 * count);
        var places = segments.Tape.TakeInts(segments.MaxLength + 2).Span;
        places.Clear();
        foreach (var length in segments.Lengths) places[segments.MaxLength - length + 1]++;
        for (var i = 1; i < places.Length; i++) places[i] += places[i - 1];
        for (var b = 0; b < count; b++)
        {
            var at = places[segments.MaxLength - segments.Lengths[b]]++;
            sorted.Span[at] = segments.Starts[b];
            sorted.Span[count + at] = segments.Lengths[b];
        }
        return sorted;
    }
}
