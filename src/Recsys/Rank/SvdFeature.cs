// z(u, i, g) = μ + Σ_g x_g w_g + Σ_u x_u w_u + Σ_i x_i w_i + (Σ_u x_u p_u)·(Σ_i x_i q_i)                               (eq. 1)
// Pointwise: L = log(1 + exp(-ỹ z)) or ½ (z - y)²;   pairwise: L = log(1 + exp(-(z⁺ - z⁻))) for two examples of one group.
// p_u ← p_u - η (e x_u Σ_i x_i q_i + λ p_u),   q_i ← q_i - η (e x_i Σ_u x_u p_u + λ q_i),   w ← w - η (e x + λ_w w),   e = dL/dz
//
// Chen, Zhang, Lu, Chen, Zheng and Yu, "SVDFeature: a toolkit for feature-based collaborative filtering", JMLR 2012.
// A factorisation machine without the pairs inside a side.

using System.Runtime.CompilerServices;
using Recsys.Features;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Rank;

/// <summary>What an <see cref="SvdFeature"/> learns from.</summary>
public enum SvdFeatureTask
{
    /// <summary>Labels 0 and 1, by log loss; the score is a probability.</summary>
    Classification,

    /// <summary>Any labels, by half the squared error; the score is the predicted label.</summary>
    Regression,

    /// <summary>
    /// Pairs of a 1 and a 0 of one group, by the log loss of the difference (BPR); the score orders and has no unit. A group is a query,
    /// or, where the examples have none, a user; each epoch draws one 0 for every 1.
    /// </summary>
    Pairwise,
}

/// <summary>Options of <see cref="SvdFeature"/>.</summary>
public sealed record SvdFeatureOptions : FactorMachineOptions
{
    /// <summary>What is learned from. Default <see cref="SvdFeatureTask.Classification"/>.</summary>
    public SvdFeatureTask Task { get; init => field = Guard.Defined(value); }

    /// <summary>The inputs on the user's side of the product; null (the default): those of the user, and sequences of events.</summary>
    public IReadOnlyList<string>? UserFeatures { get; init; }

    /// <summary>The inputs on the item's side; null (the default): those of the item. The rest is global and has no factors.</summary>
    public IReadOnlyList<string>? ItemFeatures { get; init; }

    /// <summary>λ_w, the L2 penalty of the weights w, for each example that has the value. 0..1000, default 1e-5.</summary>
    public float WeightPenalty { get; init => field = Guard.InRange(0, 1000, value); } = 1e-5f;

    /// <summary>λ, the L2 penalty of the factors p and q, for each example that has the value. 0..1000, default 0.01.</summary>
    public float FactorPenalty { get; init => field = Guard.InRange(0, 1000, value); } = 0.01f;

    /// <summary>The standard deviation of the first factors. 0.000001..10, default 0.1.</summary>
    public float InitialScale { get; init => field = Guard.InRange(1e-6f, 10, value); } = 0.1f;
}

/// <summary>
/// Matrix factorisation by features: a user is the sum of the factors of the user's features, an item of the item's, and their product,
/// with a weight for every feature, is the score. A value that training did not see adds nothing. Immutable; safe for any number of threads.
/// </summary>
public sealed class SvdFeature : IRanker, IFeatureModel, IModel<SvdFeature>
{
    private readonly SparseInput _input;
    private readonly FactorTable _table;
    private readonly Sides _sides;

    private SvdFeature(SparseInput input, Sides sides, FactorTable table, SvdFeatureTask task, FactorOutcome outcome)
        => (_input, _sides, _table, Task, TrainingLoss, BestValidation, Epochs)
            = (input, sides, table, task, outcome.TrainingLoss, outcome.Validation, outcome.Epochs);

    /// <inheritdoc/>
    public FittedSchema? Schema => _input.Schema;

    /// <summary>How features became columns: first those of the user's side, then the item's, then the global ones.</summary>
    public SparseLayout Layout => _input.Layout;

    /// <summary>What was learned from.</summary>
    public SvdFeatureTask Task { get; }

    /// <summary>k, the number of factors.</summary>
    public int Factors => _table.Vectors.Columns;

    /// <summary>μ; 0 for pairs.</summary>
    public float Bias => _table.Bias;

    /// <summary>w, one for each column of the layout.</summary>
    public ReadOnlySpan<float> Weights => _table.Weights;

