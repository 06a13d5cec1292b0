using System.Diagnostics;
using Recsys.Data;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys;

/// <summary>
/// From a user to a ranked list: recall channels with quotas → merge → rank → top-n, with a fallback chain for what they cannot answer.
/// Speaks external ids; as an <see cref="IRecaller"/> it speaks dense ids, so the evaluator measures exactly what is served.
/// Immutable and safe for any number of threads; to replace one under load see <see cref="RecommenderHost"/>.
/// </summary>
public sealed partial class Recommender : IRecaller, IModel<Recommender>
{
    private const int UsersPerBlock = 256;
    private readonly SeenItems _seen;
    private readonly Pipeline _pipeline;

    internal Recommender(IdMap users, IdMap items, SeenItems seen, Pipeline pipeline)
    {
        Users = users;
        Items = items;
        _seen = seen;
        _pipeline = pipeline;
    }

    /// <summary>External and dense user ids.</summary>
    public IdMap Users { get; }

    /// <summary>External and dense item ids.</summary>
    public IdMap Items { get; }

    /// <summary>The names of the recall channels, in order, then of the fallbacks.</summary>
    public IReadOnlyList<string> Channels => [.. _pipeline.Channels.Concat(_pipeline.Fallbacks).Select(c => c.Name)];

    /// <summary>Starts composing a recommender.</summary>
    /// <param name="log">The training data: gives the ids, and what each user has seen.</param>
    public static RecommenderBuilder For(Interactions log)
    {
        ArgumentNullException.ThrowIfNull(log);
        return new RecommenderBuilder(log);
    }

    /// <summary>The best items for a user, best first: exactly min(count, eligible items) where the last fallback scores every item.</summary>
    /// <param name="user">External id. One that the training data does not hold is answered from the options' history and the fallback.</param>
    /// <param name="count">At least 1.</param>
    /// <param name="options">Filters and history; null for the defaults.</param>
    public RecommendationList Recommend(string user, int count = 10, RecommendOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(user);
        return Answer(user, Users.Find(user), count, options ?? new RecommendOptions());
    }

    /// <inheritdoc cref="Recommend(string, int, RecommendOptions?)"/>
    public RecommendationList Recommend(long user, int count = 10, RecommendOptions? options = null)
        => Answer(user.ToString(System.Globalization.CultureInfo.InvariantCulture), Users.Find(user), count, options ?? new RecommendOptions());

    /// <summary>The best items for somebody known only by a list of items (fold-in).</summary>
    /// <param name="history">External item ids, oldest first; unknown ones are skipped and reported in the answer.</param>
    /// <param name="count">At least 1.</param>
    /// <param name="options">Filters; its history must be null.</param>
    public RecommendationList RecommendFor(IReadOnlyList<string> history, int count = 10, RecommendOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(history);
        options ??= new RecommendOptions();
        if (options.History is not null)
            throw new ArgumentException("The history is given twice, as an argument and in the options.", nameof(options));
        return Answer("", -1, count, options with { History = history });
    }

    /// <summary>The lists of all users, in the order of their dense ids, computed in parallel blocks and streamed: never all in memory.</summary>
    /// <param name="count">At least 1.</param>
    /// <param name="options">The same for every user; its history must be null.</param>
    /// <param name="threads">0 for all processors. Does not change the answer.</param>
    /// <param name="cancel">Checked between users.</param>
    public IEnumerable<RecommendationList> RecommendAll(
        int count = 10, RecommendOptions? options = null, int threads = 0, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        if (options?.History is not null)
            throw new ArgumentException("A history belongs to one user; it cannot be given for all.", nameof(options));
        return Blocks(count, options ?? new RecommendOptions(), threads == 0 ? Environment.ProcessorCount : threads, cancel);
    }

