using Recsys.Data;
using Recsys.Persistence;

namespace Recsys.Recall;

// What everybody likes. Over the interactions of item i within the window, where an interaction of value v and age a counts d = 2^(-a /
// half-life):
//
//   count        Σ d
//   value sum    Σ d v
//   mean value   (Σ d v + m μ) / (Σ d + m)                            μ the mean of all items, m the weight of that prior
//   success rate (Σ_success d + m μ) / (Σ_trial d + m)                the same for clicks per impression
//   lower bound  (p + z²/2n - z √(p (1-p) / n + z²/4n²)) / (1 + z²/n)   n = Σ_trial d, p = Σ_success d / n
//
// Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22(158), 1927. The smoothed mean is the posterior
// mean under a conjugate prior of weight m (beta for rates).

/// <summary>What popularity means.</summary>
public enum PopularityScore
{
    /// <summary>The number of interactions.</summary>
    Count,

    /// <summary>The sum of their values.</summary>
    ValueSum,

    /// <summary>Their mean value, drawn to the mean of all by <see cref="PopularityOptions.Smoothing"/>.</summary>
    MeanValue,

    /// <summary>Successes per trial (clicks per impression), drawn to the rate of all by
    /// <see cref="PopularityOptions.Smoothing"/>.</summary>
    SuccessRate,

    /// <summary>The lower end of Wilson's interval for successes per trial: a high rate counts only as far as trials support it.</summary>
    SuccessLowerBound,
}

/// <summary>Options of <see cref="Popularity"/>.</summary>
public sealed record PopularityOptions
{
    /// <summary>What popularity means. Default <see cref="PopularityScore.Count"/>.</summary>
    public PopularityScore Score { get; init => field = Guard.Defined(value); }

    /// <summary>
    /// Only interactions at most this old count; null (the default) for all. With a window, a half-life or <see cref="Until"/>,
    /// interactions without a time and those after <see cref="Until"/> don't count.
    /// </summary>
    public TimeSpan? Window { get; init => field = Positive(value, nameof(Window)); }

    /// <summary>The age after which an interaction counts half; null (the default) for no decay.</summary>
    public TimeSpan? HalfLife { get; init => field = Positive(value, nameof(HalfLife)); }

    /// <summary>The instant from which ages are counted back; null (the default) for the newest interaction.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>m: as many interactions of average value are added to every item. 0 or more, default 10. For means and rates.</summary>
    public double Smoothing { get; init => field = Guard.InRange(0, 1e12, value); } = 10;

    /// <summary>z: half the width of Wilson's interval, in standard errors. 0..10, default 1.96 (95 %).</summary>
    public double Confidence { get; init => field = Guard.InRange(0, 10, value); } = 1.96;

    /// <summary>The event type that is a success ("click"); null (the default): an interaction with a value above 0 is one.</summary>
    public string? SuccessEvent { get; init; }

    /// <summary>The event type that is a trial ("impression"); null (the default): every interaction is one.</summary>
    public string? TrialEvent { get; init; }

    private static TimeSpan? Positive(TimeSpan? value, string name)
        => value is null || value > TimeSpan.Zero ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} must be positive.");
}

/// <summary>
/// The most popular items, the same for everybody, known or not: the fallback of every other model and the bar that it has to clear. Scores
/// every item of the catalogue; a history leaves nothing out unless it stands in the filter. Immutable; safe for any number of threads; a
/// call allocates nothing after warm-up.
/// </summary>
public sealed class Popularity : IRecaller, IModel<Popularity>
{
    private readonly float[] _scores;

    private Popularity(float[] scores) => _scores = scores;

    /// <inheritdoc/>
    public static string Kind => "popularity";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <summary>Number of items at training.</summary>
    public int ItemCount => _scores.Length;

    /// <summary>The score of each item, by dense id.</summary>
    public ReadOnlySpan<float> Scores => _scores;

