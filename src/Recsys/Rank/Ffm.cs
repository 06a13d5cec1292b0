// φ(x) = Σ_{a<b} (w_{a,f_b}·w_{b,f_a}) x_a x_b / |x|²    [ + b + Σ_a w_a x_a / |x|, on request ]
// min Σ_i log(1 + exp(-ỹ_i φ(x_i))) + λ/2 |w|²;   κ = dL/dφ = σ(φ) - y;   for each pair of an example:
//   g_{a,f_b} = λ w_{a,f_b} + κ w_{b,f_a} x_a x_b / |x|²,  g_{b,f_a} likewise;   G ← G + g²;   w ← w - η g / √G,  G = 1 at first
//
// Juan, Zhuang, Chin and Lin, "Field-aware factorization machines for CTR prediction", RecSys 2016, eq. 5 to 8 and algorithm 1; the
// division by |x|² is libffm's instance-wise normalisation.

using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using Recsys.Features;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Rank;

/// <summary>Options of <see cref="Ffm"/>. More than a few epochs overfit: give validation examples.</summary>
public sealed record FfmOptions : FactorMachineOptions
{
    /// <summary>The defaults, those of libffm but for the batch.</summary>
    public FfmOptions() => (Factors, LearningRate, InitialAccumulator, Epochs) = (4, 0.2f, 1, 15);

    /// <summary>λ, the L2 penalty, for each pair that a vector takes part in. 0..1000, default 2e-5.</summary>
    public float Penalty { get; init => field = Guard.InRange(0, 1000, value); } = 2e-5f;

    /// <summary>Whether the values of an example are scaled to length 1. Default true.</summary>
    public bool Normalise { get; init; } = true;

    /// <summary>Whether there are a bias b and a weight for each value too. Default false, as in libffm.</summary>
    public bool Linear { get; init; }

    /// <summary>First factors are uniform in 0..this / √k. 0.000001..10, default 1.</summary>
    public float InitialScale { get; init => field = Guard.InRange(1e-6f, 10, value); } = 1;
}

/// <summary>
/// A field-aware factorisation machine for labels 0 and 1: a value has other factors for each field that it meets, so that what matters
/// between a user and a film need not matter between a user and an hour. A value that training did not see adds nothing. Memory values ·
/// fields · k. Immutable; safe for any number of threads.
/// </summary>
public sealed class Ffm : FactorMachine<Ffm, FfmOptions>, IFactorMachine<Ffm, FfmOptions>
{
    private readonly int[] _fieldOf;

    private Ffm(SparseInput input, FfmOptions options) : base(input, options, parts: input.Layout.Fields.Count)
        => _fieldOf = input.FieldOfColumns();

    /// <inheritdoc/>
    public static string Kind => "ffm";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <summary>Whether the values of an example are scaled to length 1.</summary>
    public bool Normalises => Options.Normalise;

    internal override bool Linear => Options.Linear;

    internal override FactorLoss Loss => FactorLoss.Log;

    // The kernel adds λ w itself, for each pair.
    internal override (float, float) Penalties => (0, Options.Penalty);

    internal override int Sums => 0;

    /// <summary>The factors of a value when it meets a field. [Factors]</summary>
    /// <param name="column">A column of the layout.</param>
    /// <param name="field">0..<see cref="SparseLayout.Fields"/>.Count-1.</param>
    public ReadOnlySpan<float> Vector(int column, int field)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(field);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(field, Layout.Fields.Count);
        return Table.Vectors[column].Slice(field * Width, Factors);
    }

    internal override float Logit(SparseRow row, in FactorTable table, Span<float> sums)
    {
        var scale = Scale(row);
        var pairs = scale * FieldAwareKernel.Pairs(table.Vectors, Width, _fieldOf, row.Columns, row.Values);
        return Linear ? pairs + (table.Bias + MathF.Sqrt(scale) * table.Linear(row)) : pairs;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void AddGradients(
        SparseRow row, float error, float mass, in FactorTable table, BlockGradients gradients, int shard, int first)
    {
        var scale = Scale(row);
        FieldAwareKernel.Gradients(table.Vectors, Width, _fieldOf, row.Columns, row.Values, error * scale, mass * Options.Penalty,
            gradients.Vectors(shard, first, row.Length));
        var linear = error * MathF.Sqrt(scale);
        for (var k = 0; k < row.Length; k++)
            gradients.Add(shard, row.Columns[k], first + k, 1, 0, linear * row.Values[k], mass);
    }

    // 1 / |x|²; 1 for a row of zeros, whose pairs are 0 anyway.
    private float Scale(SparseRow row)
    {
        if (!Normalises) return 1;
        var squares = TensorPrimitives.SumOfSquares(row.Values);
        return squares > 0 && float.IsFinite(1 / squares) ? 1 / squares : 1;
    }

    internal override void Draw(Rng rng, int column, Span<float> vectors)
    {
        var (fields, highest) = (Layout.Fields.Count, Options.InitialScale / MathF.Sqrt(Factors));
        for (var field = 0; field < fields; field++)
            rng.FillUniform((ulong)(((long)column * fields + field) * Factors), vectors.Slice(field * Width, Factors), 0, highest);
    }

    internal override string? Misfit(Ffm old)
        => old.Factors == Factors && old.Normalises == Normalises && old.Linear == Linear ? null
            : $"has {old.Factors} factors, normalises: {old.Normalises}, linear terms: {old.Linear}; the options ask for {Factors}, " +
                $"{Normalises} and {Linear}.";

    internal override void WriteOptions(ModelWriter writer)
    {
        writer.Integer("factors", Factors);
        writer.Flag("normalise", Normalises);
        writer.Flag("linear", Linear);
    }

    static Ffm IFactorMachine<Ffm, FfmOptions>.Create(SparseInput input, FfmOptions options) => new(input, options);

    static FfmOptions IFactorMachine<Ffm, FfmOptions>.ReadOptions(ModelReader reader, SparseLayout layout) => new()
    {
        Factors = reader.Int32("factors", 1, 1024),
        Normalise = reader.Flag("normalise"),
        Linear = reader.Flag("linear"),
    };
}
