using Recsys.Data;
using Recsys.Indexing;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Recall;

// What people with your taste liked. With I(u) the items of user u and N(u) the K users most similar to u:
//
//   w_uv = Σ_{i ∈ I(u) ∩ I(v)} w_i d_iuv / √(|I(u)| |I(v)|)      cosine; the others stand above SparseRowIndex
//   w_i  = 1 or 1 / ln(1 + |U(i)|)                               inverse item frequency
//   p_ui = Σ_{v ∈ N(u), i ∈ I(v)} w_uv r_vi                      sum
//   r̂_ui = r̄_u + Σ_{v ∈ N(u), i ∈ I(v)} w_uv (r_vi - r̄_v) / Σ w_uv   mean-centred
//
// Resnick, Iacovou, Suchak, Bergstrom, Riedl, "GroupLens: an open architecture for collaborative filtering of netnews", CSCW 1994.
// Breese, Heckerman, Kadie, "Empirical analysis of predictive algorithms for collaborative filtering", UAI 1998.

/// <summary>Options of <see cref="UserCf"/>.</summary>
public sealed record UserCfOptions : CfOptions
{
    /// <summary>The defaults: 80 neighbours.</summary>
    public UserCfOptions() => Neighbours = 80;
}

/// <summary>
/// User-based collaborative filtering. Follows what a circle of like-minded users does, so it suits news and trends; keeps all
/// interactions, and a new history costs a search among all users who share an item with it. Immutable; safe for any number of threads; a
/// call allocates nothing after warm-up.
/// </summary>
public sealed class UserCf : IRecaller, IModel<UserCf>
{
    private readonly UserCfOptions _options;
    private readonly SparseMatrix _users;
    private readonly SparseRowIndex _index;
    private readonly NeighbourLists _neighbours;
    private readonly float[] _means;
    private readonly float[] _itemMeans;
    private readonly Pool<Scratch> _scratch;

    private UserCf(UserCfOptions options, SparseMatrix users, SparseRowIndex index, NeighbourLists neighbours, float[] itemMeans)
    {
        _options = options;
        _users = users;
        _index = index;
        _neighbours = neighbours;
        _means = CfRows.Means(users);
        _itemMeans = itemMeans;
        _scratch = new Pool<Scratch>(
            () => new Scratch(new HistoryRow(ItemCount, options.Repeats), new ScoredItem[options.Neighbours],
                new SparseAccumulator(ItemCount)));
    }

    /// <inheritdoc/>
    public static string Kind => "user-cf";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <summary>Number of users at training; ids from here on are unknown.</summary>
    public int UserCount => _users.RowCount;

    /// <summary>Number of items at training; ids from here on are unknown.</summary>
    public int ItemCount => _users.ColumnCount;

    /// <summary>Finds the neighbours of every user. Time Σ_i |U(i)|²; memory for the interactions and K neighbours of each user.</summary>
    /// <param name="data">What users did.</param>
    /// <param name="options">Similarity, prediction and neighbours; the defaults if null.</param>
    /// <param name="progress">Told about finished parts, by one thread at a time.</param>
    /// <param name="cancel">Stops the training.</param>
    /// <exception cref="ArgumentException">Time decay is asked for, but there are no times.</exception>
    public static UserCf Train(
        Interactions data, UserCfOptions? options = null, IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        options ??= new UserCfOptions();
        var users = CfRows.OfUsers(data, options);
        var itemMeans = CfRows.Means(users.Transpose(options.Threads));
        var index = CfRows.Index(users, CfRows.DaysOfUsers(data, options)?.Values, options, itemMeans);
        var neighbours = NeighbourLists.Search(index, options.Neighbours, options.NormalizeByMax, options.Threads, progress, cancel);
        return new UserCf(options, users, index, neighbours, itemMeans);
    }

    /// <summary>
    /// The items of the user's neighbours, or of those of the given history; fewer than asked if they have fewer; none for an unknown user
    /// without history.
    /// </summary>
    /// <remarks>A history has no times, so time decay does not bear on its neighbours.</remarks>
    /// <inheritdoc cref="IRecaller.Recall"/>
    public int Recall(in RecallRequest request, Span<ScoredItem> destination)
    {
        var scratch = _scratch.Rent();
        var (sums, mean) = (scratch.Sums, 0f);
        if (!request.History.IsEmpty)
        {
            mean = FoldIn(request, scratch, out var count);
            foreach (var (v, w) in scratch.Neighbours.AsSpan(0, count)) AddItemsOf(v, w, sums);
        }
        else if ((uint)request.User < (uint)UserCount)
        {
            mean = _means[request.User];
            var ids = _neighbours.Ids(request.User);
            var similarities = _neighbours.Similarities(request.User);
            for (var k = 0; k < ids.Length; k++) AddItemsOf(ids[k], similarities[k], sums);
        }

        var centred = _options.Prediction == CfPrediction.MeanCentred;
        var top = new TopItems(destination, request.Filter, ItemCount);
        foreach (var i in sums.Touched) top.Offer(i, centred ? mean + sums.Sum(i) / sums.Weight(i) : sums.Sum(i));
        var found = top.Finish();
        sums.Clear();
        _scratch.Return(scratch);
        return found;
    }

