using Recsys.Evaluation;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Evaluation;

public sealed class RowEvaluatorTests
{
    [Fact]
    public void Ratings_give_rmse_and_mae_with_intervals()
    {
        var test = ContractData.Build(3, 3, add => { add(0, 0, 5, 1); add(0, 1, 3, 1); add(2, 2, 1, 1); });
        var report = RatingEvaluator.Evaluate("three", (_, _) => 3, test);
        Assert.Equal(Math.Sqrt((4 + 0 + 4) / 3.0), report["RMSE"].Value!.Value, 1e-10);
        Assert.Equal(4.0 / 3, report["MAE"].Value!.Value, 1e-10);
        Assert.True(report["MAE"].Low < report["MAE"].Value && report["MAE"].Value < report["MAE"].High);
        // Only user 0, or only user 2.
        Assert.InRange(report["MAE"].Low!.Value, 1, 1 + 1e-9);
        Assert.InRange(report["MAE"].High!.Value, 2 - 1e-9, 2);
        var data = ContractData.Skewed();
        Func<int, int, float> predict = (user, item) => 3 + (user + item) % 3 * 0.5f;
        Assert.Equal(
            RatingEvaluator.Evaluate("x", predict, data, new RatingProtocol { Threads = 1 }).ToJson(),
            RatingEvaluator.Evaluate("x", predict, data, new RatingProtocol { Threads = 3, Shards = 5 }).ToJson());
    }

    [Fact]
    public void A_prediction_that_is_not_finite_is_an_error_with_the_place()
    {
        var test = ContractData.Build(3, 3, add => add(2, 1, 5, 1));
        var error = Assert.Throws<ArithmeticException>(() => RatingEvaluator.Evaluate("bad", (_, _) => float.NaN, test));
        Assert.Contains("user 2 and item 1", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => RatingEvaluator.Evaluate("x", (_, _) => 1, ContractData.NoRows()));
    }

    [Fact]
    public void Clicks_give_what_the_metrics_give()
    {
        var (scores, y, w) = AucMetricsTests.Rows(3, 300);
        var p = scores.Select(s => Math.Clamp(0.3f + 0.25f * s, 0, 1)).ToArray();
        var groups = Enumerable.Range(0, 300).Select(i => i % 40).ToArray();
        foreach (var cut in Enum.GetValues<CalibrationBins>())
        {
            var report = ClickEvaluator.Evaluate("x", p, y, groups, w, new ClickProtocol { Bins = 7, Cut = cut });
            Assert.Equal(AucMetrics.Auc(p, y, w), report["AUC"].Value!.Value, 1e-10);
            Assert.Equal(AucMetrics.GroupAuc(p, y, groups).Value, report["GAUC"].Value!.Value, 1e-10);
            Assert.Equal(ProbabilityMetrics.LogLoss(p, y, w), report["LogLoss"].Value!.Value, 1e-10);
            Assert.Equal(ProbabilityMetrics.NormalisedEntropy(p, y, w), report["NE"].Value!.Value, 1e-10);
            Assert.Equal(ProbabilityMetrics.RelativeInformationGain(p, y, w), report["RIG"].Value!.Value, 1e-10);
            Assert.Equal(ProbabilityMetrics.CalibrationRatio(p, y, w), report["Calibration"].Value!.Value, 1e-10);
            Assert.Equal(ProbabilityMetrics.ExpectedCalibrationError(p, y, 7, cut, w), report["ECE"].Value!.Value, 1e-10);
            foreach (var metric in report.Metrics)
                if (metric.Name != "ECE") Assert.InRange(metric.Value!.Value, metric.Low!.Value, metric.High!.Value);
        }
        Assert.Equal(
            ClickEvaluator.Evaluate("x", p, y, groups, w, new ClickProtocol { Threads = 1 }).ToJson(),
            ClickEvaluator.Evaluate("x", p, y, groups, w, new ClickProtocol { Threads = 4, Shards = 7 }).ToJson());
    }

    [Fact]
    public void Groups_are_resampled_whole()
    {
        // Ten equal rows in each group tell no more than one: the intervals are those of the groups as rows.
        var p = Enumerable.Range(0, 30).Select(i => (i + 1) / 31f).ToArray();
        var y = Enumerable.Range(0, 30).Select(i => i * 7 % 5 < 2 ? 1f : 0).ToArray();
        var once = ClickEvaluator.Evaluate("x", p, y);
        var groups = Enumerable.Range(0, 300).Select(i => i % 30).ToArray();
        var tenfold = ClickEvaluator.Evaluate("x", groups.Select(g => p[g]).ToArray(), groups.Select(g => y[g]).ToArray(), groups);
        foreach (var metric in (string[])["AUC", "LogLoss", "ECE"])
        {
            Assert.Equal(once[metric].Low!.Value, tenfold[metric].Low!.Value, 1e-9);
            Assert.Equal(once[metric].High!.Value, tenfold[metric].High!.Value, 1e-9);
        }
    }

    [Fact]
    public void The_interval_of_auc_has_the_known_width()
    {
        // Hanley and McNeil: the standard error of an AUC of .5 with 200 + 200 rows is about .0289.
        var rng = new Recsys.Numerics.Rng(6);
        var scores = Enumerable.Range(0, 400).Select(i => rng.Uniform((ulong)i)).ToArray();
        var labels = Enumerable.Range(0, 400).Select(i => (float)(i % 2)).ToArray();
        var auc = ClickEvaluator.Evaluate("x", scores, labels, protocol: new ClickProtocol { Bootstrap = 1000 })["AUC"];
        Assert.Equal(2 * 1.96 * 0.0289, auc.High!.Value - auc.Low!.Value, 0.012);
    }

    [Fact]
    public void Scores_that_are_no_probabilities_have_metrics_of_order_only()
    {
        var report = ClickEvaluator.Evaluate("x", [5, -3, 2], [1, 0, 1], protocol: new ClickProtocol { Probabilities = false });
        Assert.Equal(["AUC"], report.Metrics.Select(m => m.Name));
        Assert.Throws<ArgumentException>(() => ClickEvaluator.Evaluate("x", [5, -3, 2], [1, 0, 1]));
    }

    [Fact]
    public void One_class_has_no_auc_but_a_loss_and_a_warning()
    {
        var report = ClickEvaluator.Evaluate("x", [0.5f, 0.25f], [0, 0], [1, 2]);
        Assert.Null(report["AUC"].Value);
        Assert.Null(report["GAUC"].Value);
        Assert.Null(report["NE"].Value);
        Assert.Null(report["Calibration"].Value);
        Assert.NotNull(report["LogLoss"].Value);
        Assert.Equal(2, report.Warnings.Count);
        Assert.Contains("AUC          -\n", report.ToText(), StringComparison.Ordinal);
    }

    [Fact]
    public void Options_are_checked()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ClickProtocol { Bins = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new ClickProtocol { GroupWeight = (GroupWeight)9 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new RatingProtocol { Confidence = 0.2 });
        Assert.Throws<ArgumentException>(() => ClickEvaluator.Evaluate("", [1], [1]));
    }
}
