using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>
/// y = γ (x − μ) / √(σ² + ε) + β, column by column; in training μ and σ² are those of the rows at hand, else the running ones. Ioffe and
/// Szegedy, "Batch normalization", ICML 2015.
/// </summary>
internal sealed class BatchNormOp : Op
{
    public static readonly BatchNormOp Instance = new();

    public override string Name => "batch norm";

    /// <param name="x">[.., n].</param>
    /// <param name="scale">γ [n], or null for 1; together with the shift.</param>
    /// <param name="shift">β [n], or null for 0.</param>
    /// <param name="mean">The running mean. [n]</param>
    /// <param name="variance">The running variance. [n]</param>
    /// <param name="momentum">The share of the new statistics in the running ones.</param>
    /// <param name="epsilon">ε.</param>
    public static Tensor Of(Tensor x, Tensor? scale, Tensor? shift, Parameter mean, Parameter variance, float momentum, float epsilon)
    {
        var (tape, columns) = (x.Tape, x.Shape.Columns);
        if (mean.Shape.Length != columns) throw Mismatch("batch norm", x.Shape, mean.Shape, "there must be one statistic for each column");
        var y = tape.Push(Instance, x.Shape, x, scale, shift);
        // Kept: μ, 1 / √(σ² + ε), γ / √(σ² + ε), and room for three sums of the way back.
        var kept = tape.At(y.Node).Kept = tape.Take(6 * columns);
        var mu = kept.Span[..columns];
        var inverse = kept.Span.Slice(columns, columns);
        var factor = kept.Span.Slice(2 * columns, columns);
        var train = tape.Mode == TapeMode.Train;
        tape.At(y.Node).I0 = train ? 1 : 0;
        if (train)
        {
            var rows = Math.Max(1, x.Shape.Rows);
            mu.Clear();
            LayerKernels.AddColumnSums(x.Values, mu);
            Elementwise.Scale(1f / rows, mu);
            inverse.Clear();
            NormKernels.AddColumnSquares(x.Values, mu, inverse);
            Elementwise.Scale(1f / rows, inverse);
            // One row tells nothing of a variance: the running statistics stay.
            if (rows > 1)
            {
                Run(tape, mean, mu, momentum, 1);
                Run(tape, variance, inverse, momentum, rows / (rows - 1f));
            }
        }
        else
        {
            mean.Values.CopyTo(mu);
            variance.Values.CopyTo(inverse);
        }
        for (var i = 0; i < columns; i++)
        {
            inverse[i] = 1 / MathF.Sqrt(inverse[i] + epsilon);
            factor[i] = scale is { } gamma ? gamma.Values[i] * inverse[i] : inverse[i];
        }
        var offset = kept.Span.Slice(3 * columns, columns);
        for (var i = 0; i < columns; i++) offset[i] = (shift is { } beta ? beta.Values[i] : 0) - mu[i] * factor[i];
        NormKernels.ScaleRows(x.Values, factor, offset, y.Mutable);
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        var x = node.Input(0);
        var g = node.Gradient;
        var columns = node.Shape.Columns;
        var mu = node.Kept[..columns];
        var inverse = node.Kept.Slice(columns, columns);
        var factor = node.Kept.Slice(2 * columns, columns);
        var sum = node.Kept.Slice(3 * columns, columns);
        var product = node.Kept.Slice(4 * columns, columns);
        var constant = node.Kept[(5 * columns)..];
        sum.Clear();
        LayerKernels.AddColumnSums(g, sum);
        product.Clear();
        NormKernels.AddColumnProducts(g, x, mu, product);
        Elementwise.Multiply(product, inverse, product);          // Σ g (x − μ) / √(σ² + ε) = ∂γ
        if (node.Wants(1)) Elementwise.Axpy(1, product, node.GradientOf(1));
        if (node.Wants(2)) Elementwise.Axpy(1, sum, node.GradientOf(2));
        if (!node.Wants(0)) return;
        var dx = node.GradientOf(0);
        if (node.I0 == 0)
        {
            constant.Clear();
            NormKernels.AddScaledRows(g, factor, x, constant, constant, dx);
            return;
        }
        // ∂x = γ / √(σ² + ε) · [g − mean g − x̂ · mean(g x̂)]
        var rows = x.Length / columns;
        for (var i = 0; i < columns; i++)
        {
            product[i] *= -factor[i] * inverse[i] / rows;
            constant[i] = -factor[i] * sum[i] / rows - product[i] * mu[i];
        }
        NormKernels.AddScaledRows(g, factor, x, product, constant, dx);
    }

    private static void Run(Tape tape, Parameter statistic, ReadOnlySpan<float> now, float momentum, float factor)
    {
        var next = tape.NewValueOf(statistic, out var fresh);
        if (next.IsEmpty) return;
        if (fresh) statistic.Values.CopyTo(next);
        for (var i = 0; i < next.Length; i++) next[i] += momentum * (factor * now[i] - next[i]);
    }
}
