// For a query and each pair with y_i > y_j:   ρ = 1 / (1 + e^(σ (f_i - f_j))),   loss = w_ij log(1 + e^(-σ (f_i - f_j)));
//   g_i -= σ w_ij ρ, g_j += σ w_ij ρ;   h_i, h_j += σ² w_ij ρ (1 - ρ).
// RankNet: w_ij = 1. LambdaMART: w_ij = |ΔNDCG| of exchanging the two, with discounts 1 / log2(2 + place) as far as the better placed of
// them stands above the truncation; rows of equal scores stand in every order with equal chance, so w is its mean over those orders and
// the order of the rows does not matter. Normalised: w_ij / (0.01 + |f_i - f_j|), then all of a query by log2(1 + Σ|g|) / Σ|g|.
// Burges, "From RankNet to LambdaRank to LambdaMART: an overview", Microsoft Research MSR-TR-2010-82. The truncation and both
// normalisations: LightGBM's lambdarank.

using System.Globalization;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Rank;

/// <summary>Options of <see cref="GbdtObjective.LambdaMart"/> and <see cref="GbdtObjective.RankNet"/>.</summary>
public sealed record GbdtRankingOptions
{
    /// <summary>
    /// T, places that count: a pair matters if one of its rows stands among the first T. At least 1; default 30. Somewhat above the
    /// number of places that users see.
    /// </summary>
    public int Truncation { get; init => field = Guard.AtLeast(1, value); } = 30;

    /// <summary>
    /// Whether each query pulls about equally, however many pairs it has, and near scores pull harder (LambdaMART). Default true.
    /// </summary>
    public bool Normalise { get; init; } = true;

    /// <summary>σ, how steep the logistic function of score differences is: positive. Default 1.</summary>
    public double Sigma { get; init => field = Guard.Positive(value); } = 1;

    /// <summary>Whether a grade y gains 2^y - 1 in NDCG rather than y. Default true.</summary>
    public bool ExponentialGains { get; init; } = true;

    /// <summary>k of the NDCG@k that validation rows are judged by, at least 1. Default 10. RankNet is judged by its loss.</summary>
    public int JudgedPlaces { get; init => field = Guard.AtLeast(1, value); } = 10;
}

