using Recsys.Data;
using Recsys.Graphs;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Recall;

// Nodes that random walks meet together come to lie together: γ walks of t nodes from every node, P(v_k+1 = j | v_k = i) = w_ij / Σ_k w_ik,
// and each
// walk is a sentence for skip-gram:
//
//   max  Σ_walks Σ_(i, j) within w  log σ(u_i·v_j) + Σ_(N nodes k drawn by frequency^0.75) log σ(-u_i·v_k)
//
// With labels, v1 v2 v3 … becomes v1 l(v1) v2 l(v2) …: a label is one more token, which draws the nodes that carry it together.
//
// Perozzi, Al-Rfou, Skiena, "DeepWalk: online learning of social representations", KDD 2014; there with a hierarchical softmax, here with
// negatives.

/// <summary>
/// Embeddings of the nodes of a graph: of people and items, of items in sequence, or of any graph, whose nodes are then the items. It sees
/// further than
/// one step, which helps where a log is thin; costs γ · t steps for each node. Immutable; safe for any number of threads; a call allocates
/// nothing
/// after warm-up.
/// </summary>
public sealed class DeepWalk : IRecaller, ISimilarItems, IModel<DeepWalk>
{
    private readonly TokenVectors _tokens;   // user nodes, item nodes, labels
    private readonly int _userNodes;
    private readonly EmbeddingLists _lists;

    private DeepWalk(TokenVectors tokens, int userNodes, int labels, EmbeddingLists lists)
        => (_tokens, _userNodes, LabelCount, _lists) = (tokens, userNodes, labels, lists);

    /// <inheritdoc/>
    public static string Kind => "deepwalk";

    /// <inheritdoc/>
    public static int Version => 2;

    /// <summary>Number of users at training, 0 for a model of a graph.</summary>
    public int UserCount => _lists.UserCount;

    /// <summary>Number of items, or of nodes for a model of a graph; those without an edge have no vector and are in no list.</summary>
    public int ItemCount => _lists.Items.ItemCount;

    /// <summary>Number of labels, 0 without.</summary>
    public int LabelCount { get; }

    /// <summary>d, the length of a vector.</summary>
    public int Dimensions => _tokens.Dimensions;

    /// <summary>The vector of an item, or of a node; all zero for one without an edge.</summary>
    /// <param name="item">0..<see cref="ItemCount"/>-1.</param>
    public ReadOnlySpan<float> ItemVector(int item) => _lists.Items.Vector(item);

