using System.Diagnostics;
using System.Globalization;
using Recsys.Data;
using Recsys.Numerics;

namespace Recsys.Evaluation;

/// <summary>Evaluates predicted ratings: RMSE and MAE, with intervals by resampling users.</summary>
public static class RatingEvaluator
{
    /// <summary>Evaluates one model on held-out ratings.</summary>
    /// <param name="name">The name of the model in the report.</param>
    /// <param name="predict">The predicted value for a dense user and a dense item id; called from several threads at once.</param>
    /// <param name="test">The held-out rows.</param>
    /// <param name="protocol">How to evaluate; the default if null.</param>
    /// <param name="cancel">Checked for every user and resample.</param>
    /// <returns>The report, with "RMSE" and "MAE"; the same to the bit for any number of threads and shards.</returns>
    /// <exception cref="ArgumentException">The name is empty, or there are no rows.</exception>
    /// <exception cref="ArithmeticException">A prediction is not finite; the message names user and item.</exception>
    public static RowReport Evaluate(
        string name, Func<int, int, float> predict, Interactions test, RatingProtocol? protocol = null, CancellationToken cancel = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(predict);
        ArgumentNullException.ThrowIfNull(test);
        protocol ??= new RatingProtocol();
        var started = Stopwatch.GetTimestamp();
        if (test.Count == 0) throw new ArgumentException("The test part has no rows.", nameof(test));

        var squared = new double[test.UserCount];
        var absolute = new double[test.UserCount];
        Shards.Run(protocol.Shards, protocol.Threads, shard =>
        {
            var (start, end) = Shards.Range(test.UserCount, protocol.Shards, shard);
            for (var user = start; user < end; user++)
            {
                cancel.ThrowIfCancellationRequested();
                var items = test.ItemsOf(user);
                var values = test.ValuesOf(user);
                for (var i = 0; i < items.Length; i++)
                {
                    var predicted = predict(user, items[i]);
                    if (!float.IsFinite(predicted))
                        throw new ArithmeticException(
                            $"'{name}' predicted {predicted} for user {user} and item {items[i]}; a prediction must be finite.");
                    var error = (double)predicted - values[i];
                    squared[user] += error * error;
                    absolute[user] += Math.Abs(error);
                }
            }
        }, cancel);

        var users = new List<int>();
        for (var user = 0; user < test.UserCount; user++)
            if (!test.ItemsOf(user).IsEmpty) users.Add(user);
        var resamples = users.Count > 1 ? protocol.Bootstrap : 0;
        var rmse = new double[resamples];
        var mae = new double[resamples];
        var rng = new Rng(protocol.Seed, 0x4A7E);
        Shards.Run(resamples == 0 ? 0 : protocol.Shards, protocol.Threads, shard =>
        {
            var (start, end) = Shards.Range(resamples, protocol.Shards, shard);
            for (var resample = start; resample < end; resample++)
            {
                cancel.ThrowIfCancellationRequested();
                var stream = rng.Stream((ulong)resample);
                double squares = 0, distances = 0;
                long rows = 0;
                for (var draw = 0; draw < users.Count; draw++)
                {
                    var user = users[stream.Below((ulong)draw, users.Count)];
                    squares += squared[user];
                    distances += absolute[user];
                    rows += test.ItemsOf(user).Length;
                }
                (rmse[resample], mae[resample]) = (Math.Sqrt(squares / rows), distances / rows);
            }
        }, cancel);

        var (rmseLow, rmseHigh) = Bootstrap.Interval(rmse, protocol.Confidence);
        var (maeLow, maeHigh) = Bootstrap.Interval(mae, protocol.Confidence);
        return new RowReport(
            name,
            [
                new("rows", string.Create(CultureInfo.InvariantCulture, $"{test.Count} ratings of {users.Count} users")),
                new("intervals", resamples == 0 ? "none" : string.Create(
                    CultureInfo.InvariantCulture,
                    $"{protocol.Confidence * 100:0.#} % bootstrap over users, {resamples} resamples, seed {protocol.Seed}")),
            ],
            [
                new("RMSE", Math.Sqrt(squared.Sum() / test.Count), rmseLow, rmseHigh, test.Count),
                new("MAE", absolute.Sum() / test.Count, maeLow, maeHigh, test.Count),
            ],
            [], Stopwatch.GetElapsedTime(started));
    }
}
