using Recsys.Data;
using Recsys.Graphs;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Recall;

// How often does a walk between users and items visit an item, if at each step it returns to its root with probability 1 - α?
//
//   r = α Mᵀ r + (1 - α) e_root,   M_vw = w_vw / Σ_x w_vx
//
// One root at a time by forward push, to ε D_v below r(v) (see ForwardPush); all roots by solving the linear system (see RestartWalk). A
// new user is a node with edges to the items of the history, as if it had been in the graph.
// Haveliwala, "Topic-sensitive PageRank", WWW 2002; Andersen, Chung, Lang, FOCS 2006; Xiang, "Recommender system practice", 2012
// (PersonalRank).

/// <summary>Options of <see cref="PersonalRank"/>.</summary>
public sealed record PersonalRankOptions
{
    /// <summary>α, the probability to walk on: the larger, the further from the root and the nearer to popularity. 0.01..0.99, default
    /// 0.8.</summary>
    public double Alpha { get; init => field = Guard.InRange(0.01, 0.99, value); } = 0.8;

    /// <summary>
    /// Whether the values of interactions (those of a repeated pair added up) are the weights of the edges, where a sum of 0 or less makes
    /// no edge; if not, every pair weighs 1. Default false.
    /// </summary>
    public bool UseValues { get; init; }

    /// <summary>
    /// When lists are computed at request time: no rank is short by more than this share of what the item has of all edges' weight (the ε
    /// of forward push is this / Σ w). Time grows with -log of it. 0.000001..1, default 0.1.
    /// </summary>
    public double Tolerance { get; init => field = Guard.InRange(1e-6, 1, value); } = 0.1;

    /// <summary>
    /// K, the best items computed at training for every user, of those the user has no edge to, exact to 1e-6; a list of a trained user is
    /// then read, not computed, and holds at most these. 0 (the default) computes at request time. 0..10,000.
    /// </summary>
    public int Precompute { get; init => field = Guard.InRange(0, 10_000, value); }

    /// <summary>Threads that train. At least 1, default all processors. Does not change the result.</summary>
    public int Threads { get; init => field = Guard.AtLeast(1, value); } = Environment.ProcessorCount;
}

/// <summary>
/// Random walk with restart on the graph of users and items. Reaches items over several steps, so it serves users with few interactions;
/// leans to what is popular, and a list computed at request time walks a large part of a dense graph (some 30 ms for a million edges),
/// which <see cref="PersonalRankOptions.Precompute"/> avoids. The ranks follow from the graph alone, so there is nothing to start warm
/// from: training on the grown log is the warm start and takes new ids; without precomputed lists that is no more than building the graph.
/// Memory: 16 bytes for an edge, 29 for a node and concurrent call, 8 for each precomputed item. Immutable; safe for any number of threads;
/// a call allocates nothing after warm-up.
/// </summary>
public sealed class PersonalRank : IRecaller, ISimilarItems, IModel<PersonalRank>
{
    private readonly PersonalRankOptions _options;
    private readonly long[] _offsets;      // of the precomputed lists; empty without
    private readonly int[] _items;
    private readonly float[] _ranks;
    private readonly double _epsilon;
    private readonly Pool<Scratch> _scratch;

    private PersonalRank(PersonalRankOptions options, BipartiteGraph graph, long[] offsets, int[] items, float[] ranks)
    {
        _options = options;
        Graph = graph;
        (_offsets, _items, _ranks) = (offsets, items, ranks);
        _epsilon = graph.TotalWeight > 0 ? options.Tolerance / graph.TotalWeight : options.Tolerance;
        var repeats = options.UseValues ? RepeatedItems.Sum : RepeatedItems.One;
        _scratch = new Pool<Scratch>(() => new Scratch(new HistoryRow(ItemCount, repeats), new ForwardPush(graph)));
    }

    /// <inheritdoc/>
    public static string Kind => "personal-rank";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <summary>Number of users at training; ids from here on are unknown.</summary>
    public int UserCount => Graph.UserCount;

    /// <summary>Number of items at training; ids from here on are unknown.</summary>
    public int ItemCount => Graph.ItemCount;

    /// <summary>The graph that is walked.</summary>
    public BipartiteGraph Graph { get; }

