using System.Globalization;
using Recsys.Persistence;

namespace Recsys.Rank;

/// <summary>The first and second derivatives of a loss in the raw score, for a <see cref="Gbdt"/>.</summary>
/// <param name="scores">Raw scores f. [rows]</param>
/// <param name="labels">[rows]</param>
/// <param name="first">Receives ∂loss/∂f, finite. [rows]</param>
/// <param name="second">Receives ∂²loss/∂f², finite, 0 or greater. [rows]</param>
public delegate void GbdtDerivatives(ReadOnlySpan<float> scores, ReadOnlySpan<float> labels, Span<float> first, Span<float> second);

/// <summary>
/// What a <see cref="Gbdt"/> minimises: a loss in raw scores f, with g and h its first and second derivatives. Weights of rows multiply
/// both. Immutable and safe for any number of threads.
/// </summary>
public abstract class GbdtObjective
{
    private protected GbdtObjective() { }

    /// <summary>Log loss of labels 0 and 1: g = p - y, h = p (1 - p). The score is a probability.</summary>
    public static GbdtObjective Logistic { get; } = new LogisticObjective();

    /// <summary>½ (y - f)²: g = f - y, h = 1. The score is the predicted label.</summary>
    public static GbdtObjective Squared { get; } = new SquaredObjective();

    /// <summary>
    /// Huber's loss, squared up to a distance and linear beyond: g = f - y, cut at ± δ, h = 1. The score is the predicted label.
    /// </summary>
    /// <param name="delta">δ, in units of the label: positive.</param>
    public static GbdtObjective Huber(double delta = 1) => new HuberObjective(Guard.Positive(delta, nameof(delta)));

    /// <summary>
    /// Deviance of counts, labels 0 or greater: g = eᶠ - y, h = eᶠ⁺ᵐ, where m keeps steps short. The score is the expected count eᶠ.
    /// </summary>
    /// <param name="maxStep">m, 0 or greater, at most 10.</param>
    public static GbdtObjective Poisson(double maxStep = 0.7) => new PoissonObjective(Guard.InRange(0, 10, maxStep, nameof(maxStep)));

    /// <summary>
    /// The pinball loss, whose best constant is a quantile: g = 1 - q where f ≥ y, else -q; h = 1. When a tree is grown, each leaf takes
    /// the q-quantile of y - f among its rows, without penalties: what minimises the loss there. The score is the quantile of the label.
    /// </summary>
    /// <param name="level">q, above 0 and below 1.</param>
    public static GbdtObjective Quantile(double level) => new QuantileObjective(level is > 0 and < 1
        ? level
        : throw new ArgumentOutOfRangeException(nameof(level), level, "A quantile lies above 0 and below 1."));

    /// <summary>
    /// Log loss of labels 0..K-1, with a tree for each class in each round: g = p_k - [y = k], h = K / (K - 1) p_k (1 - p_k). The scores
    /// are probabilities.
    /// </summary>
    /// <param name="classes">K, at least 2.</param>
    public static GbdtObjective Softmax(int classes) => new SoftmaxObjective(Guard.AtLeast(2, classes, nameof(classes)));

    /// <summary>
    /// Ranks within queries: pairs of rows, weighed by what their exchange does to NDCG. Labels are grades 0, 1, 2, …, at most 31; the
    /// score is a rank score without a unit.
    /// </summary>
    /// <param name="options">Null for the defaults.</param>
    public static GbdtObjective LambdaMart(GbdtRankingOptions? options = null) => new RankingObjective(options ?? new(), useNdcg: true);

    /// <summary>
    /// Ranks within queries: log(1 + e^(-σ (f_i - f_j))) over pairs where label i is the greater. The score is a rank score without a
    /// unit.
    /// </summary>
    /// <param name="options">Null for the defaults; <see cref="GbdtRankingOptions.Truncation"/> has no meaning here.</param>
    public static GbdtObjective RankNet(GbdtRankingOptions? options = null) => new RankingObjective(options ?? new(), useNdcg: false);

    /// <summary>
    /// A loss of your own, given by its derivatives. The score is the raw score. A validation needs
    /// <see cref="GbdtOptions.Metric"/>, since derivatives tell no loss. A saved model keeps its trees, not the derivatives.
    /// </summary>
    /// <param name="derivatives">Called once for each tree, with all rows in their order, before weights; must be deterministic.</param>
    /// <param name="start">The raw score before the first tree, unless <see cref="GbdtOptions.BaseScore"/> says another. Finite.</param>
    public static GbdtObjective Own(GbdtDerivatives derivatives, double start = 0)
        => new OwnObjective(Guard.NotNull(derivatives, nameof(derivatives)), Guard.InRange(-1e30, 1e30, start, nameof(start)));

