using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>
/// y = Σ_{i&lt;j} x_i ⊙ x_j = ½ [(Σ_i x_i)² − Σ_i x_i²], as <see cref="BiInteraction"/>, over fields in parts: rows of codes [B, C, d] and
/// numbers times vectors.
/// </summary>
internal sealed class FieldPairs : Op
{
    public static readonly FieldPairs Instance = new();

    public override string Name => "pairs of fields";

    public static Tensor Of(in FieldVectors x)
    {
        if (x.Values is not null && x.Vectors is null) throw new InvalidOperationException("Numbers as they are have no vectors.");
        var (tape, codes, d) = (x.Codes.Tape, x.Codes, x.Layout.Dimension);
        var y = tape.Push(Instance, new Shape(codes.Shape[0], d), codes, x.Vectors);
        ref var node = ref tape.At(y.Node);
        node.Kept = tape.Take(y.Shape.Length);
        (node.Data, node.I0) = (x.Layout, x.Values?.Node ?? -1);
        ReadOnlySpan<float> shared = x.Shared is { } s ? s.Values : [], values = x.Values is { } n ? n.Values : [];
        FieldKernels.PoolPairs(codes.Values, shared, values, x.Vectors is { } v ? v.Values : [], Slots(x.Layout, values), tape.Take(2 * d).Span,
            node.Kept.Span, y.Mutable);
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        var layout = (FieldLayout)node.Data!;
        ReadOnlySpan<float> values = node.I0 < 0 ? [] : node.Tape.Values(node.I0), vectors = node.I0 < 0 ? [] : node.Input(1);
        var fresh = false;
        var dCodes = node.Wants(0) ? node.GradientOf(0, out fresh) : [];
        var dVectors = node.Wants(1) ? node.GradientOf(1) : [];
        FieldKernels.PoolPairsBack(node.Input(0), values, vectors, Slots(layout, values), node.Kept, node.Gradient, dCodes, !fresh, dVectors,
            layout.Dimension);
    }

    private static ReadOnlySpan<int> Slots(FieldLayout layout, ReadOnlySpan<float> values) => values.IsEmpty ? [] : layout.NumberSlots;
}
