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
        var y = Recurrence.Begin(Instance, 3, 4, p, weights, bias, segments);
        ref var node = ref p.Tape.At(y.Node);
        RecurrentKernels.GruForward(Recurrence.SequencesOf(node.Ints.Span), p.Values, weights.Values, bias.Values, node.Kept.Span,
            p.Tape.Take(4 * y.Shape.Columns * segments.Count).Span, y.Mutable);
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        var (tape, rows, h, sequences) = (node.Tape, node.Output.Length / node.Shape.Columns, node.Shape.Columns, node.Ints.Length / 2);
        var dp = Recurrence.Zeros(tape, rows * 3 * h);
        var ds = Recurrence.Zeros(tape, rows * 3 * h);
        var before = Recurrence.Zeros(tape, rows * h);
        RecurrentKernels.GruBackward(
            Recurrence.SequencesOf(node.Ints), node.Input(1), node.Kept, node.Output, node.Gradient, dp, ds, before,
            tape.Take(4 * h * sequences).Span);
        Recurrence.Finish(node, dp, ds, before);
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
        var y = Recurrence.Begin(Instance, 4, 6, p, weights, bias, segments);
        ref var node = ref p.Tape.At(y.Node);
        RecurrentKernels.LstmForward(Recurrence.SequencesOf(node.Ints.Span), p.Values, weights.Values, bias.Values, node.Kept.Span,
            p.Tape.Take(5 * y.Shape.Columns * segments.Count).Span, y.Mutable);
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        var (tape, rows, h, sequences) = (node.Tape, node.Output.Length / node.Shape.Columns, node.Shape.Columns, node.Ints.Length / 2);
        var da = Recurrence.Zeros(tape, rows * 4 * h);
        var before = Recurrence.Zeros(tape, rows * h);
        RecurrentKernels.LstmBackward(
            Recurrence.SequencesOf(node.Ints), node.Input(1), node.Kept, node.Output, node.Gradient, da, before,
            tape.Take(6 * h * sequences).Span);
        Recurrence.Finish(node, da, da, before);
    }
}

/// <summary>What the recurrences share.</summary>
internal static class Recurrence
{
    public static Tensor Begin(Op op, int gates, int kept, Tensor p, Tensor weights, Tensor bias, in Segments segments)
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
        node.Kept = tape.Take(segments.Rows * kept * h);
        y.Mutable.Clear();
        return y;
    }

    public static RecurrentSequences SequencesOf(ReadOnlySpan<int> ints) => new(ints[..(ints.Length / 2)], ints[(ints.Length / 2)..]);

    public static Span<float> Zeros(Tape tape, int length)
    {
        var span = tape.Take(length).Span;
        span.Clear();
        return span;
    }

    /// <summary>∂p, and the products over all steps: ∂W = Σ h_{t−1}ᵀ ∂s, ∂b = Σ ∂s.</summary>
    public static void Finish(in Adjoint node, Span<float> dp, Span<float> ds, Span<float> before)
    {
        var (h, width) = (node.ShapeOf(1)[0], node.ShapeOf(1)[1]);
        if (node.Wants(0)) LayerKernels.AddColumnSums(dp, node.GradientOf(0));
        if (node.Wants(1))
        {
            var dw = node.GradientOf(1);
            Gemm.Multiply(Transpose.Yes, Transpose.No, h, width, before.Length / h, 1, before, h, ds, width, 1, dw, width);
        }
        if (node.Wants(2)) LayerKernels.AddColumnSums(ds, node.GradientOf(2));
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
