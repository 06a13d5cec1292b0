using System.Numerics.Tensors;
using Recsys.Numerics;
using Recsys.Trees;

namespace Recsys.Rank;

/// <summary>The rounds of a <see cref="Gbdt"/>: derivatives, a tree, new scores, and the validation that may end them.</summary>
internal sealed class GbdtTraining
{
    private const int Block = 4096;
    private readonly float[] _x;
    private readonly int _columns;
    private readonly sbyte[]? _signs;
    private readonly bool[] _isCategorical;
    private readonly GbdtTargets _targets;
    private readonly float[] _weights;
    private readonly GbdtOptions _options;
    private readonly GbdtObjective _objective;
    private readonly float[]? _validationX;
    private readonly GbdtTargets? _validation;
    private readonly Rng _rng;
    private readonly float[][] _scores;             // [outputs][rows]
    private readonly float[][] _validationScores;   // [outputs][validation rows]

    public GbdtTraining(float[] x, GbdtColumns columns, GbdtTargets targets, GbdtOptions options, float[]? validationX,
        GbdtTargets? validation)
    {
        (_x, _columns, _targets, _weights, _options) = (x, columns.Count, targets, targets.Weights, options);
        (_signs, _isCategorical) = (columns.Signs, columns.IsCategorical);
        (_objective, _validationX, _validation) = (options.Objective, validationX, validation);
        _rng = new Rng(options.Seed);
        _scores = Scores(targets.Count);
        _validationScores = Scores(validation?.Count ?? 0);
    }

    public Gbdt Run(Func<TreeEnsemble, float[], double?, Gbdt> create, IProgress<TrainProgress>? progress, CancellationToken cancel)
    {
        var o = _options;
        var outputs = _objective.Outputs;
        var categories = CategoryColumns.Create(_x, _columns, _isCategorical, o.Threads, cancel);
        var data = BinnedMatrix.Create(_x, _columns, o.MaxBins, o.BinSampleRows, _rng.Stream(0), o.Threads, cancel, _isCategorical);
        var starts = Starts();
        var builder = new TreeBuilder();
        var oldRounds = Begin(builder, starts);
        var derivatives = _objective.Derivatives(_targets, o.Threads);
        var gradients = new GradientPairs(_targets.Count);
        var rules = new SplitRules(o.L2, o.L1, o.MinGain, o.MinChildWeight, o.MinLeafRows);
        var growth = new GrowthRules(o.Growth == GbdtGrowth.LeafWise, o.MaxLeaves, o.MaxDepth == 0 ? -1 : o.MaxDepth);
        var c = o.Categories;
        var sets = categories is null ? null : new CategorySearch(
            categories, gradients, rules, new CategoryRules(c.Smoothing, c.L2, c.MaxListed, c.MinGroupRows, c.OneByOneUpTo));
        var tree = new HistogramTree(data, gradients, rules, growth, o.Threads, _signs, sets);
        var order = new int[_targets.Count];
        var used = new bool[_columns];
        var (best, bestRounds) = (oldRounds > 0 && _validation is not null ? Judge() : ValidationMetric.Worst(_options.Metric), oldRounds);
        for (var round = oldRounds; round < oldRounds + o.Trees; round++)
        {
            cancel.ThrowIfCancellationRequested();
            derivatives.BeginRound(_scores, cancel);
            for (var output = 0; output < outputs; output++)
            {
                var (own, draw) = (output, (round * outputs) + output);
                void OfBlock(int from, Span<float> g, Span<float> h) => Derivatives(derivatives, own, from, g, h);
                var count = -1;
                if (o.GradientSampling is { } sampling && round >= 1 / o.LearningRate)
                    gradients.Update(OfBlock, pairs => count = GradientSampling.Draw(
                        order, pairs, _weights, sampling, _rng.Stream(3).Stream((ulong)draw)), o.Threads);
                else
                    gradients.Update(OfBlock, derivatives is IGbdtRowDerivatives any
                        ? (rows, g, h) => Derivatives(any, own, rows, g, h)
                        : null, o.Threads);
                if (count < 0) count = DrawRows(order, draw);
                else Complete(order, count);
                var rows = order.AsMemory(0, count);
                DrawColumns(used, draw);
                var leaves = tree.Grow(builder, rows, used, o.LearningRate, cancel);
                if (_objective.HasLeafValues) FitLeaves(builder, leaves, order, _scores[output], cancel);
                Apply(builder, tree, leaves, order, rows.Length, output, cancel);
            }

            var reported = default(double?);
            if (_validation is not null)
            {
                var judged = Judge();
                reported = judged;
                if (ValidationMetric.IsBetter(o.Metric, judged, best)) (best, bestRounds) = (judged, round + 1);
            }
            else if (progress is not null)
            {
                reported = _objective.Loss(_targets, _scores, o.Threads);
            }
            progress?.Report(new TrainProgress("gbdt", round + 1 - oldRounds, o.Trees, reported));
            if (o.EarlyStoppingRounds > 0 && round + 1 - bestRounds >= o.EarlyStoppingRounds) break;
        }
        if (o.EarlyStoppingRounds > 0) builder.KeepTrees(bestRounds * outputs);
        return create(builder.Build(_columns, outputs), starts, double.IsFinite(best) ? best : null);
    }

    private float[][] Scores(int rows) => [.. Enumerable.Range(0, _objective.Outputs).Select(_ => new float[rows])];

