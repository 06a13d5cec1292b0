using Recsys.Nn;

namespace Recsys.Tests.Nn;

/// <summary>Attention, softmax, products of small matrices, layer norm, pairs of fields.</summary>
internal sealed class AttentionOpCases : OpCases
{
    public override IEnumerable<OpCase> All() => Softmaxes().Concat(Products()).Concat(Attentions()).Concat(SelfAttentions()).Concat(Norms()).Concat(Pairs()).Concat(Moves());

    private static IEnumerable<OpCase> Softmaxes()
    {
        foreach (var sizes in (int[][])[[1], [7], [3, 19], [2, 3, 4], [2, 2, 2, 17]])
        {
            yield return Case<Softmax>($"of {new Shape(sizes)}", [Drawn(sizes)], x => x[0].Softmax(),
                x => [.. x[0].Chunk(sizes[^1]).SelectMany(row => SoftmaxOf(row, row.Length))]);
        }
        int[] lengths = [3, 0, 5, 1];
        foreach (var sizes in (int[][])[[4, 5], [4, 2, 5], [4, 2, 2, 5]])
        {
            var each = sizes.Aggregate(1, (a, b) => a * b) / 20;
            yield return Case<Softmax>($"with lengths, of {new Shape(sizes)}", [Drawn(sizes)],
                x => x[0].Softmax(Segments.Padded(x.Tape, lengths, 5)),
                x => [.. x[0].Chunk(5).SelectMany((row, r) => SoftmaxOf(row, lengths[r / each]))]);
        }
        yield return Case<Softmax>("of far numbers", [Given([3], 200, 199, -300)], x => x[0].Softmax(), x => SoftmaxOf(x[0], 3));
    }

    private static IEnumerable<OpCase> Products()
    {
        foreach (var (lead, m, k, n) in ((int[], int, int, int)[])
            [([], 3, 5, 4), ([4], 3, 5, 2), ([4], 1, 7, 3), ([3], 4, 1, 1), ([2, 1], 3, 17, 33), ([3], 14, 2, 17)])
        {
            yield return Case<BatchedProduct>($"A B, {new Shape(lead)} of {m} × {k} × {n}", [Drawn([.. lead, m, k]), Drawn([.. lead, k, n])],
                x => x[0].Times(x[1]), x => Product(x[0], x[1], m, k, n, false));
            yield return Case<BatchedProduct>($"A Bᵀ, {new Shape(lead)} of {m} × {k} × {n}", [Drawn([.. lead, m, k]), Drawn([.. lead, n, k])],
                x => x[0].TimesTransposed(x[1]), x => Product(x[0], x[1], m, k, n, true));
        }
        yield return Case<BatchedProduct>("a weighted sum", [Drawn(3, 4, 5), Drawn(3, 4)], x => x[0].WeightedSum(x[1]),
            x => Product(x[1], x[0], 1, 4, 5, false));
        yield return Case<ScaleRows>("rows of three axes", [Drawn(2, 3, 5), Drawn(2, 3)], x => x[0].ScaleRows(x[1]),
            x => [.. x[0].Select((v, i) => v * x[1][i / 5])]);
        yield return Case<ScaleRows>("long rows, scales as a column", [Drawn(3, 21), Drawn(3, 1)], x => x[0].ScaleRows(x[1]),
            x => [.. x[0].Select((v, i) => v * x[1][i / 21])]);
        yield return Case<ScaleRows>("a vector is a row", [Drawn(4), Drawn(1)], x => x[0].ScaleRows(x[1]), x => [.. x[0].Select(v => v * x[1][0])]);
    }