    /// <summary>Scores of a row: 1, or the number of classes.</summary>
    public virtual int Outputs => 1;

    /// <summary>Its name and options: "huber(1)".</summary>
    public abstract override string ToString();

    internal abstract GbdtObjectiveKind Kind { get; }

    /// <summary>Throws, naming the row, the value and the rule, if a label lies outside the domain or queries are missing.</summary>
    internal virtual void Check(GbdtTargets rows) { }

    /// <summary>The raw scores of the best constants. [outputs]</summary>
    internal abstract double[] Start(GbdtTargets rows);

    /// <summary>What gives the derivatives through one training.</summary>
    internal abstract IGbdtDerivatives Derivatives(GbdtTargets rows, int threads);

    /// <summary>Raw scores become predictions, in place. [rows, outputs]</summary>
    internal virtual void Predict(Span<float> scores) { }

    /// <summary>The mean loss that training reports, lower is better; null where none is known.</summary>
    /// <param name="rows">The labels.</param>
    /// <param name="scores">Raw. [outputs][rows]</param>
    /// <param name="threads">Does not change the result.</param>
    internal abstract double? Loss(GbdtTargets rows, float[][] scores, int threads);

    /// <summary>Whether <see cref="LeafValue"/> replaces the step of second order.</summary>
    internal virtual bool HasLeafValues => false;

    /// <summary>The best step for rows of one leaf, from y - f and their weights; may reorder both.</summary>
    internal virtual double LeafValue(Span<float> residuals, Span<float> weights) => throw new NotSupportedException();

    internal virtual void WriteOptions(ModelWriter writer) { }

    internal void Write(ModelWriter writer)
    {
        writer.Choice("objective", Kind);
        WriteOptions(writer.Scope("objective-options"));
    }

    internal static GbdtObjective Read(ModelReader reader)
    {
        var options = reader.Scope("objective-options");
        return reader.Choice<GbdtObjectiveKind>("objective") switch
        {
            GbdtObjectiveKind.Logistic => Logistic,
            GbdtObjectiveKind.Squared => Squared,
            GbdtObjectiveKind.Huber => HuberObjective.ReadOptions(options),
            GbdtObjectiveKind.Poisson => PoissonObjective.ReadOptions(options),
            GbdtObjectiveKind.Quantile => QuantileObjective.ReadOptions(options),
            GbdtObjectiveKind.Softmax => SoftmaxObjective.ReadOptions(options),
            GbdtObjectiveKind.LambdaMart => RankingObjective.ReadOptions(options, useNdcg: true),
            GbdtObjectiveKind.RankNet => RankingObjective.ReadOptions(options, useNdcg: false),
            _ => new OwnObjective(null, 0),
        };
    }

    private protected static string Show(string name, double value)
        => string.Create(CultureInfo.InvariantCulture, $"{name}({value})");
}

/// <summary>As model files name them.</summary>
internal enum GbdtObjectiveKind
{
    Logistic,
    Squared,
    Huber,
    Poisson,
    Quantile,
    Softmax,
    LambdaMart,
    RankNet,
    Own,
}

/// <summary>The derivatives of an objective through the rounds of one training.</summary>
internal interface IGbdtDerivatives
{
    /// <summary>Called before the trees of a round, for what rows must know of each other.</summary>
    /// <param name="scores">Raw. [outputs][rows]</param>
    /// <param name="cancel">Checked now and then.</param>
    void BeginRound(float[][] scores, CancellationToken cancel);

    /// <summary>First and second derivatives of the rows from..from+g.Length-1 in one output, before weights.</summary>
    void Fill(int output, float[][] scores, int from, Span<float> g, Span<float> h);
}

/// <summary>Derivatives that need no more than the scores and the label of a row, and so can be had at any time.</summary>
internal interface IGbdtRowDerivatives : IGbdtDerivatives
{
    /// <summary>First and second derivatives of some rows in one output, before weights.</summary>
    void Fill(int output, float[][] scores, ReadOnlySpan<int> rows, Span<float> g, Span<float> h);
}
