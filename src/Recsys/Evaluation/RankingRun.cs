using Recsys.Data;

namespace Recsys.Evaluation;

/// <summary>
/// What all shards of one ranking evaluation share: the parts of the log, the popularity of the items, the counts of what is shown.
/// </summary>
internal sealed class RankingRun
{
    public RankingRun(string name, IRecaller recaller, Split split, RankingProtocol protocol)
    {
        Name = name;
        Recaller = recaller;
        Protocol = protocol;
        Train = split.Train;
        Part = protocol.Part == EvaluationPart.Test
            ? split.Test
            : split.Validation
                ?? throw new ArgumentException("The protocol evaluates the validation part, but the split has none.", nameof(split));
        AlsoSeen = protocol.Part == EvaluationPart.Test ? split.Validation : null;
        if (Part.UserCount != Train.UserCount || Part.ItemCount != Train.ItemCount)
        {
            throw new ArgumentException(
                $"The parts of the split have different ids: training {Train.UserCount} users and {Train.ItemCount} items, " +
                $"evaluated part {Part.UserCount} and {Part.ItemCount}. Cut one log, or build both parts on the same id maps.",
                nameof(split));
        }
        (ItemUsers, TrainUsers) = Popularity(Train);
        Catalogue = new bool[Train.ItemCount];
        foreach (var item in Train.ItemColumn) Catalogue[item] = true;
        foreach (var item in split.Test.ItemColumn) Catalogue[item] = true;
        if (split.Validation is { } validation)
            foreach (var item in validation.ItemColumn) Catalogue[item] = true;
        if (protocol.Candidates.Kind != CandidateKind.Full)
            Sampler = new CandidateSampler(protocol.Candidates, Catalogue, ItemUsers, protocol.Seed);
        Shown = new int[protocol.K.Count][];
        for (var i = 0; i < Shown.Length; i++) Shown[i] = new int[Train.ItemCount];
        Columns = MetricNames(protocol);
    }

    public string Name { get; }

    public IRecaller Recaller { get; }

    public RankingProtocol Protocol { get; }

    public Interactions Train { get; }

    /// <summary>The evaluated part.</summary>
    public Interactions Part { get; }

    /// <summary>The validation part where the test part is evaluated.</summary>
    public Interactions? AlsoSeen { get; }

    /// <summary>Users of each item in the training part, each once.</summary>
    public int[] ItemUsers { get; }

    /// <summary>Users with a training row.</summary>
    public int TrainUsers { get; }

    /// <summary>Which items have a row in any part.</summary>
    public bool[] Catalogue { get; }

    public CandidateSampler? Sampler { get; }

    /// <summary>
    /// For each k, in how many lists each item stands. Whole numbers, so the order in which threads add them does not matter.
    /// </summary>
    public int[][] Shown { get; }

    /// <summary>The metrics that each user has, in the order of a row.</summary>
    public string[] Columns { get; }

    private static string[] MetricNames(RankingProtocol protocol)
    {
        var names = new List<string>();
        foreach (var k in protocol.K)
        {
            foreach (var metric in UserMetrics)
                if (metric != "Diversity" || protocol.ItemSimilarity is not null) names.Add(FormattableString.Invariant($"{metric}@{k}"));
        }
        return [.. names];
    }

    private static readonly string[] UserMetrics =
        ["Recall", "Precision", "HitRate", "NDCG", "MRR", "MAP", "F1", "ClickPosition", "Novelty", "Diversity"];

    private static (int[] ItemUsers, int Users) Popularity(Interactions train)
    {
        var count = new int[train.ItemCount];
        var last = new int[train.ItemCount]; // user + 1
        var users = 0;
        for (var user = 0; user < train.UserCount; user++)
        {
            var items = train.ItemsOf(user);
            if (!items.IsEmpty) users++;
            foreach (var item in items)
            {
                if (last[item] == user + 1) continue;
                last[item] = user + 1;
                count[item]++;
            }
        }
        return (count, users);
    }
}