    private static IEnumerable<OpCase> Attentions()
    {
        foreach (var (b, heads, m, t, w, u) in ((int, int, int, int, int, int)[])
            [(2, 1, 3, 4, 5, 2), (2, 2, 3, 3, 4, 4), (1, 3, 1, 5, 2, 3), (2, 2, 5, 1, 1, 1), (1, 1, 18, 19, 17, 3), (1, 1, 39, 39, 2, 1)])
        {
            foreach (var masked in (bool[])[false, true])
            {
                foreach (var causal in (bool[])[false, true])
                {
                    if (causal && m != t || m == 39 && masked != causal) continue;
                    int[] lengths = [.. Enumerable.Range(0, b).Select(i => i == 0 ? (t + 1) / 2 : 0)];
                    yield return Case<Attention>($"{b} × {heads} heads of {w} and {u}, {m} on {t}{(masked ? ", lengths" : "")}{(causal ? ", causal" : "")}",
                        [Drawn(b, m, heads * w), Drawn(b, t, heads * w), Drawn(b, t, heads * u)],
                        x => x[0].Attention(x[1], x[2], heads, 0.7f, masked ? Segments.Padded(x.Tape, lengths, t) : null, causal),
                        x => AttentionOf(x, b, heads, m, t, w, u, masked ? lengths : null, causal));
                }
            }
        }
    }

    private static IEnumerable<OpCase> SelfAttentions()
    {
        foreach (var residual in (bool[])[false, true])
        {
            foreach (var relu in (bool[])[false, true])
            {
                foreach (var (masked, causal) in ((bool, bool)[])[(false, false), (true, false), (true, true)])
                {
                    const int B = 3, Heads = 2, M = 4, W = 3;
                    var parts = residual ? 4 : 3;
                    int[] lengths = [4, 0, 2];
                    yield return Case<SelfAttention>($"{(residual ? "residual, " : "")}{(relu ? "rectified, " : "")}{(masked ? "lengths, " : "")}{(causal ? "causal" : "")}",
                        [Drawn(B, M, parts * Heads * W)],
                        x => x[0].SelfAttention(Heads, 0.7f, masked ? Segments.Padded(x.Tape, lengths, M) : null, causal, residual, relu),
                        x =>
                        {
                            double[][] cut = [.. Enumerable.Range(0, parts).Select(p => x[0].Chunk(parts * Heads * W).SelectMany(row => row.Skip(p * Heads * W).Take(Heads * W)).ToArray())];
                            var y = AttentionOf(cut, B, Heads, M, M, W, W, masked ? lengths : null, causal);
                            for (var i = 0; i < y.Length; i++)
                            {
                                if (residual) y[i] += cut[3][i];
                                if (relu) y[i] = Math.Max(y[i], 0);
                            }
                            return y;
                        });
                }
            }
        }
    }

    private static IEnumerable<OpCase> Norms()
    {
        foreach (var sizes in (int[][])[[4], [3, 2], [5, 16], [2, 3, 21]])
        {
            yield return Case<LayerNormOp>($"of {new Shape(sizes)}", [Drawn(sizes), Drawn(sizes[^1]), Drawn(sizes[^1])],
                x => LayerNormOp.Of(x[0], x[1], x[2], 1e-3f), x => [.. x[0].Chunk(sizes[^1]).SelectMany(row => Normal(row, x[1], x[2]))]);
        }
    }

    private static IEnumerable<OpCase> Pairs()
    {
        foreach (var (f, d) in ((int, int)[])[(2, 1), (4, 3), (3, 16), (5, 21)])
        {
            var pairs = (from i in Enumerable.Range(0, f) from j in Enumerable.Range(i + 1, f - i - 1) select (i, j)).ToArray();
            yield return Case<PairProducts>($"{f} fields of {d}", [Drawn(2, f, d)], x => x[0].PairProducts(),
                x => [.. from b in Enumerable.Range(0, 2) from p in pairs from k in Enumerable.Range(0, d)
                         select x[0][(b * f + p.i) * d + k] * x[0][(b * f + p.j) * d + k]]);
            yield return Case<CrossPairs>($"Hadamard, {f} fields of {d}", [Drawn(2, f, f, d)], x => x[0].CrossProducts(),
                x => [.. from b in Enumerable.Range(0, 2) from p in pairs from k in Enumerable.Range(0, d)
                         select At(x[0], b, p.i, p.j, k) * At(x[0], b, p.j, p.i, k)]);
            yield return Case<CrossPairs>($"inner, {f} fields of {d}", [Drawn(2, f, f, d)], x => x[0].CrossInner(),
                x => [.. from b in Enumerable.Range(0, 2) from p in pairs
                         select Enumerable.Range(0, d).Sum(k => At(x[0], b, p.i, p.j, k) * At(x[0], b, p.j, p.i, k))]);

            double At(double[] x, int b, int i, int j, int k) => x[((b * f + i) * f + j) * d + k];
        }
        yield return Case<PairProducts>("one field has no pairs", [Drawn(2, 1, 3)], x => x[0].PairProducts(), _ => []);
    }

