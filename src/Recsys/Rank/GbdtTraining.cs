using Recsys.Numerics;
using Recsys.Trees;

namespace Recsys.Rank;

/// <summary>The rounds of a <see cref="Gbdt"/>: derivatives, a tree, new scores, and the validation that may end them.</summary>
internal sealed class GbdtTraining
{
    private const int Block = 4096;
    private readonly float[] _x;
    private readonly int _columns;
    private readonly float[] _labels;
    private readonly float[] _weights;
    private readonly GbdtOptions _options;
    private readonly GbdtLoss _loss;
    private readonly GbdtValidation? _validation;
    private readonly Rng _rng;
    private readonly float[] _scores;
    private readonly float[] _validationScores;

    public GbdtTraining(float[] x, int columns, float[] labels, float[] weights, GbdtOptions options, GbdtLoss loss,
        GbdtValidation? validation)
    {
        (_x, _columns, _labels, _weights, _options, _loss, _validation) = (x, columns, labels, weights, options, loss, validation);
        _rng = new Rng(options.Seed);
        _scores = new float[labels.Length];
        _validationScores = new float[validation?.Labels.Length ?? 0];
    }

    public Gbdt Run(Func<TreeEnsemble, float, double?, Gbdt> create, IProgress<TrainProgress>? progress, CancellationToken cancel)
    {
        var o = _options;
        var data = BinnedMatrix.Create(_x, _columns, o.MaxBins, o.BinSampleRows, _rng.Stream(0), o.Threads, cancel);
        var start = (float)(o.BaseScore ?? _loss.Start(MeanLabel()));
        Array.Fill(_scores, start);
        Array.Fill(_validationScores, start);
        var gradients = new GradientPairs(_labels.Length);
        var rules = new SplitRules(o.L2, o.L1, o.MinGain, o.MinChildWeight, o.MinLeafRows);
        var growth = new GrowthRules(o.Growth == GbdtGrowth.LeafWise, o.MaxLeaves, o.MaxDepth == 0 ? -1 : o.MaxDepth);
        var tree = new HistogramTree(data, gradients, rules, growth, o.Threads);
        var builder = new TreeBuilder();
        var order = new int[_labels.Length];
        var used = new bool[_columns];
        var (best, bestTrees) = (double.PositiveInfinity, 0);
        for (var round = 0; round < o.Trees; round++)
        {
            cancel.ThrowIfCancellationRequested();
            gradients.Update((from, to) => Derivatives(gradients, from, to), o.Threads);
            var rows = order.AsMemory(0, DrawRows(order, round));
            DrawColumns(used, round);
            var leaves = tree.Grow(builder, rows, used, o.LearningRate, cancel);
            if (rows.Length == order.Length)
            {
                Shards.Run(leaves.Count, o.Threads, i =>
                {
                    var value = builder[leaves[i].Node].Value;
                    foreach (var row in order.AsSpan(leaves[i].Start, leaves[i].Count)) _scores[row] += value;
                }, cancel);
            }
            var last = rows.Length < order.Length || _validation is not null ? builder.BuildLast(_columns) : null;
            if (rows.Length < order.Length) AddTree(last!, _x, _scores);

            var reported = default(double?);
            if (_validation is not null)
            {
                AddTree(last!, _validation.X, _validationScores);
                var judged = ValidationLoss();
                reported = judged;
                if (judged < best) (best, bestTrees) = (judged, round + 1);
            }
            else if (progress is not null)
            {
                reported = MeanLoss(_scores, _labels, _weights);
            }
            progress?.Report(new TrainProgress("gbdt", round + 1, o.Trees, reported));
            if (o.EarlyStoppingRounds > 0 && round + 1 - bestTrees >= o.EarlyStoppingRounds) break;
        }
        if (o.EarlyStoppingRounds > 0) builder.KeepTrees(bestTrees);
        return create(builder.Build(_columns), start, double.IsFinite(best) ? best : null);
    }

    private void Derivatives(GradientPairs gradients, int from, int to)
    {
        var g = gradients.G.AsSpan(from, to - from);
        var h = gradients.H.AsSpan(from, to - from);
        _loss.Derivatives(_scores.AsSpan(from, to - from), _labels.AsSpan(from, to - from), g, h);
        if (_weights.Length == 0) return;
        for (var i = 0; i < g.Length; i++)
        {
            g[i] *= _weights[from + i];
            h[i] *= _weights[from + i];
        }
    }

    // Ascending, so that each tree reads memory in order while it can.
    private int DrawRows(int[] order, int round)
    {
        var (draws, count) = (_rng.Stream(1).Stream((ulong)round), 0);
        for (var row = 0; row < order.Length; row++)
        {
            if (_weights.Length > 0 && _weights[row] == 0) continue;
            if (_options.RowSample < 1 && draws.UniformDouble((ulong)row) >= _options.RowSample) continue;
            order[count++] = row;
        }
        return count;
    }

    private void DrawColumns(bool[] used, int round)
    {
        Array.Fill(used, true);
        var dropped = _columns - Math.Max(1, (int)Math.Round(_options.ColumnSample * _columns));
        if (dropped <= 0) return;
        var order = new Permutation(_columns, _rng.Stream(2).Stream((ulong)round));
        for (var i = 0; i < dropped; i++) used[order[i]] = false;
    }

    private void AddTree(TreeEnsemble tree, float[] x, float[] scores)
        => Shards.Run((scores.Length + Block - 1) / Block, _options.Threads, block =>
        {
            var from = block * Block;
            var count = Math.Min(Block, scores.Length - from);
            tree.AddTo(x.AsSpan(from * _columns, count * _columns), scores.AsSpan(from, count));
        });

    private double ValidationLoss()
    {
        if (_options.ValidationLoss is not { } given) return MeanLoss(_validationScores, _validation!.Labels, _validation.Weights ?? []);
        var predictions = (float[])_validationScores.Clone();
        _loss.Predict(predictions);
        return given(predictions, _validation!.Labels);
    }

    private double MeanLoss(float[] scores, float[] labels, float[] weights)
    {
        const int Parts = 64;
        var (losses, masses) = (new double[Parts], new double[Parts]);
        Shards.Run(Parts, _options.Threads, part =>
        {
            var (from, to) = Shards.Range(scores.Length, Parts, part);
            for (var i = from; i < to; i++)
            {
                var weight = weights.Length == 0 ? 1 : weights[i];
                losses[part] += weight * _loss.Loss(scores[i], labels[i]);
                masses[part] += weight;
            }
        });
        return losses.Sum() / masses.Sum();
    }

    private double MeanLabel()
    {
        double sum = 0, mass = 0;
        for (var i = 0; i < _labels.Length; i++)
        {
            var weight = _weights.Length == 0 ? 1 : _weights[i];
            sum += weight * _labels[i];
            mass += weight;
        }
        return sum / mass;
    }
}
