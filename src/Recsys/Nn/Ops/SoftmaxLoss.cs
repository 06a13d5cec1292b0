using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>
/// ℓ = c [log Σ_j exp(z_j − log q_j) − (z_t − log q_t)] for each row of logits with target column t: softmax cross-entropy, and over
/// sampled
/// columns its correction by the probabilities q with which they came. Bengio and Senécal, "Adaptive importance sampling to accelerate
/// training of a neural probabilistic language model", IEEE TNN 2008. A column that names the target's item again takes no part.
/// </summary>
internal sealed class SoftmaxLoss : Op
{
    public static readonly SoftmaxLoss Instance = new();

    public override string Name => "softmax loss";

    public static Tensor Of(
        Tensor logits, ReadOnlySpan<int> targets, ReadOnlySpan<float> weights, ReadOnlySpan<float> logQ, ReadOnlySpan<int> items)
    {
        if (logits.Shape.Rank != 2) throw new ArgumentException($"softmax loss: the shape {logits.Shape} must be [rows, classes].");
        var (rows, columns) = (logits.Shape[0], logits.Shape[1]);
        Fits("targets", targets.Length, rows, rows, false);
        Fits("weights", weights.Length, rows, rows, true);
        Fits("log probabilities", logQ.Length, columns, rows * columns, true);
        Fits("items", items.Length, columns, rows * columns, true);
        var tape = logits.Tape;
        var loss = tape.Push(Instance, new Shape(rows), logits);
        // Kept: the weights, then the softmax of each row. Ints: the targets.
        var kept = tape.At(loss.Node).Kept = tape.Take(rows + rows * columns);
        var ints = tape.At(loss.Node).Ints = tape.TakeInts(rows);
        targets.CopyTo(ints.Span);
        if (weights.IsEmpty) kept.Span[..rows].Fill(1);
        else weights.CopyTo(kept.Span);
        var to = loss.Mutable;
        for (var row = 0; row < rows; row++)
        {
            var target = targets[row];
            if ((uint)target >= (uint)columns)
                throw new ArgumentOutOfRangeException(nameof(targets), target,
                    $"softmax loss: row {row} of {logits.Shape} has no such column.");
            var z = kept.Span.Slice(rows + row * columns, columns);
            logits.Values.Slice(row * columns, columns).CopyTo(z);
            if (!logQ.IsEmpty) Elementwise.Axpy(-1, logQ.Length == columns ? logQ : logQ.Slice(row * columns, columns), z);
            if (!items.IsEmpty)
            {
                var names = items.Length == columns ? items : items.Slice(row * columns, columns);
                for (var j = 0; j < columns; j++)
                    if (j != target && names[j] == names[target]) z[j] = float.NegativeInfinity;
            }
            var log = Elementwise.LogSumExp(z);
            to[row] = kept.Span[row] * (log - z[target]);
            Elementwise.Softmax(z, z);
        }
        return loss;

        static void Fits(string what, int count, int one, int other, bool optional)
        {
            if (count != one && count != other && !(optional && count == 0))
                throw new ArgumentException(
                    $"softmax loss: there are {count} {what}; {one} are needed" + (other != one ? $", or {other}." : "."));
        }
    }

    public override void Backward(in Adjoint node)
    {
        if (!node.Wants(0)) return;
        var g = node.Gradient;
        var dz = node.GradientOf(0);
        var targets = node.Ints;
        var columns = node.ShapeOf(0)[1];
        for (var row = 0; row < g.Length; row++)
        {
            var factor = g[row] * node.Kept[row];
            Elementwise.Axpy(factor, node.Kept.Slice(g.Length + row * columns, columns), dz.Slice(row * columns, columns));
            dz[row * columns + targets[row]] -= factor;
        }
    }
}
