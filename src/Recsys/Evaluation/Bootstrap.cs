using Recsys.Numerics;

namespace Recsys.Evaluation;

/// <summary>Percentile bootstrap intervals. Resample r draws from its own random stream, so threads change nothing. Efron, 1979.</summary>
internal static class Bootstrap
{
    /// <summary>The mean of each column and its interval from resampled rows; NaN entries are missing.</summary>
    public static MetricResult[] Means(string[] names, float[] values, int rows, RankingProtocol protocol, CancellationToken cancel)
    {
        var width = names.Length;
        var sums = new double[width];
        var counts = new double[width];
        for (var row = 0; row < rows; row++) Accumulate(values.AsSpan(row * width, width), sums, counts);

        var resamples = rows > 1 ? protocol.Bootstrap : 0;
        var means = new double[width][];
        for (var column = 0; column < width; column++) means[column] = new double[resamples];
        var rng = new Rng(protocol.Seed, 0xB007);
        Shards.Run(resamples == 0 ? 0 : protocol.Shards, protocol.Threads, shard =>
        {
            var sum = new double[width];
            var count = new double[width];
            var (start, end) = Shards.Range(resamples, protocol.Shards, shard);
            for (var resample = start; resample < end; resample++)
            {
                cancel.ThrowIfCancellationRequested();
                Array.Clear(sum);
                Array.Clear(count);
                var stream = rng.Stream((ulong)resample);
                for (var draw = 0; draw < rows; draw++)
                    Accumulate(values.AsSpan(stream.Below((ulong)draw, rows) * width, width), sum, count);
                for (var column = 0; column < width; column++) means[column][resample] = sum[column] / count[column];
            }
        }, cancel);

        var results = new MetricResult[width];
        for (var column = 0; column < width; column++)
        {
            var (low, high) = Interval(means[column], protocol.Confidence);
            results[column] = new MetricResult(
                names[column], counts[column] > 0 ? sums[column] / counts[column] : null, low, high, (long)counts[column]);
        }
        return results;
    }

    /// <summary>
    /// The percentile interval of the resampled values, sorted in place; null without any. Resamples in which the value is undefined (NaN)
    /// count for nothing.
    /// </summary>
    public static (double? Low, double? High) Interval(double[] resampled, double confidence)
    {
        Array.Sort(resampled); // NaN first
        var undefined = 0;
        while (undefined < resampled.Length && double.IsNaN(resampled[undefined])) undefined++;
        var defined = resampled.AsSpan(undefined);
        if (defined.Length < 2) return (null, null);
        return (Quantile(defined, (1 - confidence) / 2), Quantile(defined, (1 + confidence) / 2));
    }

    private static double Quantile(ReadOnlySpan<double> sorted, double share)
    {
        var position = share * (sorted.Length - 1);
        var below = (int)position;
        if (below >= sorted.Length - 1) return sorted[^1];
        return sorted[below] + (position - below) * (sorted[below + 1] - sorted[below]);
    }

    private static void Accumulate(ReadOnlySpan<float> row, double[] sums, double[] counts)
    {
        for (var i = 0; i < row.Length; i++)
        {
            if (float.IsNaN(row[i])) continue;
            sums[i] += row[i];
            counts[i]++;
        }
    }
}
