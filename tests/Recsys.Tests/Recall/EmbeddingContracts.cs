using Recsys.Data;
using Recsys.Features;
using Recsys.Graphs;
using Recsys.Indexing;
using Recsys.Recall;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Recall;

public abstract class Item2VecContractBase : RecallerContract<Item2Vec>
{
    protected abstract Item2VecOptions Options { get; }

    protected override bool ScoresEveryItem => false;

    protected override Item2Vec Train(Interactions data, ContractRun run)
        => Item2Vec.Train(data, Options with { Threads = run.Threads }, run.Progress, run.Cancel);

    protected override IReadOnlyList<Action> InvalidOptions =>
    [
        () => _ = Options with { Objective = (Item2VecObjective)9 },
        () => _ = Options with { Dimensions = 0 },
        () => _ = Options with { Window = -1 },
        () => _ = Options with { SessionGap = TimeSpan.FromSeconds(-1) },
        () => _ = Options with { Negatives = 0 },
        () => _ = Options with { Negatives = 256 },
        () => _ = Options with { NegativePower = double.NaN },
        () => _ = Options with { Subsample = -1 },
        () => _ = Options with { MinCount = 0 },
        () => _ = Options with { Epochs = 0 },
        () => _ = Options with { LearningRate = 0 },
        () => _ = Options with { HistoryDecay = 0 },
        () => _ = Options with { HistoryExponent = 1.5f },
        () => _ = Options with { Scoring = (EmbeddingScoring)9 },
        () => _ = Options with { Shards = 0 },
        () => _ = Options with { Threads = 0 },
        () => _ = Options with { Index = null! },
        () => Item2Vec.Train(ContractData.OneUser(), Options with { Dimensions = 9,
        WarmStart = Item2Vec.Train(ContractData.OneUser(), Options) }),
        () => Item2Vec.Train(ContractData.OneItem(), Options with { WarmStart = Item2Vec.Train(ContractData.OneUser(), Options) }),
    ];
}

public sealed class Item2VecContract : Item2VecContractBase
{
    protected override Item2VecOptions Options => new() { Dimensions = 12, Epochs = 60, LearningRate = 0.1f };
}

public sealed class SetItem2VecContract : Item2VecContractBase
{
    protected override Item2VecOptions Options
        => new() { Dimensions = 16, Window = 0, Epochs = 30, LearningRate = 0.1f, Subsample = 0.05, HistoryDecay = 0.9f, Negatives = 8 };
}

public sealed class HnswItem2VecContract : Item2VecContractBase
{
    protected override Item2VecOptions Options => new()
    {
        Dimensions = 12,
        Epochs = 60,
        LearningRate = 0.1f,
        Index = new HnswOptions { Links = 8, BuildBreadth = 40 },
    };
}

public sealed class CosineItem2VecContract : Item2VecContractBase
{
    protected override Item2VecOptions Options
        => new() { Dimensions = 12, Epochs = 60, LearningRate = 0.1f, Scoring = EmbeddingScoring.Cosine };
}

public sealed class CbowItem2VecContract : Item2VecContractBase
{
    protected override Item2VecOptions Options
        => new() { Objective = Item2VecObjective.Cbow, Dimensions = 12, Epochs = 10, LearningRate = 0.05f };
}

public abstract class DeepWalkContractBase : RecallerContract<DeepWalk>
{
    protected abstract DeepWalkOptions Options { get; }

    protected override bool ScoresEveryItem => false;

    protected override DeepWalk Train(Interactions data, ContractRun run)
        => DeepWalk.Train(data, Options with { Threads = run.Threads }, run.Progress, run.Cancel);

    protected override IReadOnlyList<Action> InvalidOptions =>
    [
        () => _ = Options with { Nodes = (DeepWalkNodes)9 },
        () => _ = Options with { SessionGap = TimeSpan.FromSeconds(-1) },
        () => _ = Options with { Dimensions = 0 },
        () => _ = Options with { Walks = 0 },
        () => _ = Options with { WalkLength = 1 },
        () => _ = Options with { Window = 0 },
        () => _ = Options with { Negatives = 0 },
        () => _ = Options with { NegativePower = -1 },
        () => _ = Options with { LearningRate = float.NaN },
        () => _ = Options with { HistoryDecay = 0 },
        () => _ = Options with { HistoryExponent = 1.5f },
        () => _ = Options with { Scoring = (EmbeddingScoring)9 },
        () => _ = Options with { Shards = 0 },
        () => _ = Options with { Threads = 0 },
        () => _ = Options with { Index = null! },
        () => DeepWalk.Train(ContractData.OneUser(), Options with { Dimensions = 9,
        WarmStart = DeepWalk.Train(ContractData.OneUser(), Options) }),
        () => DeepWalk.Train(Graph.FromEdges(2, [0], [1]), NodeLabels.From([[0]])),
    ];
}