    /// <summary>The vector of a user: the node's own, or the sum of the user's items where nodes are items alone.</summary>
    /// <param name="user">0..<see cref="UserCount"/>-1.</param>
    public ReadOnlySpan<float> UserVector(int user)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(user);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(user, UserCount);
        return _userNodes == 0 ? _lists.Taste(user) : _tokens.Input.AsSpan(user * Dimensions, Dimensions);
    }

    /// <summary>The vector of a label.</summary>
    /// <param name="label">0..<see cref="LabelCount"/>-1.</param>
    public ReadOnlySpan<float> LabelVector(int label)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(label);
        return _tokens.Input.AsSpan((_userNodes + ItemCount + label) * Dimensions, Dimensions);
    }

    /// <summary>Trains on the graph that <see cref="DeepWalkOptions.Nodes"/> makes of a log.</summary>
    /// <param name="data">What users took, in the order of time.</param>
    /// <param name="options">The options; the defaults if null.</param>
    /// <param name="progress">Told after one walk from every node, with a mean loss of a pair.</param>
    /// <param name="cancel">Stops the training.</param>
    /// <exception cref="ArgumentException">The model to go on from does not fit.</exception>
    /// <exception cref="ArithmeticException">The training diverged.</exception>
    public static DeepWalk Train(
        Interactions data, DeepWalkOptions? options = null, IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        options ??= new DeepWalkOptions();
        cancel.ThrowIfCancellationRequested();
        return options.Nodes == DeepWalkNodes.UsersAndItems
            ? Train(Graph.Bipartite(data), data.UserCount, null, data, options, progress, cancel)
            : Train(Graph.OfSessions(data, options.SessionGap), 0, null, data, options, progress, cancel);
    }

    /// <summary>
    /// Trains on any graph; its nodes are the model's items. Time γ · t · w · N · d for each node; memory 16 bytes for each factor of a
    /// node and 20 MB:
    /// walks are made when they are needed.
    /// </summary>
    /// <param name="graph">The graph.</param>
    /// <param name="labels">Labels that walks carry, or null. Leave out those of test nodes.</param>
    /// <param name="options">The options; the defaults if null.</param>
    /// <param name="progress">Told after one walk from every node, with a mean loss of a pair.</param>
    /// <param name="cancel">Stops the training.</param>
    /// <exception cref="ArgumentException">The labels are of another number of nodes, or the model to go on from does not fit.</exception>
    /// <exception cref="ArithmeticException">The training diverged.</exception>
    public static DeepWalk Train(
        Graph graph, NodeLabels? labels = null, DeepWalkOptions? options = null, IProgress<TrainProgress>? progress = null,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(graph);
        cancel.ThrowIfCancellationRequested();
        if (labels is not null && labels.NodeCount != graph.NodeCount)
        {
            throw new ArgumentException(
                $"There are labels for {labels.NodeCount} nodes; the graph has {graph.NodeCount}. Give a list for each, empty where " +
                $"unknown.", nameof(labels));
        }
        return Train(graph, 0, labels, null, options ?? new DeepWalkOptions(), progress, cancel);
    }

    private static DeepWalk Train(
        Graph graph, int userNodes, NodeLabels? labels, Interactions? data, DeepWalkOptions options, IProgress<TrainProgress>? progress,
        CancellationToken cancel)
    {
        var rng = new Rng(options.Seed);
        var walks = new WalkSequences(new RandomWalks(graph), options.WalkLength, labels, rng.Stream(9));
        var tokens = SkipGram.Train(walks, new SkipGramSettings
        {
            Dimensions = options.Dimensions,
            Window = options.Window * (labels is null ? 1 : 2),
            Negatives = options.Negatives,
            NegativePower = options.NegativePower,
            Passes = options.Walks,
            LearningRate = options.LearningRate,
            Seed = options.Seed,
            Shards = options.Shards,
            Threads = options.Threads,
            Stage = "walk",
        }, Start(options, userNodes, graph.NodeCount - userNodes, labels?.LabelCount ?? 0), progress, cancel);

        var settings = new TasteSettings(options.Scoring, options.HistoryDecay, options.HistoryExponent);
        return new DeepWalk(tokens, userNodes, labels?.LabelCount ?? 0, EmbeddingLists.Build(
            settings, Items(tokens, userNodes, graph.NodeCount - userNodes), data, options.Index, options.Threads, cancel));
    }

    // The old vectors where the new tokens stand: users, items and labels may each have become more.
    private static TokenVectors? Start(DeepWalkOptions options, int userNodes, int items, int labels)
    {
        if (options.WarmStart is not { } old) return null;
        if (old.Dimensions != options.Dimensions || old._userNodes > userNodes || old.ItemCount > items || old.LabelCount > labels
            || old._userNodes == 0 != (userNodes == 0))
        {
            throw new ArgumentException(
                $"The model of {nameof(options.WarmStart)} has {old._userNodes} user nodes, {old.ItemCount} items and " +
                $"{old.LabelCount} labels of " +
                $"{old.Dimensions} dimensions; now there are {userNodes}, {items} and {labels}, and {nameof(options.Dimensions)} is " +
                $"{options.Dimensions}. " +
                "Keep dimensions and kind of nodes, and extend the id maps.", nameof(options));
        }
        var (d, tokens) = (options.Dimensions, old._tokens);
        var count = userNodes + items + labels;
        var start = new TokenVectors(d, new float[checked(count * d)], new float[count * d], new float[count]);
        Copy(0, 0, old._userNodes);
        Copy(old._userNodes, userNodes, old.ItemCount);
        Copy(old._userNodes + old.ItemCount, userNodes + items, old.LabelCount);
        return start;

        void Copy(int from, int to, int count)
        {
            tokens.Input.AsSpan(from * d, count * d).CopyTo(start.Input.AsSpan(to * d));
            tokens.Output.AsSpan(from * d, count * d).CopyTo(start.Output.AsSpan(to * d));
            tokens.Bias.AsSpan(from, count).CopyTo(start.Bias.AsSpan(to));
        }
    }

    private static ItemVectors Items(TokenVectors tokens, int first, int count)
    {
        var d = tokens.Dimensions;
        return new ItemVectors(d, Part(tokens.Input, d), Part(tokens.Output, d), Part(tokens.Bias, 1));

        float[] Part(float[] all, int width)
            => count * width == all.Length || all.Length == 0 ? all : all[(first * width)..((first + count) * width)];
    }

    /// <summary>
    /// The items that walks would meet most beside the history, or beside what the user had taken; none for others. Values of the history
    /// are weights.
    /// </summary>
    /// <inheritdoc cref="IRecaller.Recall"/>
    public int Recall(in RecallRequest request, Span<ScoredItem> destination)
        => _lists.Recall(request, destination);

    /// <summary>The items (nodes) of highest cosine, from 1 down to -1.</summary>
    /// <inheritdoc cref="ISimilarItems.SimilarItems"/>
    public int SimilarItems(int item, in ItemFilter filter, Span<ScoredItem> destination)
        => _lists.Items.SimilarItems(item, filter, destination);

    /// <inheritdoc/>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        var tokens = _userNodes + ItemCount + LabelCount;
        writer.Integer("dimensions", Dimensions);
        writer.Integer("user_nodes", _userNodes);
        writer.Integer("labels", LabelCount);
        writer.Tensor("vectors", _tokens.Input, tokens, Dimensions);
        writer.Tensor("contexts", _tokens.Output, tokens, Dimensions);
        writer.Tensor("biases", _tokens.Bias);
        _lists.Write(writer);
    }

    /// <inheritdoc/>
    public static DeepWalk Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var dimensions = reader.Int32("dimensions", 1, 4096);
        var input = reader.Tensor<float>("vectors", -1, dimensions);
        var count = input.Length / dimensions;
        var userNodes = reader.Int32("user_nodes", 0, count);
        var labels = reader.Int32("labels", 0, count - userNodes);
        var tokens = new TokenVectors(
            dimensions, input, reader.Tensor<float>("contexts", count, dimensions),
            reader.Version < 2 ? new float[count] : reader.Tensor<float>("biases", count));
        // Before version 2 the users of a model with user nodes were those nodes.
        var users = reader.Version < 2 && userNodes > 0 ? input[..(userNodes * dimensions)] : null;
        return new DeepWalk(
            tokens, userNodes, labels, EmbeddingLists.Read(reader, Items(tokens, userNodes, count - userNodes - labels), users));
    }
}
