using Recsys.Data;
using Recsys.Indexing;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Recall;

// Two items are alike if pairs of users swing between them who have little else in common. With U(i) the users of item i and I(u) the items
// of user u:
//
//   s_ij = Σ_{u < v ∈ U(i) ∩ U(j)} w_u w_v / (α + |I(u) ∩ I(v)|) / (|U(i)| |U(j)|)^γ,   w_u = (|I(u)| + α₁)^-β
//   score_uj = Σ_{i ∈ I(u), j ∈ N(i)} s_ij                           N(i): the K items most similar to i
//
// Yang, Zhu, Zhang, Wang, Yuan, "Large scale product graph construction for recommendation in e-commerce", arXiv 2010.05525, 2020
// (α₁ = 0, β = 1/2, γ = 0).

/// <summary>Options of <see cref="Swing"/>.</summary>
public sealed record SwingOptions
{
    /// <summary>α: the larger, the less it matters how much else two users have in common. 0..1,000,000, default 1.</summary>
    public float Smoothing { get; init => field = Guard.InRange(0, 1_000_000, value); } = 1;

    /// <summary>α₁: the larger, the less users with few items stand out. 0..1,000,000, default 0.</summary>
    public float UserSmoothing { get; init => field = Guard.InRange(0, 1_000_000, value); }

    /// <summary>β: how much less a user with many items counts. 0 (all alike)..2, default 0.5.</summary>
    public float UserPower { get; init => field = Guard.InRange(0, 2, value); } = 0.5f;

    /// <summary>
    /// γ: how much less what is popular counts. 0 is the paper's sum, which grows with the square of the common users, so that popular
    /// items fill most lists; 1 (the default) ranked films better by a third. 0..1.
    /// </summary>
    public float PopularityPower { get; init => field = Guard.InRange(0, 1, value); } = 1;

    /// <summary>
    /// M: of an item with more users, that many are drawn and stand for all (the sum is scaled up). Time grows with its square: M² / 2
    /// pairs of users for each item. 2..100,000, default 100.
    /// </summary>
    public int UsersPerItem { get; init => field = Guard.InRange(2, 100_000, value); } = 100;

    /// <summary>K, the most neighbours kept of each item. 1..10,000, default 50.</summary>
    public int Neighbours { get; init => field = Guard.InRange(1, 10_000, value); } = 50;

    /// <summary>
    /// Whether each list of neighbours is divided by its best similarity, so that every item of a history has the same say; false is the
    /// paper's. Default true.
    /// </summary>
    public bool NormalizeByMax { get; init; } = true;

    /// <summary>The seed of the draws. Default 1.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Threads that train. At least 1, default all processors. Does not change the result.</summary>
    public int Threads { get; init => field = Guard.AtLeast(1, value); } = Environment.ProcessorCount;
}

/// <summary>
/// Item neighbours by the swing of user pairs: quieter than counting common users, because a pair of heavy users, or of users with the same
/// taste throughout, proves little. Costs users squared per item, so popular items are sampled; items met by fewer than two users together
/// with another item have no neighbours. The lists follow from the data alone, so there is nothing to start warm from: training on the
/// grown log is the warm start and takes new ids. Memory: the log once, K neighbours of each item, and 16 to 20 bytes for each item and
/// thread. Immutable; safe for any number of threads; a call allocates nothing after warm-up.
/// </summary>
public sealed class Swing : IRecaller, ISimilarItems, IModel<Swing>
{
    private readonly SwingOptions _options;
    private readonly SparseMatrix _users;
    private readonly NeighbourLists _neighbours;
    private readonly Pool<Scratch> _scratch;

    private Swing(SwingOptions options, SparseMatrix users, NeighbourLists neighbours)
    {
        _options = options;
        _users = users;
        _neighbours = neighbours;
        _scratch = new Pool<Scratch>(() => new Scratch(new HistoryRow(ItemCount, RepeatedItems.One), new SparseAccumulator(ItemCount)));
    }

