using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>
/// y = Σ_{i&lt;j} x_i ⊙ x_j = ½ [(Σ_i x_i)² − Σ_i x_i²] over the fields of [B, F, d], in time linear in F. Rendle, "Factorization machines",
/// ICDM 2010, lemma 3.1; as a vector: He and Chua, "Neural factorization machines", SIGIR 2017, eq. 4.
/// </summary>
internal sealed class BiInteraction : Op
{
    public static readonly BiInteraction Instance = new();

    public override string Name => "bi-interaction";

    public static Tensor Of(Tensor x)
    {
        if (x.Shape.Rank != 3) throw new ArgumentException($"bi-interaction: the shape {x.Shape} must be [examples, fields, d].");
        var (b, d) = (x.Shape[0], x.Shape[2]);
        var y = x.Tape.Push(Instance, new Shape(b, d), x);
        var sums = x.Tape.At(y.Node).Kept = x.Tape.Take(b * d);
        FieldKernels.PoolPairs(x.Values, [], [], [], [], x.Tape.Take(2 * d).Span, sums.Span, y.Mutable);
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        if (!node.Wants(0)) return;
        var dx = node.GradientOf(0, out var fresh);
        FieldKernels.PoolPairsBack(node.Input(0), [], [], [], node.Kept, node.Gradient, dx, add: !fresh, [], node.ShapeOf(0)[2]);
    }
}
