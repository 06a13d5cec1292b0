using Recsys.Data;
using Recsys.Evaluation;
using Recsys.Recall;

namespace Recsys.Quality.Suites;

/// <summary>Explicit ratings: RMSE on the official split ua of ml-100k. All options were chosen on a tenth of the training half.</summary>
internal sealed class RatingSuite : Suite
{
    public override string Name => "rating";

    public override string Question => "How far off are predicted ratings on ml-100k's official split ua?";

    public override bool Run(DataFolders data)
    {
        if (data.Find("ml-100k") is not { } folder) return true;
        var split = MovieLens.OfficialSplit(folder, "ua");
        var table = new ResultTable($"{split.Description}, {split.Test.Count} test ratings");

        var lfm = Lfm.Train(split.Train, LfmOptions.ForRatings);
        Add("Lfm, 64 factors, biases", lfm.Predict, 0.95);
        var als = Als.Train(split.Train, AlsOptions.ForRatings);
        Add("Als, 32 factors, biases", als.Predict, 0.95);
        var items = ItemCf.Train(split.Train, new ItemCfOptions
        {
            Similarity = CfSimilarity.Pearson,
            Prediction = CfPrediction.MeanCentred,
            Shrinkage = 100,
            Neighbours = 200,
        });
        Add("ItemCf, Pearson, 200 neighbours", items.Predict, null);
        var users = UserCf.Train(split.Train, new UserCfOptions
        {
            Similarity = CfSimilarity.Pearson,
            Prediction = CfPrediction.MeanCentred,
            Shrinkage = 100,
            Neighbours = 200,
        });
        Add("UserCf, Pearson, 200 neighbours", users.Predict, null);
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
