using System.Globalization;
using Recsys.Numerics;

namespace Recsys.Evaluation;

/// <summary>Whether two models differ, user by user, on the same users.</summary>
/// <param name="Metric">Which metric was compared.</param>
/// <param name="First">Name of the first model.</param>
/// <param name="Second">Name of the second model.</param>
/// <param name="Users">Users with a value in both reports.</param>
/// <param name="Wins">Users for whom the first model has the higher value.</param>
/// <param name="Losses">Users for whom the second model has the higher value; the rest are ties.</param>
/// <param name="Difference">The mean of first - second.</param>
/// <param name="Low">Lower end of its bootstrap interval.</param>
/// <param name="High">Upper end of its bootstrap interval.</param>
/// <param name="PValue">Two-sided p-value of the randomisation test of "no difference", in (0, 1].</param>
public sealed record PairedComparison(
    string Metric, string First, string Second, int Users, int Wins, int Losses, double Difference, double Low, double High, double PValue)
{
    /// <summary>As "NDCG@10: a - b = +0.0123 [0.0101, 0.0145], p = 0.0001, 6040 users (2011 better, 1500 worse)".</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Metric}: {First} - {Second} = {Difference:+0.0000;-0.0000;0.0000} [{Low:F4}, {High:F4}], p = {PValue:F4}, " +
        $"{Users} users ({Wins} better, {Losses} worse)");
}

/// <summary>
/// Compares two reports user by user: far more sensitive than asking whether two intervals overlap, since both models met the same users.
/// </summary>
public static class PairedTest
{
    /// <summary>
    /// The mean difference first - second with its percentile bootstrap interval, and the randomisation test: under "no difference" each
    /// user's difference could as well have had the other sign, so p = (1 + how often random signs give a mean at least as far from 0) /
    /// (1 + resamples). Smucker, Allan and Carterette, "A comparison of statistical significance tests for information retrieval
    /// evaluation", CIKM 2007.
    /// </summary>
    /// <param name="first">A report.</param>
    /// <param name="second">A report of the same split and protocol.</param>
    /// <param name="metric">A metric that users have, as in "NDCG@10".</param>
    /// <param name="resamples">Of each of the two methods, at least 100; 10,000 by default. The least p-value is 1 / (1 +
    /// resamples).</param>
    /// <param name="confidence">Of the interval, in [0.5, 0.999]; 0.95 by default.</param>
    /// <param name="seed">1 by default.</param>
    /// <param name="threads">At least 1; all processors if null. Changes no result.</param>
    /// <exception cref="ArgumentException">The reports differ in split or protocol, or fewer than two users have a value in
    /// both.</exception>
    /// <exception cref="KeyNotFoundException">A report has no such metric for single users.</exception>
    public static PairedComparison Compare(
        RankingReport first, RankingReport second, string metric, int resamples = 10_000, double confidence = 0.95, ulong seed = 1,
        int? threads = null)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        Guard.AtLeast(100, resamples, nameof(resamples));
        Guard.InRange(0.5, 0.999, confidence, nameof(confidence));
        if (first.SplitDescription != second.SplitDescription)
            throw new ArgumentException(
                $"The reports come from different splits: '{first.SplitDescription}' and '{second.SplitDescription}'.", nameof(second));
        if (first.Protocol.Describe() != second.Protocol.Describe())
        {
            throw new ArgumentException(
                $"The reports come from different protocols: '{first.Protocol.Describe()}' and '{second.Protocol.Describe()}'.",
                nameof(second));
        }
        var differences = Differences(first, second, metric);
        if (differences.Length < 2)
            throw new ArgumentException(
                $"{differences.Length} users have a value of {metric} in both reports; at least 2 are needed.", nameof(second));
        var workers = Guard.AtLeast(1, threads ?? Environment.ProcessorCount, nameof(threads));
        var (low, high, p) = Test(differences, resamples, confidence, seed, workers);
        return new PairedComparison(
            metric, first.Name, second.Name, differences.Length, differences.Count(d => d > 0), differences.Count(d => d < 0),
            differences.Sum() / differences.Length, low, high, p);
    }

    /// <summary>The interval of the mean and the p-value, from the differences alone.</summary>
    internal static (double Low, double High, double PValue) Test(
        double[] differences, int resamples, double confidence, ulong seed, int threads)
    {
        const int shards = 16;
        var n = differences.Length;
        // A user without a difference adds nothing under either sign.
        var signed = Array.FindAll(differences, d => d != 0);
        // Sums in another order differ in the last bits; a tie with the observed value must still count as a tie.
        var observed = Math.Abs(signed.Sum()) * (1 - 1e-12);
        var means = new double[resamples];
        var extreme = new int[shards];
        var rng = new Rng(seed, 0x9A1E);
        Shards.Run(shards, threads, shard =>
        {
            var (start, end) = Shards.Range(resamples, shards, shard);
            for (var resample = start; resample < end; resample++)
            {
                var draws = rng.Stream(2 * (ulong)resample);
                double sum = 0;
                for (var i = 0; i < n; i++) sum += differences[draws.Below((ulong)i, n)];
                means[resample] = sum / n;

                var signs = rng.Stream(2 * (ulong)resample + 1);
                double swapped = 0;
                for (var i = 0; i < signed.Length;)
                {
                    var bits = signs.Bits((ulong)i);
                    for (var last = Math.Min(i + 64, signed.Length); i < last; i++, bits >>= 1)
                        swapped += (bits & 1) != 0 ? signed[i] : -signed[i];
                }
                if (Math.Abs(swapped) >= observed) extreme[shard]++;
            }
        });
        var (low, high) = Bootstrap.Interval(means, confidence);
        return (low!.Value, high!.Value, (1.0 + extreme.Sum()) / (1 + resamples));
    }

    private static double[] Differences(RankingReport first, RankingReport second, string metric)
    {
        int a = first.Column(metric), b = second.Column(metric);
        var differences = new List<double>();
        for (int i = 0, j = 0; i < first.Users.Length && j < second.Users.Length;)
        {
            if (first.Users[i] != second.Users[j])
            {
                if (first.Users[i] < second.Users[j]) i++;
                else j++;
                continue;
            }
            var difference = (double)first.Value(i++, a) - second.Value(j++, b);
            if (!double.IsNaN(difference)) differences.Add(difference);
        }
        return [.. differences];
    }
}