    /// <summary>Builds the graph and, where asked for, the lists of all users.</summary>
    /// <param name="data">What users did.</param>
    /// <param name="options">α, weights, precision; the defaults if null.</param>
    /// <param name="progress">Told about finished batches of precomputed lists, by one thread at a time.</param>
    /// <param name="cancel">Stops the training.</param>
    public static PersonalRank Train(
        Interactions data, PersonalRankOptions? options = null, IProgress<TrainProgress>? progress = null,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        options ??= new PersonalRankOptions();
        cancel.ThrowIfCancellationRequested();
        var rows = InteractionRows.OfUsers(data, options.UseValues ? RepeatedItems.Sum : RepeatedItems.One);
        var graph = BipartiteGraph.From(rows, options.Threads);
        progress?.Report(new TrainProgress("graph", 1, 1));
        if (options.Precompute == 0) return new PersonalRank(options, graph, [], [], []);

        var found = new ScoredItem[graph.UserCount][];
        var users = new int[graph.UserCount];
        for (var user = 0; user < users.Length; user++) users[user] = user;
        RestartWalk.Solve<float>(graph, users, options.Alpha, 1e-6, options.Threads, (user, ranks) =>
        {
            var list = new ScoredItem[Math.Min(options.Precompute, ranks.Length)];
            var top = new TopItems(list, new ItemFilter { Exclude = graph.Users.Row(user).Columns }, ranks.Length);
            for (var item = 0; item < ranks.Length; item++)
                if (ranks[item] > 0) top.Offer(item, ranks[item]);
            found[user] = list[..top.Finish()];
        }, (done, all) => progress?.Report(new TrainProgress("lists", done, all)), cancel);

        var offsets = new long[users.Length + 1];
        for (var user = 0; user < users.Length; user++) offsets[user + 1] = offsets[user] + found[user].Length;
        var (items, ranked) = (new int[offsets[^1]], new float[offsets[^1]]);
        var at = 0;
        foreach (var list in found)
            foreach (var (item, rank) in list) (items[at], ranked[at++]) = (item, rank);
        return new PersonalRank(options, graph, offsets, items, ranked);
    }

    /// <summary>
    /// The items that a walk from the user, or from a new user with that history, visits most; the score is the rank, of which all nodes
    /// have 1 together. Only items that the walk reaches. None for an unknown user without history, or a user without edges.
    /// </summary>
    /// <inheritdoc cref="IRecaller.Recall"/>
    public int Recall(in RecallRequest request, Span<ScoredItem> destination)
    {
        var top = new TopItems(destination, request.Filter, ItemCount);
        if (!request.History.IsEmpty)
        {
            var scratch = _scratch.Rent();
            scratch.History.Load(request);
            scratch.Push.Run(new SparseRow(scratch.History.Items, scratch.History.Values), _options.Alpha, _epsilon);
            Offer(scratch, -1, ref top);
        }
        else if ((uint)request.User < (uint)UserCount)
        {
            if (_offsets.Length == 0) OfferWalk(request.User, -1, ref top);
            else
                for (var at = _offsets[request.User]; at < _offsets[request.User + 1]; at++) top.Offer(_items[at], _ranks[at]);
        }
        return top.Finish();
    }

    /// <summary>The items that a walk from the item visits most.</summary>
    /// <inheritdoc cref="ISimilarItems.SimilarItems"/>
    public int SimilarItems(int item, in ItemFilter filter, Span<ScoredItem> destination)
    {
        var top = new TopItems(destination, filter, ItemCount);
        if ((uint)item < (uint)ItemCount) OfferWalk(Graph.NodeOfItem(item), item, ref top);
        return top.Finish();
    }

    /// <inheritdoc/>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Real("alpha", _options.Alpha);
        writer.Flag("use_values", _options.UseValues);
        writer.Real("tolerance", _options.Tolerance);
        writer.Integer("precompute", _options.Precompute);
        writer.Matrix("graph", Graph.Users);
        if (_options.Precompute == 0) return;
        writer.Tensor("offsets", _offsets);
        writer.Tensor("items", _items);
        writer.Tensor("ranks", _ranks);
    }

    /// <inheritdoc/>
    public static PersonalRank Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var options = new PersonalRankOptions
        {
            Alpha = reader.Real("alpha", 0.01, 0.99),
            UseValues = reader.Flag("use_values"),
            Tolerance = reader.Real("tolerance", 1e-6, 1),
            Precompute = reader.Int32("precompute", 0, 10_000),
        };
        var weights = reader.Matrix("graph");
        foreach (var weight in weights.Values)
            if (weight <= 0) throw reader.Invalid($"an edge weighs {weight}; weights are positive.");
        var graph = BipartiteGraph.From(weights);
        if (options.Precompute == 0) return new PersonalRank(options, graph, [], [], []);
        var items = reader.Ids("items", -1, graph.ItemCount);
        return new PersonalRank(
            options, graph, reader.Offsets<long>("offsets", graph.UserCount, items.Length), items,
            reader.Tensor<float>("ranks", items.Length));
    }

    private void OfferWalk(int root, int self, ref TopItems top)
    {
        if (Graph.Degree(root) == 0) return;
        var scratch = _scratch.Rent();
        scratch.Push.Run(root, _options.Alpha, _epsilon);
        Offer(scratch, self, ref top);
    }

    private void Offer(Scratch scratch, int self, ref TopItems top)
    {
        foreach (var item in scratch.Push.TouchedItems)
            if (item != self && scratch.Push.Estimate(item) > 0) top.Offer(item, (float)scratch.Push.Estimate(item));
        scratch.Push.Clear();
        _scratch.Return(scratch);
    }

    private sealed record Scratch(HistoryRow History, ForwardPush Push);
}
