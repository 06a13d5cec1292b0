using Recsys.Features;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Nn;

/// <summary>
/// What all rankers on the tape share: training, scoring, saving. A model adds its parameters and its logit. Immutable once
/// trained, safe for any number of threads.
/// </summary>
/// <typeparam name="TSelf">The model.</typeparam>
/// <typeparam name="TOptions">Its options.</typeparam>
public abstract class NeuralRanker<TSelf, TOptions> : IRanker, IFeatureModel, IItemKeeper
    where TSelf : NeuralRanker<TSelf, TOptions>, INetwork<TSelf, TOptions>
    where TOptions : class, INetworkOptions<TOptions>, new()
{
    private const int LeastRows = 64;   // of a part that pays for waking a thread
    private const int MostRows = 512;   // of a part whose activations stay in the second-level cache
    private readonly ScratchPool<Tape> _tapes = new(() => new Tape());
    private readonly ScratchPool<ExampleBatch> _windows = new(() => new ExampleBatch());
    private KeptItems? _items;

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

    /// <summary>What each epoch of its training came to; empty for a model from a file.</summary>
    public IReadOnlyList<EpochResult> History { get; private set; } = [];

    /// <summary>The weights.</summary>
    public ParameterSet Parameters { get; }

    /// <summary>z, whose σ is the probability of a click, or the value itself: see <see cref="NetworkOutput"/>. [B]</summary>
    protected abstract Tensor Logit(Tape tape, ExampleBatch batch);

    /// <summary>Trains on encoded features.</summary>
    /// <param name="features">The encoders and tables; the model keeps the schema and refuses batches of another.</param>
    /// <param name="examples">With labels 0 or 1, or any numbers for <see cref="NetworkOutput.Value"/>; their weights weigh the
    /// losses.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="validation">Examples to judge by after each epoch: the weights of the best are kept. Null for none. Of values the
    /// default
    /// metric is the squared error.</param>
    /// <param name="warmStart">A model of the same options and schema whose weights it begins with, or null. Optimizers begin anew. Codes
    /// of
    /// new ids must have a place in the schema already, as those of a hash have.</param>
    /// <param name="progress">One report for each epoch, with the mean loss.</param>
    /// <param name="cancel">Checked for each step.</param>
    /// <exception cref="ArgumentException">No examples, a label that the output does not allow, or a warm start of another
    /// shape.</exception>
    /// <exception cref="SchemaMismatchException">Examples or the warm start have another schema.</exception>
    /// <exception cref="NonFiniteException">The training diverged; the message names the op or the parameter.</exception>
    /// <exception cref="InvalidDataException">The checkpoint is of another training, or damaged.</exception>
    public static TSelf Train(FeatureSet features, Examples examples, TOptions? options = null, Examples? validation = null,
        TSelf? warmStart = null, IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(features);
        options ??= new TOptions();
        Check(features, examples, options.Output, nameof(examples));
        if (validation is not null) Check(features, validation, options.Output, nameof(validation));
        if (warmStart is not null) features.Schema.EnsureCompatible(warmStart.Schema);
        var scope = warmStart is null ? ParameterScope.Initialise(options.Training.Seed) : ParameterScope.CopyOf(warmStart.Parameters);
        var model = TSelf.Create(scope, features.Schema, options);
        Func<double>? validate = validation is null ? null : () => model.Validate(features, validation);
        var identity = $"schema {features.Schema.Fingerprint:x}, data {Fingerprint(examples):x}, {model.Parameters.Count} weights"
            + (warmStart is null ? "" : ", warm start");
        model.History = TrainerOf(model, features, examples).Run(TSelf.Kind, identity, validate, progress, cancel);
        return model;
    }

    /// <summary>The same model with its tables in fewer bits, for serving.</summary>
    /// <param name="precision">Of the tables; other weights stay as they are.</param>
    /// <exception cref="ArgumentException">They are packed already, or hold what does not fit.</exception>
    public TSelf Freeze(TablePrecision precision)
        => TSelf.Create(ParameterScope.CopyOf(Parameters, precision), Schema, Options);

    /// <summary>
    /// The same model for requests over a catalogue: what its sums over features and its first hidden layer make of each item is computed
    /// now and kept, so that a request computes it for its user and context alone. Scores are the same up to rounding. It takes
    /// (first hidden layer + 2 d + 1) floats an item; models whose first layer does not read the fields side by side gain little. A file
    /// does not hold it: freeze again after loading, save in a <see cref="Recommender"/>, which does so itself.
    /// </summary>
    /// <param name="features">Whose items; requests must be assembled by this set, others are computed whole.</param>
    /// <param name="precision">Of the tables; other weights stay as they are.</param>
    /// <param name="cancel">Checked for each thousand items.</param>
    /// <exception cref="SchemaMismatchException">The features are of another schema.</exception>
    /// <exception cref="ArgumentException">The tables are packed already in another precision, or hold what does not fit; or there are too
    /// many items.</exception>
    public TSelf Freeze(FeatureSet features, TablePrecision precision = TablePrecision.Single, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(features);
        Schema.EnsureCompatible(features.Schema);
        var frozen = Freeze(precision);
        ((IItemKeeper)frozen).KeepItems(features, cancel);
        return frozen;
    }

    bool IItemKeeper.KeepsItems => _items is not null;

    void IItemKeeper.KeepItems(FeatureSet features, CancellationToken cancel)
        => _items = KeptItems.Of(features, (tape, batch) => Logit(tape, batch), cancel);

    internal Tensor LogitOf(Tape tape, ExampleBatch batch) => Logit(tape, batch);

    internal static Trainer TrainerOf(TSelf model, FeatureSet features, Examples examples)
        => new(model.Parameters, examples.Count, model.Options.Training,
            capacity => new Shard(model, features, examples, features.CreateBatch(capacity)));

    private static ulong Fingerprint(Examples examples)
    {
        var hash = 0UL;
        var labels = examples.Label();
        for (var i = 0; i < labels.Length; i++)
        {
            var pair = ((ulong)(uint)examples.Users[i] << 32) + (uint)examples.Items[i];
            hash = StableHash.Combine(StableHash.Combine(hash, pair), BitConverter.SingleToUInt32Bits(labels[i]));
        }
        return hash;
    }

    private double Validate(FeatureSet features, Examples validation)
    {
        const int Block = 1024;
        var scores = new float[validation.Count];
        var batches = new ScratchPool<ExampleBatch>(() => features.CreateBatch(Block));
        Shards.Run((validation.Count + Block - 1) / Block, Options.Training.Threads, block =>
        {
            var batch = batches.Rent();
            var count = Math.Min(Block, validation.Count - block * Block);
            features.Assemble(validation, block * Block, count, batch);
            Score(batch, scores.AsSpan(block * Block, count));
            batches.Return(batch);
        });
        var metric = Options.Training.Metric;
        if (Options.Output == NetworkOutput.Value && metric == ValidationMetric.LogLoss) metric = ValidationMetric.SquaredError;
        return metric.Measure(scores, validation.Label(), validation.Weights);
    }

    /// <summary>Probabilities of a click, each in [0, 1], or values. Allocates nothing after warm-up.</summary>
    public void Score(ExampleBatch batch, Span<float> scores) => Score(batch, scores, threads: 1);

    /// <summary>
    /// The same scores, bit for bit, by several threads: for one large request of a server with cores to spare. Each row's logit must depend
    /// on that row alone, as those of all models here do. A batch with several values or sequences in a feature goes as a whole.
    /// </summary>
    /// <inheritdoc cref="Score(ExampleBatch, Span{float})"/>
    /// <param name="batch">The examples.</param>
    /// <param name="scores">At least as long.</param>
    /// <param name="threads">Most threads to use, at least 1.</param>
    public void Score(ExampleBatch batch, Span<float> scores, int threads)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(scores.Length, batch.Count, nameof(scores));
        if (batch.Count == 0) return;
        var parts = Math.Max(Math.Min(threads, batch.Count / LeastRows), (batch.Count + MostRows - 1) / MostRows);
        if (parts < 2 || !batch.IsFlat) ScorePart(batch, scores);
        else Shards.Run(parts, threads, new ScoreBody { Model = this, Batch = batch, Scores = scores, Parts = parts });
    }

    private void ScorePart(ExampleBatch batch, Span<float> scores)
    {
        var tape = _tapes.Rent();
        tape.Items = _items;
        try
        {
            var z = Logit(tape, batch).Values;
            if (Options.Output == NetworkOutput.Click) Elementwise.Sigmoid(z, scores[..batch.Count]);
            else z.CopyTo(scores);
        }
        finally
        {
            tape.Reset();
            _tapes.Return(tape);
        }
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
        try
        {
            return TSelf.Create(ParameterScope.Load(reader.Scope("network")), schema, options);
        }
        catch (ArgumentException error)
        {
            // Options that no network can have, or not over these features.
            throw reader.Invalid(error.Message);
        }
    }

    private static void Check(FeatureSet features, Examples examples, NetworkOutput output, string name)
    {
        ArgumentNullException.ThrowIfNull(examples, name);
        features.Schema.EnsureCompatible(examples.Schema);
        if (examples.Count == 0) throw new ArgumentException("There are no examples.", name);
        var labels = examples.Label();
        for (var i = 0; i < labels.Length; i++)
            if (output == NetworkOutput.Click ? labels[i] is not (0f or 1f) : !float.IsFinite(labels[i]))
                throw new ArgumentException($"The label of example {i} is {labels[i]}; it must be "
                    + (output == NetworkOutput.Click ? "0 or 1, or the output of the network a value." : "finite."), name);
    }

    private ref struct ScoreBody : IShardBody
    {
        public NeuralRanker<TSelf, TOptions> Model;
        public ExampleBatch Batch;
        public Span<float> Scores;
        public int Parts;

        public readonly void Run(int shard)
        {
            var (start, end) = Shards.Range(Batch.Count, Parts, shard);
            var window = Model._windows.Rent();
            window.Show(Batch, start, end - start);
            Model.ScorePart(window, Scores[start..end]);
            Model._windows.Return(window);
        }
    }

    private sealed class Shard(NeuralRanker<TSelf, TOptions> model, FeatureSet features, Examples examples, ExampleBatch batch)
        : TrainingShard
    {
        public override void Assemble(ReadOnlySpan<int> places) => features.Assemble(examples, places, batch);

        public override Tensor Loss(Tape tape)
        {
            var z = model.Logit(tape, batch);
            return model.Options.Output == NetworkOutput.Click
                ? z.LogLoss(batch.Label(), batch.Weights)
                : z.SquaredError(batch.Label(), batch.Weights);
        }
    }
}
