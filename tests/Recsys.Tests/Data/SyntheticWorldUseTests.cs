using Recsys.Data;
using Recsys.Evaluation;
using Recsys.Recall;

namespace Recsys.Tests.Data;

/// <summary>The default world is one in which better models do better, and nothing does better than the truth.</summary>
public class SyntheticWorldUseTests
{
    private static readonly SyntheticWorld World = DefaultWorld.Instance;

    [Fact]
    public void Personal_models_beat_popularity_by_far_and_the_truth_beats_them()
    {
        var split = Splits.ByTime(World.Clicks, 0.2);
        var protocol = new RankingProtocol { K = [20], Bootstrap = 0 };
        double Recall(IRecaller recaller) => RankingEvaluator.Evaluate("x", recaller, split, protocol)["Recall@20"].Value!.Value;

        var popularity = Recall(Popularity.Train(split.Train));
        var itemCf = Recall(ItemCf.Train(split.Train));
        var userCf = Recall(UserCf.Train(split.Train));
        var lfm = Recall(Lfm.Train(split.Train, new LfmOptions
        {
            Factors = 16,
            NegativeRatio = 4,
            NegativePower = 0.5,
            Regularization = 0.02f,
            Epochs = 40,
            LearningRate = 0.05f,
        }));
        var oracle = Recall(new Oracle(split));
        var all = $"popularity {popularity}, item-cf {itemCf}, user-cf {userCf}, lfm {lfm}, oracle {oracle}";
        Assert.True(popularity > 2 * 20.0 / World.Items.Count, all);
        Assert.True(Math.Min(itemCf, Math.Min(userCf, lfm)) > 1.8 * popularity, all);
        Assert.True(oracle > 1.4 * Math.Max(itemCf, Math.Max(userCf, lfm)), all);
        Assert.True(oracle > 3.5 * popularity, all);
    }

    [Fact]
    public void Predicted_ratings_lie_between_the_mean_and_the_truth()
    {
        var split = Splits.RandomPerUser(World.Ratings, 0.2);
        var model = Lfm.Train(split.Train, LfmOptions.ForRatings);
        double mean = 0;
        foreach (var value in split.Train.ValueColumn) mean += value / split.Train.Count;
        double ofMean = 0, ofModel = 0, ofTruth = 0;
        foreach (var row in split.Test.Rows())
        {
            ofMean += Math.Pow(row.Value - mean, 2);
            ofModel += Math.Pow(row.Value - model.Predict(row.User, row.Item), 2);
            ofTruth += Math.Pow(row.Value - World.ExpectedRating(row.User, row.Item, row.Time), 2);
        }
        var all = $"squared errors: mean {ofMean}, model {ofModel}, truth {ofTruth}";
        Assert.True(ofTruth < 0.8 * ofModel, all);
        Assert.True(ofModel < 0.8 * ofMean, all);
    }

    [Fact]
    public void The_true_probabilities_are_calibrated_and_lose_the_least()
    {
        var shown = World.Impressions;
        float[] truth = new float[shown.Count], noPosition = new float[shown.Count], labels = new float[shown.Count];
        double examined = 0;
        for (var position = 1; position <= 10; position++) examined += World.ExaminationProbability(position) / 10;
        for (var row = 0; row < shown.Count; row++)
        {
            var click = World.ClickProbability(shown.Users[row], shown.Items[row], shown.Times[row]);
            truth[row] = (float)(click * World.ExaminationProbability(shown.Positions[row]));
            noPosition[row] = (float)(click * examined);
            labels[row] = shown.Clicked[row] ? 1 : 0;
        }
        var protocol = new ClickProtocol { Bootstrap = 0 };
        var right = ClickEvaluator.Evaluate("truth", truth, labels, protocol: protocol);
        var blind = ClickEvaluator.Evaluate("without positions", noPosition, labels, protocol: protocol);
        Assert.InRange(right["Calibration"].Value!.Value, 0.98, 1.02);
        Assert.InRange(right["ECE"].Value!.Value, 0, 0.005);
        Assert.True(right["LogLoss"].Value < blind["LogLoss"].Value);
        Assert.True(right["AUC"].Value > blind["AUC"].Value);
        Assert.InRange(right["AUC"].Value!.Value, 0.7, 0.95);
    }

    [Fact]
    public void What_friends_clicked_says_more_than_what_strangers_clicked()
    {
        double ofFriends = 0, ofStrangers = 0;
        var count = 0;
        for (var user = 0; user < World.Users.Count; user++)
        {
            var mine = World.Clicks.ItemsOf(user).ToArray().ToHashSet();
            foreach (var friend in World.Friends.Row(user).Columns)
            {
                var stranger = (friend * 7 + user * 13 + 1) % World.Users.Count;
                if (mine.Count == 0 || stranger == user) continue;
                ofFriends += Overlap(mine, World.Clicks.ItemsOf(friend));
                ofStrangers += Overlap(mine, World.Clicks.ItemsOf(stranger));
                count++;
            }
        }
        Assert.True(count > 10_000);
        Assert.True(ofFriends > 1.5 * ofStrangers, $"Jaccard overlap: friends {ofFriends / count}, strangers {ofStrangers / count}.");
    }

    [Fact]
    public void Sampled_negatives_suit_the_user_less_than_clicks_do()
    {
        var sampler = NegativeSampler.ByPopularity(World.Clicks);
        var rng = new Recsys.Numerics.Rng(1);
        var time = World.Options.Start.ToUnixTimeSeconds() + 30 * 86_400;
        double positive = 0, negative = 0;
        var rows = 0;
        foreach (var row in World.Clicks.Rows())
        {
            var item = sampler.Sample(rng, (ulong)rows++, row.User);
            Assert.False(World.Clicks.ItemsOf(row.User).Contains(item));
            positive += World.Relevance(row.User, row.Item, time);
            negative += World.Relevance(row.User, item, time);
        }
        Assert.True(positive / rows > negative / rows + 0.3, $"Mean relevance: clicks {positive / rows}, negatives {negative / rows}.");
    }

    private static double Overlap(HashSet<int> mine, ReadOnlySpan<int> theirs)
    {
        var shared = 0;
        foreach (var item in theirs)
            if (mine.Contains(item)) shared++;
        return shared / (double)(mine.Count + theirs.Length - shared);
    }

    /// <summary>Ranks by the true probability to be shown and clicked, six days into the test part.</summary>
    private sealed class Oracle(Split split) : IRecaller
    {
        private readonly long _time = split.Test.TimeColumn.ToArray().Min() + 6 * 86_400;

        public int Recall(in RecallRequest request, Span<ScoredItem> destination)
        {
            var top = new TopItems(destination, request.Filter, World.Items.Count);
            var shown = new double[World.Items.Count];
            World.ExposureProbabilities(request.User, _time, split.Train.ItemsOf(request.User), shown);
            for (var item = 0; item < shown.Length; item++)
                top.Offer(item, (float)(shown[item] * World.ClickProbability(request.User, item, _time)));
            return top.Finish();
        }
    }
}
