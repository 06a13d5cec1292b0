namespace Recsys.Evaluation;

/// <summary>How <see cref="ProbabilityMetrics.ExpectedCalibrationError"/> cuts the rows into bins.</summary>
public enum CalibrationBins
{
    /// <summary>Bins of equal width over [0, 1]; a probability on an edge falls into the upper bin, 1 into the last.</summary>
    EqualWidth,

    /// <summary>Bins of about equal weight in the order of the probability; rows of equal probability are never parted.</summary>
    EqualMass,
}

/// <summary>
/// Metrics of predicted probabilities of a click. Labels are 0 or 1, probabilities lie in [0, 1]; weights are empty (all 1), or one for
/// each row, at least 0, not all 0. Sums are in double precision. Pure functions, safe for any number of threads.
/// </summary>
public static class ProbabilityMetrics
{
    /// <summary>
    /// The mean negative log-likelihood, -Σ w (y ln p + (1 - y) ln(1 - p)) / Σ w, in nats. At least 0; a constant guess of the base rate
    /// gives its entropy. p is clipped to [epsilon, 1 - epsilon], so a certain prediction that is wrong costs -ln(epsilon), not infinity.
    /// </summary>
    /// <param name="probabilities">Predicted probability of label 1.</param>
    /// <param name="labels">0 or 1, one for each probability.</param>
    /// <param name="weights">Empty, or one for each row.</param>
    /// <param name="epsilon">In (0, 0.5); 1e-7 by default, about the resolution of a float near 1.</param>
    /// <exception cref="ArgumentException">No rows, unequal lengths, a probability outside [0, 1], another label than 0 and 1, all
    /// weights 0.</exception>
    public static double LogLoss(
        ReadOnlySpan<float> probabilities, ReadOnlySpan<float> labels, ReadOnlySpan<float> weights = default, double epsilon = 1e-7)
    {
        Check(probabilities, labels, weights);
        if (!(epsilon > 0 && epsilon < 0.5))
            throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, "epsilon must lie between 0 and 0.5.");
        double sum = 0, total = 0;
        for (var i = 0; i < labels.Length; i++)
        {
            var w = weights.IsEmpty ? 1 : weights[i];
            sum += w * RowLoss(probabilities[i], labels[i], epsilon);
            total += w;
        }
        return sum / total;
    }

    /// <summary>
    /// Normalised entropy: LogLoss / entropy of the base rate. Below 1 if the model beats the constant base rate, 0 if perfect. He et al.,
    /// "Practical lessons from predicting clicks on ads at Facebook", ADKDD 2014.
    /// </summary>
    /// <inheritdoc cref="LogLoss" path="/param"/>
    /// <exception cref="ArgumentException">As <see cref="LogLoss"/>; or only one class, so that the base rate has no entropy.</exception>
    public static double NormalisedEntropy(
        ReadOnlySpan<float> probabilities, ReadOnlySpan<float> labels, ReadOnlySpan<float> weights = default, double epsilon = 1e-7)
    {
        var loss = LogLoss(probabilities, labels, weights, epsilon);
        double positive = 0, total = 0;
        for (var i = 0; i < labels.Length; i++)
        {
            var w = weights.IsEmpty ? 1 : weights[i];
            positive += w * labels[i];
            total += w;
        }
        var rate = positive / total;
        return rate is > 0 and < 1
            ? loss / -(rate * Math.Log(rate) + (1 - rate) * Math.Log(1 - rate))
            : throw new ArgumentException(
                "All rows (of positive weight) have the same label, so the normalised entropy is undefined.", nameof(labels));
    }

    /// <summary>
    /// Relative information gain: 1 - <see cref="NormalisedEntropy"/>. 1 is perfect, 0 the constant base rate, negative worse than that.
    /// </summary>
    /// <inheritdoc cref="NormalisedEntropy"/>
    public static double RelativeInformationGain(
        ReadOnlySpan<float> probabilities, ReadOnlySpan<float> labels, ReadOnlySpan<float> weights = default, double epsilon = 1e-7)
        => 1 - NormalisedEntropy(probabilities, labels, weights, epsilon);

    /// <summary>Predicted clicks over actual clicks, Σ w p / Σ w y. 1 is calibrated on average, above 1 predicts too many.</summary>
    /// <inheritdoc cref="LogLoss" path="/param"/>
    /// <exception cref="ArgumentException">As <see cref="LogLoss"/>; or no positive row.</exception>
    public static double CalibrationRatio(
        ReadOnlySpan<float> probabilities, ReadOnlySpan<float> labels, ReadOnlySpan<float> weights = default)
    {
        Check(probabilities, labels, weights);
        double predicted = 0, actual = 0;
        for (var i = 0; i < labels.Length; i++)
        {
            var w = weights.IsEmpty ? 1 : weights[i];
            predicted += (double)w * probabilities[i];
            actual += w * labels[i];
        }
        return actual > 0
            ? predicted / actual
            : throw new ArgumentException(
                "No row (of positive weight) has label 1, so the calibration ratio is undefined.", nameof(labels));
    }

    /// <summary>
    /// Expected calibration error: Σ over bins of (weight of the bin / all weight) |mean p - mean y|. Range [0, 1], 0 is calibrated in
    /// every bin; empty bins count nothing. Naeini et al., AAAI 2015. It depends on the bins: compare only values of the same cut.
    /// </summary>
    /// <param name="probabilities">Predicted probability of label 1.</param>
    /// <param name="labels">0 or 1, one for each probability.</param>
    /// <param name="bins">At least 1; 10 by default.</param>
    /// <param name="cut">Equal width by default; equal mass tells more where all probabilities are small, as click rates are.</param>
    /// <param name="weights">Empty, or one for each row.</param>
    /// <exception cref="ArgumentException">As <see cref="LogLoss"/>.</exception>
    public static double ExpectedCalibrationError(
        ReadOnlySpan<float> probabilities, ReadOnlySpan<float> labels, int bins = 10, CalibrationBins cut = CalibrationBins.EqualWidth,
        ReadOnlySpan<float> weights = default)
    {
        Check(probabilities, labels, weights);
        ArgumentOutOfRangeException.ThrowIfLessThan(bins, 1);
        double total = 0;
        for (var i = 0; i < labels.Length; i++) total += weights.IsEmpty ? 1 : weights[i];
        // Predicted minus actual, summed over the bin: its absolute value is weight × |mean p - mean y|.
        var gaps = new double[bins];
        if (cut == CalibrationBins.EqualWidth)
        {
            for (var i = 0; i < labels.Length; i++)
                gaps[Math.Min(bins - 1, (int)((double)probabilities[i] * bins))] += Gap(i, probabilities, labels, weights);
        }
        else
        {
            var order = ScoreOrder.Ascending(probabilities, nameof(probabilities));
            double before = 0;
            for (var start = 0; start < order.Length;)
            {
                var bin = Math.Min(bins - 1, (int)(before / total * bins));
                var p = probabilities[order[start]];
                for (; start < order.Length && probabilities[order[start]] == p; start++)
                {
                    gaps[bin] += Gap(order[start], probabilities, labels, weights);
                    before += weights.IsEmpty ? 1 : weights[order[start]];
                }
            }
        }
        double sum = 0;
        foreach (var gap in gaps) sum += Math.Abs(gap);
        return sum / total;
    }

    /// <summary>
    /// Clicks over expected clicks, Σ clicks / Σ expected: the click rate of an item with the merit of its positions taken out. 1 is as
    /// good as the average at the same positions. Zhang and Jones, "Comparing click logs and editorial labels for training query
    /// rewriting", WWW 2007.
    /// </summary>
    /// <param name="clicks">At least 0.</param>
    /// <param name="impressions">How often the item was shown at each position; at least 0.</param>
    /// <param name="positionRates">
    /// The reference click rate of each position, in [0, 1]. The plain mean of the log is biased by the quality of what usually stands
    /// there; a randomised bucket or a position-bias model is not.
    /// </param>
    /// <exception cref="ArgumentException">Unequal lengths, a value outside its range, or no expected click.</exception>
    public static double Coec(double clicks, ReadOnlySpan<double> impressions, ReadOnlySpan<double> positionRates)
    {
        if (!(clicks >= 0) || double.IsInfinity(clicks))
            throw new ArgumentOutOfRangeException(nameof(clicks), clicks, "clicks must be finite and at least 0.");
        if (impressions.Length != positionRates.Length)
            throw new ArgumentException(
                $"There are {positionRates.Length} rates for {impressions.Length} positions: give one for each.", nameof(positionRates));
        double expected = 0;
        for (var i = 0; i < impressions.Length; i++)
        {
            if (!(impressions[i] >= 0) || double.IsInfinity(impressions[i]))
                throw new ArgumentException(
                    $"impressions[{i}] is {impressions[i]}; it must be finite and at least 0.", nameof(impressions));
            if (!(positionRates[i] >= 0 && positionRates[i] <= 1))
                throw new ArgumentException(
                    $"positionRates[{i}] is {positionRates[i]}; a rate must lie between 0 and 1.", nameof(positionRates));
            expected += impressions[i] * positionRates[i];
        }
        return expected > 0
            ? clicks / expected
            : throw new ArgumentException("No click is expected at the positions shown, so COEC is undefined.", nameof(impressions));
    }

    /// <summary>The plain click rate of each position: clicks / impressions, 0 for a position never shown.</summary>
    /// <param name="positions">The position of each row, from 0, below <paramref name="count"/>.</param>
    /// <param name="labels">0 or 1, one for each row.</param>
    /// <param name="count">The number of positions, at least 1.</param>
    public static double[] PositionRates(ReadOnlySpan<int> positions, ReadOnlySpan<float> labels, int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ScoreOrder.CheckRows(positions.Length, labels, default);
        var shown = new long[count];
        var rates = new double[count];
        for (var i = 0; i < positions.Length; i++)
        {
            if ((uint)positions[i] >= (uint)count)
                throw new ArgumentException(
                    $"positions[{i}] is {positions[i]}; a position must lie between 0 and {count - 1}.", nameof(positions));
            shown[positions[i]]++;
            rates[positions[i]] += labels[i];
        }
        for (var i = 0; i < count; i++)
            if (shown[i] > 0) rates[i] /= shown[i];
        return rates;
    }

    internal static double RowLoss(float probability, float label, double epsilon)
    {
        var p = Math.Clamp(probability, epsilon, 1 - epsilon);
        return -Math.Log(label != 0 ? p : 1 - p);
    }

    private static double Gap(int row, ReadOnlySpan<float> probabilities, ReadOnlySpan<float> labels, ReadOnlySpan<float> weights)
        => ((double)probabilities[row] - labels[row]) * (weights.IsEmpty ? 1 : weights[row]);

    private static void Check(ReadOnlySpan<float> probabilities, ReadOnlySpan<float> labels, ReadOnlySpan<float> weights)
    {
        ScoreOrder.CheckRows(probabilities.Length, labels, weights);
        ScoreOrder.CheckProbabilities(probabilities);
    }
}
