namespace Recsys.Tests.Reference;

/// <summary>Click metrics straight from their definitions: every pair of rows.</summary>
internal static class SlowClicks
{
    public static double Auc(float[] scores, float[] labels, float[]? weights = null)
    {
        double won = 0, pairs = 0;
        for (var i = 0; i < scores.Length; i++)
            for (var j = 0; j < scores.Length; j++)
            {
                if (labels[i] != 1 || labels[j] != 0) continue;
                double w = (weights?[i] ?? 1) * (double)(weights?[j] ?? 1);
                pairs += w;
                won += w * (scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0);
            }
        return won / pairs;
    }

    public static double CostSensitiveAuc(float[] scores, float[] labels, float[] bids)
    {
        double earned = 0, best = 0;
        for (var i = 0; i < scores.Length; i++)
            for (var j = 0; j < i; j++)
            {
                if (labels[i] == 0 && labels[j] == 0) continue;
                var (a, b) = (labels[i] * bids[i], labels[j] * bids[j]);
                var (high, low) = a >= b ? (i, j) : (j, i);
                var (bidHigh, bidLow) = (Math.Max(a, b), Math.Min(a, b));
                earned += scores[high] > scores[low] ? bidHigh : scores[high] < scores[low] ? bidLow : (bidHigh + bidLow) / 2;
                best += bidHigh;
            }
        return earned / best;
    }

    public static double LogLoss(float[] p, float[] y, float[]? w = null)
    {
        double sum = 0, total = 0;
        for (var i = 0; i < p.Length; i++)
        {
            sum -= (w?[i] ?? 1) * Math.Log(y[i] == 1 ? Math.Max(p[i], 1e-7) : 1 - Math.Min(p[i], 1 - 1e-7));
            total += w?[i] ?? 1;
        }
        return sum / total;
    }

    public static double EqualWidthEce(float[] p, float[] y, int bins, float[]? w = null)
    {
        var rows = p
            .Select((x, i) => (P: (double)x, Y: (double)y[i], W: (double)(w?[i] ?? 1), Bin: Math.Min(bins - 1, (int)((double)x * bins))))
            .ToArray();
        return rows.GroupBy(r => r.Bin).Sum(bin =>
        {
            var weight = bin.Sum(r => r.W);
            return weight == 0 ? 0 : weight * Math.Abs(bin.Sum(r => r.W * r.P) / weight - bin.Sum(r => r.W * r.Y) / weight);
        }) / rows.Sum(r => r.W);
    }
}
