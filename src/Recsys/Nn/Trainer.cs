using Recsys.Numerics;

namespace Recsys.Nn;

/// <summary>Trains parameters on examples, batch by batch, shuffled anew in each epoch.</summary>
internal sealed class Trainer
{
    private readonly TrainerOptions _options;
    private readonly TrainingStep _step;
    private readonly int _count;
    private readonly int[] _places;

    public Trainer(ParameterSet parameters, int count, TrainerOptions options, Func<int, TrainingShard> createShard)
    {
        (_options, _count) = (options, count);
        var batch = Math.Min(options.BatchSize, Math.Max(1, count));
        var shards = Math.Min(options.Shards, batch);
        var work = new TrainingShard[shards];
        for (var i = 0; i < shards; i++) work[i] = createShard((batch + shards - 1) / shards);
        _places = new int[batch];
        var states = new OptimizerStates(parameters, options.Optimizer);
        _step = new TrainingStep(parameters, states, work, options.Seed, options.Threads, options.ClipNorm);
    }

    public int StepsPerEpoch => (_count + _places.Length - 1) / _places.Length;

    public void Run(string stage, IProgress<TrainProgress>? progress, CancellationToken cancel)
    {
        for (var epoch = 0; epoch < _options.Epochs; epoch++)
        {
            var loss = RunEpoch(epoch, cancel);
            progress?.Report(new TrainProgress(stage, epoch + 1, _options.Epochs, loss));
        }
    }

    /// <returns>The mean loss.</returns>
    public double RunEpoch(int epoch, CancellationToken cancel)
    {
        var order = new Permutation(_count, new Rng(_options.Seed, 1).Stream((ulong)epoch));
        var loss = 0.0;
        for (var step = 0; step < StepsPerEpoch; step++)
        {
            cancel.ThrowIfCancellationRequested();
            loss += RunStep(order, step);
        }
        return loss / _count;
    }

    public double RunStep(in Permutation order, int step)
    {
        var start = step * _places.Length;
        var places = _places.AsSpan(0, Math.Min(_places.Length, _count - start));
        order.Fill(start, places);
        return _step.Run(places, rate: 1);
    }
}
