using Recsys.Persistence;

namespace Recsys.Nn;

/// <summary>The state of a training as a file: weights, what optimizers remember, the best weights, and where it stands.</summary>
internal sealed class Checkpoint : IModel<Checkpoint>
{
    private readonly List<(string Name, ReadOnlyMemory<float> Values)> _arrays = [];

    private Checkpoint(string identity, TrainingState state) => (Identity, State) = (identity, state);

    /// <summary>What is to be saved; the arrays are those of the training, not copies.</summary>
    public Checkpoint(string identity, TrainingState state, ParameterSet parameters, OptimizerStates states, WeightsCopy? best)
        : this(identity, state)
    {
        Steps = states.Steps;
        HasBest = best is not null;
        foreach (var (name, values) in Arrays(parameters, states, best)) _arrays.Add((name, values));
    }

    public static string Kind => "training-checkpoint";

    public static int Version => 1;

    public string Identity { get; }

    public TrainingState State { get; }

    public long Steps { get; private init; }

    public bool HasBest { get; private init; }

    public void Write(ModelWriter writer)
    {
        writer.Text("identity", Identity);
        writer.Integer("steps", Steps);
        writer.Integer("epoch", State.Epoch);
        writer.Integer("step", State.Step);
        writer.Integer("best-epoch", State.BestEpoch);
        writer.Flag("best", HasBest);
        double[] numbers = [State.LossSum, State.Best];
        writer.Tensor("numbers", numbers, allowNonFinite: true, numbers.Length);
        var results = State.Results.SelectMany(r => new[] { r.Loss, r.Validation ?? double.NaN }).ToArray();
        writer.Tensor("results", results, allowNonFinite: true, State.Results.Count, 2);
        writer.Texts("arrays", [.. _arrays.Select(a => a.Name)]);
        for (var i = 0; i < _arrays.Count; i++)
            writer.Tensor($"array.{i}", _arrays[i].Values, _arrays[i].Values.Length);
    }

    public static Checkpoint Read(ModelReader reader)
    {
        var numbers = reader.Tensor<double>("numbers", allowNonFinite: true, 2);
        var results = reader.Tensor<double>("results", allowNonFinite: true, -1, 2);
        var state = new TrainingState
        {
            Epoch = reader.Int32("epoch", 0),
            Step = reader.Int32("step", 0),
            BestEpoch = reader.Int32("best-epoch", 0),
            LossSum = numbers[0],
            Best = numbers[1],
        };
        for (var i = 0; i < results.Length; i += 2)
            state.Results.Add(new EpochResult(i / 2 + 1, results[i], double.IsNaN(results[i + 1]) ? null : results[i + 1]));
        var checkpoint = new Checkpoint(reader.Text("identity"), state)
        {
            Steps = reader.Integer("steps", 0),
            HasBest = reader.Flag("best"),
        };
        var names = reader.Texts("arrays");
        for (var i = 0; i < names.Length; i++) checkpoint._arrays.Add((names[i], reader.Tensor<float>($"array.{i}", -1)));
        return checkpoint;
    }

    /// <summary>Copies what was saved into a training.</summary>
    /// <exception cref="InvalidDataException">The arrays are not those of this network.</exception>
    public void Restore(ParameterSet parameters, OptimizerStates states, WeightsCopy? best)
    {
        states.Resume(Steps);
        var saved = _arrays.ToDictionary(a => a.Name, a => a.Values, StringComparer.Ordinal);
        foreach (var (name, values) in Arrays(parameters, states, best))
        {
            if (!saved.TryGetValue(name, out var from) || from.Length != values.Length)
                throw new InvalidDataException($"The checkpoint has no array '{name}' of {values.Length} numbers: it is of another network.");
            from.Span.CopyTo(values.Span);
        }
    }

    private static IEnumerable<(string Name, Memory<float> Values)> Arrays(ParameterSet parameters, OptimizerStates states, WeightsCopy? best)
    {
        foreach (var p in parameters.DenseList)
        {
            yield return ("weights." + p.Name, p.Memory);
            for (var i = 0; i < states.Of(p).Length; i++) yield return ($"state{i}." + p.Name, states.Of(p)[i].Memory);
            if (best is not null) yield return ("best." + p.Name, best.Dense[p.Index].Memory);
        }
        foreach (var t in parameters.TableList)
        {
            yield return ("weights." + t.Name, t.Memory);
            for (var i = 0; i < states.Of(t).Length; i++) yield return ($"state{i}." + t.Name, states.Of(t)[i].Memory);
            if (best is not null) yield return ("best." + t.Name, best.Tables[t.Index].Memory);
        }
    }
}