    /// <summary>The mean loss of the last epoch, each example scored before it was learned; without penalties.</summary>
    public double TrainingLoss { get; }

    /// <summary>The best value of the validation metric (or loss); null without validation.</summary>
    public double? BestValidation { get; }

    /// <summary>The epochs behind the parameters: with validation those up to the best.</summary>
    public int Epochs { get; }

    /// <summary>p or q of a column; empty for a global one. [Factors]</summary>
    /// <param name="column">A column of the layout.</param>
    public ReadOnlySpan<float> Vector(int column)
        => column >= _sides.ItemEnd && column < Layout.ColumnCount ? [] : _table.Vectors[column];

    /// <summary>Trains on encoded features. Time Epochs · values · k; memory 8 bytes for each value of the examples.</summary>
    /// <param name="features">The encoders and tables; the model keeps the schema and refuses batches of another.</param>
    /// <param name="examples">With labels; their weights weigh the losses, for a pair that of its 1.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="validation">Examples to judge each epoch by, or null. For pairs the loss is that of one pair for each 1.</param>
    /// <param name="warmStart">A model to go on from: same declarations, sides and factors; ids may have been added.</param>
    /// <param name="progress">One report per epoch, with the training loss.</param>
    /// <param name="cancel">Checked within each batch.</param>
    /// <exception cref="ArgumentException">
    /// A label other than 0 and 1 or only one class (classification, pairs), no pair, or a misfit.
    /// </exception>
    /// <exception cref="ArithmeticException">The training diverged.</exception>
    public static SvdFeature Train(
        FeatureSet features, Examples examples, SvdFeatureOptions? options = null, Examples? validation = null,
        SvdFeature? warmStart = null, IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(examples);
        options ??= new SvdFeatureOptions();
        var (input, sides) = Sides.Choose(features.Schema, options);
        if (warmStart is not null && (warmStart.Factors != options.Factors || warmStart.Task != options.Task
            || warmStart._sides.UserFields != sides.UserFields || warmStart._sides.ItemFields != sides.ItemFields))
            throw new ArgumentException($"The model to go on from has {warmStart.Factors} factors for {warmStart.Task} and " +
                $"{warmStart._sides.UserFields} + {warmStart._sides.ItemFields} fields on the two sides; the options ask for " +
                $"{options.Factors} for {options.Task} and {sides.UserFields} + {sides.ItemFields}.", nameof(warmStart));
        var pairwise = options.Task == SvdFeatureTask.Pairwise;
        var logistic = options.Task != SvdFeatureTask.Regression;
        var (labels, weights) = SparseInput.Targets(features, examples, logistic, bothClasses: pairwise || warmStart is null);
        var columns = warmStart is null ? null : input.ColumnsIn(warmStart._input);
        var x = input.Matrix(features, examples);

        var rng = new Rng(options.Seed);
        var rows = new FactorRows(
            x.ColumnCount, sides.ItemEnd, options.Factors, true, options.Step == FactorStep.AdaGrad, options.InitialAccumulator)
        { LearnsBias = !pairwise };
        FactorTraining.Start(rows, columns, warmStart?._table, (row, v)
            => rng.FillNormal((ulong)row * (ulong)options.Factors, v, 0, options.InitialScale));
        if (!pairwise) rows.Bias = warmStart?.Bias ?? FactorTraining.Prior(logistic, labels, weights);

        IFactorForward forward = pairwise
            ? new Pairs(x, weights, rows, sides, new PairDraws(examples, labels, rng.Stream(2), nameof(examples)))
            : new Points(x, labels, weights, rows, sides, logistic);
        var judged = pairwise && options.Metric is null && validation is not null
            ? new PairDraws(validation, validation.Label().ToArray(), rng.Stream(3), nameof(validation))
            : null;
        void Write(SparseMatrix part, float[] scores) => Scores(part, rows, sides, options.Threads, scores);
        var outcome = new FactorTraining(forward, rows, options, options.FactorPenalty, options.WeightPenalty).Run(
            "svdfeature",
            judged is null
                ? FactorTraining.Validation(validation, features, input, logistic, options, Write)
                : judged.MeanLoss(input.Matrix(features, validation!), Write),
            progress, cancel);
        return new SvdFeature(input, sides, FactorTraining.Finish(rows, x, columns), options.Task, outcome);
    }

