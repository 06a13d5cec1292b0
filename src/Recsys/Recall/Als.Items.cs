using Recsys.Data;
using Recsys.Indexing;
using Recsys.Numerics;

namespace Recsys.Recall;

// A new item's y solves the same equations with the sides exchanged, exactly:
//
//   (α0 XᵀX + Σ_{u∈i} (c_ui - α0) x_u x_uᵀ + λ_i I) y_i = Σ_{u∈i} c_ui p_ui x_u,   λ_i = λ (n_i + α0 |U|)^ν

public sealed partial class Als : IItemFoldIn<Als>
{
    /// <inheritdoc/>
    /// <remarks>Solved for as in training, but exactly: n_i F² + F³ for an item.</remarks>
    public Als WithItems(Interactions grown, IndexOptions? index = null, CancellationToken cancel = default)
    {
        var added = new NewItems(grown, Weights, _loss.Explicit ? RepeatedItems.Last : RepeatedItems.Sum, _loss.Biases);
        var size = _loss.Size(Factors);
        var rows = Weights.P;                                                                  // x̃, users × size
        if (_loss.Biases)
        {
            rows = new float[checked(UserCount * size)];
            for (var user = 0; user < UserCount; user++)
            {
                UserFactors(user).CopyTo(rows.AsSpan(user * size));
                rows[user * size + Factors] = 1;
            }
        }
        var gram = new float[_loss.Explicit ? 0 : Factors * Factors];
        if (!_loss.Explicit)
            Gemm.Multiply(
                Transpose.Yes, Transpose.No, Factors, Factors, UserCount, _loss.Unobserved, rows, Factors, rows, Factors, 0, gram, Factors);
        var (a, y, work) = (new float[size * size], new float[size], new float[NormalEquations.ScratchLength(size)]);
        for (var item = added.First; item < added.Count; item++)
        {
            cancel.ThrowIfCancellationRequested();
            var cells = added.UsersOf(item);
            if (cells.Length == 0) continue;
            var (weights, targets) = (new float[cells.Length], new float[cells.Length]);
            _loss.Fill(cells.Values, weights, targets);
            _loss.Centre(cells.Columns, Mean, Weights.UserBias, targets);
            var equations = new NormalEquations(rows, size, cells.Columns, weights, gram, _loss.Ridge(cells.Length, UserCount));
            equations.Factor(targets, a, y, work);
            Cholesky.SolveFactored(a, size, y);
            y.AsSpan(0, Factors).CopyTo(added.Vector(item));
            if (_loss.Biases) added.ItemBias[item] = y[Factors];
            if (_loss.Explicit && !added.Vector(item).ContainsAnyExcept(0f)) added.Vector(item)[0] = 1e-30f;   // zero means unknown
        }
        var all = added.Weights;
        return new Als(all, _loss, _range, all.Search(index ?? new ExactIndexOptions(), Environment.ProcessorCount, cancel));
    }
}