    /// <summary>The users most similar to one, best first, ties by lower id: the id stands where a list of items has the item's.</summary>
    /// <param name="user">Dense user id; an unknown one has none.</param>
    /// <param name="destination">Receives at most <see cref="CfOptions.Neighbours"/> users.</param>
    /// <returns>How many were written.</returns>
    public int SimilarUsers(int user, Span<ScoredItem> destination)
    {
        if ((uint)user >= (uint)UserCount) return 0;
        var ids = _neighbours.Ids(user);
        var similarities = _neighbours.Similarities(user);
        var count = Math.Min(ids.Length, destination.Length);
        for (var k = 0; k < count; k++) destination[k] = new ScoredItem(ids[k], similarities[k]);
        return count;
    }

    /// <summary>
    /// The score of one pair: with <see cref="CfPrediction.MeanCentred"/> the expected rating (the user's mean where no neighbour is known,
    /// the item's for an unknown user), with <see cref="CfPrediction.Sum"/> the sum, 0 where nothing is known.
    /// </summary>
    /// <param name="user">Dense user id; unknown ids allowed.</param>
    /// <param name="item">Dense item id; unknown ids allowed.</param>
    public float Predict(int user, int item)
    {
        var centred = _options.Prediction == CfPrediction.MeanCentred;
        var (knowsUser, knowsItem) = ((uint)user < (uint)UserCount, (uint)item < (uint)ItemCount);
        var fallback = !centred ? 0 : knowsUser ? _means[user] : knowsItem ? _itemMeans[item] : CfRows.Mean(_itemMeans, 0);
        if (!knowsUser || !knowsItem) return fallback;
        var ids = _neighbours.Ids(user);
        var similarities = _neighbours.Similarities(user);
        var (sum, weight) = (0f, 0f);
        for (var k = 0; k < ids.Length; k++)
        {
            var row = _users.Row(ids[k]);
            var at = row.Columns.BinarySearch(item);
            if (at < 0) continue;
            sum += similarities[k] * (centred ? row.Values[at] - _means[ids[k]] : row.Values[at]);
            weight += similarities[k];
        }
        return !centred ? sum : weight > 0 ? fallback + sum / weight : fallback;
    }

    /// <inheritdoc/>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        _options.Write(writer);
        writer.Matrix("users", _users);
        _neighbours.Write(writer.Scope("neighbours"));
        writer.Tensor("item_means", _itemMeans);
    }

    /// <inheritdoc/>
    public static UserCf Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var options = CfOptions.Read(reader, new UserCfOptions());
        var users = reader.Matrix("users");
        var neighbours = NeighbourLists.Read(reader.Scope("neighbours"), users.RowCount);
        var itemMeans = reader.Tensor<float>("item_means", users.ColumnCount);
        return new UserCf(options, users, CfRows.Index(users, null, options, itemMeans), neighbours, itemMeans);
    }

    // Makes the history's row like a trained one, finds its neighbours and returns its mean.
    private float FoldIn(in RecallRequest request, Scratch scratch, out int count)
    {
        scratch.History.Load(request);
        var items = scratch.History.Items;
        var values = scratch.History.Values;
        var mean = CfRows.Mean(values, 0);
        CfRows.Centre(items, values, _options.Similarity, _itemMeans);
        var found = scratch.Neighbours.AsSpan();
        count = _index.Search(items, values, [], request.User, found);
        if (_options.NormalizeByMax && count > 0)
        {
            var scale = 1 / found[0].Score;
            foreach (ref var neighbour in found[..count]) neighbour = neighbour with { Score = neighbour.Score * scale };
        }
        return mean;
    }

    private void AddItemsOf(int user, float w, SparseAccumulator sums)
    {
        var row = _users.Row(user);
        sums.AddValues(row.Columns, row.Values, _options.Prediction == CfPrediction.MeanCentred ? _means[user] : 0, w);
    }

    private sealed record Scratch(HistoryRow History, ScoredItem[] Neighbours, SparseAccumulator Sums);
}
