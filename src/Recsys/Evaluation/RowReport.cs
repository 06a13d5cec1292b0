namespace Recsys.Evaluation;

/// <summary>
/// The metrics of predicted ratings or click probabilities over rows; made by <see cref="RatingEvaluator"/> and
/// <see cref="ClickEvaluator"/>.
/// </summary>
public sealed class RowReport : EvaluationReport
{
    internal RowReport(
        string name, IReadOnlyList<KeyValuePair<string, string>> settings, IReadOnlyList<MetricResult> metrics,
        IReadOnlyList<string> warnings, TimeSpan elapsed)
        : base(name, metrics, warnings, elapsed) => Settings = settings;

    /// <inheritdoc/>
    public override IReadOnlyList<KeyValuePair<string, string>> Settings { get; }
}

/// <summary>Options of <see cref="RatingEvaluator"/>. Immutable.</summary>
public sealed record RatingProtocol
{
    /// <summary>Bootstrap resamples of the users for the intervals, 0 (none) or more; 1000 by default.</summary>
    public int Bootstrap { get; init => field = Guard.AtLeast(0, value); } = 1000;

    /// <summary>The probability that an interval is made for, in [0.5, 0.999]; 0.95 by default.</summary>
    public double Confidence { get; init => field = Guard.InRange(0.5, 0.999, value); } = 0.95;

    /// <summary>Seed of the bootstrap; 1 by default.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Into how many parts the users and the resamples are cut, at least 1; 16 by default. Changes no result.</summary>
    public int Shards { get; init => field = Guard.AtLeast(1, value); } = 16;

    /// <summary>How many threads work, at least 1; all processors by default. Changes no result.</summary>
    public int Threads { get; init => field = Guard.AtLeast(1, value); } = Environment.ProcessorCount;
}

/// <summary>Options of <see cref="ClickEvaluator"/>. Immutable.</summary>
public sealed record ClickProtocol
{
    /// <summary>Whether the scores are probabilities (the default): if not, only the metrics of order are computed.</summary>
    public bool Probabilities { get; init; } = true;

    /// <summary>How GAUC weights its groups; by impressions by default.</summary>
    public GroupWeight GroupWeight { get; init => field = Guard.Defined(value); }

    /// <summary>Number of bins of ECE, 1..65536; 10 by default.</summary>
    public int Bins { get; init => field = Guard.InRange(1, 65536, value); } = 10;

    /// <summary>How ECE cuts its bins; equal width by default.</summary>
    public CalibrationBins Cut { get; init => field = Guard.Defined(value); }

    /// <summary>
    /// Bootstrap resamples for the intervals, 0 (none) or more; 200 by default. Groups are resampled where there are groups, since rows of
    /// one user depend on each other; otherwise rows.
    /// </summary>
    public int Bootstrap { get; init => field = Guard.AtLeast(0, value); } = 200;

    /// <summary>The probability that an interval is made for, in [0.5, 0.999]; 0.95 by default.</summary>
    public double Confidence { get; init => field = Guard.InRange(0.5, 0.999, value); } = 0.95;

    /// <summary>Seed of the bootstrap; 1 by default.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Into how many parts the resamples are cut, at least 1; 16 by default. Changes no result.</summary>
    public int Shards { get; init => field = Guard.AtLeast(1, value); } = 16;

    /// <summary>How many threads work, at least 1; all processors by default. Changes no result.</summary>
    public int Threads { get; init => field = Guard.AtLeast(1, value); } = Environment.ProcessorCount;
}