internal sealed class RankingObjective(GbdtRankingOptions options, bool useNdcg) : GbdtObjective
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{(useNdcg ? "lambdamart" : "ranknet")}({options.Truncation}, {options.Normalise}, {options.Sigma}, {options.ExponentialGains})");

    internal override GbdtObjectiveKind Kind => useNdcg ? GbdtObjectiveKind.LambdaMart : GbdtObjectiveKind.RankNet;

    internal override void Check(GbdtTargets rows)
    {
        if (rows.Queries is null)
            throw new ArgumentException("A ranking objective needs to know which rows belong to one query: give the sizes of the queries " +
                "(Groups), or a query for each example.");
        for (var i = 0; useNdcg && i < rows.Count; i++)
        {
            var label = rows.Labels[i];
            if (options.ExponentialGains && !(label is >= 0 and <= 31 && label == MathF.Floor(label)))
                throw new ArgumentException($"The label of row {i} is {label}; a grade is a whole number 0..31.");
            if (!(label >= 0)) throw new ArgumentException($"The label of row {i} is {label}; a gain is 0 or greater.");
        }
    }

    internal override double[] Start(GbdtTargets rows) => [0];

    internal override IGbdtDerivatives Derivatives(GbdtTargets rows, int threads) => new Rounds(rows, options, useNdcg, threads);

    internal override double? Loss(GbdtTargets rows, float[][] scores, int threads) => useNdcg
        ? 1 - QueryNdcg.Mean(rows.Queries!, scores[0], rows.Labels, options.JudgedPlaces, options.ExponentialGains)
        : PairLoss(rows, scores[0]);

    internal override void WriteOptions(ModelWriter writer)
    {
        writer.Integer("truncation", options.Truncation);
        writer.Flag("normalise", options.Normalise);
        writer.Real("sigma", options.Sigma);
        writer.Flag("exponential-gains", options.ExponentialGains);
        writer.Integer("judged-places", options.JudgedPlaces);
    }

    internal static RankingObjective ReadOptions(ModelReader reader, bool useNdcg) => new(new GbdtRankingOptions
    {
        Truncation = reader.Int32("truncation", 1),
        Normalise = reader.Flag("normalise"),
        Sigma = reader.Real("sigma", double.Epsilon),
        ExponentialGains = reader.Flag("exponential-gains"),
        JudgedPlaces = reader.Int32("judged-places", 1),
    }, useNdcg);

    private double PairLoss(GbdtTargets rows, float[] scores)
    {
        var (sum, pairs) = (0.0, 0L);
        for (var query = 0; query < rows.Queries!.Count; query++)
        {
            var own = rows.Queries[query];
            foreach (var i in own)
                foreach (var j in own)
                {
                    if (rows.Labels[i] <= rows.Labels[j]) continue;
                    var z = -options.Sigma * (scores[i] - (double)scores[j]);
                    sum += Math.Max(z, 0) + double.LogP1(Math.Exp(-Math.Abs(z)));
                    pairs++;
                }
        }
        return pairs == 0 ? 0 : sum / pairs;
    }

    private sealed class Rounds : IGbdtDerivatives
    {
        private const int Parts = 64;
        private readonly GbdtTargets _rows;
        private readonly GbdtRankingOptions _options;
        private readonly bool _useNdcg;
        private readonly int _threads;
        private readonly float[] _g;
        private readonly float[] _h;
        private readonly double[] _gains;
        private readonly double[] _best;
        private readonly QueryPlaces?[] _places = new QueryPlaces?[Parts];
        private readonly (double[] G, double[] H)[] _sums = new (double[], double[])[Parts];

        public Rounds(GbdtTargets rows, GbdtRankingOptions options, bool useNdcg, int threads)
        {
            (_rows, _options, _useNdcg, _threads) = (rows, options, useNdcg, threads);
            (_g, _h) = (new float[rows.Count], new float[rows.Count]);
            _gains = useNdcg ? Array.ConvertAll(rows.Labels, y => QueryNdcg.Gain(y, options.ExponentialGains)) : [];
            _best = new double[rows.Queries!.Count];
            for (var query = 0; useNdcg && query < _best.Length; query++)
                _best[query] = QueryNdcg.Best(rows.Queries[query], rows.Labels, options.Truncation, options.ExponentialGains);
        }

        public void BeginRound(float[][] scores, CancellationToken cancel) => Shards.Run(Parts, _threads, part =>
        {
            var (from, to) = Shards.Range(_rows.Queries!.Count, Parts, part);
            if (from == to) return;
            var places = _places[part] ??= new QueryPlaces(_rows.Queries.Longest);
            var sums = _sums[part].G is null
                ? _sums[part] = (new double[_rows.Queries.Longest], new double[_rows.Queries.Longest])
                : _sums[part];
            for (var query = from; query < to; query++) OfQuery(query, scores[0], places, sums.G, sums.H, cancel);
        }, cancel);

        public void Fill(int output, float[][] scores, int from, Span<float> g, Span<float> h)
        {
            _g.AsSpan(from, g.Length).CopyTo(g);
            _h.AsSpan(from, h.Length).CopyTo(h);
        }

        // Rows of one score and one label are alike: g and h are summed for such cells, so that equal scores, of which early rounds have
        // many, cost no pairs of rows.
        private void OfQuery(int query, float[] scores, QueryPlaces places, double[] g, double[] h, CancellationToken cancel)
        {
            var rows = _rows.Queries![query];
            var labels = _rows.Labels;
            places.Sort(rows, scores, labels, _useNdcg ? _options.Truncation : int.MaxValue);
            var (order, cells) = (places.Rows, places.Cells);
            Array.Clear(g, 0, places.CellCount);
            Array.Clear(h, 0, places.CellCount);
            var sum = 0.0;
            if (!_useNdcg || _best[query] > 0)
            {
                var nearPullsHarder = _useNdcg && _options.Normalise && scores[order[0]] != scores[order[rows.Length - 1]];
                for (var i = 0; i < places.CellCount && places.Reaches(cells[i]); i++)
                {
                    if (i % 1024 == 1023) cancel.ThrowIfCancellationRequested();
                    for (var j = i + 1; j < places.CellCount; j++)
                    {
                        var (above, below) = (order[cells[i]], order[cells[j]]);
                        if (labels[above] == labels[below]) continue;
                        var isAbove = labels[above] > labels[below];
                        var (high, low) = isAbove ? (above, below) : (below, above);
                        var distance = scores[high] - (double)scores[low];
                        var weight = 1.0;
                        if (_useNdcg) weight = (_gains[high] - _gains[low]) * places.Discount(cells[i], cells[j]) / _best[query];
                        if (nearPullsHarder) weight /= 0.01 + Math.Abs(distance);
                        var rho = 1 / (1 + Math.Exp(_options.Sigma * distance));
                        var first = _options.Sigma * weight * rho;
                        var second = _options.Sigma * first * (1 - rho);
                        double countI = cells[i + 1] - cells[i], countJ = cells[j + 1] - cells[j];
                        g[i] -= countJ * (isAbove ? first : -first);
                        g[j] += countI * (isAbove ? first : -first);
                        h[i] += countJ * second;
                        h[j] += countI * second;
                        sum += 2 * first * countI * countJ;
                    }
                }
            }
            var factor = _options.Normalise && sum > 0 ? Math.Log2(1 + sum) / sum : 1;
            for (var cell = 0; cell < places.CellCount; cell++)
                foreach (var row in order.AsSpan(cells[cell]..cells[cell + 1]))
                    (_g[row], _h[row]) = ((float)(g[cell] * factor), (float)(h[cell] * factor));
        }
    }
}