    // Scores before the first new tree.
    private int Begin(TreeBuilder builder, float[] starts)
    {
        for (var output = 0; output < starts.Length; output++)
        {
            Array.Fill(_scores[output], starts[output]);
            Array.Fill(_validationScores[output], starts[output]);
        }
        if (_options.WarmStart is not { } old) return 0;
        builder.Add(old.Trees);
        AddTree(old.Trees, _x, _scores);
        if (_validation is not null) AddTree(old.Trees, _validationX!, _validationScores);
        return old.RoundCount;
    }

    private float[] Starts() => _options.WarmStart is { } old ? old.BaseScores.ToArray() : _options.BaseScore is { } given
        ? [.. Enumerable.Repeat((float)given, _objective.Outputs)]
        : Array.ConvertAll(_objective.Start(_targets), start => (float)start);

    private void Derivatives(IGbdtDerivatives derivatives, int output, int from, Span<float> g, Span<float> h)
    {
        derivatives.Fill(output, _scores, from, g, h);
        if (_weights.Length == 0) return;
        var own = _weights.AsSpan(from, g.Length);
        TensorPrimitives.Multiply(g, own, g);
        TensorPrimitives.Multiply(h, own, h);
    }

    private void Derivatives(IGbdtRowDerivatives derivatives, int output, ReadOnlySpan<int> rows, Span<float> g, Span<float> h)
    {
        derivatives.Fill(output, _scores, rows, g, h);
        if (_weights.Length == 0) return;
        for (var i = 0; i < rows.Length; i++)
        {
            var weight = _weights[rows[i]];
            g[i] *= weight;
            h[i] *= weight;
        }
    }

    // The step of an objective that knows its own best one, from the residuals of each leaf.
    private void FitLeaves(TreeBuilder builder, List<HistogramTree.Leaf> leaves, int[] order, float[] scores, CancellationToken cancel)
    {
        var values = new double[leaves.Count];
        Shards.Run(leaves.Count, _options.Threads, i =>
        {
            var rows = order.AsSpan(leaves[i].Start, leaves[i].Count);
            // Threads change the order of the rows, and that might show in what sums of weights lose.
            if (_weights.Length > 0) rows.Sort();
            var residuals = new float[rows.Length];
            var weights = new float[_weights.Length == 0 ? 0 : rows.Length];
            for (var at = 0; at < rows.Length; at++) residuals[at] = _targets.Labels[rows[at]] - scores[rows[at]];
            for (var at = 0; at < weights.Length; at++) weights[at] = _weights[rows[at]];
            values[i] = _objective.LeafValue(residuals, weights);
        }, cancel);
        for (var i = 0; i < values.Length; i++)
            builder.SetValue(leaves[i].Node, _options.LearningRate * leaves[i].Bounds.Clamp(values[i]));
    }

    private void Apply(
        TreeBuilder builder, HistogramTree tree, List<HistogramTree.Leaf> leaves, int[] order, int rows, int output,
        CancellationToken cancel)
    {
        var scores = _scores[output];
        Shards.Run(leaves.Count, _options.Threads, i =>
        {
            var value = builder[leaves[i].Node].Value;
            foreach (var row in order.AsSpan(leaves[i].Start, leaves[i].Count)) scores[row] += value;
        }, cancel);
        if (rows < order.Length) tree.AddTo(builder, order.AsMemory(rows), scores);
        if (_validation is not null) AddTree(builder.BuildLast(_columns), _validationX!, [_validationScores[output]]);
    }

    // Puts the rows that were not drawn behind the others.
    private static void Complete(int[] order, int count)
    {
        var (next, to) = (0, count);
        for (var row = 0; to < order.Length; row++)
        {
            if (next < count && order[next] == row) next++;
            else order[to++] = row;
        }
    }

    // Ascending, so that each tree reads memory in order while it can; behind them those that were not drawn. Without a branch, which
    // could not be foreseen.
    private int DrawRows(int[] order, int round)
    {
        var draws = _rng.Stream(1).Stream((ulong)round);
        var (count, end) = (0, order.Length - 1);
        for (var row = 0; row < order.Length; row++)
        {
            var isDrawn = _options.RowSample >= 1 || draws.UniformDouble((ulong)row) < _options.RowSample;
            if (_weights.Length > 0) isDrawn &= _weights[row] != 0;
            order[count] = row;
            order[end] = row;
            count += isDrawn ? 1 : 0;
            end -= isDrawn ? 0 : 1;
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

    private void AddTree(TreeEnsemble trees, float[] x, float[][] scores)
        => Shards.Run((scores[0].Length + Block - 1) / Block, _options.Threads, block =>
        {
            var from = block * Block;
            var count = Math.Min(Block, scores[0].Length - from);
            for (var output = 0; output < scores.Length; output++)
                trees.AddTo(output, x.AsSpan(from * _columns, count * _columns), scores[output].AsSpan(from, count));
        });

    private double Judge()
    {
        if (_options.Metric is not { } metric) return _objective.Loss(_validation!, _validationScores, _options.Threads)!.Value;
        var outputs = _objective.Outputs;
        var predictions = new float[_validation!.Count * outputs];
        for (var output = 0; output < outputs; output++)
            for (var row = 0; row < _validation.Count; row++) predictions[(row * outputs) + output] = _validationScores[output][row];
        _objective.Predict(predictions);
        return metric.Measure(predictions, _validation.Labels, _validation.Weights);
    }
}
