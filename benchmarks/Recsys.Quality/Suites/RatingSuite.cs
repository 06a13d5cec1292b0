using Recsys.Data;
using Recsys.Evaluation;
using Recsys.Recall;

namespace Recsys.Quality.Suites;

/// <summary>Explicit ratings: RMSE on the official split ua of ml-100k.</summary>
internal sealed class RatingSuite : Suite
{
    public override string Name => "rating";

    public override string Question => "How far off are predicted ratings on ml-100k's official split ua?";

    /// <summary>Chosen on 10 % of ua.base held out for validation, not on ua.test.</summary>
    public static LfmOptions Explicit => new()
    {
        Feedback = LfmFeedback.Explicit, Factors = 64, Epochs = 60, LearningRate = 0.02f, LearningRateDecay = 0.97f, Regularization = 0.08f, InitialScale = 0.3f,
    };

    public override bool Run(DataFolders data)
    {
        if (data.Find("ml-100k") is not { } folder) return true;
        var split = MovieLens.OfficialSplit(folder, "ua");
        var table = new ResultTable($"{split.Description}, {split.Test.Count} test ratings");

        var lfm = Lfm.Train(split.Train, Explicit);
        Add("Lfm, 64 factors, biases", lfm.Predict, 0.95);
        var items = ItemCf.Train(split.Train, new ItemCfOptions
        {
            Similarity = CfSimilarity.Pearson, Prediction = CfPrediction.MeanCentred, Shrinkage = 50, Neighbours = 40,
        });
        Add("ItemCf, Pearson", items.Predict, null);
        var users = UserCf.Train(split.Train, new UserCfOptions
        {
            Similarity = CfSimilarity.Pearson, Prediction = CfPrediction.MeanCentred, Shrinkage = 10, Neighbours = 80,
        });
        Add("UserCf, Pearson", users.Predict, null);
        table.Print();
        return table.Kept;

        void Add(string what, Func<int, int, float> predict, double? atMost)
        {
            var report = RatingEvaluator.Evaluate(what, predict, split.Test);
            var rmse = report["RMSE"];
            table.Add(what, "RMSE", rmse.Value!.Value, (rmse.Low!.Value, rmse.High!.Value), atMost: atMost);
            var mae = report["MAE"];
            table.Add(what, "MAE", mae.Value!.Value, (mae.Low!.Value, mae.High!.Value));
        }
    }
}