    /// <summary>Counts, in one pass.</summary>
    /// <param name="data">What users did.</param>
    /// <param name="options">What counts, and how much; the defaults if null.</param>
    /// <param name="progress">Told when done.</param>
    /// <param name="cancel">Stops the training.</param>
    /// <exception cref="ArgumentException">A window or half-life without times, or an event type that the log doesn't have.</exception>
    public static Popularity Train(
        Interactions data, PopularityOptions? options = null, IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        options ??= new PopularityOptions();
        var rates = options.Score is PopularityScore.SuccessRate or PopularityScore.SuccessLowerBound;
        var success = rates ? EventOf(data, options.SuccessEvent, nameof(PopularityOptions.SuccessEvent)) : -1;
        var trial = rates ? EventOf(data, options.TrialEvent, nameof(PopularityOptions.TrialEvent)) : -1;
        var age = new Ages(data, options);
        var weights = new double[data.ItemCount];
        var sums = new double[data.ItemCount];
        for (var user = 0; user < data.UserCount; user++)
        {
            cancel.ThrowIfCancellationRequested();
            for (var row = data.UserOffsets[user]; row < data.UserOffsets[user + 1]; row++)
            {
                var (_, item, value, time, kind) = data.Row(user, row);
                var d = age.Weight(time);
                if (!rates)
                {
                    weights[item] += d;
                    sums[item] += d * value;
                    continue;
                }
                if (trial < 0 || kind == trial) weights[item] += d;
                if (success < 0 ? value > 0 : kind == success) sums[item] += d;
            }
        }
        progress?.Report(new TrainProgress("counting", 1, 1));
        return new Popularity(Score(weights, sums, options));
    }

    /// <summary>The most popular eligible items: exactly min(destination.Length, eligible), whoever asks.</summary>
    /// <inheritdoc cref="IRecaller.Recall"/>
    public int Recall(in RecallRequest request, Span<ScoredItem> destination)
    {
        var top = new TopItems(destination, request.Filter, ItemCount);
        top.OfferBlock(0, _scores);
        return top.Finish();
    }

    /// <inheritdoc/>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Tensor("scores", _scores);
    }

    /// <inheritdoc/>
    public static Popularity Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return new Popularity(reader.Tensor<float>("scores"));
    }

    private static float[] Score(double[] weights, double[] sums, PopularityOptions options)
    {
        var (allWeight, allSum) = (0.0, 0.0);
        for (var i = 0; i < sums.Length; i++) (allWeight, allSum) = (allWeight + weights[i], allSum + sums[i]);
        var mean = allWeight > 0 ? allSum / allWeight : 0;
        var (m, z) = (options.Smoothing, options.Confidence);
        var scores = new float[sums.Length];
        for (var i = 0; i < scores.Length; i++)
        {
            var (n, sum) = (weights[i], sums[i]);
            var score = options.Score switch
            {
                PopularityScore.Count => n,
                PopularityScore.ValueSum => sum,
                PopularityScore.SuccessLowerBound => n > 0 ? LowerBound(Math.Min(1, sum / n), n, z) : 0,
                _ => n + m > 0 ? (sum + m * mean) / (n + m) : mean,
            };
            scores[i] = (float)Math.Clamp(score, float.MinValue, float.MaxValue);
        }
        return scores;
    }

    private static double LowerBound(double p, double n, double z)
        => Math.Max(0, (p + z * z / (2 * n) - z * Math.Sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n));

    private static int EventOf(Interactions data, string? name, string option)
    {
        if (name is null) return -1;
        for (var kind = 0; kind < data.EventTypes.Count; kind++)
            if (data.EventTypes[kind] == name) return kind;
        var known = data.HasEvents ? $"it has {string.Join(", ", data.EventTypes)}" : "it has no event types";
        throw new ArgumentException($"{option} is '{name}', which is no event type of the log: {known}.", option);
    }

    /// <summary>How much an interaction counts by its age.</summary>
    private readonly struct Ages
    {
        private readonly long _until;
        private readonly double _window;
        private readonly double _halfLife;
        private readonly bool _count;

        public Ages(Interactions data, PopularityOptions options)
        {
            _count = options.Window is not null || options.HalfLife is not null || options.Until is not null;
            _window = options.Window?.TotalSeconds ?? double.PositiveInfinity;
            _halfLife = options.HalfLife?.TotalSeconds ?? double.PositiveInfinity;
            if (!_count) return;
            if (!data.HasTimes)
                throw new ArgumentException("Window, HalfLife and Until need times, but the interactions have none.", nameof(options));
            _until = options.Until?.ToUnixTimeSeconds() ?? long.MinValue;
            if (options.Until is not null) return;
            foreach (var time in data.TimeColumn) _until = Math.Max(_until, time);
        }

        public double Weight(long time)
        {
            if (!_count) return 1;
            if (time == Interactions.NoTime || time > _until) return 0;
            var age = (double)_until - time;
            return age > _window ? 0 : double.Exp2(-age / _halfLife);
        }
    }
}
