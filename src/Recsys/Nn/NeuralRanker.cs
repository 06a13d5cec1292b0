using Recsys.Features;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Nn;

/// <summary>
/// What all click models on the tape share: training by log loss, scoring, saving. A model adds its parameters and its logit. Immutable once
/// trained, safe for any number of threads.
/// </summary>
/// <typeparam name="TSelf">The model.</typeparam>
/// <typeparam name="TOptions">Its options.</typeparam>
public abstract class NeuralRanker<TSelf, TOptions> : IRanker, IFeatureModel
    where TSelf : NeuralRanker<TSelf, TOptions>, INetwork<TSelf, TOptions>
    where TOptions : class, INetworkOptions<TOptions>, new()
{
    private readonly ScratchPool<Tape> _tapes = new(() => new Tape());

    /// <summary>Keeps what all of them need.</summary>
    protected NeuralRanker(ParameterScope scope, FittedSchema schema, TOptions options)
    {
        ArgumentNullException.ThrowIfNull(scope);
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(options);
        (Parameters, Schema, Options) = (scope.Parameters, schema, options);
    }

    /// <inheritdoc/>
    public FittedSchema Schema { get; }

    /// <summary>The options that it was made with; of a loaded model, those that shape the network.</summary>
    public TOptions Options { get; }

    /// <summary>The weights.</summary>
    public ParameterSet Parameters { get; }

    /// <summary>z, whose σ is the probability of a click. [B]</summary>
    protected abstract Tensor Logit(Tape tape, ExampleBatch batch);

    /// <summary>Trains on encoded features.</summary>
    /// <param name="features">The encoders and tables; the model keeps the schema and refuses batches of another.</param>
    /// <param name="examples">With labels 0 or 1; their weights weigh the losses.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">One report for each epoch, with the mean loss.</param>
    /// <param name="cancel">Checked for each step.</param>
    /// <exception cref="ArgumentException">No examples, or a label that is not 0 or 1.</exception>
    /// <exception cref="NonFiniteException">The training diverged.</exception>
    public static TSelf Train(FeatureSet features, Examples examples, TOptions? options = null,
        IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(examples);
        features.Schema.EnsureCompatible(examples.Schema);
        if (examples.Count == 0) throw new ArgumentException("There are no examples.", nameof(examples));
        CheckLabels(examples);
        options ??= new TOptions();
        var model = TSelf.Create(ParameterScope.Initialise(options.Training.Seed), features.Schema, options);
        TrainerOf(model, features, examples).Run(TSelf.Kind, progress, cancel);
        return model;
    }

    internal static Trainer TrainerOf(TSelf model, FeatureSet features, Examples examples)
        => new(model.Parameters, examples.Count, model.Options.Training,
            capacity => new Shard(model, features, examples, features.CreateBatch(capacity)));

    /// <summary>Probabilities of a click, each in [0, 1]. Allocates nothing after warm-up.</summary>
    public void Score(ExampleBatch batch, Span<float> scores)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentOutOfRangeException.ThrowIfLessThan(scores.Length, batch.Count, nameof(scores));
        if (batch.Count == 0) return;
        var tape = _tapes.Rent();
        Elementwise.Sigmoid(Logit(tape, batch).Values, scores[..batch.Count]);
        tape.Reset();
        _tapes.Return(tape);
    }

    /// <summary>Writes schema, shape and weights.</summary>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Model("features", Schema);
        Options.Write(writer.Scope("options"));
        Parameters.Write(writer.Scope("network"));
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    public static TSelf Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var schema = reader.Model<FittedSchema>("features");
        var options = TOptions.Read(reader.Scope("options"));
        return TSelf.Create(ParameterScope.Load(reader.Scope("network")), schema, options);
    }

    private static void CheckLabels(Examples examples)
    {
        var labels = examples.Label();
        for (var i = 0; i < labels.Length; i++)
            if (labels[i] is not (0f or 1f))
                throw new ArgumentException($"The label of example {i} is {labels[i]}; it must be 0 or 1.", nameof(examples));
    }

    private sealed class Shard(NeuralRanker<TSelf, TOptions> model, FeatureSet features, Examples examples, ExampleBatch batch) : TrainingShard
    {
        public override void Assemble(ReadOnlySpan<int> places) => features.Assemble(examples, places, batch);

        public override Tensor Loss(Tape tape) => model.Logit(tape, batch).LogLoss(batch.Label(), batch.Weights);
    }
}
