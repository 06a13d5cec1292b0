using Recsys.Features;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Rank;

/// <summary>How a <see cref="FactorMachine{TSelf, TOptions}"/> is made.</summary>
/// <typeparam name="TSelf">The model.</typeparam>
/// <typeparam name="TOptions">Its options.</typeparam>
public interface IFactorMachine<TSelf, TOptions> : IModel<TSelf>
    where TSelf : FactorMachine<TSelf, TOptions>, IFactorMachine<TSelf, TOptions>
    where TOptions : FactorMachineOptions, new()
{
    /// <summary>Makes the model, without parameters yet.</summary>
    internal static abstract TSelf Create(SparseInput input, TOptions options);

    /// <summary>Options with what depends on the schema filled in.</summary>
    internal static virtual TOptions Resolve(FittedSchema schema, TOptions options) => options;

    /// <summary>Reads what <see cref="FactorMachine{TSelf, TOptions}.WriteOptions"/> wrote.</summary>
    internal static abstract TOptions ReadOptions(ModelReader reader, SparseLayout layout);
}

/// <summary>
/// What all factorisation machines share: training, scoring, saving. A model adds its score, the gradients of that and the first factors.
/// Immutable once trained, safe for any number of threads.
/// </summary>
/// <typeparam name="TSelf">The model.</typeparam>
/// <typeparam name="TOptions">Its options.</typeparam>
public abstract class FactorMachine<TSelf, TOptions> : IRanker, IFeatureModel
    where TSelf : FactorMachine<TSelf, TOptions>, IFactorMachine<TSelf, TOptions>
    where TOptions : FactorMachineOptions, new()
{
    private readonly SparseInput _input;
    private readonly int _vectorRows;
    private readonly int? _parts;
    private FactorOutcome _outcome;

    /// <param name="input">What it sees.</param>
    /// <param name="options">Those that shape it are enough.</param>
    /// <param name="vectorRows">How many columns, from the first on, have factors; null: all.</param>
    /// <param name="parts">How many vectors of <see cref="Factors"/> each has, padded one by one; null: one, not padded.</param>
    private protected FactorMachine(SparseInput input, TOptions options, int? vectorRows = null, int? parts = null)
        => (_input, Options, _vectorRows, _parts) = (input, options, vectorRows ?? input.Layout.ColumnCount, parts);

    /// <inheritdoc/>
    public FittedSchema? Schema => _input.Schema;

    /// <summary>
    /// How features became columns, for the names of columns. Of an <see cref="Ffm"/> a feature is a field; of an
    /// <see cref="SvdFeature"/> those of the user's side come first, then the item's, then the global ones.
    /// </summary>
    public SparseLayout Layout => _input.Layout;

    /// <summary>k, the number of factors.</summary>
    public int Factors => Options.Factors;

    /// <summary>The constant: w₀, b or μ. 0 for an <see cref="Ffm"/> without linear terms, and for pairs.</summary>
    public float Bias => Table.Bias;

    /// <summary>w, one for each column of the layout; empty for an <see cref="Ffm"/> without linear terms.</summary>
    public ReadOnlySpan<float> Weights => Table.Weights;

    /// <summary>The mean loss of the last epoch, each example scored before it was learned; without penalties.</summary>
    public double TrainingLoss => _outcome.TrainingLoss;

    /// <summary>The best value of the validation metric (or loss); null without validation.</summary>
    public double? BestValidation => _outcome.Validation;

    /// <summary>The epochs behind the parameters: with validation those up to the best.</summary>
    public int Epochs => _outcome.Epochs;

    private protected FactorTable Table { get; private set; }

    /// <summary>Of a loaded model, those that shape it.</summary>
    internal TOptions Options { get; }

    /// <summary>Floats from one vector of a column to its next.</summary>
    private protected int Width => _parts is null ? Factors : FieldAwareKernel.Padded(Factors);

    /// <summary>Whether there are a bias and weights.</summary>
    internal virtual bool Linear => true;

    internal abstract FactorLoss Loss { get; }

    /// <summary>λ of vectors and of weights, for each example that has the value.</summary>
    internal abstract (float Vectors, float Weights) Penalties { get; }

    /// <summary>Vectors that <see cref="Logit"/> leaves for <see cref="AddGradients"/>; 0: none, and room for one for each value.</summary>
    internal abstract int Sums { get; }

    /// <summary>z of an example, without a link; vectors that its gradients need again are left in the sums. [Sums · stride]</summary>
    internal abstract float Logit(SparseRow row, in FactorTable table, Span<float> sums);

    /// <summary>Adds the gradients of an example of mass c and error c dL/dz, whose vectors in the shard begin with the first.</summary>
    internal abstract void AddGradients(
        SparseRow row, float error, float mass, in FactorTable table, BlockGradients gradients, int shard, int first);

    /// <summary>Draws the first factors of a column.</summary>
    internal abstract void Draw(Rng rng, int column, Span<float> vectors);

    /// <summary>Why a model to go on from doesn't fit: the end of the sentence; null if it does.</summary>
    internal abstract string? Misfit(TSelf old);

    /// <summary>Writes the options that shape it.</summary>
    internal abstract void WriteOptions(ModelWriter writer);

    /// <summary>
    /// Trains on encoded features. Time Epochs · values · k, of an <see cref="Ffm"/> Epochs · examples · values² · k; memory 8 bytes for
    /// each value of the examples and for each parameter.
    /// </summary>
    /// <param name="features">The encoders and tables; the model keeps the schema and refuses batches of another.</param>
    /// <param name="examples">With labels; their weights weigh the losses, for a pair that of its 1.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="validation">Examples to judge each epoch by, or null. For pairs the loss is that of one pair for each 1.</param>
    /// <param name="warmStart">A model to go on from: same declarations, sides and factors; ids may have been added.</param>
    /// <param name="progress">One report per epoch, with the training loss.</param>
    /// <param name="cancel">Checked within each batch.</param>
    /// <exception cref="ArgumentException">
    /// A label other than 0 and 1 or only one class (unless labels are any numbers), no pair, or a misfit.
    /// </exception>
    /// <exception cref="ArithmeticException">The training diverged.</exception>
    public static TSelf Train(
        FeatureSet features, Examples examples, TOptions? options = null, Examples? validation = null, TSelf? warmStart = null,
        IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(examples);
        options = TSelf.Resolve(features.Schema, options ?? new TOptions());
        var input = new SparseInput(features.Schema, options.Features, options.ListWeight);
        var model = TSelf.Create(input, options);
        if (warmStart is not null && model.Misfit(warmStart) is { } misfit)
            throw new ArgumentException($"The model to go on from {misfit}", nameof(warmStart));
        var (logistic, inPairs) = (model.Loss != FactorLoss.Squared, model.Loss == FactorLoss.Pairs);
        var (labels, weights) = SparseInput.Targets(features, examples, logistic, bothClasses: inPairs || warmStart is null);
        var columns = warmStart is null ? null : input.ColumnsIn(warmStart._input);
        var x = input.Matrix(features, examples);

        var rng = new Rng(options.Seed);
        var rows = new FactorRows(x.ColumnCount, model._vectorRows, model.Parts * model.Width, model.Linear,
            options.Step == FactorStep.AdaGrad, options.InitialAccumulator)
        { LearnsBias = model.Linear && !inPairs };
        rows.Start(columns, warmStart?.Table ?? default, (column, v) => model.Draw(rng, column, v));
        if (rows.LearnsBias) rows.Bias = warmStart?.Bias ?? FactorLosses.Prior(logistic, labels, weights);

        var pairs = inPairs ? new PairDraws(examples, labels, rng.Stream(2), nameof(examples)) : null;
        var training = new FactorTraining<TSelf, TOptions>(model, rows, x, labels, weights, pairs);
        var validate = validation is null ? null : model.Judge(rows, features, validation, cancel);
        model._outcome = training.Run(validate, progress, cancel);
        model.Table = rows.Finish(x, columns);
        return model;
    }

    /// <summary>
    /// Scores of a batch: probabilities, or labels, or for pairs numbers without a unit. Time values · k, of an <see cref="Ffm"/>
    /// values² · k; allocates nothing after warm-up.
    /// </summary>
    /// <inheritdoc/>
    public void Score(ExampleBatch batch, Span<float> scores)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentOutOfRangeException.ThrowIfLessThan(scores.Length, batch.Count, nameof(scores));
        var (rows, table) = (_input.Rent(batch), Table);
        Span<float> sums = stackalloc float[Sums * table.Vectors.Stride];
        for (var i = 0; i < batch.Count; i++) scores[i] = Logit(rows.Row(i), table, sums);
        _input.Return(rows);
        if (Loss == FactorLoss.Log) Elementwise.Sigmoid(scores[..batch.Count], scores[..batch.Count]);
    }

    /// <summary>Writes schema, shape and parameters.</summary>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        _input.Write(writer);
        WriteOptions(writer);
        _outcome.Write(writer);
        if (Linear)
        {
            writer.Real("bias", Bias);
            writer.Tensor("weights", Table.Weights, Table.Weights.Length);
        }
        var packed = new float[checked(_vectorRows * Parts * Factors)];
        for (var i = 0; i < packed.Length; i += Factors) VectorAt(Table, i / Factors).CopyTo(packed.AsSpan(i));
        writer.Tensor("vectors", packed, Shape());
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    public static TSelf Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var input = SparseInput.Read(reader);
        // Before a model allocates by the column.
        if (input.Layout.ColumnCount > reader.FileLength)
            throw reader.Invalid($"{reader.FileLength} bytes are too few for parameters of {input.Layout.ColumnCount} columns.");
        var model = TSelf.Create(input, TSelf.ReadOptions(reader, input.Layout));
        var bias = model.Linear ? reader.Single("bias") : 0;
        var weights = model.Linear ? reader.Tensor<float>("weights", input.Layout.ColumnCount) : [];
        var packed = reader.Tensor<float>("vectors", model.Shape());
        model.Table = new FactorTable(bias, weights, new AlignedRows(model._vectorRows, model.Parts * model.Width));
        for (var i = 0; i < packed.Length; i += model.Factors)
            packed.AsSpan(i, model.Factors).CopyTo(model.VectorAt(model.Table, i / model.Factors));
        model._outcome = FactorOutcome.Read(reader);
        return model;
    }

    private int Parts => _parts ?? 1;

    private long[] Shape() => _parts is { } parts ? [_vectorRows, parts, Factors] : [_vectorRows, Factors];

    private Span<float> VectorAt(in FactorTable table, int vector)
        => table.Vectors[vector / Parts].Slice(vector % Parts * Width, Factors);

    // The validation metric as a function of the parameters as they are.
    private Func<double> Judge(FactorRows rows, FeatureSet features, Examples validation, CancellationToken cancel)
    {
        void Scores(SparseMatrix x, float[] scores) => Shards.Run(BlockGradients.Shards, Options.Threads, shard =>
        {
            var (start, end) = Shards.Range(x.RowCount, BlockGradients.Shards, shard);
            var table = rows.Table;
            Span<float> sums = stackalloc float[Sums * table.Vectors.Stride];
            for (var i = start; i < end; i++) scores[i] = Logit(x.Row(i), table, sums);
        }, cancel);

        if (Loss == FactorLoss.Pairs && Options.Metric is null)
            return new PairDraws(validation, validation.Label().ToArray(), new Rng(Options.Seed).Stream(3), nameof(validation))
                .MeanLoss(_input.Matrix(features, validation), Scores);
        var logistic = Loss != FactorLoss.Squared;
        var (labels, weights) = SparseInput.Targets(features, validation, logistic, bothClasses: false);
        var x = _input.Matrix(features, validation);
        var scores = new float[x.RowCount];
        return () =>
        {
            Scores(x, scores);
            if (Options.Metric is not { } metric) return FactorLosses.MeanLoss(logistic, scores, labels, weights);
            if (logistic) Elementwise.Sigmoid(scores, scores);
            return metric.Measure(scores, labels, weights);
        };
    }
}
