using Recsys.Evaluation;
using Recsys.Numerics;
using Recsys.Tests.Reference;

namespace Recsys.Tests.Evaluation;

public sealed class ProbabilityMetricsTests
{
    [Fact]
    public void Worked_by_hand()
    {
        float[] p = [0.25f, 0.5f, 0.75f, 0.5f];
        float[] y = [0, 1, 1, 0];
        var loss = -(Math.Log(0.75) + Math.Log(0.5) + Math.Log(0.75) + Math.Log(0.5)) / 4;
        Assert.Equal(loss, ProbabilityMetrics.LogLoss(p, y), 1e-10);
        Assert.Equal(loss / Math.Log(2), ProbabilityMetrics.NormalisedEntropy(p, y), 1e-10);
        Assert.Equal(1 - loss / Math.Log(2), ProbabilityMetrics.RelativeInformationGain(p, y), 1e-10);
        Assert.Equal(1, ProbabilityMetrics.CalibrationRatio(p, y), 1e-10);
        Assert.Equal(1.5, ProbabilityMetrics.CalibrationRatio([0.5f, 1f], [1, 0]), 1e-10);
        // Two bins: {.25: 0} and {.5: 1, .75: 1, .5: 0}: gaps .25 and 3 × |1.75/3 - 2/3| = .25.
        Assert.Equal(0.5 / 4, ProbabilityMetrics.ExpectedCalibrationError(p, y, 2), 1e-10);
        // Equal mass, two bins: {.25, .5, .5} since equal ones stay together, and {.75}.
        Assert.Equal((0.25 + 0.25) / 4, ProbabilityMetrics.ExpectedCalibrationError(p, y, 2, CalibrationBins.EqualMass), 1e-10);
    }

    [Fact]
    public void The_base_rate_has_a_normalised_entropy_of_1_and_is_calibrated()
    {
        float[] y = [1, 0, 0, 0];
        float[] p = [0.25f, 0.25f, 0.25f, 0.25f];
        Assert.Equal(1, ProbabilityMetrics.NormalisedEntropy(p, y), 1e-10);
        Assert.Equal(0, ProbabilityMetrics.RelativeInformationGain(p, y), 1e-10);
        Assert.Equal(0, ProbabilityMetrics.ExpectedCalibrationError(p, y), 1e-10);
        Assert.Equal(0, ProbabilityMetrics.ExpectedCalibrationError(p, y, 3, CalibrationBins.EqualMass), 1e-10);
    }

    [Fact]
    public void Certain_and_wrong_costs_the_clip()
        => Assert.Equal(-Math.Log(1e-7), ProbabilityMetrics.LogLoss([1], [0]), 1e-6);

    [Fact]
    public void Random_rows_agree_with_the_definitions()
    {
        for (ulong trial = 0; trial < 40; trial++)
        {
            var (scores, y, w) = AucMetricsTests.Rows(trial, 5 + 3 * (int)trial);
            var p = scores.Select(s => Math.Clamp(0.3f + 0.25f * s, 0, 1)).ToArray();
            Assert.Equal(SlowClicks.LogLoss(p, y), ProbabilityMetrics.LogLoss(p, y), 1e-10);
            Assert.Equal(SlowClicks.LogLoss(p, y, w), ProbabilityMetrics.LogLoss(p, y, w), 1e-10);
            Assert.Equal(SlowClicks.EqualWidthEce(p, y, 7), ProbabilityMetrics.ExpectedCalibrationError(p, y, 7), 1e-10);
            Assert.Equal(SlowClicks.EqualWidthEce(p, y, 7, w), ProbabilityMetrics.ExpectedCalibrationError(p, y, 7, weights: w), 1e-10);
            var ratio = p.Zip(w, (a, b) => (double)a * b).Sum() / y.Zip(w, (a, b) => (double)a * b).Sum();
            Assert.Equal(ratio, ProbabilityMetrics.CalibrationRatio(p, y, w), 1e-10);
        }
    }

    [Fact]
    public void A_weight_of_2_equals_the_row_twice()
    {
        float[] p = [0.1f, 0.6f, 0.9f], y = [0, 1, 0];
        float[] twice = [0.1f, 0.6f, 0.6f, 0.9f], labels = [0, 1, 1, 0];
        Assert.Equal(ProbabilityMetrics.NormalisedEntropy(twice, labels), ProbabilityMetrics.NormalisedEntropy(p, y, [1, 2, 1]), 1e-10);
        foreach (var cut in Enum.GetValues<CalibrationBins>())
        {
            Assert.Equal(
                ProbabilityMetrics.ExpectedCalibrationError(twice, labels, 4, cut),
                ProbabilityMetrics.ExpectedCalibrationError(p, y, 4, cut, [1, 2, 1]), 1e-10);
        }
    }