    /// <inheritdoc/>
    public static string Kind => "swing";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <summary>Number of users at training; ids from here on are unknown.</summary>
    public int UserCount => _users.RowCount;

    /// <summary>Number of items at training; ids from here on are unknown.</summary>
    public int ItemCount => _users.ColumnCount;

    /// <summary>Finds the neighbours of every item. Values and times don't count, nor does it how often a user had an item.</summary>
    /// <param name="data">What users did.</param>
    /// <param name="options">Weights, sampling and neighbours; the defaults if null.</param>
    /// <param name="progress">Told about finished parts, by one thread at a time.</param>
    /// <param name="cancel">Stops the training.</param>
    public static Swing Train(
        Interactions data, SwingOptions? options = null, IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        options ??= new SwingOptions();
        var users = InteractionRows.OfUsers(data, RepeatedItems.One);
        var pairs = new SwingPairs(users, users.Transpose(options.Threads), options);
        var neighbours = NeighbourLists.Search(
            users.ColumnCount, pairs.Search, options.Neighbours, options.NormalizeByMax, options.Threads, progress, cancel);
        return new Swing(options, users, neighbours);
    }

    /// <summary>The neighbours of the user's own, or the given history; fewer than asked if there are fewer; none for who has
    /// neither.</summary>
    /// <inheritdoc cref="IRecaller.Recall"/>
    public int Recall(in RecallRequest request, Span<ScoredItem> destination)
    {
        var scratch = _scratch.Rent();
        var sums = scratch.Sums;
        foreach (var i in scratch.History.RowOf(request, _users).Columns) sums.Add(_neighbours.Ids(i), _neighbours.Similarities(i), 1);
        var top = new TopItems(destination, request.Filter, ItemCount);
        foreach (var j in sums.Touched) top.Offer(j, sums.Sum(j));
        sums.Clear();
        _scratch.Return(scratch);
        return top.Finish();
    }

    /// <summary>The neighbours of an item, at most <see cref="SwingOptions.Neighbours"/>; the score is s_ij.</summary>
    /// <inheritdoc cref="ISimilarItems.SimilarItems"/>
    public int SimilarItems(int item, in ItemFilter filter, Span<ScoredItem> destination)
    {
        var top = new TopItems(destination, filter, ItemCount);
        if ((uint)item < (uint)ItemCount)
        {
            var ids = _neighbours.Ids(item);
            var similarities = _neighbours.Similarities(item);
            for (var k = 0; k < ids.Length; k++) top.Offer(ids[k], similarities[k]);
        }
        return top.Finish();
    }

    /// <inheritdoc/>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Real("smoothing", _options.Smoothing);
        writer.Real("user_smoothing", _options.UserSmoothing);
        writer.Real("user_power", _options.UserPower);
        writer.Real("popularity_power", _options.PopularityPower);
        writer.Integer("users_per_item", _options.UsersPerItem);
        writer.Integer("neighbour_count", _options.Neighbours);
        writer.Flag("normalize_by_max", _options.NormalizeByMax);
        writer.Matrix("users", _users);
        _neighbours.Write(writer.Scope("neighbours"));
    }

    /// <inheritdoc/>
    public static Swing Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var options = new SwingOptions
        {
            Smoothing = reader.Single("smoothing", 0, 1_000_000),
            UserSmoothing = reader.Single("user_smoothing", 0, 1_000_000),
            UserPower = reader.Single("user_power", 0, 2),
            PopularityPower = reader.Single("popularity_power", 0, 1),
            UsersPerItem = reader.Int32("users_per_item", 2, 100_000),
            Neighbours = reader.Int32("neighbour_count", 1, 10_000),
            NormalizeByMax = reader.Flag("normalize_by_max"),
        };
        var users = reader.Matrix("users");
        return new Swing(options, users, NeighbourLists.Read(reader.Scope("neighbours"), users.ColumnCount));
    }

    private sealed record Scratch(HistoryRow History, SparseAccumulator Sums);
}
