using System.Numerics.Tensors;
using Recsys.Data;
using Recsys.Features;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Recall;

// Users are what their items are about. With c_it the weight of topic t in item i and Δ the days before the user's last interaction:
//
//   w_ut = Σ_i r_ui d(Δ_ui) c_it,   d(Δ) = 1 / (1 + a Δ) or e^(-a Δ);   the K largest are kept, Σ_t w_ut = 1
//   cosine: score_ui = w_u · c_i / (|w_u| |c_i|)
//   quotas: topic t fills ⌈w_ut k⌉ of k places with the best of its list, by c_it q_i, q_i the item's mean value or share of users
//
// Pazzani and Billsus, "Content-based recommendation systems", The Adaptive Web, LNCS 4321, 2007.

/// <summary>
/// Content-based recall: from what items are about, not from who met them, so that items without any interaction are found and every list
/// explains itself; finds more of the same only, and is as good as the descriptions. Profiles are sums over the data, so there is nothing
/// to start warm from: training on the grown log and descriptions is the warm start and takes new ids. Memory: the description twice (by
/// item and by term) and K topics of each user. Immutable; safe for any number of threads; a call allocates nothing after warm-up.
/// </summary>
public sealed class ContentBased : IRecaller, ISimilarItems, IModel<ContentBased>
{
    private const float SecondsOfDay = 86_400;
    private const int UsersOfBlock = 1024;

    private readonly ContentBasedOptions _options;
    private readonly SparseMatrix _items;      // items × terms, c
    private readonly SparseMatrix _inverted;   // terms × items
    private readonly SparseMatrix _users;      // users × terms, w
    private readonly float[] _quality;         // q
    private readonly string[] _terms;
    private readonly float[] _inverseNorms;    // 1 / |c_i|
    private readonly TopicLists _lists;
    private readonly Pool<Scratch> _scratch;

    private ContentBased(ContentBasedOptions options, SparseMatrix items, SparseMatrix users, float[] quality, string[] terms)
    {
        (_options, _items, _users, _quality, _terms) = (options, items, users, quality, terms);
        _inverted = items.Transpose();
        _inverseNorms = new float[items.RowCount];
        for (var i = 0; i < _inverseNorms.Length; i++) _inverseNorms[i] = InverseNorm(items.Row(i).Values);
        _lists = new TopicLists(options.Scoring == ContentScoring.Quotas ? _inverted : null, quality);
        _scratch = new Pool<Scratch>(() => new Scratch(
            new HistoryRow(ItemCount, Repeats(options)), new SparseAccumulator(ItemCount), new ProfileBuilder(TermCount, options.Topics)));
    }

    /// <inheritdoc/>
    public static string Kind => "content-based";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <summary>Number of users at training; ids from here on are unknown.</summary>
    public int UserCount => _users.RowCount;

    /// <summary>Number of described items.</summary>
    public int ItemCount => _items.RowCount;

    /// <summary>Number of terms.</summary>
    public int TermCount => _items.ColumnCount;

    /// <summary>The name of a term.</summary>
    /// <param name="term">0..<see cref="TermCount"/>-1.</param>
    public string Term(int term) => _terms[term];

    /// <summary>w_u: the topics of a user, which together weigh 1; empty for an unknown user or one without described items.</summary>
    /// <param name="user">Dense user id; unknown ids allowed.</param>
    public SparseRow Profile(int user) => (uint)user < (uint)UserCount ? _users.Row(user) : default;

