using Recsys.Indexing;
using Recsys.Recall;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Recall;

/// <summary>The files of the recall models are safe: damaged ones are refused, forged ones are refused or safe to ask.</summary>
public sealed class RecallModelFileTests
{
    [Fact]
    public void Popularity_of_a_log() => ModelFileContract.Check(Popularity.Train(ContractData.Skewed()), Answers);

    [Fact]
    public void ItemCf_of_ones() => ModelFileContract.Check(ItemCf.Train(ContractData.Communities()), Answers);

    [Fact]
    public void ItemCf_of_ratings()
        => ModelFileContract.Check(
            ItemCf.Train(ContractData.RatedCommunities(),
                new ItemCfOptions { Similarity = CfSimilarity.Pearson, Prediction = CfPrediction.MeanCentred }),
            Answers);

    [Fact]
    public void DeepWalk_of_users_and_items()
        => ModelFileContract.Check(DeepWalk.Train(ContractData.Communities(), SmallWalks), Answers);

    [Fact]
    public void DeepWalk_of_items_in_sequence()
        => ModelFileContract.Check(
            DeepWalk.Train(ContractData.Communities(), SmallWalks with { Nodes = DeepWalkNodes.ItemsInSequence }), Answers);

    private static readonly DeepWalkOptions SmallWalks = new() { Dimensions = 4, Walks = 2, WalkLength = 5, Window = 2 };

    [Theory]
    [InlineData(EgesVariant.Eges)]
    [InlineData(EgesVariant.Bge)]
    public void Eges_of_sessions(EgesVariant variant)
    {
        var data = ContractData.Communities();
        ModelFileContract.Check(
            Eges.Train(data, EgesData.Features(data), new EgesOptions { Variant = variant, Dimensions = 4, Walks = 2, WalkLength = 5 }), Answers);
    }

    [Fact]
    public void Item2Vec_of_sets()
        => ModelFileContract.Check(
            Item2Vec.Train(ContractData.Communities(), new Item2VecOptions { Dimensions = 4, Epochs = 3, Window = 0 }), Answers);

    [Fact]
    public void UserCf_of_ones() => ModelFileContract.Check(UserCf.Train(ContractData.Communities()), Answers);

    [Fact]
    public void UserCf_of_ratings()
        => ModelFileContract.Check(UserCf.Train(ContractData.RatedCommunities(), new UserCfOptions { Similarity = CfSimilarity.Pearson }),
            Answers);

    [Fact]
    public void Lfm_of_ones() => ModelFileContract.Check(Lfm.Train(ContractData.Communities(), new LfmOptions { Factors = 4, Epochs = 5 }),
        Answers);

    [Fact]
    public void Lfm_with_a_graph()
        => ModelFileContract.Check(
            Lfm.Train(
                ContractData.Communities(),
                new LfmOptions { Factors = 4, Epochs = 5, Index = new HnswOptions { Links = 2, SearchBreadth = 1 } }),
            Answers);

    [Fact]
    public void Lfm_of_ratings()
        => ModelFileContract.Check(
            Lfm.Train(ContractData.RatedCommunities(), new LfmOptions { Feedback = LfmFeedback.Explicit, Factors = 4, Epochs = 5 }),
                Answers);

    [Fact]
    public void Ease_of_ones()
        => ModelFileContract.Check(Ease.Train(ContractData.Communities(), new EaseOptions { Regularization = 10 }), Answers);

    [Fact]
    public void Swing_of_a_log() => ModelFileContract.Check(Swing.Train(ContractData.Communities()), Answers);

    [Fact]
    public void Als_of_ones() => ModelFileContract.Check(Als.Train(ContractData.Communities(), new AlsOptions { Factors = 4 }), Answers);

    [Fact]
    public void Als_of_ratings()
        => ModelFileContract.Check(Als.Train(ContractData.RatedCommunities(), AlsOptions.ForRatings with { Factors = 4 }), Answers);

    [Fact]
    public void Bpr_of_ones()
        => ModelFileContract.Check(
            Bpr.Train(ContractData.Communities(), new BprOptions { Factors = 4, Epochs = 5, NegativePower = 1 }), Answers);

    [Fact]
    public void Warp_of_ones()
        => ModelFileContract.Check(Warp.Train(ContractData.Communities(), new WarpOptions { Factors = 4, Epochs = 5 }), Answers);

    [Fact]
    public void PersonalRank_of_ratings()
        => ModelFileContract.Check(
            PersonalRank.Train(ContractData.RatedCommunities(), new PersonalRankOptions { UseValues = true, Tolerance = 1 }), Answers);

    [Fact]
    public void PersonalRank_with_lists()
        => ModelFileContract.Check(
            PersonalRank.Train(ContractData.Communities(), new PersonalRankOptions { Precompute = 2, Tolerance = 1 }), Answers);

    [Fact]
    public void ContentBased_by_cosine()
        => ModelFileContract.Check(
            ContentBased.Train(ContractData.Communities(), ContentTests.Described(30), new ContentBasedOptions { Topics = 3 }), Answers);

    [Fact]
    public void ContentBased_by_quotas()
        => ModelFileContract.Check(
            ContentBased.Train(ContractData.RatedCommunities(), ContentTests.Described(30),
                new ContentBasedOptions { Scoring = ContentScoring.Quotas, UseValues = true }), Answers);

    // Known and unknown users, a history with strangers in it, similar items of known and unknown items.
    private static float[] Answers(IRecaller model)
    {
        var answers = new List<float>();
        var list = new ScoredItem[10];
        int[] history = [1, 2, 3, 29, 4000, -1];
        float[] values = [5, 1, 3, 4, 2, 1];
        foreach (var user in new[] { -1, 0, 1, 25, 59, 60, int.MaxValue })
        {
            Add(model.Recall(new RecallRequest(user), list));
            var filter = new ItemFilter { Exclude = history };
            Add(model.Recall(new RecallRequest(user) { History = history, HistoryValues = values, Filter = filter }, list));
        }
        if (model is not ISimilarItems similar) return [.. answers];
        foreach (var item in new[] { -1, 0, 29, 30, int.MaxValue }) Add(similar.SimilarItems(item, default, list));
        return [.. answers];

        void Add(int count)
        {
            answers.Add(count);
            foreach (var (item, score) in list.AsSpan(0, count))
            {
                answers.Add(item);
                answers.Add(score);
            }
        }
    }
}