    /// <summary>The items most similar to one, by the first channel that can tell.</summary>
    /// <param name="item">External id.</param>
    /// <param name="count">At least 1.</param>
    /// <returns>External ids with similarities, best first; empty for an unknown item.</returns>
    /// <exception cref="NotSupportedException">No channel is an <see cref="ISimilarItems"/>.</exception>
    public IReadOnlyList<(string Item, float Similarity)> SimilarItems(string item, int count = 10)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        var similar = _pipeline.Channels.Concat(_pipeline.Fallbacks).Select(c => c.Recaller).OfType<ISimilarItems>().FirstOrDefault()
            ?? throw new NotSupportedException("No channel of this recommender knows similar items; add one such as ItemCf or Lfm.");
        var found = new ScoredItem[Math.Min(count, Items.Count)];
        var length = similar.SimilarItems(Items.Find(item), default, found);
        return [.. found.Take(length).Select(s => (Items.Name(s.Item), s.Score))];
    }

    /// <summary>What a user has interacted with in the training data: distinct dense item ids, ascending; empty for an unknown user.</summary>
    public ReadOnlySpan<int> SeenBy(int user) => _seen.Of(user);

    /// <summary>
    /// The whole pipeline in dense ids, for evaluation and for callers that count allocations: 0 bytes after warm-up. Leaves out only
    /// what the request's filter says; pass <see cref="SeenBy"/> to leave out seen items.
    /// </summary>
    public int Recall(in RecallRequest request, Span<ScoredItem> destination)
    {
        var scratch = _pipeline.Rent();
        try
        {
            return _pipeline.Run(request, destination, scratch).Count;
        }
        finally
        {
            _pipeline.Return(scratch);
        }
    }

    internal Pipeline Stages => _pipeline;

    private IEnumerable<RecommendationList> Blocks(int count, RecommendOptions options, int threads, CancellationToken cancel)
    {
        var block = new RecommendationList[UsersPerBlock];
        for (var first = 0; first < Users.Count; first += UsersPerBlock)
        {
            var start = first;
            var length = Math.Min(UsersPerBlock, Users.Count - first);
            Shards.Run(length, threads, i => block[i] = Answer(Users.Name(start + i), start + i, count, options), cancel);
            for (var i = 0; i < length; i++) yield return block[i];
        }
    }

    private RecommendationList Answer(string name, int user, int count, RecommendOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        using var activity = Telemetry.Source.StartActivity("recsys.recommend");
        var started = Stopwatch.GetTimestamp();

        var unknown = new List<string>();
        var history = Dense(options.History, unknown);
        var exclude = Dense(options.Exclude, unknown);
        if (options.ExcludeSeen) exclude = [.. exclude, .. history, .. _seen.Of(user)];
        var where = options.Where;
        var filter = new ItemFilter
        {
            Exclude = exclude,
            Allow = options.Allow is null ? null : new ItemSet(Dense(options.Allow, unknown)),
            Predicate = where is null ? null : item => where(Items.Name(item)),
        };

        var found = new ScoredItem[Math.Min(count, Items.Count)];
        var scratch = _pipeline.Rent();
        try
        {
            var (length, ranked) = _pipeline.Run(new RecallRequest(user) { History = history, Filter = filter }, found, scratch);
            var answer = new Recommendation[length];
            for (var i = 0; i < length; i++)
            {
                var item = found[i].Item;
                answer[i] = new Recommendation(Items.Name(item), found[i].Score, scratch.SourcesOf(item, _pipeline), IsFallback: i >= ranked);
            }
            Telemetry.Requests.Add(1);
            if (length > ranked) Telemetry.FallbackItems.Add(length - ranked);
            Telemetry.Duration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
            return new RecommendationList(name, user >= 0, unknown, answer);
        }
        finally
        {
            _pipeline.Return(scratch);
        }
    }

    private int[] Dense(IReadOnlyList<string>? items, List<string> unknown)
    {
        if (items is null) return [];
        var dense = new List<int>(items.Count);
        foreach (var item in items)
        {
            var id = Items.Find(item);
            if (id >= 0) dense.Add(id);
            else unknown.Add(item);
        }
        return [.. dense];
    }

    /// <inheritdoc/>
    public static string Kind => "recommender";

    /// <inheritdoc/>
    public static int Version => 1;

    /// <summary>Writes the whole recommender into one file.</summary>
    /// <param name="path">Replaced in one step: a crash leaves the old file.</param>
    /// <param name="kinds">Needed for channels of your own; default: the models of the library.</param>
    public void Save(string path, ModelKinds? kinds = null) => ModelFile.Save(path, this, kinds);

    /// <summary>Reads a recommender that <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The file is damaged or holds something else; the message says what.</exception>
    public static Recommender Load(string path, ModelKinds? kinds = null) => ModelFile.Load<Recommender>(path, kinds);

    /// <inheritdoc/>
    public void Write(ModelWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Model("users", Users);
        writer.Model("items", Items);
        _seen.Write(writer.Scope("seen"));
        WriteChannels(writer.Scope("channels"), _pipeline.Channels);
        WriteChannels(writer.Scope("fallbacks"), _pipeline.Fallbacks);
        writer.Choice("merge", _pipeline.Merge);
        writer.Flag("ranks", _pipeline.Rank is not null);
        if (_pipeline.Rank is not { } rank) return;
        writer.Text("rank.name", rank.Name);
        writer.Model("rank.ranker", (object)rank.Ranker);
        writer.Model("rank.features", rank.Features);
        if (rank.Ranker is IItemKeeper { KeepsItems: true }) writer.Flag("rank.keepsItems", true);
    }

    /// <inheritdoc/>
    public static Recommender Read(ModelReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var users = reader.Model<IdMap>("users");
        var items = reader.Model<IdMap>("items");
        var seen = SeenItems.Read(reader.Scope("seen"), users.Count, items.Count);
        var channels = ReadChannels(reader.Scope("channels"), minimumQuota: 1);
        var fallbacks = ReadChannels(reader.Scope("fallbacks"), minimumQuota: 0);
        var merge = reader.Choice<ChannelMerge>("merge");
        RankStage? rank = null;
        if (reader.Flag("ranks"))
        {
            var ranker = reader.Model("rank.ranker") as IRanker ?? throw reader.Invalid("the entry 'rank.ranker' is not a ranker");
            var features = reader.Model<Features.FeatureSet>("rank.features");
            try
            {
                rank = RankStage.Create(reader.Text("rank.name"), ranker, features, channels);
                if (reader.Has("rank.keepsItems") && reader.Flag("rank.keepsItems") && ranker is IItemKeeper keeper) keeper.KeepItems(features);
            }
            catch (Exception e) when (e is ArgumentException or Features.SchemaMismatchException)
            {
                throw reader.Invalid(e.Message);
            }
        }
        return new Recommender(users, items, seen, new Pipeline(items.Count, channels, merge, rank, fallbacks));
    }

    private static void WriteChannels(ModelWriter writer, Channel[] channels)
    {
        writer.Integer("count", channels.Length);
        for (var i = 0; i < channels.Length; i++)
        {
            var scope = writer.Scope(i.ToString(System.Globalization.CultureInfo.InvariantCulture));
            scope.Text("name", channels[i].Name);
            scope.Integer("quota", channels[i].Quota);
            scope.Real("weight", channels[i].Weight);
            scope.Model("model", (object)channels[i].Recaller);
        }
    }

    private static Channel[] ReadChannels(ModelReader reader, int minimumQuota)
    {
        const int most = 1024, largestQuota = 1 << 24;
        var channels = new Channel[reader.Int32("count", 0, most)];
        for (var i = 0; i < channels.Length; i++)
        {
            var scope = reader.Scope(i.ToString(System.Globalization.CultureInfo.InvariantCulture));
            var recaller = scope.Model("model") as IRecaller ?? throw scope.Invalid($"channel {i} is not a recaller");
            channels[i] = new Channel(
                scope.Text("name"), recaller, scope.Int32("quota", minimumQuota, largestQuota), scope.Single("weight", Channel.LeastWeight, Channel.MostWeight));
        }
        return channels;
    }
}