    /// <summary>Adds up the profiles of all users.</summary>
    /// <param name="data">What users did; may be empty for some items, which are found all the same.</param>
    /// <param name="items">What the items are about, by dense id: at least as many rows as the log has items.</param>
    /// <param name="options">Scoring, topics, decay; the defaults if null.</param>
    /// <param name="progress">Told when profiles are done.</param>
    /// <param name="cancel">Stops the training.</param>
    /// <exception cref="ArgumentException">Items lack a row, or a decay is asked for without times.</exception>
    public static ContentBased Train(
        Interactions data, TermVectors items, ContentBasedOptions? options = null, IProgress<TrainProgress>? progress = null,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(items);
        options ??= new ContentBasedOptions();
        if (items.Rows.RowCount < data.ItemCount)
            throw new ArgumentException(
                $"{items.Rows.RowCount} items are described, of {data.ItemCount}; give one row for each dense id.", nameof(items));
        if (options.DecayPerDay > 0 && !data.HasTimes)
            throw new ArgumentException(
                $"{nameof(options.DecayPerDay)} is {options.DecayPerDay}, but the interactions have no times; set it to 0 or read times.",
                nameof(options));
        var users = Profiles(data, items.Rows, options, cancel);
        progress?.Report(new TrainProgress("profiles", 1, 1));
        return new ContentBased(options, items.Rows, users, Quality(data, items.Rows.RowCount, options), [.. items.Terms]);
    }

    /// <summary>
    /// A model with more items, found by what they are about at once: profiles and known items stay, as do their weights and quality. A new
    /// item has the least share of users that there is, or, where values count, the mean quality.
    /// </summary>
    /// <param name="items">All items by dense id, the known ones first (their rows are not read again). Terms are matched by name; those
    /// that the model doesn't know are in no profile, but items can share them.</param>
    /// <exception cref="ArgumentException">Fewer items are described than the model knows.</exception>
    public ContentBased WithItems(TermVectors items)
    {
        ArgumentNullException.ThrowIfNull(items);
        var count = items.Rows.RowCount;
        if (count < ItemCount)
            throw new ArgumentException($"{count} items are described, the model knows {ItemCount}; add rows to the end.", nameof(items));
        var names = new Dictionary<string, int>();
        for (var term = 0; term < TermCount; term++) names.TryAdd(_terms[term], term);
        var terms = new List<string>(_terms);
        var (rows, columns, weights) = (new List<int>(), new List<int>(), new List<float>());
        for (var item = 0; item < count; item++)
        {
            var row = item < ItemCount ? _items.Row(item) : items.Rows.Row(item);
            for (var k = 0; k < row.Length; k++)
            {
                rows.Add(item);
                columns.Add(item < ItemCount ? row.Columns[k] : TermOf(items.Terms[row.Columns[k]]));
                weights.Add(row.Values[k]);
            }
        }
        var quality = new float[count];
        _quality.CopyTo(quality, 0);
        var usual = ItemCount == 0 ? 0
            : _options.UseValues ? TensorPrimitives.Sum<float>(_quality) / ItemCount : TensorPrimitives.Min<float>(_quality);
        quality.AsSpan(ItemCount).Fill(usual);
        var described = SparseMatrix.FromTriplets(count, terms.Count, rows.ToArray(), columns.ToArray(), weights.ToArray());
        var users = new SparseMatrix(UserCount, terms.Count, _users.RowOffsets, _users.Columns, _users.Values);
        return new ContentBased(_options, described, users, quality, [.. terms]);

        int TermOf(string name)
        {
            if (names.TryGetValue(name, out var known)) return known;
            terms.Add(name);
            return names[name] = terms.Count - 1;
        }
    }

    /// <summary>
    /// Items that share topics with the user's own profile, or that of the given history, the same items included unless they are filtered
    /// out; fewer than asked if there are fewer; none for who has no profile.
    /// </summary>
    /// <inheritdoc cref="IRecaller.Recall"/>
    public int Recall(in RecallRequest request, Span<ScoredItem> destination)
    {
        var scratch = _scratch.Rent();
        ReadOnlySpan<ScoredItem> profile;
        if (request.History.IsEmpty) profile = scratch.Profile.Load(Profile(request.User));
        else
        {
            scratch.History.Load(request);
            profile = scratch.Profile.Build(_items, scratch.History.Items, scratch.History.Values);
        }
        var count = _options.Scoring == ContentScoring.Quotas
            ? _lists.Fill(profile, request.Filter, destination, ItemCount)
            : Cosine(profile, request.Filter, destination, scratch.Sums);
        _scratch.Return(scratch);
        return count;
    }