    [Fact]
    public void Clicks_over_expected_clicks_of_the_worked_example()
    {
        // A: 3 clicks of 10 shown, 5.1 expected; B: 2 of 10, 2.85 expected. B is better although its click rate is lower.
        double[] rates = [0.6, 0.3, 0.15];
        var a = ProbabilityMetrics.Coec(3, [7, 3, 0], rates);
        var b = ProbabilityMetrics.Coec(2, [1, 6, 3], rates);
        Assert.Equal(0.5882, a, 0.00005);
        Assert.Equal(0.7018, b, 0.00005);
        Assert.Throws<ArgumentException>(() => ProbabilityMetrics.Coec(1, [0], [0.5]));
        Assert.Throws<ArgumentException>(() => ProbabilityMetrics.Coec(1, [1], [0.5, 0.5]));
        Assert.Throws<ArgumentException>(() => ProbabilityMetrics.Coec(1, [1], [1.5]));
        Assert.Throws<ArgumentOutOfRangeException>(() => ProbabilityMetrics.Coec(double.NaN, [1], [0.5]));
    }

    [Fact]
    public void Position_rates_are_clicks_over_impressions()
    {
        Assert.Equal([0.5, 0, 1], ProbabilityMetrics.PositionRates([0, 0, 2], [1, 0, 1], 3));
        Messages.Assert<ArgumentException>("positions[1]", () => ProbabilityMetrics.PositionRates([0, 3], [1, 0], 3));
    }

    [Fact]
    public void What_has_no_value_is_an_error()
    {
        Assert.Throws<ArgumentException>(() => ProbabilityMetrics.LogLoss([], []));
        Messages.Assert<ArgumentException>("probabilities[1] is 1.5", () => ProbabilityMetrics.LogLoss([0, 1.5f], [0, 1]));
        Assert.Throws<ArgumentException>(() => ProbabilityMetrics.LogLoss([float.NaN], [0]));
        Assert.Throws<ArgumentException>(() => ProbabilityMetrics.NormalisedEntropy([0.5f], [0]));
        Assert.Throws<ArgumentException>(() => ProbabilityMetrics.CalibrationRatio([0.5f], [0]));
        Assert.Throws<ArgumentOutOfRangeException>(() => ProbabilityMetrics.LogLoss([0.5f], [0], epsilon: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => ProbabilityMetrics.ExpectedCalibrationError([0.5f], [0], 0));
    }

    [Fact]
    public void Rating_errors_worked_by_hand()
    {
        Assert.Equal(Math.Sqrt(5.0 / 2), RatingMetrics.Rmse([1, 2], [2, 4]), 1e-10);
        Assert.Equal(1.5, RatingMetrics.Mae([1, 2], [2, 4]), 1e-10);
        Assert.Equal(Math.Sqrt((1 + 3 * 4) / 4.0), RatingMetrics.Rmse([1, 2], [2, 4], [1, 3]), 1e-10);
        Assert.Equal((1 + 3 * 2) / 4.0, RatingMetrics.Mae([1, 2], [2, 4], [1, 3]), 1e-10);
        Assert.Throws<ArgumentException>(() => RatingMetrics.Rmse([], []));
        Messages.Assert<ArgumentException>("predictions[0] is NaN", () => RatingMetrics.Rmse([float.NaN], [1]));
        Assert.Throws<ArgumentException>(() => RatingMetrics.Mae([1], [1, 2]));
    }

    [Fact]
    public void A_calibrated_world_has_a_small_calibration_error_and_a_skewed_one_has_not()
    {
        var rng = new Rng(21);
        var p = new float[20_000];
        var y = new float[p.Length];
        for (var i = 0; i < p.Length; i++)
        {
            p[i] = rng.Stream(0).Uniform((ulong)i);
            y[i] = rng.Stream(1).Uniform((ulong)i) < p[i] ? 1 : 0;
        }
        Assert.InRange(ProbabilityMetrics.ExpectedCalibrationError(p, y), 0, 0.015);
        var skewed = p.Select(x => x * x).ToArray();
        Assert.InRange(ProbabilityMetrics.ExpectedCalibrationError(skewed, y), 0.15, 0.18); // mean of x - x² is 1/6
    }
}
