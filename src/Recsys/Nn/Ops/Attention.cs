using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>
/// Scaled dot-product attention of several heads in one op: for each example and head h, A = softmax(c Q_h K_hᵀ), O_h = A V_h, with the
/// heads side by side in the last axis. Keys beyond an example's length get no weight, nor, if causal, keys after the query; a query without
/// keys gives zero. Vaswani et al., "Attention is all you need", NIPS 2017, eq. 1. The maps A are kept. [B, H, M, T]
/// </summary>
internal sealed class Attention : Op
{
    public static readonly Attention Instance = new();

    public override string Name => "attention";

    public static Tensor Of(Tensor q, Tensor k, Tensor v, int heads, float scale, in Segments? lengths, bool causal)
    {
        var (sq, sk, sv) = (q.Shape, k.Shape, v.Shape);
        if (sq.Rank != 3 || sk.Rank != 3 || sq[0] != sk[0] || sq[2] != sk[2] || heads < 1 || sq[2] % heads != 0)
            throw Mismatch("attention", sq, sk, $"queries [B, M, w] and keys [B, T, w] share B and w, a multiple of {heads} heads");
        if (sv.Rank != 3 || sv[0] != sk[0] || sv[1] != sk[1] || sv[2] % heads != 0)
            throw Mismatch("attention", sk, sv, $"keys [B, T, w] and values [B, T, u] share B and T, and u is a multiple of {heads} heads");
        if (causal && sq[1] != sk[1]) throw Mismatch("attention", sq, sk, "causal attention has as many queries as keys");
        if (lengths is { } given && (given.Count != sk[0] || given.PaddedLength != sk[1]))
            throw new ArgumentException($"attention: keys of {sk} do not fit lengths of {given.Count} examples padded to {given.PaddedLength}.");
        var tape = q.Tape;
        var o = tape.Push(Instance, new Shape(sq[0], sq[1], sv[2]), q, k, v);
        ref var node = ref tape.At(o.Node);
        (node.I0, node.I1, node.F0) = (heads, causal ? 1 : 0, scale);
        if (lengths is { } mask) node.Ints = mask.Ints;
        node.Kept = tape.Take(checked(sq[0] * heads * sq[1] * sk[1]));
        AttentionKernels.Forward(new AttentionSizes(sq[0], heads, sq[1], sk[1], sq[2] / heads, sv[2] / heads, causal, scale),
            q.Values, k.Values, v.Values, lengths is { } limits ? limits.Lengths : [], node.Kept.Span, o.Mutable);
        return o;
    }

    /// <summary>The maps of an attention: [B, H, M, T], row-major. Good until the tape is reset.</summary>
    public static ReadOnlySpan<float> MapsOf(Tensor o) => o.Tape.At(o.Node).Kept.Span;

    public override void Backward(in Adjoint node)
    {
        var (sq, sk, sv, heads) = (node.ShapeOf(0), node.ShapeOf(1), node.ShapeOf(2), node.I0);
        var sizes = new AttentionSizes(sq[0], heads, sq[1], sk[1], sq[2] / heads, sv[2] / heads, node.I1 == 1, node.F0);
        Span<float> dq = default, dk = default, dv = default;
        if (node.Wants(0)) dq = node.GradientOf(0);
        if (node.Wants(1)) dk = node.GradientOf(1);
        if (node.Wants(2)) dv = node.GradientOf(2);
        var lengths = node.Ints.IsEmpty ? default : node.Ints[sq[0]..];
        AttentionKernels.Backward(
            sizes, node.Input(0), node.Input(1), node.Input(2), lengths, node.Kept, node.Gradient, dq, dk, dv, node.Tape.Take(sq[1] * sk[1]).Span);
    }
}
