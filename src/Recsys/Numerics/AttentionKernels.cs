namespace Recsys.Numerics;

/// <summary>The sizes of an attention: queries [B, M, H · Width], keys [B, T, H · Width], values [B, T, H · ValueWidth].</summary>
internal readonly record struct AttentionSizes(
    int Examples, int Heads, int Queries, int Keys, int Width, int ValueWidth, bool Causal, float Scale);

/// <summary>
/// Attention of several heads, forward and back, example by example: the maps of one are in the first-level cache while it is worked on.
/// Thread-safe; nothing is allocated.
/// </summary>
internal static class AttentionKernels
{
    /// <summary>maps = softmax(scale · q kᵀ), output = maps · v.</summary>
    public static void Forward(in AttentionSizes s, ReadOnlySpan<float> q, ReadOnlySpan<float> k, ReadOnlySpan<float> v,
        ReadOnlySpan<int> lengths, Span<float> maps, Span<float> output)
    {
        var (m, t, w, u, row, rowV) = (s.Queries, s.Keys, s.Width, s.ValueWidth, s.Heads * s.Width, s.Heads * s.ValueWidth);
        for (var b = 0; b < s.Examples; b++)
        {
            var limit = lengths.IsEmpty ? t : lengths[b];
            for (var h = 0; h < s.Heads; h++)
            {
                var map = maps.Slice((b * s.Heads + h) * m * t, m * t);
                if (limit > 0)
                {
                    Gemm.Multiply(Transpose.No, Transpose.Yes, m, limit, w, s.Scale,
                        q[(b * m * row + h * w)..], row, k[(b * t * row + h * w)..], row, 0, map, t);
                }
                for (var i = 0; i < m; i++)
                {
                    var keys = s.Causal ? Math.Min(limit, i + 1) : limit;
                    var line = map.Slice(i * t, t);
                    Elementwise.Softmax(line[..keys], line[..keys]);
                    line[keys..].Clear();
                }
                Gemm.Multiply(Transpose.No, Transpose.No, m, u, limit, 1, map, t, v[(b * t * rowV + h * u)..], rowV, 0,
                    output[(b * m * rowV + h * u)..], rowV);
            }
        }
    }

    /// <summary>Adds to the gradients of q, k and v; an empty one is not wanted.</summary>
    public static void Backward(in AttentionSizes s, ReadOnlySpan<float> q, ReadOnlySpan<float> k, ReadOnlySpan<float> v,
        ReadOnlySpan<int> lengths, ReadOnlySpan<float> maps, ReadOnlySpan<float> gradient,
        Span<float> dq, Span<float> dk, Span<float> dv, Span<float> scratch)
    {
        var (m, t, w, u, row, rowV) = (s.Queries, s.Keys, s.Width, s.ValueWidth, s.Heads * s.Width, s.Heads * s.ValueWidth);
        for (var b = 0; b < s.Examples; b++)
        {
            var limit = lengths.IsEmpty ? t : lengths[b];
            if (limit == 0 || m == 0) continue;
            for (var h = 0; h < s.Heads; h++)
            {
                var map = maps.Slice((b * s.Heads + h) * m * t, m * t);
                var (atQ, atK, atV, atO) = (b * m * row + h * w, b * t * row + h * w, b * t * rowV + h * u, b * m * rowV + h * u);
                if (!dv.IsEmpty) Gemm.Multiply(Transpose.Yes, Transpose.No, limit, u, m, 1, map, t, gradient[atO..], rowV, 1, dv[atV..], rowV);
                if (dq.IsEmpty && dk.IsEmpty) continue;
                Gemm.Multiply(Transpose.No, Transpose.Yes, m, limit, u, 1, gradient[atO..], rowV, v[atV..], rowV, 0, scratch, t);
                for (var i = 0; i < m; i++) SoftmaxBack(map.Slice(i * t, limit), scratch.Slice(i * t, limit), s.Scale);
                if (!dq.IsEmpty) Gemm.Multiply(Transpose.No, Transpose.No, m, w, limit, 1, scratch, t, k[atK..], row, 1, dq[atQ..], row);
                if (!dk.IsEmpty) Gemm.Multiply(Transpose.Yes, Transpose.No, limit, w, m, 1, scratch, t, q[atQ..], row, 1, dk[atK..], row);
            }
        }
    }

    // g = scale · y ⊙ (g − ⟨g, y⟩)
    private static void SoftmaxBack(ReadOnlySpan<float> y, Span<float> g, float scale)
    {
        System.Numerics.Tensors.TensorPrimitives.Subtract(g, Dot.Product(g, y), g);
        System.Numerics.Tensors.TensorPrimitives.Multiply(g, y, g);
        Elementwise.Scale(scale, g);
    }
}
