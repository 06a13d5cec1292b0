using Recsys.Indexing;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Recall;

// Alternating least squares: with the items fixed the best users are ridge regressions, and with the users fixed the best items.
//
// Implicit feedback, preference p_ui = 1 for values r_ui above 0, else 0, confidence c_ui = α0 + α |r_ui| (α0 where there is no value):
//
//   min Σ_all c_ui (p_ui - x_u·y_i)² + Σ_u λ_u |x_u|² + Σ_i λ_i |y_i|²,   λ_u = λ (n_u + α0 |I|)^ν
//   (α0 YᵀY + Σ_{i∈u} (c_ui - α0) y_i y_iᵀ + λ_u I) x_u = Σ_{i∈u} c_ui p_ui y_i
//
// Ratings, only those that are known, ỹ = (y, 1), x̃ = (x, b):
//
//   (Σ_{i∈u} ỹ_i ỹ_iᵀ + λ_u I) x̃_u = Σ_{i∈u} (r_ui - μ - b_i) ỹ_i,   λ_u = λ n_u^ν
//
// A score is a sum over the user's own items: x_u·y_i = Σ_j t_j (A⁻¹ y_i)·y_j, where A is the matrix and t_j the target above.
//
// Hu, Koren, Volinsky, "Collaborative filtering for implicit feedback datasets", ICDM 2008 (α0 = 1, ν = 0). Takács, Pilászy, Tikk,
// "Applications of the conjugate gradient method for implicit feedback collaborative filtering", RecSys 2011. Rendle, Krichene, Zhang,
// Koren,
// "Revisiting the performance of iALS on item recommendation benchmarks", RecSys 2022 (α0 < 1, ν = 1). Zhou, Wilkinson, Schreiber, Pan,
// "Large-scale parallel collaborative filtering for the Netflix Prize", AAIM 2008 (ratings, ν = 1).

/// <summary>
/// Matrix factorisation by alternating least squares, for what people did or for ratings. Quick to train, no learning rate, a new user is
/// folded in exactly as training would have solved for them, a new item by one solve with the users fixed. Immutable; safe for any number
/// of threads; a call allocates nothing after warm-up.
/// </summary>
public sealed partial class Als : FactorModel, IExplains, IModel<Als>
{
    private readonly AlsLoss _loss;
    private readonly float[] _gram;    // α0 YᵀY, F × F; empty for ratings
    private readonly (float Lowest, float Highest) _range;

    private Als(FactorWeights weights, AlsLoss loss, (float Lowest, float Highest) range, VectorRecall items) : base(weights, items)
    {
        (_loss, _range) = (loss, range);
        _gram = loss.Explicit ? [] : new float[Factors * Factors];
        if (!loss.Explicit)
            Gemm.Multiply(
                Transpose.Yes, Transpose.No, Factors, Factors, ItemCount, loss.Unobserved, weights.Q, Factors, weights.Q, Factors,
                0, _gram, Factors);
    }

    /// <summary>
    /// r̂ for one pair, from what is known of it: the preference, about 0 to 1, or the rating, kept within the range that was trained on.
    /// </summary>
    /// <param name="user">Dense user id; unknown ids allowed.</param>
    /// <param name="item">Dense item id; unknown ids allowed.</param>
    public float Predict(int user, int item) => Math.Clamp(Expected(user, item), _range.Lowest, _range.Highest);

    /// <inheritdoc/>
    /// <remarks>The parts of all items of the history add up to the score, less μ + b_i where ratings have biases.</remarks>
    public int Explain(int item, ReadOnlySpan<int> history, ReadOnlySpan<float> values, Span<ScoredItem> destination)
    {
        if ((uint)item >= (uint)ItemCount) return 0;
        var scratch = (Scratch)Rent();
        scratch.History.Load(new RecallRequest { History = history, HistoryValues = values });
        var top = new TopItems(destination, default, ItemCount);
        var own = scratch.History.Items;
        if (!own.IsEmpty)
        {
            Form(scratch);
            var z = scratch.User.AsSpan(0, _loss.Size(Factors));
            ItemFactors(item).CopyTo(z);
            if (_loss.Biases) z[Factors] = 1;
            Cholesky.SolveFactored(scratch.A, z.Length, z);
            for (var k = 0; k < own.Length; k++)
                top.Offer(own[k], scratch.Targets[k] * (Dot.Product(z[..Factors], ItemFactors(own[k])) + (_loss.Biases ? z[Factors] : 0)));
        }
        var count = top.Finish();
        Return(scratch);
        return count;
    }

