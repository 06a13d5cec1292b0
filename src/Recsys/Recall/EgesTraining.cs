using Recsys.Data;
using Recsys.Features;
using Recsys.Graphs;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Recall;

public sealed partial class Eges
{
    /// <inheritdoc/>
    public static string Kind => "eges";

    /// <inheritdoc/>
    public static int Version => 2;

    /// <summary>Trains on the sessions of a log.</summary>
    /// <param name="data">What users took, in the order of time.</param>
    /// <param name="features">
    /// Side information of the items; row = dense item id of <paramref name="data"/>. Null: there is none, and the variant is BGE.
    /// </param>
    /// <param name="options">The options; the defaults if null.</param>
    /// <param name="progress">Told after one walk from every item, with a mean loss of a pair.</param>
    /// <param name="cancel">Stops the training.</param>
    /// <exception cref="ArgumentException">A feature is no side information, or the model to go on from does not fit.</exception>
    /// <exception cref="ArithmeticException">The training diverged.</exception>
    public static Eges Train(
        Interactions data, FeatureSet? features = null, EgesOptions? options = null, IProgress<TrainProgress>? progress = null,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        options ??= new EgesOptions();
        cancel.ThrowIfCancellationRequested();
        return Train(Graph.OfSessions(data, options.SessionGap), data, features, options, progress, cancel);
    }

    /// <summary>Trains on a graph of items. Memory: 16 bytes for each factor of an item, 4 for each of a value of side information, and 20
    /// MB.</summary>
    /// <param name="items">Its nodes are the items.</param>
    /// <param name="features">Side information; row = node. Null: there is none, and the variant is BGE.</param>
    /// <param name="options">The options; the defaults if null.</param>
    /// <param name="progress">Told after one walk from every item, with a mean loss of a pair.</param>
    /// <param name="cancel">Stops the training.</param>
    /// <exception cref="ArgumentException">A feature is no side information, or the model to go on from does not fit.</exception>
    /// <exception cref="ArithmeticException">The training diverged.</exception>
    public static Eges Train(
        Graph items, FeatureSet? features = null, EgesOptions? options = null, IProgress<TrainProgress>? progress = null,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(items);
        cancel.ThrowIfCancellationRequested();
        return Train(items, null, features, options ?? new EgesOptions(), progress, cancel);
    }

    private static Eges Train(
        Graph graph, Interactions? data, FeatureSet? features, EgesOptions options, IProgress<TrainProgress>? progress,
        CancellationToken cancel)
    {
        var fields = options.Variant == EgesVariant.Bge ? [] : SideInformation.Choose(features, options.Features);
        var variant = fields.Length == 0 ? EgesVariant.Bge : options.Variant;
        var side = SideInformation.Of(features, fields, graph.NodeCount);
        var weights = Start(options, variant, fields, graph.NodeCount);
        var walks = new WalkSequences(new RandomWalks(graph), options.WalkLength, null, new Rng(options.Seed).Stream(9));
        if (variant == EgesVariant.Bge) TrainAlone(walks, weights, options, progress, cancel);
        else TrainWithSides(walks, side, weights, options, progress, cancel);
        FillCold(weights, side);
        var settings = new TasteSettings(options.Scoring, options.HistoryDecay, options.HistoryExponent);
        return new Eges(
            weights, EmbeddingLists.Build(settings, weights.Items, data, options.Index, options.Threads, cancel));
    }

    private static Weights Start(EgesOptions options, EgesVariant variant, SideField[] fields, int items)
    {
        if (options.WarmStart?._weights is not { } old) return Weights.Zero(items, options.Dimensions, variant, fields);
        if (old.Dimensions != options.Dimensions || old.Variant != variant || old.ItemCount > items || !old.Fields.SequenceEqual(fields))
        {
            throw new ArgumentException(
                $"The model of {nameof(options.WarmStart)} is {old.Variant} with {old.ItemCount} items of {old.Dimensions} dimensions " +
                $"and the features '{string.Join("', '", old.Fields.Select(f => f.Name))}'; now it would be {variant} with {items} items of " +
                $"{options.Dimensions} dimensions and " +
                $"'{string.Join("', '", fields.Select(f => f.Name))}'. Keep options and fitted features, and extend the id maps.",
                    nameof(options));
        }
        return old.Resized(items);
    }

    private static void TrainAlone(
        WalkSequences walks, Weights weights, EgesOptions options, IProgress<TrainProgress>? progress, CancellationToken cancel)
    {
        var trained = SkipGram.Train(walks, new SkipGramSettings
        {
            Dimensions = options.Dimensions,
            Window = options.Window,
            Negatives = options.Negatives,
            NegativePower = options.NegativePower,
            Passes = options.Walks,
            LearningRate = options.LearningRate,
            Seed = options.Seed,
            Shards = options.Shards,
            Threads = options.Threads,
            Stage = "walk",
        }, new TokenVectors(options.Dimensions, weights.Own, weights.Output, weights.Bias), progress, cancel);
        trained.Input.CopyTo(weights.H, 0);
        trained.Input.CopyTo(weights.Own, 0);
        trained.Output.CopyTo(weights.Output, 0);
        trained.Bias.CopyTo(weights.Bias, 0);
    }

