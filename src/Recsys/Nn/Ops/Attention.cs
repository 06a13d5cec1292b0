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
        CheckLengths(sk, lengths);
        var tape = q.Tape;
        var o = tape.Push(Instance, new Shape(sq[0], sq[1], sv[2]), q, k, v);
        ref var node = ref tape.At(o.Node);
        (node.I0, node.I1, node.F0) = (heads, causal ? 1 : 0, scale);
        if (lengths is { } mask) node.Ints = mask.Ints;
        node.Kept = tape.Take(checked(sq[0] * heads * sq[1] * sk[1]));
        var sizes = Sizes(sq, sk, sv, node.I0, node.I1, scale);
        AttentionKernels.Forward(sizes, q.Values, k.Values, v.Values, [], LengthsOf(node.Ints.Span), node.Kept.Span, o.Mutable);
        return o;
    }

    public override void Backward(in Adjoint node)
    {
        var sizes = Sizes(node.ShapeOf(0), node.ShapeOf(1), node.ShapeOf(2), node.I0, node.I1, node.F0);
        Span<float> dq = default, dk = default, dv = default;
        if (node.Wants(0)) dq = node.GradientOf(0);
        if (node.Wants(1)) dk = node.GradientOf(1);
        if (node.Wants(2)) dv = node.GradientOf(2);
        AttentionKernels.Backward(sizes, node.Input(0), node.Input(1), node.Input(2), LengthsOf(node.Ints), node.Kept, node.Output,
            node.Gradient, dq, dk, dv, [], node.Tape.Take(sizes.MapSize).Span);
    }

    public static void CheckLengths(Shape keys, in Segments? lengths)
    {
        if (lengths is { } given && (given.Count != keys[0] || given.PaddedLength != keys[1]))
            throw new ArgumentException(
                $"attention: keys of {keys} do not fit lengths of {given.Count} examples padded to {given.PaddedLength}.");
    }

    // Segments keep starts and lengths.
    public static ReadOnlySpan<int> LengthsOf(ReadOnlySpan<int> segments) => segments[(segments.Length / 2)..];

    private static AttentionSizes Sizes(Shape q, Shape k, Shape v, int heads, int causal, float scale)
        => new(q[0], heads, q[1], k[1], q[2] / heads, v[2] / heads) { Causal = causal != 0, Scale = scale };
}

/// <summary>
/// The attention of rows on each other, from one product of the rows with all projections: p = [Q | K | V] or, with a residual,
/// [Q | K | V | R] of w columns each. y = relu?(attention(Q, K, V) + R). [B, M, 3 w] or [B, M, 4 w] → [B, M, w]
/// </summary>
internal sealed class SelfAttention : Op
{
    private const int Residual = 1, Causal = 2, Rectified = 4;

    public static readonly SelfAttention Instance = new();

    public override string Name => "self attention";

    public static Tensor Of(Tensor p, int heads, float scale, in Segments? lengths, bool causal, bool residual, bool relu)
    {
        var (shape, parts) = (p.Shape, residual ? 4 : 3);
        if (shape.Rank != 3 || heads < 1 || shape[2] % (parts * heads) != 0)
            throw new ArgumentException(
                $"self attention: the shape {shape} must be [examples, rows, {parts} w] with w a multiple of {heads} heads.");
        Attention.CheckLengths(shape, lengths);
        var tape = p.Tape;
        var y = tape.Push(Instance, new Shape(shape[0], shape[1], shape[2] / parts), p);
        ref var node = ref tape.At(y.Node);
        (node.I0, node.F0) = (heads, scale);
        node.I1 = (residual ? Residual : 0) | (causal ? Causal : 0) | (relu ? Rectified : 0);
        if (lengths is { } mask) node.Ints = mask.Ints;
        node.Kept = tape.Take(checked(shape[0] * heads * shape[1] * shape[1]));
        var sizes = Sizes(shape, heads, node.I1, scale, out var w);
        var x = p.Values;
        AttentionKernels.Forward(sizes, x, From(x, w), From(x, 2 * w), residual ? From(x, 3 * w) : [],
            Attention.LengthsOf(node.Ints.Span), node.Kept.Span, y.Mutable);
        return y;
    }

    public override void Backward(in Adjoint node)
    {
        if (!node.Wants(0)) return;
        var sizes = Sizes(node.ShapeOf(0), node.I0, node.I1, node.F0, out var w);
        var x = node.Input(0);
        var dx = node.GradientOf(0);
        AttentionKernels.Backward(
            sizes, x, From(x, w), From(x, 2 * w), Attention.LengthsOf(node.Ints), node.Kept, node.Output, node.Gradient,
            dx, From(dx, w), From(dx, 2 * w), (node.I1 & Residual) != 0 ? From(dx, 3 * w) : [], node.Tape.Take(sizes.MapSize).Span);
    }

    private static AttentionSizes Sizes(Shape p, int heads, int flags, float scale, out int w)
    {
        var parts = (flags & Residual) != 0 ? 4 : 3;
        w = p[2] / parts;
        return new AttentionSizes(p[0], heads, p[1], p[1], w / heads, w / heads)
        {
            QueryRow = p[2],
            KeyRow = p[2],
            ValueRow = p[2],
            Causal = (flags & Causal) != 0,
            Scale = scale,
            Relu = (flags & Rectified) != 0,
        };
    }

    private static ReadOnlySpan<float> From(ReadOnlySpan<float> x, int at) => x.IsEmpty ? x : x[at..];

    private static Span<float> From(Span<float> x, int at) => x.IsEmpty ? x : x[at..];
}
