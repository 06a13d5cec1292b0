using System.Numerics.Tensors;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Recall;

/// <summary>How far a pair is from its right order.</summary>
internal interface IPairRule
{
    /// <summary>How many second items are drawn, one after the other, until one has a slope.</summary>
    int Tries { get; }

    /// <summary>The slope at the difference x of the pair's scores, found in that try (from 1); 0 if nothing is to be done.</summary>
    float Slope(float x, int tries, ref double loss);
}

/// <summary>
/// Finds the vector of a new user, by the steps of the training on a user vector alone. The same history gives the same vector.
/// </summary>
internal sealed class PairwiseFoldIn
{
    private const int Passes = 30, LeastSteps = 1000, MostSteps = 20_000;

    private readonly float _rate;
    private readonly float _regularization;
    private readonly float[] _popularity;   // of each item, to draw by; empty: all alike
    private readonly double _total;
    private readonly int _items;
    private readonly AliasTable? _table;

    public PairwiseFoldIn(float rate, float regularization, int items, float[] popularity)
    {
        (_rate, _regularization, _items, _popularity) = (rate, regularization, items, popularity);
        foreach (var weight in popularity) _total += weight;
        if (popularity.Length > 0) _table = new AliasTable(popularity);
    }

    /// <summary>η of the first step.</summary>
    public float Rate => _rate;

    /// <summary>λ.</summary>
    public float Regularization => _regularization;

    /// <summary>An item to put second.</summary>
    public int Draw(in Rng draws, ulong index, int items) => _table is null ? draws.Below(index, items) : _table.Sample(draws, index);

    /// <summary>How likely it is that a draw is that item.</summary>
    public double Share(int item) => _popularity.Length == 0 ? 1.0 / _items : _popularity[item] / _total;

    /// <summary>The same for more items, which are drawn by their n^β too.</summary>
    public PairwiseFoldIn Grown(NewItems added)
    {
        if (_popularity.Length == 0) return new PairwiseFoldIn(_rate, _regularization, added.Count, []);
        var popularity = new float[added.Count];
        _popularity.CopyTo(popularity, 0);
        var counts = new int[added.Count];
        foreach (var item in added.Users.Columns) counts[item]++;
        // β by least squares, from what n^β is for the known items.
        double products = 0, squares = 0;
        for (var item = 0; item < added.First; item++)
        {
            if (counts[item] < 2 || !(_popularity[item] > 0)) continue;
            var log = Math.Log(counts[item]);
            (products, squares) = (products + log * Math.Log(_popularity[item]), squares + log * log);
        }
        var power = squares > 0 ? Math.Clamp(products / squares, 0, 2) : 1;
        for (var item = added.First; item < added.Count; item++)
            popularity[item] = counts[item] == 0 ? 0 : (float)Math.Pow(counts[item], power);
        return new PairwiseFoldIn(_rate, _regularization, added.Count, popularity);
    }

    public void Run<TRule>(FactorWeights weights, HistoryRow history, in TRule rule, Span<float> p) where TRule : struct, IPairRule
    {
        var f = weights.Factors;
        var items = history.Items;
        var steps = Math.Clamp(Passes * items.Length, LeastSteps, MostSteps);
        var draws = new Rng(0);
        var loss = 0.0;
        p.Clear();
        for (var step = 0; step < steps; step++)
        {
            var i = items[step % items.Length];
            var q = weights.Q.AsSpan(i * f, f);
            var score = Dot.Product(p, q) + Bias(i);
            var rate = _rate * (1 - (float)step / steps);
            for (var t = 1; t <= rule.Tries; t++)
            {
                var index = (ulong)step * 16384 + (ulong)t;
                var j = Draw(draws, index, weights.ItemCount);
                if (history.Contains(j)) continue;
                var other = weights.Q.AsSpan(j * f, f);
                var slope = rule.Slope(score - Dot.Product(p, other) - Bias(j), t, ref loss);
                if (!(slope > 0)) continue;
                TensorPrimitives.Multiply(p, Math.Max(0, 1 - rate * _regularization), p);
                TensorPrimitives.MultiplyAdd(q, rate * slope, p, p);
                TensorPrimitives.MultiplyAdd(other, -rate * slope, p, p);
                break;
            }
        }

        float Bias(int item) => weights.ItemBias.Length == 0 ? 0 : weights.ItemBias[item];
    }

    public void Write(ModelWriter writer)
    {
        writer.Real("learning_rate", _rate);
        writer.Real("regularization", _regularization);
        writer.Flag("by_popularity", _table is not null);
        if (_table is not null) writer.Tensor("popularity", _popularity);
    }

    public static PairwiseFoldIn Read(ModelReader reader, int items)
    {
        var popularity = reader.Flag("by_popularity") ? reader.Tensor<float>("popularity", items) : [];
        var bad = popularity.Length > 0
            && (!(TensorPrimitives.Min<float>(popularity) >= 0) || !(TensorPrimitives.Sum<float>(popularity) is > 0 and < float.MaxValue));
        if (bad) throw reader.Invalid("the tensor 'popularity' must not be negative and must have a positive, finite sum.");
        return new PairwiseFoldIn(
            reader.Single("learning_rate", float.Epsilon, float.MaxValue), reader.Single("regularization", 0, 1000), items, popularity);
    }
}
