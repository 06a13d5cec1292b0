using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Nn;

/// <summary>
/// Trains parameters on examples, batch by batch, in a new order in each epoch; judges them on validation data, keeps the best and stops in
/// time; keeps its state in a file, if asked, from which it goes on.
/// </summary>
internal sealed class Trainer
{
    private readonly ParameterSet _parameters;
    private readonly TrainerOptions _options;
    private readonly OptimizerStates _states;
    private readonly TrainingStep _step;
    private readonly int _count;
    private readonly int[] _places;
    private TrainingState _state = new();
    private WeightsCopy? _best;

    /// <param name="parameters">What learns.</param>
    /// <param name="count">Examples of an epoch, at least 1.</param>
    /// <param name="options">How.</param>
    /// <param name="createShard">Makes the part of one shard, for so many examples.</param>
    public Trainer(ParameterSet parameters, int count, TrainerOptions options, Func<int, TrainingShard> createShard)
    {
        (_parameters, _options, _count) = (parameters, options, count);
        _places = new int[Math.Min(options.BatchSize, count)];
        var work = new TrainingShard[Math.Min(options.Shards, _places.Length)];
        for (var i = 0; i < work.Length; i++) work[i] = createShard((_places.Length + work.Length - 1) / work.Length);
        _states = new OptimizerStates(parameters, options.Optimizer);
        _step = new TrainingStep(parameters, _states, work, options.Seed, options.Threads, options.ClipNorm);
    }

    public int StepsPerEpoch => (_count + _places.Length - 1) / _places.Length;

    /// <summary>Trains to the end.</summary>
    /// <param name="stage">What reports call it.</param>
    /// <param name="identity">What is trained on what: a checkpoint of anything else is refused.</param>
    /// <param name="validate">Computes the validation metric, or null.</param>
    /// <param name="progress">One report for each epoch.</param>
    /// <param name="cancel">Checked for each step.</param>
    public IReadOnlyList<EpochResult> Run(
        string stage, string identity, Func<double>? validate, IProgress<TrainProgress>? progress, CancellationToken cancel)
    {
        identity = $"{stage}: {identity}; {_count} examples; {_options.Describe()}";
        if (_options.Checkpoint is { } file && File.Exists(file.Path)) Resume(file.Path, identity);
        while (_state.Epoch < _options.Epochs && !Exhausted())
        {
            var loss = RunEpoch(_state.Epoch, cancel, identity);
            var metric = validate?.Invoke();
            if (metric is { } judged && double.IsNaN(judged))
                throw new NonFiniteException($"The validation metric '{_options.Metric.Name}' is NaN after epoch {_state.Epoch + 1}; "
                    + "it may not be defined for these labels.");
            _state.Epoch++;
            _state.Step = 0;
            _state.LossSum = 0;
            _state.Results.Add(new EpochResult(_state.Epoch, loss, metric));
            if (metric is { } value && (_state.BestEpoch == 0 || _options.Metric.IsBetter(value, _state.Best)))
            {
                (_state.Best, _state.BestEpoch) = (value, _state.Epoch);
                (_best ??= new WeightsCopy(_parameters)).Take();
            }
            progress?.Report(new TrainProgress(stage, _state.Epoch, _options.Epochs, loss));
            if (_options.Checkpoint is { EverySteps: 0 } after) Save(after.Path, identity);
        }
        if (_state.BestEpoch > 0 && _state.BestEpoch != _state.Epoch) _best!.Restore();
        if (_options.Checkpoint is { } done) File.Delete(done.Path);
        return _state.Results.AsReadOnly();
    }

    /// <summary>One pass over the examples, from the step where the state stands.</summary>
    /// <returns>The mean loss.</returns>
    public double RunEpoch(int epoch, CancellationToken cancel, string identity = "")
    {
        var order = new Permutation(_count, new Rng(_options.Seed, 1).Stream((ulong)epoch));
        var total = (long)_options.Epochs * StepsPerEpoch;
        var loss = _state.LossSum;
        for (var step = _state.Step; step < StepsPerEpoch; step++)
        {
            cancel.ThrowIfCancellationRequested();
            var start = step * _places.Length;
            var places = _places.AsSpan(0, Math.Min(_places.Length, _count - start));
            order.Fill(start, places);
            loss += _step.Run(places, _options.Schedule.Factor((long)epoch * StepsPerEpoch + step, total, StepsPerEpoch));
            if (_options.Checkpoint is not { EverySteps: > 0 } file || (step + 1) % file.EverySteps != 0 || identity == "") continue;
            (_state.Step, _state.LossSum) = (step + 1, loss);
            Save(file.Path, identity);
        }
        return loss / _count;
    }

    private bool Exhausted()
        => _options.Patience > 0 && _state.BestEpoch > 0 && _state.Epoch - _state.BestEpoch >= _options.Patience;

    private void Save(string path, string identity)
        => ModelFile.Save(path, new Checkpoint(identity, _state, _parameters, _states, _best));

    private void Resume(string path, string identity)
    {
        var saved = ModelFile.Load<Checkpoint>(path);
        if (saved.Identity != identity)
            throw new InvalidDataException($"{path} is the checkpoint of another training: there '{saved.Identity}', here '{identity}'. "
                + "Give the same options and data, or another path, or delete the file.");
        _state = saved.State;
        if (saved.HasBest) _best = new WeightsCopy(_parameters);
        saved.Restore(_parameters, _states, _best);
    }
}

/// <summary>Where a training stands.</summary>
internal sealed class TrainingState
{
    /// <summary>Epochs finished, steps of the next one, and the loss summed over these.</summary>
    public int Epoch, Step;
    public double LossSum;

    /// <summary>The best validation metric and the epoch that reached it, from 1; 0 for none.</summary>
    public double Best;
    public int BestEpoch;

    public List<EpochResult> Results { get; init; } = [];
}
