using System.Globalization;

namespace Recsys.Evaluation;

/// <summary>
/// The ranking metrics of one model: for each k Recall, Precision, HitRate, NDCG, MRR, MAP, F1, ClickPosition (over users with a hit),
/// Novelty, with an item similarity Diversity, and over all lists Coverage, Gini and Personalization. The value of every user is kept, so
/// that two models can be compared by <see cref="PairedTest"/>.
/// </summary>
public sealed class RankingReport : EvaluationReport
{
    private readonly string[] _userMetrics;
    private readonly float[] _values;
    private readonly int[] _users;

    internal RankingReport(
        string name, RankingProtocol protocol, string split, RankingCounts counts, int[] users, string[] userMetrics, float[] values,
        IReadOnlyList<MetricResult> metrics, IReadOnlyList<string> warnings, TimeSpan elapsed)
        : base(name, metrics, warnings, elapsed)
    {
        Protocol = protocol;
        SplitDescription = split;
        Counts = counts;
        _users = users;
        _userMetrics = userMetrics;
        _values = values;
    }

    /// <summary>How it was evaluated.</summary>
    public RankingProtocol Protocol { get; }

    /// <summary>How the log was cut.</summary>
    public string SplitDescription { get; }

    /// <summary>How many users, targets and lists the numbers rest on.</summary>
    public RankingCounts Counts { get; }

    /// <summary>The evaluated users, dense ids ascending.</summary>
    public ReadOnlySpan<int> Users => _users;

    /// <summary>The names of the metrics that have a value for each user.</summary>
    public IReadOnlyList<string> UserMetrics => _userMetrics;

    /// <summary>
    /// The value of one metric for each of <see cref="Users"/>; null where the user has none (a click position without a hit).
    /// </summary>
    /// <exception cref="KeyNotFoundException">There is no such metric, or it has no values of single users.</exception>
    public float?[] PerUser(string metric)
    {
        var column = Column(metric);
        var values = new float?[_users.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var value = _values[(long)i * _userMetrics.Length + column];
            values[i] = float.IsNaN(value) ? null : value;
        }
        return values;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<KeyValuePair<string, string>> Settings =>
    [
        new("split", SplitDescription),
        new("protocol", Protocol.Describe()),
        new("users", Text(
            $"{Counts.Users} evaluated, {Counts.UsersWithoutTargets} without targets left out, {Counts.ColdUsers} without training rows")),
        new("items", Text($"{Counts.Items} in the catalogue")),
        new("targets", Text(
            $"{Counts.Targets}, {Counts.ColdTargets} of items without training rows, {Counts.TargetsInHistory} in the user's history")),
        new("intervals", Protocol.Bootstrap == 0
            ? "none"
            : Text($"{Protocol.Confidence * 100:0.#} % bootstrap over users, {Protocol.Bootstrap} resamples, seed {Protocol.Seed}")),
    ];

    internal int Column(string metric)
    {
        var column = Array.IndexOf(_userMetrics, metric);
        return column >= 0
            ? column
            : throw new KeyNotFoundException(
                $"The report of {Name} has no values of single users for '{metric}'; it has {string.Join(", ", _userMetrics)}.");
    }

    /// <summary>The value of a user by place in <see cref="Users"/>; NaN where there is none.</summary>
    internal float Value(int place, int column) => _values[(long)place * _userMetrics.Length + column];

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>What the numbers of a ranking report rest on.</summary>
/// <param name="Users">Users evaluated: those with a target.</param>
/// <param name="UsersWithoutTargets">Users with rows but without a target that can be found: left out.</param>
/// <param name="ColdUsers">Evaluated users without a training row: the model answers with its fallback or with nothing.</param>
/// <param name="Items">Items with a row in any part of the split, or recommended: the catalogue of Coverage and Gini.</param>
/// <param name="Targets">Targets of the evaluated users, each item once per user.</param>
/// <param name="ColdTargets">Targets whose item has no training row.</param>
/// <param name="TargetsInHistory">Targets that the user already has in the training part; not among <paramref name="Targets"/> if seen
/// items are excluded.</param>
/// <param name="ShortLists">Users whose list is shorter than the greatest k.</param>
/// <param name="EmptyLists">Users who got no item at all; they count as misses.</param>
public sealed record RankingCounts(
    int Users, int UsersWithoutTargets, int ColdUsers, int Items, long Targets, long ColdTargets, long TargetsInHistory, int ShortLists,
    int EmptyLists);
