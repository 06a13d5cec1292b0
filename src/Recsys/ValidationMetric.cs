namespace Recsys;

/// <summary>Measures scores against labels.</summary>
/// <param name="scores">What the model says, one for each row.</param>
/// <param name="labels">What was true, one for each row.</param>
/// <param name="weights">Of the rows, or empty for 1.</param>
public delegate double ValidationMeasure(ReadOnlySpan<float> scores, ReadOnlySpan<float> labels, ReadOnlySpan<float> weights);

/// <summary>
/// The number by which a training judges itself on validation data, to keep the best weights and to stop in time. Any measure will do: for
/// the area under the curve <c>ValidationMetric.Higher("AUC", AucMetrics.Auc)</c>.
/// </summary>
public sealed class ValidationMetric
{
    private readonly ValidationMeasure _measure;

    private ValidationMetric(string name, bool higherIsBetter, ValidationMeasure measure)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(measure);
        (Name, HigherIsBetter, _measure) = (name, higherIsBetter, measure);
    }

    /// <summary>The mean log loss of probabilities; lower is better.</summary>
    public static ValidationMetric LogLoss { get; } = new("log loss", false, MeanLogLoss);

    /// <summary>The mean squared difference; lower is better.</summary>
    public static ValidationMetric SquaredError { get; } = new("squared error", false, MeanSquaredError);

    /// <summary>Its name, for reports.</summary>
    public string Name { get; }

    /// <summary>Whether more is better.</summary>
    public bool HigherIsBetter { get; }

    /// <summary>A metric of which more is better.</summary>
    public static ValidationMetric Higher(string name, ValidationMeasure measure) => new(name, true, measure);

    /// <summary>A metric of which less is better.</summary>
    public static ValidationMetric Lower(string name, ValidationMeasure measure) => new(name, false, measure);

    /// <summary>The value.</summary>
    /// <param name="scores">What the model says, one for each row.</param>
    /// <param name="labels">What was true, one for each row.</param>
    /// <param name="weights">Of the rows, or empty for 1.</param>
    public double Measure(ReadOnlySpan<float> scores, ReadOnlySpan<float> labels, ReadOnlySpan<float> weights = default)
        => _measure(scores, labels, weights);

    /// <summary>Whether the first value is better than the second; NaN is never better.</summary>
    public bool IsBetter(double value, double than) => HigherIsBetter ? value > than : value < than;

    /// <summary>As <see cref="IsBetter(double, double)"/>; without a metric the values are losses.</summary>
    internal static bool IsBetter(ValidationMetric? metric, double value, double than) => metric?.IsBetter(value, than) ?? value < than;

    /// <summary>What any finite value is better than; without a metric the values are losses.</summary>
    internal static double Worst(ValidationMetric? metric)
        => metric is { HigherIsBetter: true } ? double.NegativeInfinity : double.PositiveInfinity;

    private static double MeanSquaredError(ReadOnlySpan<float> scores, ReadOnlySpan<float> labels, ReadOnlySpan<float> weights)
    {
        double sum = 0, mass = 0;
        for (var i = 0; i < scores.Length; i++)
        {
            var (error, weight) = ((double)scores[i] - labels[i], weights.IsEmpty ? 1 : weights[i]);
            sum += weight * error * error;
            mass += weight;
        }
        return sum / mass;
    }

    private static double MeanLogLoss(ReadOnlySpan<float> scores, ReadOnlySpan<float> labels, ReadOnlySpan<float> weights)
    {
        // A float that rounds to 0 or 1 stands for a probability nearer to it than the next float.
        const double Least = 1e-15;
        double sum = 0, mass = 0;
        for (var i = 0; i < scores.Length; i++)
        {
            var p = Math.Clamp(scores[i], Least, 1 - Least);
            var weight = weights.IsEmpty ? 1 : weights[i];
            sum -= weight * (labels[i] * Math.Log(p) + (1 - labels[i]) * Math.Log(1 - p));
            mass += weight;
        }
        return sum / mass;
    }
}
