namespace Recsys.Evaluation;

/// <summary>
/// Metrics of predicted values such as ratings. Pure functions, safe for any number of threads; sums are in double precision.
/// </summary>
public static class RatingMetrics
{
    /// <summary>The root of the mean squared error, √(Σ w (prediction - actual)² / Σ w), in the unit of the rating. At least 0.</summary>
    /// <param name="predictions">Finite, not empty.</param>
    /// <param name="actual">Finite, one for each prediction.</param>
    /// <param name="weights">Empty (all 1), or one for each row, at least 0, not all 0.</param>
    /// <exception cref="ArgumentException">No rows, unequal lengths, a value that is not finite, all weights 0.</exception>
    public static double Rmse(ReadOnlySpan<float> predictions, ReadOnlySpan<float> actual, ReadOnlySpan<float> weights = default)
    {
        Check(predictions, actual, weights);
        double sum = 0, total = 0;
        for (var i = 0; i < actual.Length; i++)
        {
            var w = weights.IsEmpty ? 1 : weights[i];
            var error = (double)predictions[i] - actual[i];
            sum += w * error * error;
            total += w;
        }
        return Math.Sqrt(sum / total);
    }

    /// <summary>The mean absolute error, Σ w |prediction - actual| / Σ w, in the unit of the rating. At least 0.</summary>
    /// <inheritdoc cref="Rmse"/>
    public static double Mae(ReadOnlySpan<float> predictions, ReadOnlySpan<float> actual, ReadOnlySpan<float> weights = default)
    {
        Check(predictions, actual, weights);
        double sum = 0, total = 0;
        for (var i = 0; i < actual.Length; i++)
        {
            var w = weights.IsEmpty ? 1 : weights[i];
            sum += w * Math.Abs((double)predictions[i] - actual[i]);
            total += w;
        }
        return sum / total;
    }

    private static void Check(ReadOnlySpan<float> predictions, ReadOnlySpan<float> actual, ReadOnlySpan<float> weights)
    {
        if (predictions.IsEmpty) throw new ArgumentException("There are no rows to evaluate.", nameof(predictions));
        if (actual.Length != predictions.Length)
            throw new ArgumentException(
                $"There are {actual.Length} actual values for {predictions.Length} predictions: give one for each.", nameof(actual));
        ScoreOrder.CheckWeights(predictions.Length, weights);
        for (var i = 0; i < actual.Length; i++)
        {
            if (!float.IsFinite(predictions[i]))
                throw new ArgumentException($"predictions[{i}] is {predictions[i]}; a prediction must be finite.", nameof(predictions));
            if (!float.IsFinite(actual[i]))
                throw new ArgumentException($"actual[{i}] is {actual[i]}; an actual value must be finite.", nameof(actual));
        }
    }
}