public sealed class DeepWalkContract : DeepWalkContractBase
{
    protected override DeepWalkOptions Options => new() { Dimensions = 12, Walks = 10, WalkLength = 10, Window = 4, LearningRate = 0.1f };
}

public sealed class SequenceDeepWalkContract : DeepWalkContractBase
{
    protected override DeepWalkOptions Options => new()
    {
        Nodes = DeepWalkNodes.ItemsInSequence,
        Dimensions = 12,
        Walks = 20,
        WalkLength = 10,
        Window = 4,
        LearningRate = 0.1f,
        HistoryDecay = 0.95f,
    };
}

public abstract class EgesContractBase : RecallerContract<Eges>
{
    protected abstract EgesOptions Options { get; }

    protected override bool ScoresEveryItem => false;

    protected override Eges Train(Interactions data, ContractRun run)
        => Eges.Train(data, data is null ? null : EgesData.Features(data), Options with { Threads = run.Threads }, run.Progress,
            run.Cancel);

    protected override IReadOnlyList<Action> InvalidOptions =>
    [
        () => _ = Options with { Variant = (EgesVariant)9 },
        () => _ = Options with { SessionGap = TimeSpan.FromSeconds(-1) },
        () => _ = Options with { Dimensions = 0 },
        () => _ = Options with { Walks = 0 },
        () => _ = Options with { WalkLength = 1 },
        () => _ = Options with { Window = 0 },
        () => _ = Options with { Negatives = 0 },
        () => _ = Options with { NegativePower = -1 },
        () => _ = Options with { LearningRate = float.NaN },
        () => _ = Options with { HistoryDecay = 0 },
        () => _ = Options with { HistoryExponent = 1.5f },
        () => _ = Options with { Scoring = (EmbeddingScoring)9 },
        () => _ = Options with { Shards = 0 },
        () => _ = Options with { Threads = 0 },
        () => _ = Options with { Index = null! },
        () => Eges.Train(ContractData.OneUser(), null, Options with { Dimensions = 9,
        WarmStart = Eges.Train(ContractData.OneUser(), null, Options) }),
        () => Eges.Train(ContractData.OneUser(), EgesData.Features(ContractData.OneUser()),
        Options with { Variant = EgesVariant.Ges, Features = ["id"] })
            .WithItems(EgesData.Features(ContractData.OneItem())),
    ];
}

public sealed class EgesContract : EgesContractBase
{
    protected override EgesOptions Options
        => new() { SessionGap = null, Dimensions = 12, Walks = 20, WalkLength = 10, Window = 4, LearningRate = 0.1f };
}

public sealed class GesContract : EgesContractBase
{
    protected override EgesOptions Options
        => new()
        {
            Variant = EgesVariant.Ges,
            SessionGap = null,
            Dimensions = 12,
            Walks = 20,
            WalkLength = 10,
            Window = 4,
            LearningRate = 0.1f
        };
}

public sealed class BgeContract : EgesContractBase
{
    protected override EgesOptions Options
        => new()
        {
            Variant = EgesVariant.Bge,
            SessionGap = null,
            Dimensions = 12,
            Walks = 20,
            WalkLength = 10,
            Window = 4,
            LearningRate = 0.1f
        };
}

internal static class EgesData
{
    /// <summary>Side information that says little: a parity that cuts through the communities, some tags, and nothing of every seventh
    /// item.</summary>
    public static FeatureSet Features(Interactions data)
    {
        var items = Columns.From(Enumerable.Range(0, data.ItemCount)).Text("id", item => data.Items.Name(item))
            .Text("parity", item => item % 7 == 6 ? "" : $"p{item % 2}").Text("tags",
                item => item % 7 == 6 ? "" : $"t{item % 3}|t{3 + item % 2}").Build();
        return new FeatureSchema(
            Feature.Id("id", Side.Item), Feature.Category("parity", Side.Item), Feature.MultiCategory("tags", Side.Item, '|'))
            .Fit(items: items.KeyedBy("id"), train: data);
    }
}
