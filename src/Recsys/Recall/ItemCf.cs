using Recsys.Data;
using Recsys.Indexing;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Recall;

// Who likes an item likes the items that the same people liked. With U(i) the users of item i and N(j) the K items most similar to j:
//
//   s_ij = Σ_{u ∈ U(i) ∩ U(j)} w_u d_uij / √(|U(i)| |U(j)|)      cosine; the others stand above SparseRowIndex
//   w_u  = 1 or 1 / ln(1 + |I(u)|)                               inverse user frequency
//   p_uj = Σ_{i ∈ I(u) ∩ N(j)} s_ij r_ui                         sum
//   r̂_uj = r̄_j + Σ_{i ∈ I(u) ∩ N(j)} s_ij (r_ui - r̄_i) / Σ s_ij  mean-centred
//
// Sarwar, Karypis, Konstan, Riedl, "Item-based collaborative filtering recommendation algorithms", WWW 2001. Deshpande, Karypis,
// "Item-based top-N recommendation algorithms", ACM TOIS 22(1), 2004 (scaling each list of neighbours). Breese, Heckerman, Kadie, UAI 1998
// (inverse user frequency).

/// <summary>Options of <see cref="ItemCf"/>.</summary>
public sealed record ItemCfOptions : CfOptions
{
    /// <summary>The defaults: 50 neighbours, inverse user frequency.</summary>
    public ItemCfOptions() => InverseFrequency = true;
}

/// <summary>
/// Item-based collaborative filtering. Trains in seconds, explains itself ("because you liked …"), and answers for anybody with a history;
/// finds only items that share users with the history. Immutable; safe for any number of threads; a call allocates nothing after warm-up.
/// </summary>
public sealed class ItemCf : IRecaller, ISimilarItems, IModel<ItemCf>
{
    private readonly ItemCfOptions _options;
    private readonly SparseMatrix _users;
    private readonly NeighbourLists _neighbours;
    private readonly NeighbourLists _inverse;
    private readonly float[] _means;
    private readonly Pool<Scratch> _scratch;

    private ItemCf(ItemCfOptions options, SparseMatrix users, NeighbourLists neighbours, float[] means)
    {
        _options = options;
        _users = users;
        _neighbours = neighbours;
        _inverse = neighbours.Transpose();
        _means = means;
        _scratch = new Pool<Scratch>(() => new Scratch(new HistoryRow(ItemCount, options.Repeats), new SparseAccumulator(ItemCount)));
    }

    /// <inheritdoc/>
    public static string Kind => "item-cf";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <summary>Number of users at training; ids from here on are unknown.</summary>
    public int UserCount => _users.RowCount;

    /// <summary>Number of items at training; ids from here on are unknown.</summary>
    public int ItemCount => _users.ColumnCount;

    /// <summary>Finds the neighbours of every item. Time Σ_u |I(u)|²; memory for K neighbours of each item.</summary>
    /// <param name="data">What users did.</param>
    /// <param name="options">Similarity, prediction and neighbours; the defaults if null.</param>
    /// <param name="progress">Told about finished parts, by one thread at a time.</param>
    /// <param name="cancel">Stops the training.</param>
    /// <exception cref="ArgumentException">Time decay is asked for, but there are no times.</exception>
    public static ItemCf Train(
        Interactions data, ItemCfOptions? options = null, IProgress<TrainProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        options ??= new ItemCfOptions();
        var users = CfRows.OfUsers(data, options);
        var items = users.Transpose(options.Threads);
        var index = CfRows.Index(items, CfRows.DaysOfUsers(data, options)?.Transpose().Values, options, CfRows.Means(users));
        var neighbours = NeighbourLists.Search(index, options.Neighbours, options.NormalizeByMax, options.Threads, progress, cancel);
        return new ItemCf(options, users, neighbours, CfRows.Means(items));
    }

    /// <summary>
    /// The items that the user's own, or the given history, speaks for; fewer than asked if it reaches fewer; none for an unknown user
    /// without history.
    /// </summary>
    /// <inheritdoc cref="IRecaller.Recall"/>
    public int Recall(in RecallRequest request, Span<ScoredItem> destination)
    {
        var scratch = _scratch.Rent();
        var row = scratch.History.RowOf(request, _users);
        var centred = _options.Prediction == CfPrediction.MeanCentred;
        var sums = scratch.Sums;
        for (var k = 0; k < row.Length; k++)
        {
            var i = row.Columns[k];
            sums.Add(_inverse.Ids(i), _inverse.Similarities(i), centred ? row.Values[k] - _means[i] : row.Values[k]);
        }

        var top = new TopItems(destination, request.Filter, ItemCount);
        foreach (var j in sums.Touched) top.Offer(j, centred ? _means[j] + sums.Sum(j) / sums.Weight(j) : sums.Sum(j));
        var count = top.Finish();
        sums.Clear();
        _scratch.Return(scratch);
        return count;
    }

    /// <summary>The neighbours of an item, at most <see cref="CfOptions.Neighbours"/>; the score is the similarity.</summary>
    /// <inheritdoc cref="ISimilarItems.SimilarItems"/>
    public int SimilarItems(int item, in ItemFilter filter, Span<ScoredItem> destination)
    {
        var top = new TopItems(destination, filter, ItemCount);
        if ((uint)item < (uint)ItemCount)
        {
            var ids = _neighbours.Ids(item);
            var similarities = _neighbours.Similarities(item);
            for (var i = 0; i < ids.Length; i++) top.Offer(ids[i], similarities[i]);
        }
        return top.Finish();
    }

    /// <summary>
    /// The score of one pair: with <see cref="CfPrediction.MeanCentred"/> the expected rating (the item's mean where no neighbour is
    /// known), with <see cref="CfPrediction.Sum"/> the sum, 0 where nothing is known.
    /// </summary>
    /// <param name="user">Dense user id; unknown ids allowed.</param>
    /// <param name="item">Dense item id; unknown ids allowed.</param>
    public float Predict(int user, int item)
    {
        var centred = _options.Prediction == CfPrediction.MeanCentred;
        var fallback = !centred || ItemCount == 0 ? 0 : (uint)item < (uint)ItemCount ? _means[item] : CfRows.Mean(_means, 0);
        if ((uint)user >= (uint)UserCount || (uint)item >= (uint)ItemCount) return fallback;
        var row = _users.Row(user);
        var ids = _neighbours.Ids(item);
        var similarities = _neighbours.Similarities(item);
        var (sum, weight) = (0f, 0f);
        for (var k = 0; k < ids.Length; k++)
        {
            var at = row.Columns.BinarySearch(ids[k]);
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
        writer.Tensor("item_means", _means);
    }

    /// <inheritdoc/>
    public static ItemCf Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var options = CfOptions.Read(reader, new ItemCfOptions());
        var users = reader.Matrix("users");
        var neighbours = NeighbourLists.Read(reader.Scope("neighbours"), users.ColumnCount);
        return new ItemCf(options, users, neighbours, reader.Tensor<float>("item_means", users.ColumnCount));
    }

    private sealed record Scratch(HistoryRow History, SparseAccumulator Sums);
}
