using System.Globalization;
using Recsys.Numerics;

namespace Recsys.Data;

/// <summary>
/// A made-up world of users, items and what happened between them, in which every probability is known, so a model can be compared with
/// the truth. Users and items have unit taste vectors; their cosine (<see cref="Relevance"/>) is behind everything that a user does.
/// <list type="number">
/// <item>Sessions of a user arrive as a Poisson process after sign-up, more often in the evening; taste turns slowly with time.</item>
/// <item>A session shows one list. Each slot draws an item that is released and not yet taken, by popularity (Zipf) or, for
/// <see cref="SyntheticWorldOptions.PersonalShare"/> of the slots, by popularity × what the user notices
/// (<see cref="ExposureProbabilities"/>).</item>
/// <item>Position k is examined with probability k^-η (<see cref="ExaminationProbability"/>); an examined item is clicked with
/// <see cref="ClickProbability"/>, a clicked one put into the cart with <see cref="CartProbability"/>, bought from there with
/// <see cref="PurchaseProbability"/>, and rated, by <see cref="SyntheticWorldOptions.RatingShare"/> of the clicks, with
/// <see cref="RatingProbability"/>.</item>
/// </list>
/// Gender, age, occupation and city explain part of a user's taste, genres part of an item's, the brand part of its quality. Immutable;
/// safe for any number of threads.
/// </summary>
/// <remarks>
/// The examination model is that of Richardson, Dominowska and Ragno, "Predicting clicks", WWW 2007. All random numbers are keyed by
/// seed, user and session: the same options give the same world for any number of threads. <see cref="Interactions"/>,
/// <see cref="Clicks"/> and <see cref="Ratings"/> are built when they are first read.
/// </remarks>
public sealed partial class SyntheticWorld
{
    /// <summary>Seconds from the showing of an item to its click.</summary>
    public const int ClickDelay = 3;

    /// <summary>Seconds from the click to the cart.</summary>
    public const int CartDelay = 30;

    /// <summary>Seconds from the cart to the purchase.</summary>
    public const int PurchaseDelay = 90;

    private readonly WorldTruth _truth;
    private readonly SyntheticUser[] _users;
    private readonly SyntheticItem[] _items;
    private readonly IdMap _userIds, _itemIds;
    private readonly Lazy<Interactions> _interactions, _clicks, _ratings;

    private SyntheticWorld(SyntheticWorldOptions options, CancellationToken cancel)
    {
        Options = options;
        _truth = new WorldTruth(options);
        cancel.ThrowIfCancellationRequested();
        _users = DescribeUsers();
        _items = DescribeItems();
        _userIds = IdMap.FromStrings(_users.Select(user => user.Key));
        _itemIds = IdMap.FromStrings(_items.Select(item => item.Key));
        Friends = _truth.DrawFriends(cancel);
        Impressions = new SessionGenerator(options, _truth).Run(cancel);
        _interactions = new Lazy<Interactions>(BuildInteractions);
        _clicks = new Lazy<Interactions>(BuildClicks);
        _ratings = new Lazy<Interactions>(BuildRatings);
    }

    /// <summary>Makes a world.</summary>
    /// <param name="options">What it is like; null for the defaults, about 200,000 impressions.</param>
    /// <param name="cancel">Stops the making.</param>
    /// <exception cref="ArgumentException">The options ask for more than arrays can hold.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static SyntheticWorld Create(SyntheticWorldOptions? options = null, CancellationToken cancel = default)
    {
        options ??= new SyntheticWorldOptions();
        var most = (long)Math.Max(options.Users, options.Items) * options.TasteDimensions;
        if (most > Array.MaxLength)
            throw new ArgumentException(
                $"The larger of Users and Items times TasteDimensions is {most}; it must be at most {Array.MaxLength}.", nameof(options));
        return new SyntheticWorld(options, cancel);
    }

    /// <summary>What the world was made from.</summary>
    public SyntheticWorldOptions Options { get; }

    /// <summary>The users; the place in the list is the dense id.</summary>
    public IReadOnlyList<SyntheticUser> Users => _users;

    /// <summary>The items; the place in the list is the dense id.</summary>
    public IReadOnlyList<SyntheticItem> Items => _items;

    /// <summary>Everything that was shown, with what came of it.</summary>
    public SyntheticImpressions Impressions { get; }

    /// <summary>
    /// The log with four event types: 0 "view" (an item shown, looked at or not), 1 "click", 2 "cart", 3 "purchase", valued 1, 2, 3, 4.
    /// Dense ids are those of <see cref="Users"/> and <see cref="Items"/>; users and items without events keep theirs.
    /// </summary>
    public Interactions Interactions => _interactions.Value;

    /// <summary>
    /// One row for each click, valued by how far it went: 1 click, 2 cart, 3 purchase. What most recall models want to learn from.
    /// </summary>
    public Interactions Clicks => _clicks.Value;

    /// <summary>
    /// The ratings, valued 1..5, at the time of their click. Users rate what they click, so the mean is above the middle.
    /// </summary>
    public Interactions Ratings => _ratings.Value;