    private static void TrainWithSides(
        WalkSequences walks, SideInformation side, Weights weights, EgesOptions options, IProgress<TrainProgress>? progress,
        CancellationToken cancel)
    {
        var rng = new Rng(options.Seed);
        var tokens = TokenBlocks.Create(
            TokenCounts.Of(walks, options.Walks, options.Threads, cancel), 1, options.Shards, SkipGram.LeastBlock);
        var network = new EgesNetwork(side, tokens.TokenOf, options.Dimensions, options.Variant == EgesVariant.Eges);
        Exchange(network, tokens.TokenOf, weights, into: true);
        Initialise(network, tokens.TokenOf, side, rng.Stream(0));
        if (tokens.Rows > 0)
        {
            var stream = new PairStream(walks, new PairSettings(options.Window, true, options.Walks, null, tokens.RowOf, false),
                rng.Stream(2));
            var loss = new LossMeter(options.Walks, "walk", progress);
            var run = new EgesRun(network, tokens, stream, options);
            for (var episode = 0; ; episode++)
            {
                var from = stream.Done;
                if (!stream.Next(options.Threads, cancel)) break;
                run.Train(episode, from, stream.Done, rng.Stream(3).Stream((ulong)episode), loss, cancel);
                loss.Report(stream.Pass);
            }
        }
        Exchange(network, tokens.TokenOf, weights, into: false);
        var biases = tokens.LogShares(options.NegativePower);
        for (var item = 0; item < biases.Length; item++)
            if (tokens.RowOf[item] >= 0 || weights.Bias[item] == 0) weights.Bias[item] = biases[item];
        var scratch = new EgesNetwork.Scratch(network);
        for (var row = 0; row < tokens.Rows; row++)
        {
            network.Compose(row, scratch);
            scratch.H.AsSpan(0, weights.Dimensions).CopyTo(weights.H.AsSpan(tokens.TokenOf[row] * weights.Dimensions));
        }
    }

    // Between the arrays of the model, by item, and the padded rows of the training.
    private static void Exchange(EgesNetwork network, int[] itemOf, Weights weights, bool into)
    {
        var (d, parts) = (weights.Dimensions, weights.Fields.Length + 1);
        for (var row = 0; row < itemOf.Length; row++)
        {
            Move(network.Items[row], weights.Own.AsSpan(itemOf[row] * d, d));
            Move(network.Output[row], weights.Output.AsSpan(itemOf[row] * d, d));
            Move(network.Attention.AsSpan(row * parts, parts), weights.Attention.AsSpan(itemOf[row] * parts, parts));
        }
        for (var row = 0; row < network.Sides.Rows; row++) Move(network.Sides[row], weights.Sides.AsSpan(row * d, d));

        void Move(Span<float> training, Span<float> model)
        {
            if (into) model.CopyTo(training);
            else training.CopyTo(model);
        }
    }

    // Values that no trained item has stay zero: nothing is learned of them.
    private static void Initialise(EgesNetwork network, int[] itemOf, SideInformation side, Rng rng)
    {
        var d = network.Items.Columns;
        for (var row = 0; row < itemOf.Length; row++)
        {
            Fill(network.Items[row], rng.Stream(0), itemOf[row]);
            for (var field = 0; field < side.Fields.Length; field++)
                foreach (var value in side.Of(itemOf[row], field)) Fill(network.Sides[value], rng.Stream(1), value);
        }

        void Fill(Span<float> vector, Rng uniform, int number)
        {
            if (!vector.ContainsAnyExcept(0f)) uniform.FillUniform((ulong)number * (ulong)d, vector, -0.5f / d, 0.5f / d);
        }
    }

    /// <inheritdoc/>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        var (w, d) = (_weights, Dimensions);
        writer.Integer("dimensions", d);
        writer.Choice("variant", w.Variant);
        writer.Texts("features", [.. w.Fields.Select(f => f.Name)]);
        writer.Tensor("fingerprints", w.Fields.Select(f => f.Fingerprint).ToArray());
        writer.Tensor("cardinalities", w.Fields.Select(f => f.Cardinality).ToArray());
        writer.Tensor("embeddings", w.H, ItemCount, d);
        writer.Tensor("items", w.Own, ItemCount, d);
        writer.Tensor("sides", w.Sides, w.Sides.Length / d, d);
        writer.Tensor("attention", w.Attention, ItemCount, w.Fields.Length + 1);
        writer.Tensor("contexts", w.Output, ItemCount, d);
        writer.Tensor("biases", w.Bias);
        _lists.Write(writer);
    }

    /// <inheritdoc/>
    public static Eges Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var d = reader.Int32("dimensions", 1, 4096);
        var names = reader.Texts("features");
        var prints = reader.Tensor<ulong>("fingerprints", names.Length);
        var cardinalities = reader.Ids("cardinalities", names.Length, int.MaxValue);
        var fields = new SideField[names.Length];
        var rows = 0;
        for (var f = 0; f < fields.Length; f++)
        {
            fields[f] = new SideField(names[f], prints[f], rows, cardinalities[f]);
            rows = checked(rows + cardinalities[f]);
        }
        var h = reader.Tensor<float>("embeddings", -1, d);
        var items = h.Length / d;
        var weights = new Weights(
            d, reader.Choice<EgesVariant>("variant"), fields, h, reader.Tensor<float>("items", items, d),
            reader.Tensor<float>("sides", rows, d),
            reader.Tensor<float>("attention", items, fields.Length + 1), reader.Tensor<float>("contexts", items, d),
            reader.Version < 2 ? new float[items] : reader.Tensor<float>("biases", items));
        return new Eges(weights, EmbeddingLists.Read(reader, weights.Items));
    }
}
