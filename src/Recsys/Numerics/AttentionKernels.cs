using System.Numerics.Tensors;

namespace Recsys.Numerics;

/// <summary>
/// The sizes of an attention: M queries and values of Width numbers for each head, T keys. Rows of queries, keys, values and outputs are
/// as many floats apart as their Row says; the heads of a row lie side by side.
/// </summary>
internal readonly record struct AttentionSizes(int Examples, int Heads, int Queries, int Keys, int Width, int ValueWidth)
{
    public int QueryRow { get; init; } = Heads * Width;

    public int KeyRow { get; init; } = Heads * Width;

    public int ValueRow { get; init; } = Heads * ValueWidth;

    public bool Causal { get; init; }

    public float Scale { get; init; }

    /// <summary>Whether the outputs end in a rectifier.</summary>
    public bool Relu { get; init; }

    public int OutputRow => Heads * ValueWidth;

    public int MapSize => Queries * Keys;

    /// <summary>Where queries, keys and values of a head of an example begin.</summary>
    public (int Query, int Key, int Value) Places(int example, int head)
        => (example * Queries * QueryRow + head * Width, example * Keys * KeyRow + head * Width, example * Keys * ValueRow + head * ValueWidth);
}

/// <summary>
/// Attention of several heads, forward and back, example by example: what one needs is in the first-level cache while it is worked on.
/// Thread-safe; nothing is allocated.
/// </summary>
internal static class AttentionKernels
{
    /// <summary>maps = softmax(scale · q kᵀ), output = relu?(maps · v + residual).</summary>
    /// <param name="s">Sizes.</param>
    /// <param name="q">From the first query.</param>
    /// <param name="k">From the first key.</param>
    /// <param name="v">From the first value.</param>
    /// <param name="residual">Rows as far apart as the queries; empty for none.</param>
    /// <param name="lengths">How many keys of each example count; empty for all.</param>
    /// <param name="maps">[B, H, M, T]</param>
    /// <param name="output">[B, M, H · ValueWidth]</param>
    public static void Forward(in AttentionSizes s, ReadOnlySpan<float> q, ReadOnlySpan<float> k, ReadOnlySpan<float> v,
        ReadOnlySpan<float> residual, ReadOnlySpan<int> lengths, Span<float> maps, Span<float> output)
    {
        var (m, t) = (s.Queries, s.Keys);
        for (var b = 0; b < s.Examples; b++)
        {
            var limit = lengths.IsEmpty ? t : lengths[b];
            var rows = output.Slice(b * m * s.OutputRow, m * s.OutputRow);
            if (!residual.IsEmpty)
                for (var i = 0; i < m; i++) residual.Slice((b * m + i) * s.QueryRow, s.OutputRow).CopyTo(rows[(i * s.OutputRow)..]);
            for (var h = 0; h < s.Heads; h++)
            {
                var map = maps.Slice((b * s.Heads + h) * s.MapSize, s.MapSize);
                var (atQ, atK, atV) = s.Places(b, h);
                if (limit > 0)
                {
                    Gemm.Multiply(Transpose.No, Transpose.Yes, m, limit, s.Width,
                        s.Scale, q[atQ..], s.QueryRow, k[atK..], s.KeyRow, 0, map, t);
                }
                Elementwise.SoftmaxRows(map, t, s.Causal ? Math.Min(limit, 1) : limit, s.Causal, limit);
                Gemm.Multiply(Transpose.No, Transpose.No, m, s.ValueWidth, limit, 1, map, t, v[atV..], s.ValueRow,
                    residual.IsEmpty ? 0 : 1, rows[(h * s.ValueWidth)..], s.OutputRow);
            }
            if (s.Relu) Elementwise.Relu(rows, rows);
        }
    }

    /// <summary>Adds to the gradients of q, k, v and the residual; an empty one is not wanted. The gradient is used as scratch.</summary>
    public static void Backward(in AttentionSizes s, ReadOnlySpan<float> q, ReadOnlySpan<float> k, ReadOnlySpan<float> v,
        ReadOnlySpan<int> lengths, ReadOnlySpan<float> maps, ReadOnlySpan<float> output, Span<float> gradient,
        Span<float> dq, Span<float> dk, Span<float> dv, Span<float> dResidual, Span<float> scratch)
    {
        var (m, t, w, u) = (s.Queries, s.Keys, s.Width, s.ValueWidth);
        for (var b = 0; b < s.Examples; b++)
        {
            var limit = lengths.IsEmpty ? t : lengths[b];
            var rows = gradient.Slice(b * m * s.OutputRow, m * s.OutputRow);
            if (s.Relu) LayerKernels.GateRelu(output.Slice(b * m * s.OutputRow, m * s.OutputRow), rows);
            for (var i = 0; i < m && !dResidual.IsEmpty; i++)
            {
                var to = dResidual.Slice((b * m + i) * s.QueryRow, s.OutputRow);
                TensorPrimitives.Add(to, rows.Slice(i * s.OutputRow, s.OutputRow), to);
            }
            if (limit == 0 || m == 0) continue;
            for (var h = 0; h < s.Heads; h++)
            {
                var map = maps.Slice((b * s.Heads + h) * s.MapSize, s.MapSize);
                var (atQ, atK, atV) = s.Places(b, h);
                var g = rows[(h * u)..];
                if (!dv.IsEmpty)
                    Gemm.Multiply(Transpose.Yes, Transpose.No, limit, u, m, 1, map, t, g, s.OutputRow, 1, dv[atV..], s.ValueRow);
                if (dq.IsEmpty && dk.IsEmpty) continue;
                Gemm.Multiply(Transpose.No, Transpose.Yes, m, limit, u, 1, g, s.OutputRow, v[atV..], s.ValueRow, 0, scratch, t);
                Elementwise.SoftmaxRowsBack(map, t, limit, s.Scale, scratch);
                if (!dq.IsEmpty)
                    Gemm.Multiply(Transpose.No, Transpose.No, m, w, limit, 1, scratch, t, k[atK..], s.KeyRow, 1, dq[atQ..], s.QueryRow);
                if (!dk.IsEmpty)
                    Gemm.Multiply(Transpose.Yes, Transpose.No, limit, w, m, 1, scratch, t, q[atQ..], s.QueryRow, 1, dk[atK..], s.KeyRow);
            }
        }
    }
}
