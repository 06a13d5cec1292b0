using System.Numerics.Tensors;
using Recsys.Data;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Recall;

public sealed partial class Lfm
{
    /// <inheritdoc/>
    public static string Kind => "lfm";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <summary>Trains factors. Time Epochs · |D| · F; memory 12 bytes for each example of an epoch and 4 for each factor.</summary>
    /// <param name="data">Ratings, or what users did.</param>
    /// <param name="options">The options; the defaults if null.</param>
    /// <param name="progress">Told after each epoch, with the mean squared error over the epoch.</param>
    /// <param name="cancel">Stops the training.</param>
    /// <exception cref="ArgumentException">The model to go on from does not fit.</exception>
    /// <exception cref="ArithmeticException">The training diverged; the message names the options to change.</exception>
    public static Lfm Train(
        Interactions data, LfmOptions? options = null, IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        options ??= new LfmOptions();
        var ratings = options.Feedback == LfmFeedback.Explicit;
        var users = InteractionRows.OfUsers(data, ratings ? RepeatedItems.Last : RepeatedItems.One);
        var rng = new Rng(options.Seed);
        var state = Start(users, options, rng.Stream(0));
        var sampler = ratings ? null : options.NegativePower == 0
            ? NegativeSampler.Uniform(data)
            : NegativeSampler.ByPopularity(data, options.NegativePower);
        var examples = new LfmExamples(users, sampler, options.NegativeRatio, options.Shards, rng.Stream(1));

        var shards = options.Shards;
        var (losses, counts) = (new double[shards], new long[shards]);
        var rate = options.LearningRate;
        for (var epoch = 0; epoch < options.Epochs; epoch++)
        {
            Shards.Run(shards, options.Threads, shard => examples.Prepare(shard, epoch), cancel);
            Array.Clear(losses);
            Array.Clear(counts);
            for (var turn = 0; turn < shards; turn++)
            {
                Shards.Run(shards, options.Threads, shard =>
                {
                    var block = examples.Block(shard, (shard + turn + epoch) % shards);
                    losses[shard] += FactorSgd.Run(state, block, rate, options.Regularization);
                    counts[shard] += block.Length;
                }, cancel);
            }
            var error = losses.Sum() / Math.Max(1, counts.Sum());
            if (!double.IsFinite(error) || error > 1e12)
            {
                throw new ArithmeticException($"The training diverged: the mean squared error of epoch {epoch + 1} is {error}. " +
                    $"Lower {nameof(LfmOptions.LearningRate)} (it is {options.LearningRate}), or raise " +
                    $"{nameof(LfmOptions.Regularization)} (it is {options.Regularization}); ratings far from 1 may need scaling.");
            }
            progress?.Report(new TrainProgress("epoch", epoch + 1, options.Epochs, error));
            rate *= options.LearningRateDecay;
        }
        var (weights, loss) = Finish(users, state, options);
        return new Lfm(weights, loss, weights.Search(options.Index, options.Threads, cancel));
    }

    // μ is the mean label; new rows are N(0, scale² / F), rows of an older model are its own.
    private static FactorState Start(SparseMatrix users, LfmOptions options, Rng rng)
    {
        var (f, old) = (options.Factors, options.WarmStart?.Weights);
        CheckFits(users, options);
        var ratings = options.Feedback == LfmFeedback.Explicit;
        var mean = old?.Mean ?? (!options.Biases ? 0 : ratings ? CfRows.Mean(users.Values, 0) : 1f / (1 + options.NegativeRatio));
        var state = new FactorState(users.RowCount, users.ColumnCount, f, mean, options.Biases);
        FactorWeights.Start(state.P, state.Stride, users.RowCount, f, old?.P, options.InitialScale, rng.Stream(0));
        FactorWeights.Start(state.Q, state.Stride, users.ColumnCount, f, old?.Q, options.InitialScale, rng.Stream(1));
        old?.UserBias.CopyTo(state.RowBias, 0);
        old?.ItemBias.CopyTo(state.ColumnBias, 0);
        return state;
    }

    private static void CheckFits(SparseMatrix users, LfmOptions options)
    {
        if (options.WarmStart is not { } old) return;
        FactorWeights.Refuse(
            old._loss.Explicit != (options.Feedback == LfmFeedback.Explicit) ? $"it was trained on the other feedback than {options.Feedback}"
            : old._loss.Biases != options.Biases ? $"{nameof(options.Biases)} is {options.Biases}, but was not when it was trained"
            : old.Weights.Misfit(options.Factors, users.RowCount, users.ColumnCount));
    }

