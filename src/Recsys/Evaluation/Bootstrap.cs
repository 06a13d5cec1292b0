using System.Numerics.Tensors;
using Recsys.Numerics;

namespace Recsys.Evaluation;

/// <summary>Percentile bootstrap intervals. Resample r draws from its own random stream, so threads change nothing. Efron, 1979.</summary>
internal static class Bootstrap
{
    /// <summary>The mean of each column and its interval from resampled rows; NaN entries are missing.</summary>
    public static MetricResult[] Means(string[] names, float[] values, int rows, RankingProtocol protocol, CancellationToken cancel)
    {
        var width = names.Length;
        var (table, presence, stride) = Fill(values, width, rows);
        var sums = new double[stride];
        for (var row = 0; row < rows; row++) Add(table, row, sums);

        var resamples = rows > 1 ? protocol.Bootstrap : 0;
        var means = new double[width][];
        for (var column = 0; column < width; column++) means[column] = new double[resamples];
        var rng = new Rng(protocol.Seed, 0xB007);
        Shards.Run(resamples == 0 ? 0 : protocol.Shards, protocol.Threads, shard =>
        {
            var sum = new double[stride];
            var (start, end) = Shards.Range(resamples, protocol.Shards, shard);
            for (var resample = start; resample < end; resample++)
            {
                cancel.ThrowIfCancellationRequested();
                Array.Clear(sum);
                var stream = rng.Stream((ulong)resample);
                for (var draw = 0; draw < rows; draw++) Add(table, stream.Below((ulong)draw, rows), sum);
                for (var column = 0; column < width; column++) means[column][resample] = sum[column] / Count(sum, column);
            }
        }, cancel);

        var results = new MetricResult[width];
        for (var column = 0; column < width; column++)
        {
            var (low, high) = Interval(means[column], protocol.Confidence);
            var count = Count(sums, column);
            results[column] = new MetricResult(names[column], count > 0 ? sums[column] / count : null, low, high, (long)count);
        }
        return results;

        double Count(double[] sum, int column) => presence[column] < 0 ? rows : sum[presence[column]];
    }

    // Missing entries become 0, and a column that has some gets another one beside the metrics that counts those that are there: a resample is
    // then nothing but additions of whole rows.
    private static (double[] Table, int[] Presence, int Stride) Fill(float[] values, int width, int rows)
    {
        var presence = new int[width];
        Array.Fill(presence, -1);
        var stride = width;
        for (var column = 0; column < width; column++)
        {
            for (var row = 0; row < rows && presence[column] < 0; row++)
                if (float.IsNaN(values[row * width + column])) presence[column] = stride++;
        }
        var table = new double[rows * stride];
        for (var row = 0; row < rows; row++)
        {
            var target = table.AsSpan(row * stride, stride);
            for (var column = 0; column < width; column++)
            {
                var value = values[row * width + column];
                if (float.IsNaN(value)) continue;
                target[column] = value;
                if (presence[column] >= 0) target[presence[column]] = 1;
            }
        }
        return (table, presence, stride);
    }

    private static void Add(double[] table, int row, double[] sums)
        => TensorPrimitives.Add<double>(sums, table.AsSpan(row * sums.Length, sums.Length), sums);

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
}
