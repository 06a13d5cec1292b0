using System.Runtime.CompilerServices;

namespace Recsys.Evaluation;

/// <summary>How a ranking evaluation names the user to the model.</summary>
public enum UserInput
{
    /// <summary>By the dense user id, as trained.</summary>
    Id,

    /// <summary>As an unknown user with the training rows as history: what a user gets who came after the training (fold-in).</summary>
    History,
}

/// <summary>Which part of a split is evaluated.</summary>
public enum EvaluationPart
{
    /// <summary>The test part; the rows of the validation part count as seen.</summary>
    Test,

    /// <summary>The validation part, for choosing options.</summary>
    Validation,
}

/// <summary>
/// How a ranking is evaluated: everything that a number depends on besides the model and the split. It travels with the result. Immutable.
/// </summary>
public sealed record RankingProtocol
{
    /// <summary>List lengths, each at least 1; kept ascending and distinct. [10] by default.</summary>
    public IReadOnlyList<int> K { get; init => field = Lengths(value); } = [10];

    /// <summary>Which items are ranked; the full catalogue by default.</summary>
    public Candidates Candidates { get; init => field = value ?? throw new ArgumentNullException(nameof(Candidates)); } = Candidates.Full;

    /// <summary>
    /// Whether lists leave out what the user has in the training part (and, when the test part is evaluated, in the validation part); true
    /// by default. Targets that repeat such an item cannot be found then: they are dropped and counted.
    /// </summary>
    public bool ExcludeTrainItems { get; init; } = true;

    /// <summary>The least value that makes a row of the evaluated part a target, or null (the default): every row is one.</summary>
    public float? RelevantFrom
    {
        get;
        init => field = value is { } from && !float.IsFinite(from)
            ? throw new ArgumentOutOfRangeException(nameof(RelevantFrom), value, "RelevantFrom must be finite, or null for every row.")
            : value;
    }

    /// <summary>How users are named to the model; by id by default.</summary>
    public UserInput UserInput { get; init => field = Guard.Defined(value); }

    /// <summary>Which part of the split is evaluated; the test part by default.</summary>
    public EvaluationPart Part { get; init => field = Guard.Defined(value); }

    /// <summary>How many users to evaluate, drawn at random by <see cref="Seed"/>; at least 1. Null (the default) evaluates all.</summary>
    public int? UserSample { get; init => field = value is { } count ? Guard.AtLeast(1, count) : null; }

    /// <summary>What Recall divides by; the number of targets by default.</summary>
    public RecallDenominator RecallDenominator { get; init => field = Guard.Defined(value); }

    /// <summary>What Precision divides by; k by default.</summary>
    public PrecisionDenominator PrecisionDenominator { get; init => field = Guard.Defined(value); }

    /// <summary>What MAP divides by; min(k, targets) by default.</summary>
    public AveragePrecisionDenominator AveragePrecisionDenominator { get; init => field = Guard.Defined(value); }

    /// <summary>
    /// The gain of a target for NDCG; 1 by default. Graded gains come from the value of the row, the greatest if it repeats.
    /// </summary>
    public GainKind Gain { get; init => field = Guard.Defined(value); }

    /// <summary>
    /// A symmetric similarity of two dense item ids, for the metric Diversity; null (the default) leaves it out. Must be safe for
    /// concurrent calls. See <see cref="ItemSimilarities"/>.
    /// </summary>
    public Func<int, int, float>? ItemSimilarity { get; init; }

    /// <summary>Bootstrap resamples of the users for the intervals, 0 (none) or more; 1000 by default.</summary>
    public int Bootstrap { get; init => field = Guard.AtLeast(0, value); } = 1000;

    /// <summary>The probability that an interval is made for, in [0.5, 0.999]; 0.95 by default.</summary>
    public double Confidence { get; init => field = Guard.InRange(0.5, 0.999, value); } = 0.95;

    /// <summary>Seed of the samples of users and items and of the bootstrap; 1 by default.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Into how many parts the users are cut, at least 1; 16 by default. Changes no result.</summary>
    public int Shards { get; init => field = Guard.AtLeast(1, value); } = 16;

    /// <summary>How many threads work, at least 1; all processors by default. Changes no result.</summary>
    public int Threads { get; init => field = Guard.AtLeast(1, value); } = Environment.ProcessorCount;

    /// <summary>The settings that decide what the numbers mean, in one line; two results compare only if theirs agree.</summary>
    public string Describe()
    {
        var words = new List<string>
        {
            Candidates.ToString(),
            ExcludeTrainItems ? "seen items excluded" : "seen items included",
            RelevantFrom is { } from ? FormattableString.Invariant($"targets: value >= {from}") : "targets: every row",
            UserInput == UserInput.Id ? "users by id" : "users by history",
        };
        if (Part == EvaluationPart.Validation) words.Add("validation part");
        if (UserSample is { } users) words.Add(FormattableString.Invariant($"sample of {users} users, seed {Seed}"));
        else if (Candidates.Kind != CandidateKind.Full) words.Add(FormattableString.Invariant($"seed {Seed}"));
        if (RecallDenominator == RecallDenominator.AtMostK) words.Add("recall / min(k, targets)");
        if (PrecisionDenominator == PrecisionDenominator.ListLength) words.Add("precision / list length");
        if (AveragePrecisionDenominator == AveragePrecisionDenominator.K) words.Add("MAP / k");
        if (AveragePrecisionDenominator == AveragePrecisionDenominator.Relevant) words.Add("MAP / targets");
        if (Gain == GainKind.Linear) words.Add("NDCG gain = value");
        if (Gain == GainKind.Exponential) words.Add("NDCG gain = 2^value - 1");
        return string.Join("; ", words);
    }

    private static int[] Lengths(IReadOnlyList<int> value, [CallerMemberName] string name = "")
    {
        ArgumentNullException.ThrowIfNull(value, name);
        if (value.Count == 0) throw new ArgumentException($"{name} is empty: give at least one list length.", name);
        foreach (var k in value) Guard.AtLeast(1, k, name);
        return [.. value.Distinct().Order()];
    }
}