    /// <summary>Who is a friend of whom: users × users, symmetric, no diagonal, every stored value 1.</summary>
    public SparseMatrix Friends { get; }

    /// <summary>
    /// Popularity of each item by Zipf's law: the probability to fill a slot by popularity alone, were all items released. Sums to 1.
    /// </summary>
    public ReadOnlySpan<double> ItemPopularity => _truth.Popularity;

    /// <summary>
    /// What each item adds to clicks, carts and ratings for everyone; mean 0, standard deviation 1, half of the variance from the brand.
    /// </summary>
    public ReadOnlySpan<double> ItemQuality => _truth.Quality;

    private SyntheticUser[] DescribeUsers()
    {
        var users = new SyntheticUser[Options.Users];
        for (var user = 0; user < users.Length; user++)
        {
            var days = _truth.SignedUp[user];
            users[user] = new SyntheticUser(
                user, string.Create(CultureInfo.InvariantCulture, $"user-{user}"),
                SyntheticNames.Genders[_truth.Genders[user]], _truth.Ages[user],
                SyntheticNames.Occupations[_truth.Occupations[user]], SyntheticNames.Cities[_truth.Cities[user]],
                Options.Start.AddSeconds(DayClock.Seconds(days)));
        }
        return users;
    }

    private SyntheticItem[] DescribeItems()
    {
        var ordinals = new int[SyntheticNames.Genres.Length];
        var items = new SyntheticItem[Options.Items];
        for (var item = 0; item < items.Length; item++)
        {
            var genres = _truth.Genres[item];
            var brand = _truth.Brands[item];
            items[item] = new SyntheticItem(
                item, string.Create(CultureInfo.InvariantCulture, $"item-{item}"),
                SyntheticNames.Title(genres[0], ordinals[genres[0]]++),
                Array.AsReadOnly(Array.ConvertAll(genres, genre => SyntheticNames.Genres[genre])),
                _truth.Prices[item], DateTimeOffset.FromUnixTimeSeconds(_truth.Released[item]),
                SyntheticNames.Brand(brand), SyntheticNames.Shops[brand % SyntheticNames.Shops.Length]);
        }
        return items;
    }

    private Interactions BuildInteractions()
    {
        var shown = Impressions;
        var count = shown.Count + shown.Clicked.Count(true) + shown.Cart.Count(true) + shown.Purchased.Count(true);
        var log = new LogColumns(this, count, withEvents: true);
        for (var row = 0; row < shown.Count; row++)
        {
            int user = shown.Users[row], item = shown.Items[row];
            var time = shown.Times[row];
            log.Add(user, item, 1, time, 0);
            if (shown.Clicked[row]) log.Add(user, item, 2, time += ClickDelay, 1);
            if (shown.Cart[row]) log.Add(user, item, 3, time += CartDelay, 2);
            if (shown.Purchased[row]) log.Add(user, item, 4, time + PurchaseDelay, 3);
        }
        return log.Finish(["view", "click", "cart", "purchase"]);
    }

    private Interactions BuildClicks()
    {
        var shown = Impressions;
        var log = new LogColumns(this, shown.Clicked.Count(true), withEvents: false);
        for (var row = 0; row < shown.Count; row++)
        {
            if (!shown.Clicked[row]) continue;
            var value = shown.Purchased[row] ? 3 : shown.Cart[row] ? 2 : 1;
            log.Add(shown.Users[row], shown.Items[row], value, shown.Times[row] + ClickDelay, 0);
        }
        return log.Finish([]);
    }

    private Interactions BuildRatings()
    {
        var shown = Impressions;
        var log = new LogColumns(this, shown.Count - shown.Ratings.Count((byte)0), withEvents: false);
        for (var row = 0; row < shown.Count; row++)
        {
            if (shown.Ratings[row] > 0)
                log.Add(shown.Users[row], shown.Items[row], shown.Ratings[row], shown.Times[row] + ClickDelay, 0);
        }
        return log.Finish([]);
    }

    /// <summary>Columns of a log whose rows come by user and, within a user, in time order.</summary>
    private sealed class LogColumns(SyntheticWorld world, int count, bool withEvents)
    {
        private readonly long[] _offsets = new long[world._users.Length + 1];
        private readonly int[] _items = new int[count];
        private readonly float[] _values = new float[count];
        private readonly long[] _times = new long[count];
        private readonly byte[]? _events = withEvents ? new byte[count] : null;
        private int _next;

        public void Add(int user, int item, float value, long time, byte kind)
        {
            _items[_next] = item;
            _values[_next] = value;
            _times[_next] = time;
            if (_events is not null) _events[_next] = kind;
            _next++;
            _offsets[user + 1]++;
        }

        public Interactions Finish(string[] eventTypes)
        {
            for (var user = 0; user < world._users.Length; user++) _offsets[user + 1] += _offsets[user];
            return new Interactions(world._userIds, world._itemIds, _offsets, _items, _values, _times, _events, eventTypes);
        }
    }
}
