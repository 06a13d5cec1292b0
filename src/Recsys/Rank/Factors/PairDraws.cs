using Recsys.Features;
using Recsys.Numerics;

namespace Recsys.Rank;

/// <summary>Pairs of a 1 and a 0 of one group: every 1 whose group has a 0, with one of these drawn for each epoch.</summary>
internal sealed class PairDraws
{
    private readonly Rng _rng;
    private readonly int[] _negatives;      // the 0s, group by group
    private readonly int[] _first, _count;  // of the 0s of each positive's group
    private readonly int[] _drawn;

    /// <param name="examples">Groups are their queries, or else their users; what has neither is left out.</param>
    /// <param name="labels">0 or 1.</param>
    /// <param name="rng">Draws.</param>
    /// <param name="argument">What to call the examples in an error.</param>
    public PairDraws(Examples examples, float[] labels, Rng rng, string argument)
    {
        _rng = rng;
        var groups = examples.Queries.Length > 0 ? examples.Queries : examples.Users;
        var (zeros, total) = (new Dictionary<int, int>(), 0);
        for (var i = 0; i < labels.Length; i++)
            if (groups[i] >= 0 && labels[i] == 0) zeros[groups[i]] = zeros.GetValueOrDefault(groups[i]) + 1;
        var starts = new Dictionary<int, int>(zeros.Count);
        foreach (var (group, count) in zeros)
        {
            starts[group] = total;
            total += count;
        }
        _negatives = new int[total];
        var filled = new Dictionary<int, int>(starts);
        for (var i = 0; i < labels.Length; i++)
            if (groups[i] >= 0 && labels[i] == 0) _negatives[filled[groups[i]]++] = i;
        var (positives, first, counts) = (new List<int>(), new List<int>(), new List<int>());
        for (var i = 0; i < labels.Length; i++)
        {
            if (groups[i] < 0 || labels[i] == 0 || !zeros.TryGetValue(groups[i], out var count)) continue;
            positives.Add(i);
            first.Add(starts[groups[i]]);
            counts.Add(count);
        }
        if (positives.Count == 0)
            throw new ArgumentException(
                "No query, and no user where there are no queries, has both a 1 and a 0: there is no pair.", argument);
        (Positives, _first, _count) = ([.. positives], [.. first], [.. counts]);
        _drawn = new int[Positives.Length];
        Draw(0);
    }

    /// <summary>The examples that stand first, by place.</summary>
    public int[] Positives { get; }

    /// <summary>Draws the second of each pair.</summary>
    public void Draw(int epoch)
    {
        var draws = _rng.Stream((ulong)epoch);
        for (var p = 0; p < _drawn.Length; p++) _drawn[p] = _negatives[_first[p] + draws.Below((ulong)p, _count[p])];
    }

    /// <summary>The first (0) or second (1) example of a pair.</summary>
    public int Of(int place, int second) => second == 0 ? Positives[place] : _drawn[place];

    /// <summary>The mean -log σ(z⁺ - z⁻) of the pairs as drawn now.</summary>
    public Func<double> MeanLoss(SparseMatrix x, Action<SparseMatrix, float[]> score)
    {
        var (scores, differences, ones) = (new float[x.RowCount], new float[_drawn.Length], new float[_drawn.Length]);
        Array.Fill(ones, 1);
        return () =>
        {
            score(x, scores);
            for (var p = 0; p < differences.Length; p++) differences[p] = scores[Positives[p]] - scores[_drawn[p]];
            return FactorLosses.MeanLoss(true, differences, ones, []);
        };
    }
}
