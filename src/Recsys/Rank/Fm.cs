// z(x) = w₀ + Σ_i w_i x_i + Σ_{i<j} (v_i·v_j) x_i x_j
//      = w₀ + Σ_i w_i x_i + ½ Σ_f [(Σ_i v_if x_i)² - Σ_i v_if² x_i²]                          (eq. 1 and lemma 3.1)
// p = σ(z), L = log(1 + exp(-ỹ z)) for labels ỹ = ±1, or L = ½ (z - y)² for other labels;   e = dL/dz = p - y or z - y
// w₀ ← w₀ - η e,   w_i ← w_i - η (e x_i + λ_w w_i),   v_if ← v_if - η (e x_i (Σ_j v_jf x_j - v_if x_i) + λ_v v_if)   (eq. 4)
//
// Rendle, "Factorization machines", ICDM 2010; a penalty for each order as in Rendle, "Factorization machines with libFM", ACM TIST 2012.
// AdaGrad, the default, divides each step by the root of the squared gradients so far.

using System.Runtime.CompilerServices;
using Recsys.Features;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Rank;

/// <summary>What an <see cref="Fm"/> predicts.</summary>
public enum FmTask
{
    /// <summary>Labels 0 and 1, by log loss; the score is a probability.</summary>
    Classification,

    /// <summary>Any labels, by half the squared error; the score is the predicted label.</summary>
    Regression,
}

/// <summary>Options of <see cref="Fm"/>.</summary>
public sealed record FmOptions : FactorMachineOptions
{
    /// <summary>What is predicted. Default <see cref="FmTask.Classification"/>.</summary>
    public FmTask Task { get; init => field = Guard.Defined(value); }

    /// <summary>λ_w, the L2 penalty of the weights w, for each example that has the value. 0..1000, default 1e-5.</summary>
    public float WeightPenalty { get; init => field = Guard.InRange(0, 1000, value); } = 1e-5f;

    /// <summary>λ_v, the L2 penalty of the factors v, for each example that has the value. 0..1000, default 0.01.</summary>
    public float FactorPenalty { get; init => field = Guard.InRange(0, 1000, value); } = 0.01f;

    /// <summary>The standard deviation of the first factors. 0.000001..10, default 0.01.</summary>
    public float InitialScale { get; init => field = Guard.InRange(1e-6f, 10, value); } = 0.01f;
}

/// <summary>
/// A factorisation machine of second order: every two values of an example interact by the product of their factors, so that pairs that
/// never met in training have an estimate too. A value that training did not see adds nothing. Immutable; safe for any number of threads.
/// </summary>
public sealed class Fm : FactorMachine<Fm, FmOptions>, IFactorMachine<Fm, FmOptions>
{
    private Fm(SparseInput input, FmOptions options) : base(input, options)
    {
    }

    /// <inheritdoc/>
    public static string Kind => "fm";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <summary>What is predicted.</summary>
    public FmTask Task => Options.Task;

    internal override FactorLoss Loss => Task == FmTask.Classification ? FactorLoss.Log : FactorLoss.Squared;

    internal override (float, float) Penalties => (Options.FactorPenalty, Options.WeightPenalty);

    internal override int Sums => 1; // Σ x v

    /// <summary>v_i. [Factors]</summary>
    /// <param name="column">A column of the layout.</param>
    public ReadOnlySpan<float> Vector(int column) => Table.Vectors[column];

    internal override float Logit(SparseRow row, in FactorTable table, Span<float> sums)
        => table.Bias + table.Linear(row) + FactorKernel.Pairs(table.Vectors, row.Columns, row.Values, sums);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void AddGradients(
        SparseRow row, float error, float mass, in FactorTable table, BlockGradients gradients, int shard, int first)
    {
        for (var k = 0; k < row.Columns.Length; k++)
        {
            var g = error * row.Values[k];
            gradients.Add(shard, row.Columns[k], first, g, g * row.Values[k], g, mass);
        }
    }

    internal override void Draw(Rng rng, int column, Span<float> vectors)
        => rng.FillNormal((ulong)column * (ulong)Factors, vectors, 0, Options.InitialScale);

    internal override string? Misfit(Fm old) => old.Factors == Factors && old.Task == Task ? null
        : $"has {old.Factors} factors for {old.Task}; the options ask for {Factors} for {Task}.";

    internal override void WriteOptions(ModelWriter writer)
    {
        writer.Choice("task", Task);
        writer.Integer("factors", Factors);
    }

    static Fm IFactorMachine<Fm, FmOptions>.Create(SparseInput input, FmOptions options) => new(input, options);

    static FmOptions IFactorMachine<Fm, FmOptions>.ReadOptions(ModelReader reader, SparseLayout layout)
        => new() { Task = reader.Choice<FmTask>("task"), Factors = reader.Int32("factors", 1, 1024) };
}
