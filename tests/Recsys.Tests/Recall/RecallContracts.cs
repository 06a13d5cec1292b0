using Recsys.Data;
using Recsys.Indexing;
using Recsys.Recall;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Recall;

public sealed class PopularityContract : RecallerContract<Popularity>
{
    protected override bool Personalised => false;

    protected override bool ReportsProgress => false;

    protected override Popularity Train(Interactions data, ContractRun run) => Popularity.Train(data, null, run.Progress, run.Cancel);

    protected override IReadOnlyList<Action> InvalidOptions =>
    [
        () => _ = new PopularityOptions { Score = (PopularityScore)9 },
        () => _ = new PopularityOptions { Window = TimeSpan.Zero },
        () => _ = new PopularityOptions { HalfLife = TimeSpan.FromDays(-1) },
        () => _ = new PopularityOptions { Smoothing = -1 },
        () => _ = new PopularityOptions { Confidence = double.NaN },
        () => Popularity.Train(ContractData.OneRow(), new PopularityOptions { Score = PopularityScore.SuccessRate,
            SuccessEvent = "click" }),
    ];
}

public abstract class ItemCfContractBase : RecallerContract<ItemCf>
{
    protected abstract ItemCfOptions Options { get; }

    protected override bool ScoresEveryItem => false;

    protected override ItemCf Train(Interactions data, ContractRun run)
        => ItemCf.Train(data, Options with { Threads = run.Threads }, run.Progress, run.Cancel);

    protected override IReadOnlyList<Action> InvalidOptions =>
    [
        () => _ = Options with { Similarity = (CfSimilarity)9 },
        () => _ = Options with { Prediction = (CfPrediction)9 },
        () => _ = Options with { TimeDecay = -1 },
        () => _ = Options with { Shrinkage = float.NaN },
        () => _ = Options with { Neighbours = 0 },
        () => _ = Options with { Threads = 0 },
    ];
}

public abstract class UserCfContractBase : RecallerContract<UserCf>
{
    protected abstract UserCfOptions Options { get; }

    protected override bool ScoresEveryItem => false;

    protected override UserCf Train(Interactions data, ContractRun run)
        => UserCf.Train(data, Options with { Threads = run.Threads }, run.Progress, run.Cancel);

    protected override IReadOnlyList<Action> InvalidOptions =>
    [
        () => _ = Options with { Similarity = (CfSimilarity)9 },
        () => _ = Options with { Neighbours = 0 },
        () => _ = Options with { Threads = 0 },
    ];
}

public sealed class ItemCfContract : ItemCfContractBase
{
    protected override ItemCfOptions Options => new();
}

public sealed class WeightedItemCfContract : ItemCfContractBase
{
    protected override ItemCfOptions Options
        => new() { UseValues = true, InverseFrequency = true, TimeDecay = 0.1f, Shrinkage = 5, NormalizeByMax = true, Neighbours = 20 };
}

public sealed class JaccardItemCfContract : ItemCfContractBase
{
    protected override ItemCfOptions Options => new() { Similarity = CfSimilarity.Jaccard, Shrinkage = 2 };
}

public sealed class RatedItemCfContract : ItemCfContractBase
{
    protected override ItemCfOptions Options => new() { Similarity = CfSimilarity.AdjustedCosine, Prediction = CfPrediction.MeanCentred };

    protected override Interactions KnownData() => ContractData.RatedCommunities();
}

public sealed class UserCfContract : UserCfContractBase
{
    protected override UserCfOptions Options => new();
}

public sealed class WeightedUserCfContract : UserCfContractBase
{
    protected override UserCfOptions Options
        => new() { UseValues = true, InverseFrequency = true, TimeDecay = 0.1f, Shrinkage = 5, NormalizeByMax = true, Neighbours = 20 };
}

public sealed class RatedUserCfContract : UserCfContractBase
{
    protected override UserCfOptions Options => new() { Similarity = CfSimilarity.Pearson, Prediction = CfPrediction.MeanCentred };

    protected override Interactions KnownData() => ContractData.RatedCommunities();
}

public abstract class LfmContractBase : RecallerContract<Lfm>
{
    protected abstract LfmOptions Options { get; }

    protected override Lfm Train(Interactions data, ContractRun run)
        => Lfm.Train(data, Options with { Threads = run.Threads }, run.Progress, run.Cancel);

    protected override IReadOnlyList<Action> InvalidOptions =>
    [
        () => _ = Options with { Feedback = (LfmFeedback)9 },
        () => _ = Options with { Factors = 0 },
        () => _ = Options with { Epochs = 0 },
        () => _ = Options with { LearningRate = 0 },
        () => _ = Options with { LearningRateDecay = 1.1f },
        () => _ = Options with { Regularization = -0.1f },
        () => _ = Options with { NegativeRatio = 0 },
        () => _ = Options with { NegativePower = double.NaN },
        () => _ = Options with { InitialScale = 0 },
        () => _ = Options with { Shards = 0 },
        () => _ = Options with { Threads = 0 },
        () => _ = Options with { Index = null! },
        () => Lfm.Train(ContractData.OneRow(), Options with { Factors = 9, WarmStart = Lfm.Train(ContractData.OneRow(), Options) }),
    ];
}

public sealed class LfmContract : LfmContractBase
{
    protected override LfmOptions Options => new()
    {
        Factors = 8,
        Epochs = 60,
        LearningRate = 0.1f,
        Biases = true,
        NegativePower = 0,
        Shards = 4
    };
}

public sealed class PlainLfmContract : LfmContractBase
{
    protected override LfmOptions Options => new() { Factors = 6, Epochs = 60, LearningRate = 0.1f, NegativePower = 1, Shards = 3 };
}

public sealed class RatedLfmContract : LfmContractBase
{
    protected override LfmOptions Options => LfmOptions.ForRatings with
    {
        Factors = 8,
        Epochs = 80,
        LearningRate = 0.1f,
        LearningRateDecay = 1
    };

    protected override Interactions KnownData() => ContractData.RatedCommunities();
}

public sealed class GraphLfmContract : LfmContractBase
{
    protected override LfmOptions Options
        => new()
        {
            Factors = 8,
            Epochs = 60,
            LearningRate = 0.1f,
            NegativePower = 0,
            Shards = 4,
            Index = new HnswOptions { Links = 8, BuildBreadth = 40 },
        };
}

public sealed class HashedLfmContract : LfmContractBase
{
    protected override LfmOptions Options
        => new() { Factors = 8, Epochs = 60, LearningRate = 0.1f, NegativePower = 0, Shards = 4, Index = new PStableOptions() };
}
