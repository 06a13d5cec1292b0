using Recsys.Data;
using Recsys.Recall;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Recall;

public abstract class EaseContractBase : RecallerContract<Ease>
{
    protected abstract EaseOptions Options { get; }

    protected override Ease Train(Interactions data, ContractRun run)
        => Ease.Train(data, Options with { Threads = run.Threads }, run.Progress, run.Cancel);

    protected override IReadOnlyList<Action> InvalidOptions =>
    [
        () => _ = Options with { Regularization = 0 },
        () => _ = Options with { Regularization = float.NaN },
        () => _ = Options with { Threads = 0 },
    ];
}

public sealed class EaseContract : EaseContractBase
{
    protected override EaseOptions Options => new();
}

public sealed class ValuedEaseContract : EaseContractBase
{
    protected override EaseOptions Options => new() { UseValues = true, Regularization = 20 };
}

public abstract class SwingContractBase : RecallerContract<Swing>
{
    protected abstract SwingOptions Options { get; }

    protected override bool ScoresEveryItem => false;

    protected override Swing Train(Interactions data, ContractRun run)
        => Swing.Train(data, Options with { Threads = run.Threads }, run.Progress, run.Cancel);

    protected override IReadOnlyList<Action> InvalidOptions =>
    [
        () => _ = Options with { Smoothing = -1 },
        () => _ = Options with { UserSmoothing = float.NaN },
        () => _ = Options with { UserPower = 3 },
        () => _ = Options with { PopularityPower = 2 },
        () => _ = Options with { UsersPerItem = 1 },
        () => _ = Options with { Neighbours = 0 },
        () => _ = Options with { Threads = 0 },
    ];
}

public sealed class SwingContract : SwingContractBase
{
    protected override SwingOptions Options => new();
}

public sealed class SampledSwingContract : SwingContractBase
{
    protected override SwingOptions Options
        => new()
        {
            Smoothing = 0,
            UserSmoothing = 5,
            UserPower = 0.35f,
            UsersPerItem = 8,
            Neighbours = 20,
            PopularityPower = 0,
            NormalizeByMax = false,
        };
}

public abstract class PersonalRankContractBase : RecallerContract<PersonalRank>
{
    protected abstract PersonalRankOptions Options { get; }

    protected override bool ScoresEveryItem => false;

    protected override PersonalRank Train(Interactions data, ContractRun run)
        => PersonalRank.Train(data, Options with { Threads = run.Threads }, run.Progress, run.Cancel);

    protected override IReadOnlyList<Action> InvalidOptions =>
    [
        () => _ = Options with { Alpha = 1 },
        () => _ = Options with { Alpha = double.NaN },
        () => _ = Options with { Tolerance = 0 },
        () => _ = Options with { Precompute = -1 },
        () => _ = Options with { Threads = 0 },
    ];
}

public sealed class PersonalRankContract : PersonalRankContractBase
{
    protected override PersonalRankOptions Options => new();
}

public sealed class WeightedPersonalRankContract : PersonalRankContractBase
{
    protected override PersonalRankOptions Options => new() { UseValues = true, Alpha = 0.6, Tolerance = 1e-4 };
}

public sealed class PrecomputedPersonalRankContract : PersonalRankContractBase
{
    protected override PersonalRankOptions Options => new() { Precompute = 40 };
}

public abstract class ContentBasedContractBase : RecallerContract<ContentBased>
{
    protected abstract ContentBasedOptions Options { get; }

    protected override bool ScoresEveryItem => false;

    protected override ContentBased Train(Interactions data, ContractRun run)
    {
        ArgumentNullException.ThrowIfNull(data);
        return ContentBased.Train(data, ContentTests.Described(data.ItemCount), Options, run.Progress, run.Cancel);
    }

    protected override IReadOnlyList<Action> InvalidOptions =>
    [
        () => _ = Options with { Scoring = (ContentScoring)9 },
        () => _ = Options with { Decay = (ContentDecay)9 },
        () => _ = Options with { Topics = 0 },
        () => _ = Options with { DecayPerDay = -1 },
        () => _ = Options with { MeanSmoothing = float.NaN },
    ];
}

public sealed class ContentBasedContract : ContentBasedContractBase
{
    protected override ContentBasedOptions Options => new();
}

public sealed class DecayingContentBasedContract : ContentBasedContractBase
{
    protected override ContentBasedOptions Options => new() { UseValues = true, DecayPerDay = 0.1f, Topics = 4 };
}

public sealed class QuotaContentBasedContract : ContentBasedContractBase
{
    protected override ContentBasedOptions Options => new() { Scoring = ContentScoring.Quotas, UseValues = true };

    protected override bool ListsArePrefixes => false;
}
