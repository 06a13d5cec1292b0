using System.Numerics.Tensors;
using Recsys.Data;
using Recsys.Numerics;

namespace Recsys.Recall;

// Of a training's pairs (u, i, j) a new item a stands in some as i and in some as j; the steps on q_a and b_a alone are the training's:
//
//   i = a: every user of a, with a j drawn for it                                                 n_a pairs in an epoch
//   j = a: pairs (u, i) of the whole log of users who lack a, as often as a would have been drawn  n w_a / Σ w, w_a = n_a^β

/// <summary>Finds the vectors and biases of new items of <see cref="Bpr"/> and <see cref="Warp"/>, with everything else fixed.</summary>
internal static class PairwiseItems
{
    private const int Epochs = 30;

    public static (FactorWeights Weights, PairwiseFoldIn FoldIn) Run<TRule>(
        Interactions grown, FactorWeights weights, PairwiseFoldIn foldIn, in TRule rule, CancellationToken cancel)
        where TRule : struct, IPairRule
    {
        var added = new NewItems(grown, weights, RepeatedItems.One, weights.ItemBias.Length > 0);
        var drawn = foldIn.Grown(added);
        var pairs = new List<UserItem>();
        for (var user = 0; user < weights.UserCount; user++)
            if (added.IsTrained(user))
                foreach (var item in added.Users.Row(user).Columns)
                    if (item < added.First) pairs.Add(new UserItem(user, item));
        var lowest = 0f;
        foreach (var bias in weights.ItemBias) lowest = Math.Min(lowest, bias);
        for (var item = added.First; item < added.Count; item++)
        {
            cancel.ThrowIfCancellationRequested();
            var users = added.UsersOf(item).Columns;
            if (users.Length > 0 && pairs.Count > 0)
                new Search<TRule>(added, weights, foldIn, pairs, rule, item, new Rng(0, (ulong)item)).Run(users, drawn.Share(item));
            else if (weights.ItemBias.Length > 0) added.ItemBias[item] = lowest;
        }
        return (added.Weights, drawn);
    }

    private ref struct Search<TRule>(
        NewItems added, FactorWeights weights, PairwiseFoldIn foldIn, List<UserItem> pairs, TRule rule, int item, Rng draws)
        where TRule : struct, IPairRule
    {
        private readonly bool _biases = weights.ItemBias.Length > 0;
        private ulong _draw;
        private double _loss;

        public void Run(ReadOnlySpan<int> users, double share)
        {
            var lacking = (int)Math.Min(int.MaxValue, Math.Ceiling(pairs.Count * share));
            for (var epoch = 0; epoch < Epochs; epoch++)
            {
                var rate = foldIn.Rate * (1 - 0.9f * epoch / (Epochs - 1));
                // The two kinds of pairs alternate evenly, as in a shuffled epoch.
                var (above, below) = (0, 0);
                while (above < users.Length || below < lacking)
                {
                    if ((long)above * lacking <= (long)below * users.Length && above < users.Length) Above(users[above++], rate);
                    else
                    {
                        Below(rate);
                        below++;
                    }
                }
            }
        }

        // The item should stand above one that the user lacks.
        private void Above(int user, float rate)
        {
            var own = added.Users.Row(user).Columns;
            var score = Score(user, item);
            for (var t = 1; t <= rule.Tries; t++)
            {
                var other = foldIn.Draw(draws, _draw++, weights.ItemCount);
                if (own.BinarySearch(other) >= 0) continue;
                var slope = rule.Slope(score - Score(user, other), t, ref _loss);
                if (slope == 0) continue;
                Step(user, rate, slope);
                return;
            }
        }

        // The item should stand below one of a user who lacks it: it may have been drawn in any try, until another one had a slope.
        private void Below(float rate)
        {
            var (user, better) = pairs[draws.Below(_draw++, pairs.Count)];
            var own = added.Users.Row(user).Columns;
            if (own.BinarySearch(item) >= 0) return;
            var score = Score(user, better);
            for (var t = 1; t <= rule.Tries; t++)
            {
                var slope = rule.Slope(score - Score(user, item), t, ref _loss);
                if (slope != 0) Step(user, rate, -slope);
                if (t == rule.Tries) return;
                var other = foldIn.Draw(draws, _draw++, weights.ItemCount);
                if (own.BinarySearch(other) < 0 && rule.Slope(score - Score(user, other), t, ref _loss) != 0) return;
            }
        }

        private readonly void Step(int user, float rate, float slope)
        {
            var q = added.Vector(item);
            var keep = Math.Max(0, 1 - rate * foldIn.Regularization);
            TensorPrimitives.Multiply(q, keep, q);
            TensorPrimitives.MultiplyAdd(User(user), rate * slope, q, q);
            if (_biases) added.ItemBias[item] = keep * added.ItemBias[item] + rate * slope;
        }

        private readonly float Score(int user, int other)
            => Dot.Product(User(user), added.Vector(other)) + (_biases ? added.ItemBias[other] : 0);

        private readonly ReadOnlySpan<float> User(int user) => weights.P.AsSpan(user * weights.Factors, weights.Factors);
    }
}