    /// <summary>The items of highest cosine(c_i, c_j), of those that have a term in common with the item.</summary>
    /// <inheritdoc cref="ISimilarItems.SimilarItems"/>
    public int SimilarItems(int item, in ItemFilter filter, Span<ScoredItem> destination)
    {
        if ((uint)item >= (uint)ItemCount) return 0;
        var scratch = _scratch.Rent();
        var row = _items.Row(item);
        for (var k = 0; k < row.Length; k++) Add(row.Columns[k], row.Values[k], scratch.Sums);
        var count = Finish(scratch.Sums, _inverseNorms[item], item, filter, destination);
        _scratch.Return(scratch);
        return count;
    }

    /// <inheritdoc/>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Choice("scoring", _options.Scoring);
        writer.Integer("topics", _options.Topics);
        writer.Choice("decay", _options.Decay);
        writer.Real("decay_per_day", _options.DecayPerDay);
        writer.Flag("use_values", _options.UseValues);
        writer.Real("mean_smoothing", _options.MeanSmoothing);
        writer.Matrix("items", _items);
        writer.Matrix("users", _users);
        writer.Tensor("quality", _quality);
        writer.Texts("terms", _terms);
    }

    /// <inheritdoc/>
    public static ContentBased Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var options = new ContentBasedOptions
        {
            Scoring = reader.Choice<ContentScoring>("scoring"),
            Topics = reader.Int32("topics", 1, 10_000),
            Decay = reader.Choice<ContentDecay>("decay"),
            DecayPerDay = reader.Single("decay_per_day", 0, 1000),
            UseValues = reader.Flag("use_values"),
            MeanSmoothing = reader.Single("mean_smoothing", 0, 1_000_000),
        };
        var (items, users) = (reader.Matrix("items"), reader.Matrix("users"));
        if (users.ColumnCount != items.ColumnCount)
            throw reader.Invalid($"users have {users.ColumnCount} terms and items have {items.ColumnCount}.");
        foreach (var weight in items.Values.Concat(users.Values))
            if (weight <= 0) throw reader.Invalid($"a topic weighs {weight}; weights are positive.");
        return new ContentBased(
            options, items, users, reader.Tensor<float>("quality", items.RowCount), reader.Texts("terms", items.ColumnCount));
    }

    private static RepeatedItems Repeats(ContentBasedOptions options) => options.UseValues ? RepeatedItems.Sum : RepeatedItems.One;

    private int Cosine(ReadOnlySpan<ScoredItem> profile, in ItemFilter filter, Span<ScoredItem> destination, SparseAccumulator sums)
    {
        var squares = 0f;
        foreach (var (term, weight) in profile)
        {
            Add(term, weight, sums);
            squares += weight * weight;
        }
        return Finish(sums, squares > 0 ? 1 / MathF.Sqrt(squares) : 0, -1, filter, destination);
    }

    private void Add(int term, float weight, SparseAccumulator sums)
    {
        var row = _inverted.Row(term);
        sums.Add(row.Columns, row.Values, weight);
    }

    private int Finish(SparseAccumulator sums, float inverseNorm, int self, in ItemFilter filter, Span<ScoredItem> destination)
    {
        var top = new TopItems(destination, filter, ItemCount);
        foreach (var item in sums.Touched)
            if (item != self) top.Offer(item, sums.Sum(item) * _inverseNorms[item] * inverseNorm);
        sums.Clear();
        return top.Finish();
    }

    // Each block of users writes arrays of its own, so that at the peak the profiles are there twice.
    private static SparseMatrix Profiles(Interactions data, SparseMatrix items, ContentBasedOptions options, CancellationToken cancel)
    {
        var blocks = new (int[] Terms, float[] Weights)[(data.UserCount + UsersOfBlock - 1) / UsersOfBlock];
        var offsets = new long[data.UserCount + 1];
        var builders = new Pool<ProfileBuilder>(() => new ProfileBuilder(items.ColumnCount, options.Topics));
        Shards.Run(blocks.Length, options.Threads, block =>
        {
            var builder = builders.Rent();
            var (terms, weights) = (new List<int>(), new List<float>());
            for (var user = block * UsersOfBlock; user < Math.Min((block + 1) * UsersOfBlock, data.UserCount); user++)
            {
                var profile = builder.Build(items, data.ItemsOf(user), Strengths(data, user, options));
                profile.Sort(static (a, b) => a.Item.CompareTo(b.Item));
                foreach (var (term, weight) in profile)
                {
                    terms.Add(term);
                    weights.Add(weight);
                }
                offsets[user + 1] = profile.Length;
            }
            blocks[block] = (terms.ToArray(), weights.ToArray());
            builders.Return(builder);
        }, cancel);
        for (var user = 0; user < data.UserCount; user++) offsets[user + 1] += offsets[user];
        var (columns, values) = (new int[offsets[^1]], new float[offsets[^1]]);
        for (var block = 0; block < blocks.Length; block++)
        {
            var at = (int)offsets[block * UsersOfBlock];
            blocks[block].Terms.CopyTo(columns, at);
            blocks[block].Weights.CopyTo(values, at);
        }
        return new SparseMatrix(data.UserCount, items.ColumnCount, offsets, columns, values);
    }

    // r d(Δ) for each row of the user. Without values a repeated item counts once, where it was last.
    private static float[] Strengths(Interactions data, int user, ContentBasedOptions options)
    {
        var items = data.ItemsOf(user);
        var times = options.DecayPerDay > 0 ? data.TimesOf(user) : default;
        var strengths = options.UseValues ? data.ValuesOf(user).ToArray() : new float[items.Length];
        if (!options.UseValues) Array.Fill(strengths, 1);
        var last = long.MinValue;
        foreach (var time in times) last = Math.Max(last, time);
        for (var k = 0; k < times.Length; k++)
        {
            if (times[k] == Interactions.NoTime) continue;
            var days = (last - times[k]) / SecondsOfDay;
            strengths[k] *= options.Decay == ContentDecay.Hyperbolic
                ? 1 / (1 + options.DecayPerDay * days)
                : MathF.Exp(-options.DecayPerDay * days);
        }
        if (options.UseValues) return strengths;
        if (items.Length < 2) return strengths;
        var met = new HashSet<int>(items.Length);
        for (var k = items.Length - 1; k >= 0; k--)
            if (!met.Add(items[k])) strengths[k] = 0;
        return strengths;
    }

    private static float[] Quality(Interactions data, int items, ContentBasedOptions options)
    {
        var quality = new float[items];
        var (overall, most) = (data.Count == 0 ? 0 : TensorPrimitives.Sum(data.ValueColumn) / data.Count, 1);
        for (var item = 0; item < data.ItemCount; item++) most = Math.Max(most, data.UsersOf(item).Length);
        for (var item = 0; item < items; item++)
        {
            var values = item < data.ItemCount ? data.ItemValuesOf(item) : default;
            quality[item] = !options.UseValues ? (values.Length + 1f) / (most + 1f)
                : values.Length + options.MeanSmoothing > 0
                    ? (TensorPrimitives.Sum(values) + options.MeanSmoothing * overall) / (values.Length + options.MeanSmoothing)
                    : overall;
        }
        return quality;
    }

    private static float InverseNorm(ReadOnlySpan<float> values)
        => values.IsEmpty ? 0 : (float)(1 / Math.Sqrt(Math.Max(1e-30, TensorPrimitives.SumOfSquares(values))));

    private sealed record Scratch(HistoryRow History, SparseAccumulator Sums, ProfileBuilder Profile);
}
