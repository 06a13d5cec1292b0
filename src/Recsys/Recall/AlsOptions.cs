using Recsys.Indexing;

namespace Recsys.Recall;

/// <summary>What interactions mean to <see cref="Als"/>.</summary>
public enum AlsFeedback
{
    /// <summary>
    /// Having interacted is a preference of 1, the more certain the larger the value; not having interacted is a 0 of low weight.
    /// </summary>
    Implicit,

    /// <summary>The value is a rating, the last one if there are several; only ratings are learned.</summary>
    Explicit,
}

/// <summary>How <see cref="Als"/> turns a value r into the confidence c of a preference.</summary>
public enum AlsConfidence
{
    /// <summary>c = α0 + α r.</summary>
    Linear,

    /// <summary>c = α0 + α ln(1 + r / ε): for counts that span orders of magnitude.</summary>
    Logarithmic,
}

/// <summary>How <see cref="Als"/> solves for one user or item.</summary>
public enum AlsSolver
{
    /// <summary>A few steps from the last solution: F operations for each interaction and step. Nearly as good, and much quicker.</summary>
    ConjugateGradient,

    /// <summary>Exactly: F² operations for each interaction and F³ for each user and item.</summary>
    Cholesky,
}

/// <summary>
/// Options of <see cref="Als"/>. The defaults are for implicit feedback and were chosen on validation parts of MovieLens and Last.fm;
/// <see cref="ForRatings"/> is a start for ratings. Hu et al. have α0 = 1, ν = 0 and, for counts, α of about 40.
/// </summary>
public sealed record AlsOptions
{
    /// <summary>
    /// A start for ratings of about 1 to 5: explicit feedback, 32 factors, exact solutions, λ = 0.12 times the number of a row's ratings.
    /// </summary>
    public static AlsOptions ForRatings { get; } = new()
    {
        Feedback = AlsFeedback.Explicit,
        Factors = 32,
        Regularization = 0.12f,
        RegularizationExponent = 1,
        Solver = AlsSolver.Cholesky,
    };

    /// <summary>What interactions mean. Default <see cref="AlsFeedback.Implicit"/>.</summary>
    public AlsFeedback Feedback { get; init => field = Guard.Defined(value); }

    /// <summary>F, the number of factors. 1..4096, default 64.</summary>
    public int Factors { get; init => field = Guard.InRange(1, 4096, value); } = 64;

    /// <summary>Times that all items and then all users are solved for. 1..100,000, default 15.</summary>
    public int Iterations { get; init => field = Guard.InRange(1, 100_000, value); } = 15;

    /// <summary>λ. 0.000001..1,000,000, default 0.2.</summary>
    public float Regularization { get; init => field = Guard.InRange(1e-6f, 1e6f, value); } = 0.2f;

    /// <summary>
    /// ν: the regularisation of a row with n of N possible interactions is λ (n + α0 N)^ν, without α0 N for ratings. 0 is the same for all
    /// (Hu et al.; λ is then larger, 1 to 50), 1 grows with the data (Zhou et al.; Rendle et al., λ then 0.001 to 0.02). 0..1, default 0.5.
    /// </summary>
    public float RegularizationExponent { get; init => field = Guard.InRange(0, 1, value); } = 0.5f;

    /// <summary>α, the confidence that a value of 1 adds. Positive, default 1. For implicit feedback.</summary>
    public float Alpha { get; init => field = Guard.Positive(value); } = 1;

    /// <summary>α0, the weight of a pair without interaction. 0.000001..1, default 0.1. For implicit feedback.</summary>
    public float UnobservedWeight { get; init => field = Guard.InRange(1e-6f, 1, value); } = 0.1f;

    /// <summary>How a value turns into confidence. Default <see cref="AlsConfidence.Linear"/>. For implicit feedback.</summary>
    public AlsConfidence Confidence { get; init => field = Guard.Defined(value); }

    /// <summary>ε of <see cref="AlsConfidence.Logarithmic"/>. Positive, default 1.</summary>
    public float ConfidenceScale { get; init => field = Guard.Positive(value); } = 1;

    /// <summary>Whether μ, b_u and b_i are part of a predicted rating. Default true. For explicit feedback.</summary>
    public bool Biases { get; init; } = true;

    /// <summary>How a row is solved for. Default <see cref="AlsSolver.ConjugateGradient"/>.</summary>
    public AlsSolver Solver { get; init => field = Guard.Defined(value); }

    /// <summary>Steps of the conjugate gradient for each solution. 1..1000, default 3.</summary>
    public int ConjugateGradientSteps { get; init => field = Guard.InRange(1, 1000, value); } = 3;

    /// <summary>The standard deviation of first factors, times 1/√F. 0.000001..10, default 0.1.</summary>
    public float InitialScale { get; init => field = Guard.InRange(1e-6f, 10, value); } = 0.1f;

    /// <summary>The seed of first factors. Default 1.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Threads that train. At least 1, default all processors. Does not change the result.</summary>
    public int Threads { get; init => field = Guard.AtLeast(1, value); } = Environment.ProcessorCount;

    /// <summary>
    /// How lists are found: exactly by default, or by an approximate index, which pays from some ten thousand items on. Its similarity and
    /// threads are set by the model.
    /// </summary>
    public IndexOptions Index { get; init => field = Guard.NotNull(value); } = new ExactIndexOptions();

    /// <summary>
    /// A model to go on from, or null: its users and items keep their dense ids, new ones come after them (extended id maps do so). Its
    /// factors, feedback, biases and μ must be the same and stay. Train on the whole log: who has rows is solved for from these rows alone.
    /// </summary>
    public Als? WarmStart { get; init; }
}
