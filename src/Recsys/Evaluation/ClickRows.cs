using Recsys.Numerics;

namespace Recsys.Evaluation;

/// <summary>Rows in ascending order of score with all that a resample needs, so that its metrics are one pass.</summary>
internal sealed class ClickRows
{
    private const double Epsilon = 1e-7;
    private readonly float[] _scores, _labels, _weights;
    private readonly double[] _losses;
    private readonly int[] _bins, _units;
    private readonly double[] _groupAuc, _groupWeight; // NaN for a group of one class
    private readonly ClickProtocol _protocol;

    public ClickRows(
        ReadOnlySpan<float> scores, ReadOnlySpan<float> labels, ReadOnlySpan<float> weights, GroupedRows? groups, ClickProtocol protocol)
    {
        _protocol = protocol;
        var order = ScoreOrder.Ascending(scores, nameof(scores));
        var n = order.Length;
        (_scores, _labels, _weights) = (new float[n], new float[n], new float[n]);
        (_losses, _bins) = protocol.Probabilities ? (new double[n], new int[n]) : ([], []);
        for (var i = 0; i < n; i++)
        {
            var row = order[i];
            (_scores[i], _labels[i], _weights[i]) = (scores[row], labels[row], weights.IsEmpty ? 1 : weights[row]);
        }
        if (protocol.Probabilities) Calibrate();

        _units = new int[n];
        (_groupAuc, _groupWeight) = groups is null ? ([], []) : (new double[groups.Count], new double[groups.Count]);
        var unitOf = new int[groups is null ? 0 : n];
        for (var group = 0; group < _groupAuc.Length; group++)
        {
            foreach (var row in groups!.Rows(group)) unitOf[row] = group;
            var (auc, clicks) = groups.Auc(group, scores, labels);
            if (auc is null) SkippedGroups++;
            _groupAuc[group] = auc ?? double.NaN;
            _groupWeight[group] = AucMetrics.Weight(protocol.GroupWeight, groups.Rows(group).Length, clicks);
        }
        for (var i = 0; i < n; i++) _units[i] = groups is null ? i : unitOf[order[i]];
    }

    public int SkippedGroups { get; }

    public bool AllGroupsSkipped => _groupAuc.Length > 0 && SkippedGroups == _groupAuc.Length;

    public static string[] Names(ClickProtocol protocol, bool grouped)
    {
        List<string> names = ["AUC"];
        if (grouped) names.Add("GAUC");
        if (protocol.Probabilities) names.AddRange(["LogLoss", "NE", "RIG", "Calibration", "ECE"]);
        return [.. names];
    }

    /// <summary>For each metric its value in each resample.</summary>
    public double[][] Resample(int units, int resamples, int metrics, CancellationToken cancel)
    {
        var results = new double[metrics][];
        for (var i = 0; i < metrics; i++) results[i] = new double[resamples];
        var rng = new Rng(_protocol.Seed, 0xC11C);
        Shards.Run(resamples == 0 ? 0 : _protocol.Shards, _protocol.Threads, shard =>
        {
            var counts = new int[units];
            var (start, end) = Shards.Range(resamples, _protocol.Shards, shard);
            for (var resample = start; resample < end; resample++)
            {
                cancel.ThrowIfCancellationRequested();
                Array.Clear(counts);
                var stream = rng.Stream((ulong)resample);
                for (var draw = 0; draw < units; draw++) counts[stream.Below((ulong)draw, units)]++;
                var values = Metrics(counts);
                for (var i = 0; i < metrics; i++) results[i][resample] = values[i];
            }
        }, cancel);
        return results;
    }

    /// <summary>The metrics with each unit (row or group) counted so often, all once if null; NaN where undefined.</summary>
    public double[] Metrics(int[]? counts)
    {
        double won = 0, negatives = 0, positives = 0, loss = 0, predicted = 0;
        var gaps = new double[_protocol.Probabilities ? _protocol.Bins : 0];
        for (var i = 0; i < _scores.Length;)
        {
            var score = _scores[i];
            double tiedPositives = 0, tiedNegatives = 0;
            for (; i < _scores.Length && _scores[i] == score; i++)
            {
                // No branch on the label or the count: both are as good as random here.
                double weight = counts is null ? _weights[i] : _weights[i] * counts[_units[i]];
                tiedPositives += weight * _labels[i];
                tiedNegatives += weight * (1 - _labels[i]);
                if (!_protocol.Probabilities) continue;
                loss += weight * _losses[i];
                predicted += weight * score;
                gaps[_bins[i]] += weight * ((double)score - _labels[i]);
            }
            won += tiedPositives * (negatives + 0.5 * tiedNegatives);
            positives += tiedPositives;
            negatives += tiedNegatives;
        }
        var results = new List<double> { positives * negatives > 0 ? won / (positives * negatives) : double.NaN };
        if (_groupAuc.Length > 0) results.Add(GroupAuc(counts));
        if (!_protocol.Probabilities) return [.. results];

        var total = positives + negatives;
        var rate = positives / total;
        var logLoss = total > 0 ? loss / total : double.NaN;
        var entropy = rate is > 0 and < 1 ? -(rate * Math.Log(rate) + (1 - rate) * Math.Log(1 - rate)) : double.NaN;
        double gap = 0;
        foreach (var g in gaps) gap += Math.Abs(g);
        results.AddRange([
            logLoss, logLoss / entropy, 1 - logLoss / entropy, positives > 0 ? predicted / positives : double.NaN,
            total > 0 ? gap / total : double.NaN,
        ]);
        return [.. results];
    }

    private double GroupAuc(int[]? counts)
    {
        double sum = 0, total = 0;
        for (var group = 0; group < _groupAuc.Length; group++)
        {
            if (double.IsNaN(_groupAuc[group])) continue;
            var weight = _groupWeight[group] * (counts is null ? 1 : counts[group]);
            sum += weight * _groupAuc[group];
            total += weight;
        }
        return total > 0 ? sum / total : double.NaN;
    }

    private void Calibrate()
    {
        double total = 0, before = 0;
        foreach (var weight in _weights) total += weight;
        for (var i = 0; i < _scores.Length; i++)
        {
            _losses[i] = ProbabilityMetrics.RowLoss(_scores[i], _labels[i], Epsilon);
            // Rows of equal probability stay in one bin: that of the first of them.
            _bins[i] = _protocol.Cut == CalibrationBins.EqualWidth ? (int)((double)_scores[i] * _protocol.Bins)
                : i > 0 && _scores[i] == _scores[i - 1] ? _bins[i - 1]
                : (int)(before / total * _protocol.Bins);
            _bins[i] = Math.Min(_bins[i], _protocol.Bins - 1);
            before += _weights[i];
        }
    }
}