    private protected override void FoldIn(FactorScratch scratch, out float bias)
    {
        var own = (Scratch)scratch;
        Form(own);
        var x = scratch.User.AsSpan(0, _loss.Size(Factors));
        own.B.AsSpan(0, x.Length).CopyTo(x);
        Cholesky.SolveFactored(own.A, x.Length, x);
        bias = _loss.Biases ? x[Factors] : 0;
    }

    // The factored matrix and the right side of a history.
    private void Form(Scratch scratch)
    {
        var items = scratch.History.Items;
        var size = _loss.Size(Factors);
        scratch.Grow(items.Length, size);
        var weights = scratch.CellWeights.AsSpan(0, items.Length);
        var targets = scratch.Targets.AsSpan(0, items.Length);
        _loss.Fill(scratch.History.Values, weights, targets);
        _loss.Centre(items, Mean, Weights.ItemBias, targets);
        ReadOnlySpan<float> rows = Weights.Q;
        ReadOnlySpan<int> ids = items;
        if (_loss.Biases)
        {
            for (var k = 0; k < items.Length; k++)
            {
                var row = scratch.Rows.AsSpan(k * size, size);
                ItemFactors(items[k]).CopyTo(row);
                row[Factors] = 1;
            }
            rows = scratch.Rows;
            ids = scratch.Order.AsSpan(0, items.Length);
        }
        var equations = new NormalEquations(rows, size, ids, weights, _gram, _loss.Ridge(items.Length, ItemCount));
        equations.Factor(targets, scratch.A, scratch.B.AsSpan(0, size), scratch.Work);
    }

    private protected override FactorScratch NewScratch() => new Scratch(Weights, _loss);

    private sealed class Scratch(FactorWeights weights, AlsLoss loss)
        : FactorScratch(weights, loss.Explicit ? RepeatedItems.Last : RepeatedItems.Sum)
    {
        public readonly float[] A = new float[loss.Size(weights.Factors) * loss.Size(weights.Factors)];
        public readonly float[] B = new float[loss.Size(weights.Factors)];
        public readonly float[] Work = new float[NormalEquations.ScratchLength(loss.Size(weights.Factors))];
        private readonly int _itemCount = weights.ItemCount;
        private readonly bool _biases = loss.Biases;
        public float[] CellWeights = [];
        public float[] Targets = [];
        public float[] Rows = [];
        public int[] Order = [];

        public void Grow(int cells, int size)
        {
            if (Targets.Length >= cells) return;
            cells = Math.Max(64, Math.Min(2 * cells, _itemCount));
            (CellWeights, Targets) = (new float[cells], new float[cells]);
            if (!_biases) return;
            Rows = new float[checked(cells * size)];
            Order = new int[cells];
            for (var k = 0; k < cells; k++) Order[k] = k;
        }
    }
}

/// <summary>What <see cref="Als"/> minimises, for one row.</summary>
internal sealed record AlsLoss(
    bool Explicit, bool Biases, float Lambda, float Exponent, float Alpha, float Unobserved, bool Logarithmic, float Scale)
{
    public static AlsLoss Of(AlsOptions o) => new(
        o.Feedback == AlsFeedback.Explicit, o.Feedback == AlsFeedback.Explicit && o.Biases, o.Regularization, o.RegularizationExponent,
        o.Alpha,
        o.Feedback == AlsFeedback.Explicit ? 0 : o.UnobservedWeight, o.Confidence == AlsConfidence.Logarithmic, o.ConfidenceScale);

    /// <summary>Unknowns of a row.</summary>
    public int Size(int factors) => factors + (Biases ? 1 : 0);

    /// <summary>λ_u of a row with that many of the possible interactions.</summary>
    public float Ridge(int count, int possible)
        => Lambda * (Exponent == 0 ? 1 : (float)Math.Pow(Math.Max(1, count + (double)Unobserved * possible), Exponent));

    /// <summary>w = c - α0 and t = c p of each cell; 1 and r for ratings.</summary>
    public void Fill(ReadOnlySpan<float> values, Span<float> weights, Span<float> targets)
    {
        if (Explicit)
        {
            weights.Fill(1);
            values.CopyTo(targets);
            return;
        }
        for (var k = 0; k < values.Length; k++)
        {
            var r = Math.Abs(values[k]);
            weights[k] = Alpha * (Logarithmic ? MathF.Log(1 + r / Scale) : r);
            targets[k] = values[k] > 0 ? Unobserved + weights[k] : 0;
        }
    }

    /// <summary>t - μ - b, for ratings.</summary>
    public void Centre(ReadOnlySpan<int> ids, float mean, ReadOnlySpan<float> biases, Span<float> targets)
    {
        if (!Biases) return;
        for (var k = 0; k < ids.Length; k++) targets[k] -= mean + biases[ids[k]];
    }
}
