using System.Numerics.Tensors;
using Recsys.Data;
using Recsys.Indexing;
using Recsys.Numerics;

namespace Recsys.Recall;

// A new item's q̃ = (q, b) solves the problem of a new user with the sides exchanged; its drawn 0s are users by their number of
// interactions, ρ for each of its own:
//
//   (Σ_U p̃ p̃ᵀ + |U| ρ E[p̃ p̃ᵀ] + λ |U| (1 + ρ) I) q̃ = Σ_U (r - μ - b_u) p̃ - |U| ρ E[(μ + b_u) p̃],   p̃ = (p, 1)

public sealed partial class Lfm : IItemFoldIn<Lfm>
{
    /// <inheritdoc/>
    /// <remarks>Solved for exactly, with drawn items of label 0 replaced by their expectation: n_i F² + F³ for an item.</remarks>
    public Lfm WithItems(Interactions grown, IndexOptions? index = null, CancellationToken cancel = default)
    {
        var added = new NewItems(grown, Weights, _loss.Explicit ? RepeatedItems.Last : RepeatedItems.One, true);
        var size = Factors + (_loss.Biases ? 1 : 0);
        var (moment, target) = ExpectedUser(added, size);
        var (a, y, p) = (new float[size * size], new float[size], new float[size]);
        var jitter = Jitter(moment, size);
        for (var item = added.First; item < added.Count; item++)
        {
            cancel.ThrowIfCancellationRequested();
            var cells = added.UsersOf(item);
            if (cells.Length == 0)
            {
                added.ItemBias[item] = _loss.Explicit ? 0 : -Mean;
                continue;
            }
            var zeros = cells.Length * (float)_loss.NegativeRatio;
            TensorPrimitives.Multiply(moment, zeros, a);
            TensorPrimitives.Multiply(target, -zeros, y);
            for (var k = 0; k < cells.Length; k++)
            {
                LoadUser(cells.Columns[k], p);
                TensorPrimitives.MultiplyAdd(p, cells.Values[k] - Mean - UserBias(cells.Columns[k]), y, y);
                AddSquare(p, 1, a);
            }
            var ridge = Math.Max(1e-4f, _loss.Regularization * (cells.Length + zeros)) + zeros * jitter;
            for (var f = 0; f < size; f++) a[f * size + f] += ridge;
            Cholesky.Solve(a, size, y);
            y.AsSpan(0, Factors).CopyTo(added.Vector(item));
            if (_loss.Biases) added.ItemBias[item] = y[Factors];
        }
        var all = added.Weights;
        return new Lfm(all, _loss, all.Search(index ?? new ExactIndexOptions(), Environment.ProcessorCount, cancel));
    }

    private void LoadUser(int user, Span<float> p)
    {
        UserFactors(user).CopyTo(p);
        if (_loss.Biases) p[Factors] = 1;
    }

    // E[p̃ p̃ᵀ] and E[(μ + b) p̃] over the users who have drawn the 0s: by their interactions.
    private (float[] Moment, float[] Target) ExpectedUser(NewItems added, int size)
    {
        var (moment, target, p) = (new float[size * size], new float[size], new float[size]);
        var total = 0L;
        for (var user = 0; user < UserCount; user++)
            if (added.IsTrained(user)) total += added.Users.Row(user).Length;
        for (var user = 0; user < UserCount && _loss.NegativeRatio > 0 && total > 0; user++)
        {
            if (!added.IsTrained(user)) continue;
            var weight = (float)added.Users.Row(user).Length / total;
            LoadUser(user, p);
            TensorPrimitives.MultiplyAdd(p, weight * (Mean + UserBias(user)), target, target);
            AddSquare(p, weight, moment);
        }
        return (moment, target);
    }

    private static void AddSquare(ReadOnlySpan<float> p, float weight, Span<float> a)
    {
        for (var f = 0; f < p.Length; f++)
        {
            var row = a.Slice(f * p.Length, p.Length);
            TensorPrimitives.MultiplyAdd(p, weight * p[f], row, row);
        }
    }
}