    /// <summary>Scores of a batch. Time values · k; allocates nothing after warm-up.</summary>
    /// <inheritdoc/>
    public void Score(ExampleBatch batch, Span<float> scores)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentOutOfRangeException.ThrowIfLessThan(scores.Length, batch.Count, nameof(scores));
        var rows = _input.Rent(batch);
        var stride = _table.Vectors.Stride;
        Span<float> sums = stackalloc float[2 * stride];
        for (var i = 0; i < batch.Count; i++)
            scores[i] = _table.Bias + Logit(rows.Row(i), _table.Vectors, _table.Weights, 1, _sides, sums[..stride], sums[stride..]);
        _input.Return(rows);
        if (Task == SvdFeatureTask.Classification) Elementwise.Sigmoid(scores[..batch.Count], scores[..batch.Count]);
    }

    private static void Scores(SparseMatrix x, FactorRows rows, Sides sides, int threads, float[] scores)
        => Shards.Run(BlockGradients.Shards, threads, shard =>
        {
            var (start, end) = Shards.Range(x.RowCount, BlockGradients.Shards, shard);
            var stride = rows.Vectors.Stride;
            Span<float> sums = stackalloc float[2 * stride];
            for (var i = start; i < end; i++)
                scores[i] = rows.Bias + Logit(x.Row(i), rows.Vectors, rows.Weights, 2, sides, sums[..stride], sums[stride..]);
        });

    // z without the bias; P = Σ x p and Q = Σ x q are left in the spans.
    private static float Logit(SparseRow row, AlignedRows vectors, float[] weights, int step, Sides sides, Span<float> p, Span<float> q)
    {
        var (user, item) = sides.Cut(row.Columns);
        FactorKernel.Sum(vectors, row.Columns[..user], row.Values[..user], p);
        FactorKernel.Sum(vectors, row.Columns[user..item], row.Values[user..item], q);
        return FactorKernel.Linear(weights, step, row.Columns, row.Values) + Dot.Product(p, q);
    }

    // The gradients of one example whose P and Q are the vectors p and p + 1. User features are met by both examples of a pair.
    private static void Add(
        SparseRow row, float error, float mass, float userMass, Sides sides, int p, int shard, BlockGradients gradients)
    {
        var (user, item) = sides.Cut(row.Columns);
        for (var k = 0; k < row.Columns.Length; k++)
        {
            var g = error * row.Values[k];
            gradients.Add(shard, row.Columns[k], k < user ? p + 1 : k < item ? p : -1, g, 0, g, k < user ? userMass : mass);
        }
    }

    /// <inheritdoc/>
    public static string Kind => "svdfeature";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <inheritdoc/>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        _input.Write(writer);
        writer.Integer("user-fields", _sides.UserFields);
        writer.Integer("item-fields", _sides.ItemFields);
        writer.Choice("task", Task);
        writer.Integer("factors", Factors);
        FactorTraining.Write(writer, new FactorOutcome(TrainingLoss, BestValidation, Epochs));
        writer.Real("bias", Bias);
        writer.Tensor("weights", _table.Weights, _table.Weights.Length);
        writer.Tensor("vectors", _table.Packed(), _table.Vectors.Rows, Factors);
    }

    /// <inheritdoc/>
    public static SvdFeature Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var input = SparseInput.Read(reader);
        var fields = input.Layout.Fields.Count;
        var user = reader.Int32("user-fields", 0, fields);
        var sides = new Sides(input.Layout, user, reader.Int32("item-fields", 0, fields - user));
        var factors = reader.Int32("factors", 1, 1024);
        var table = new FactorTable(reader.Single("bias"), reader.Tensor<float>("weights", input.Layout.ColumnCount),
            FactorTable.Unpack(reader.Tensor<float>("vectors", sides.ItemEnd, factors), sides.ItemEnd, factors));
        return new SvdFeature(input, sides, table, reader.Choice<SvdFeatureTask>("task"), FactorTraining.Read(reader));
    }

    /// <summary>Which columns stand on which side of the product: the first are the user's, then the item's.</summary>
    private sealed class Sides(SparseLayout layout, int userFields, int itemFields)
    {
        public int UserFields => userFields;

        public int ItemFields => itemFields;

        public int UserEnd { get; } = layout.FirstColumn(userFields);

        public int ItemEnd { get; } = layout.FirstColumn(userFields + itemFields);

        public static (SparseInput, Sides) Choose(FittedSchema schema, SvdFeatureOptions options)
        {
            var all = options.Features is { } named ? named.Select(name => schema[name]).ToList() : [.. schema.Inputs];
            var user = Named(options.UserFeatures, options.ItemFeatures, f => f.Side == Side.User || f.Kind == FeatureKind.Sequence);
            var item = Named(options.ItemFeatures, options.UserFeatures, f => f.Side == Side.Item);
            string[] order = [.. user, .. item, .. all.Select(f => f.Name).Except(user).Except(item)];
            var input = new SparseInput(schema, order, options.ListWeight);
            return (input, new Sides(input.Layout, user.Count, item.Count));

            IReadOnlyList<string> Named(IReadOnlyList<string>? given, IReadOnlyList<string>? others, Predicate<FittedFeature> side)
                => given ?? [.. all.Where(f => side(f)).Select(f => f.Name).Except(others ?? [])];
        }

        /// <summary>Where the item's cells begin, and where they end.</summary>
        public (int User, int Item) Cut(ReadOnlySpan<int> columns)
        {
            var user = 0;
            while (user < columns.Length && columns[user] < UserEnd) user++;
            var item = user;
            while (item < columns.Length && columns[item] < ItemEnd) item++;
            return (user, item);
        }
    }

    private sealed class Points(SparseMatrix x, float[] labels, float[] weights, FactorRows rows, Sides sides, bool logistic)
        : IFactorForward
    {
        private readonly float[][] _errors = new float[BlockGradients.Shards][];

        public int Count => x.RowCount;

        public double Work => (double)x.Count / x.RowCount * rows.Vectors.Stride;

        public void BeginEpoch(int epoch)
        {
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public BatchSums Gradients(int shard, ReadOnlySpan<int> order, int count, BlockGradients gradients)
        {
            var places = order[..count];
            gradients.Begin(shard, 2 * places.Length);
            var errors = FactorTraining.Scratch(_errors, shard, places.Length);
            for (var i = 0; i < places.Length; i++)
            {
                FactorKernel.FetchAhead(x, order, i, rows.Vectors);
                errors[i] = rows.Bias + Logit(x.Row(places[i]), rows.Vectors, rows.Weights, 2, sides,
                    gradients.Vector(shard, 2 * i), gradients.Vector(shard, 2 * i + 1));
            }
            var sums = FactorTraining.Errors(logistic, errors, places, labels, weights);
            for (var i = 0; i < places.Length; i++)
            {
                var mass = weights.Length == 0 ? 1 : weights[places[i]];
                Add(x.Row(places[i]), errors[i], mass, mass, sides, 2 * i, shard, gradients);
            }
            return sums;
        }
    }

    private sealed class Pairs(SparseMatrix x, float[] weights, FactorRows rows, Sides sides, PairDraws draws) : IFactorForward
    {
        private readonly float[][] _errors = new float[BlockGradients.Shards][];
        private readonly float[] _weights = weights.Length == 0 ? [] : Array.ConvertAll(draws.Positives, p => weights[p]);

        public int Count => draws.Positives.Length;

        public double Work => 2.0 * x.Count / x.RowCount * rows.Vectors.Stride;

        public void BeginEpoch(int epoch) => draws.Draw(epoch);

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public BatchSums Gradients(int shard, ReadOnlySpan<int> order, int count, BlockGradients gradients)
        {
            var places = order[..count];
            gradients.Begin(shard, 4 * places.Length);
            var errors = FactorTraining.Scratch(_errors, shard, places.Length);
            for (var i = 0; i < places.Length; i++)
            {
                errors[i] = 0;
                for (var second = 0; second < 2; second++)
                {
                    var z = Logit(x.Row(draws.Of(places[i], second)), rows.Vectors, rows.Weights, 2, sides,
                        gradients.Vector(shard, 4 * i + 2 * second), gradients.Vector(shard, 4 * i + 2 * second + 1));
                    errors[i] += second == 0 ? z : -z;
                }
            }
            var sums = FactorTraining.Errors(true, errors, places, [], _weights);
            for (var i = 0; i < places.Length; i++)
            {
                var mass = _weights.Length == 0 ? 1 : _weights[places[i]];
                Add(x.Row(draws.Of(places[i], 0)), errors[i], mass, mass / 2, sides, 4 * i, shard, gradients);
                Add(x.Row(draws.Of(places[i], 1)), -errors[i], mass, mass / 2, sides, 4 * i + 2, shard, gradients);
            }
            return sums;
        }
    }
}
