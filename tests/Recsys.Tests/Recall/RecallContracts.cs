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

public abstract class AlsContractBase : RecallerContract<Als>
{
    protected abstract AlsOptions Options { get; }

    protected override Als Train(Interactions data, ContractRun run)
        => Als.Train(data, Options with { Threads = run.Threads }, run.Progress, run.Cancel);

    protected override IReadOnlyList<Action> InvalidOptions =>
    [
        () => _ = Options with { Feedback = (AlsFeedback)9 },
        () => _ = Options with { Factors = 0 },
        () => _ = Options with { Iterations = 0 },
        () => _ = Options with { Regularization = 0 },
        () => _ = Options with { RegularizationExponent = 1.1f },
        () => _ = Options with { Alpha = 0 },
        () => _ = Options with { UnobservedWeight = 0 },
        () => _ = Options with { Confidence = (AlsConfidence)9 },
        () => _ = Options with { ConfidenceScale = float.NaN },
        () => _ = Options with { Solver = (AlsSolver)9 },
        () => _ = Options with { ConjugateGradientSteps = 0 },
        () => _ = Options with { InitialScale = 0 },
        () => _ = Options with { Threads = 0 },
        () => _ = Options with { Index = null! },
        () => Als.Train(ContractData.OneRow(), Options with { Factors = 9, WarmStart = Als.Train(ContractData.OneRow(), Options) }),
    ];
}

public sealed class AlsContract : AlsContractBase
{
    protected override AlsOptions Options => new() { Factors = 8 };
}

public sealed class ExactAlsContract : AlsContractBase
{
    protected override AlsOptions Options => new()
    {
        Factors = 5,
        Solver = AlsSolver.Cholesky,
        Confidence = AlsConfidence.Logarithmic,
        UnobservedWeight = 0.3f,
        RegularizationExponent = 1,
        Regularization = 0.01f,
    };
}

public sealed class RatedAlsContract : AlsContractBase
{
    protected override AlsOptions Options => AlsOptions.ForRatings with { Factors = 6 };

    protected override Interactions KnownData() => ContractData.RatedCommunities();
}

public sealed class PlainRatedAlsContract : AlsContractBase
{
    protected override AlsOptions Options
        => AlsOptions.ForRatings with { Factors = 17, Biases = false, Solver = AlsSolver.ConjugateGradient, Regularization = 0.03f };

    protected override Interactions KnownData() => ContractData.RatedCommunities();
}

public abstract class BprContractBase : RecallerContract<Bpr>
{
    protected abstract BprOptions Options { get; }

    protected override Bpr Train(Interactions data, ContractRun run)
        => Bpr.Train(data, Options with { Threads = run.Threads }, run.Progress, run.Cancel);

    protected override IReadOnlyList<Action> InvalidOptions =>
    [
        () => _ = Options with { Factors = 0 },
        () => _ = Options with { Epochs = 0 },
        () => _ = Options with { LearningRate = 0 },
        () => _ = Options with { Regularization = -1 },
        () => _ = Options with { NegativePower = double.NaN },
        () => _ = Options with { InitialScale = 0 },
        () => _ = Options with { Shards = 0 },
        () => _ = Options with { Threads = 0 },
        () => _ = Options with { Index = null! },
        () => Bpr.Train(ContractData.OneRow(), Options with { Factors = 9, WarmStart = Bpr.Train(ContractData.OneRow(), Options) }),
    ];
}

public sealed class BprContract : BprContractBase
{
    protected override BprOptions Options => new() { Factors = 8, Epochs = 60, LearningRate = 0.1f };
}

public sealed class PopularBprContract : BprContractBase
{
    protected override BprOptions Options
        => new() { Factors = 12, Epochs = 60, LearningRate = 0.1f, NegativePower = 0.5, ItemBiases = false };
}

public sealed class WarpContract : RecallerContract<Warp>
{
    // Few factors, so that the one item that a user lacks is not told from those of the community.
    private static WarpOptions Options => new() { Factors = 3, Epochs = 20, LearningRate = 0.05f, Regularization = 0.05f };

    protected override Warp Train(Interactions data, ContractRun run)
        => Warp.Train(data, Options with { Threads = run.Threads }, run.Progress, run.Cancel);

    protected override IReadOnlyList<Action> InvalidOptions =>
    [
        () => _ = Options with { Tries = 0 },
        () => _ = Options with { Epochs = 0 },
        () => Warp.Train(ContractData.OneRow(), Options with { Factors = 9, WarmStart = Warp.Train(ContractData.OneRow(), Options) }),
    ];
}
