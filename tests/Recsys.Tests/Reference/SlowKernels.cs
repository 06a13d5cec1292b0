namespace Recsys.Tests.Reference;

/// <summary>The obvious way to compute what the kernels compute, in double.</summary>
internal static class SlowKernels
{
    /// <summary>One element of alpha · op(A) · op(B) + beta · C, and how far a sum in single precision may lie from it.</summary>
    public static (double Value, double Bound) Gemm(
        bool ta, bool tb, int i, int j, int k, float alpha, ReadOnlySpan<float> a, int lda, ReadOnlySpan<float> b, int ldb, float beta, float c)
    {
        double sum = 0, size = 0;
        for (var l = 0; l < k; l++)
        {
            var term = (double)(ta ? a[l * lda + i] : a[i * lda + l]) * (tb ? b[j * ldb + l] : b[l * ldb + j]);
            sum += term;
            size += Math.Abs(term);
        }
        var old = beta == 0 ? 0 : (double)beta * c;
        return (alpha * sum + old, (k + 3) * 6e-8 * (Math.Abs(alpha) * size + Math.Abs(old)) + 1e-30);
    }

    public static (double Value, double Bound) Dot(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        double sum = 0, size = 0;
        for (var i = 0; i < x.Length; i++)
        {
            sum += (double)x[i] * y[i];
            size += Math.Abs((double)x[i] * y[i]);
        }
        return (sum, (x.Length + 2) * 6e-8 * size);
    }

    public static (double Value, double Bound) SquaredDistance(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        var sum = 0.0;
        for (var i = 0; i < x.Length; i++) sum += ((double)x[i] - y[i]) * ((double)x[i] - y[i]);
        return (sum, (x.Length + 4) * 12e-8 * sum);
    }

    public static int IndexOfNotBelow(ReadOnlySpan<float> values, float threshold)
    {
        for (var i = 0; i < values.Length; i++)
            if (!(values[i] < threshold)) return i;
        return -1;
    }

    /// <summary>Sorts everything that passes, best first, ties by id.</summary>
    public static ScoredItem[] Top(ReadOnlySpan<float> scores, int k, Func<int, bool> passes)
    {
        var all = new List<ScoredItem>();
        for (var i = 0; i < scores.Length; i++)
            if (!float.IsNegativeInfinity(scores[i]) && passes(i)) all.Add(new(i, scores[i]));
        return [.. all.OrderByDescending(x => x.Score).ThenBy(x => x.Item).Take(k)];
    }
}

/// <summary>Random floats for tests.</summary>
internal static class RandomFloats
{
    /// <summary>Uniform in [-1, 1).</summary>
    public static float[] Create(ulong seed, int count)
    {
        var rng = new Recsys.Numerics.Rng(seed);
        var values = new float[count];
        for (var i = 0; i < count; i++) values[i] = rng.Uniform((ulong)i) * 2 - 1;
        return values;
    }
}