    private static (FactorWeights, Loss) Finish(SparseMatrix users, FactorState state, LfmOptions options)
    {
        var f = options.Factors;
        var ratings = options.Feedback == LfmFeedback.Explicit;
        var old = options.WarmStart?.Weights;
        var range = options.WarmStart?._loss;
        var trained = new double[users.ColumnCount];
        foreach (var item in users.Columns) trained[item]++;
        var (p, q) = (new float[users.RowCount * f], new float[users.ColumnCount * f]);
        for (var user = 0; user < users.RowCount; user++)
        {
            if (users.Row(user).Length > 0 || user < old?.UserCount)
                state.P.AsSpan(user * state.Stride, f).CopyTo(p.AsSpan(user * f));
            else state.RowBias[user] = 0;
        }
        for (var item = 0; item < users.ColumnCount; item++)
        {
            if (trained[item] > 0 || item < old?.ItemCount) state.Q.AsSpan(item * state.Stride, f).CopyTo(q.AsSpan(item * f));
            else state.ColumnBias[item] = ratings ? 0 : -state.Mean; // nobody took it: its label is 0
        }
        var (lowest, highest) = ratings && users.Count > 0
            ? (Math.Min(TensorPrimitives.Min(users.Values), range?.Lowest ?? float.MaxValue),
               Math.Max(TensorPrimitives.Max(users.Values), range?.Highest ?? float.MinValue))
            : (range?.Lowest ?? float.MinValue, range?.Highest ?? float.MaxValue);
        var (moment, target) = ExpectedNegative(trained, q, state.ColumnBias, state.Mean, options);
        return (
            new FactorWeights(f, state.Mean, p, q, state.RowBias, state.ColumnBias),
            new Loss(ratings, options.Biases, options.Regularization, ratings ? 0 : options.NegativeRatio, lowest, highest, moment, target));
    }

    // E[q̃ q̃ᵀ] and E[(μ + b) q̃] over the items of label 0.
    private static (float[] Moment, float[] Target) ExpectedNegative(
        double[] counts, float[] factors, float[] biases, float mean, LfmOptions options)
    {
        var f = options.Factors;
        var size = f + (options.Biases ? 1 : 0);
        var (moment, target) = (new double[size * size], new double[size]);
        var (q, total) = (new double[size], 0.0);
        for (var item = 0; item < counts.Length; item++)
        {
            var weight = options.NegativePower == 0 ? 1 : counts[item] == 0 ? 0 : Math.Pow(counts[item], options.NegativePower);
            if (weight == 0 || options.Feedback == LfmFeedback.Explicit) continue;
            for (var k = 0; k < f; k++) q[k] = factors[item * f + k];
            if (options.Biases) q[f] = 1;
            total += weight;
            TensorPrimitives.MultiplyAdd(q, weight * (mean + biases[item]), target, target);
            for (var k = 0; k < size; k++)
            {
                var row = moment.AsSpan(k * size, size);
                TensorPrimitives.MultiplyAdd(q, weight * q[k], row, row);
            }
        }
        var scale = total > 0 ? 1 / total : 0;
        return (Array.ConvertAll(moment, v => (float)(v * scale)), Array.ConvertAll(target, v => (float)(v * scale)));
    }

    // What rounding may take from the eigenvalues of a matrix of second moments.
    private static float Jitter(ReadOnlySpan<float> moment, int size)
    {
        var trace = 0f;
        for (var k = 0; k < size; k++) trace += moment[k * size + k];
        return Math.Max(1e-9f, 1e-5f * trace);
    }

    /// <inheritdoc/>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Integer("factors", Factors);
        writer.Flag("explicit", _loss.Explicit);
        writer.Flag("biases", _loss.Biases);
        writer.Real("mean", Mean);
        writer.Real("regularization", _loss.Regularization);
        writer.Integer("negative_ratio", _loss.NegativeRatio);
        writer.Real("lowest", _loss.Lowest);
        writer.Real("highest", _loss.Highest);
        Weights.WriteVectors(writer);
        writer.Tensor("user_biases", Weights.UserBias);
        writer.Tensor("item_biases", Weights.ItemBias);
        writer.Tensor("negative_moment", _loss.NegativeMoment);
        writer.Tensor("negative_target", _loss.NegativeTarget);
        WriteIndex(writer);
    }

    /// <inheritdoc/>
    public static Lfm Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var factors = reader.Int32("factors", 1, 4096);
        var biases = reader.Flag("biases");
        var size = factors + (biases ? 1 : 0);
        var userBias = reader.Tensor<float>("user_biases");
        var itemBias = reader.Tensor<float>("item_biases");
        var (lowest, highest) = (reader.Single("lowest"), reader.Single("highest"));
        if (!(lowest <= highest)) throw reader.Invalid($"the lowest rating is {lowest} and the highest {highest}.");
        var (regularization, moment) = (reader.Single("regularization", 0, 1000), ReadMoment(reader, size));
        var loss = new Loss(
            reader.Flag("explicit"), biases, regularization, reader.Int32("negative_ratio", 0, 1000), lowest, highest, moment,
            reader.Tensor<float>("negative_target", size));
        var weights = new FactorWeights(
            factors, reader.Single("mean"), reader.Tensor<float>("user_factors", userBias.Length, factors),
            reader.Tensor<float>("item_factors", itemBias.Length, factors), userBias, itemBias);
        return new Lfm(weights, loss, weights.ReadSearch(reader));
    }

    // A mean of outer products has no negative eigenvalue; a forged one with such would let fold-in fail long after loading.
    private static float[] ReadMoment(ModelReader reader, int size)
    {
        var moment = reader.Tensor<float>("negative_moment", (long)size * size);
        var copy = moment.AsSpan().ToArray();
        for (var k = 0; k < size; k++) copy[k * size + k] += Jitter(moment, size);
        return Cholesky.TryFactor(copy, size) < 0
            ? moment
            : throw reader.Invalid("the tensor 'negative_moment' is not positive semidefinite.");
    }

    /// <summary>What was minimised, as far as fold-in and prediction need it.</summary>
    private sealed record Loss(
        bool Explicit, bool Biases, float Regularization, int NegativeRatio, float Lowest, float Highest, float[] NegativeMoment,
        float[] NegativeTarget);
}