    private static IEnumerable<OpCase> Moves()
    {
        foreach (var (sizes, a, b) in ((int[], int, int)[])
            [([3, 4], 0, 1), ([2, 3, 4], 0, 2), ([2, 3, 4], 1, 2), ([2, 3, 4, 5], 1, 2), ([2, 3, 4, 5], 3, 0), ([2, 3, 2, 2], 2, 2)])
        {
            yield return Case<SwapAxes>($"{a} and {b} of {new Shape(sizes)}", [Drawn(sizes)], x => x[0].SwapAxes(a, b), x =>
            {
                int[] swapped = [.. sizes];
                (swapped[a], swapped[b]) = (swapped[b], swapped[a]);
                var y = new double[x[0].Length];
                for (var i = 0; i < y.Length; i++)
                {
                    var place = new int[sizes.Length];
                    for (var (axis, rest) = (sizes.Length - 1, i); axis >= 0; rest /= sizes[axis--]) place[axis] = rest % sizes[axis];
                    (place[a], place[b]) = (place[b], place[a]);
                    var at = 0;
                    for (var axis = 0; axis < place.Length; axis++) at = at * swapped[axis] + place[axis];
                    y[at] = x[0][i];
                }
                return y;
            });
        }
    }

    internal static double[] SoftmaxOf(double[] row, int length)
    {
        var y = new double[row.Length];
        if (length == 0) return y;
        var max = row.Take(length).Max();
        var sum = row.Take(length).Sum(v => Math.Exp(v - max));
        for (var i = 0; i < length; i++) y[i] = Math.Exp(row[i] - max) / sum;
        return y;
    }

    private static double[] Product(double[] a, double[] b, int m, int k, int n, bool transposed)
    {
        var batches = a.Length / (m * k);
        var c = new double[batches * m * n];
        for (var p = 0; p < batches; p++)
            for (var i = 0; i < m; i++)
                for (var j = 0; j < n; j++)
                    for (var l = 0; l < k; l++)
                        c[(p * m + i) * n + j] += a[(p * m + i) * k + l] * b[p * k * n + (transposed ? j * k + l : l * n + j)];
        return c;
    }

    private static double[] AttentionOf(double[][] x, int examples, int heads, int m, int t, int w, int u, int[]? lengths, bool causal)
    {
        var y = new double[examples * m * heads * u];
        for (var b = 0; b < examples; b++)
        {
            for (var h = 0; h < heads; h++)
            {
                for (var i = 0; i < m; i++)
                {
                    var scores = new double[t];
                    for (var j = 0; j < t; j++)
                        for (var l = 0; l < w; l++) scores[j] += 0.7f * x[0][(b * m + i) * heads * w + h * w + l] * x[1][(b * t + j) * heads * w + h * w + l];
                    var limit = lengths is null ? t : lengths[b];
                    var map = SoftmaxOf(scores, causal ? Math.Min(limit, i + 1) : limit);
                    for (var j = 0; j < t; j++)
                        for (var l = 0; l < u; l++) y[(b * m + i) * heads * u + h * u + l] += map[j] * x[2][(b * t + j) * heads * u + h * u + l];
                }
            }
        }
        return y;
    }

    private static double[] Normal(double[] row, double[] gain, double[] bias)
    {
        var mean = row.Average();
        var variance = row.Average(v => (v - mean) * (v - mean));
        return [.. row.Select((v, i) => (v - mean) / Math.Sqrt(variance + 1e-3f) * gain[i] + bias[i])];
    }
}
