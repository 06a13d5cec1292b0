namespace Recsys.Data;

// The truth: what no model is shown and every model is after.
public sealed partial class SyntheticWorld
{
    /// <summary>How well an item suits a user at a time: the cosine of their taste vectors, -1..1. Higher is better.</summary>
    /// <param name="user">Dense user id.</param>
    /// <param name="item">Dense item id.</param>
    /// <param name="time">Unix seconds.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such user or item.</exception>
    public double Relevance(int user, int item, long time) => _truth.Match(CheckUser(user), CheckItem(item), time);

    /// <summary>Probability that the item at a position of a list is looked at: position^-η.</summary>
    /// <param name="position">From 1, the top.</param>
    /// <exception cref="ArgumentOutOfRangeException">The position is below 1.</exception>
    public double ExaminationProbability(int position) => _truth.Examine(Guard.AtLeast(1, position, nameof(position)));

    /// <summary>Probability that the user clicks the item when it is shown and examined.</summary>
    /// <inheritdoc cref="Relevance"/>
    public double ClickProbability(int user, int item, long time) => _truth.Click(Relevance(user, item, time), item);

    /// <summary>Probability that the user puts the item into the cart, once it is clicked.</summary>
    /// <inheritdoc cref="Relevance"/>
    public double CartProbability(int user, int item, long time) => _truth.Cart(Relevance(user, item, time), item);

    /// <summary>
    /// Probability that the user buys the item, once it is in the cart: falls with the price, for some occupations more than for others.
    /// </summary>
    /// <inheritdoc cref="Relevance"/>
    public double PurchaseProbability(int user, int item, long time) => _truth.Purchase(Relevance(user, item, time), user, item);

    /// <summary>Probability that the user rates the item with that many stars, once it is rated: a rounded and clamped logistic.</summary>
    /// <param name="user">Dense user id.</param>
    /// <param name="item">Dense item id.</param>
    /// <param name="time">Unix seconds.</param>
    /// <param name="stars">1..5.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such user, item or rating.</exception>
    public double RatingProbability(int user, int item, long time, int stars)
    {
        Guard.InRange(1, 5, stars, nameof(stars));
        var centre = _truth.RatingCentre(Relevance(user, item, time), user, item);
        return UpTo(stars, centre) - UpTo(stars - 1, centre);

        static double UpTo(int stars, double centre)
            => stars == 0 ? 0 : stars == 5 ? 1 : WorldTruth.Sigmoid((stars + 0.5 - centre) / WorldTruth.RatingScale);
    }

    /// <summary>Mean of the ratings that the user would give the item: the best that any model can predict in squared error.</summary>
    /// <inheritdoc cref="Relevance"/>
    public double ExpectedRating(int user, int item, long time)
    {
        var mean = 0.0;
        for (var stars = 1; stars <= 5; stars++) mean += stars * RatingProbability(user, item, time, stars);
        return mean;
    }

    /// <summary>
    /// Probability of each item to fill the next slot of a list that starts at that time. Each slot is drawn like this, without the items
    /// that the list holds already and, unless <see cref="SyntheticWorldOptions.RepeatClicks"/>, those that the user has clicked.
    /// </summary>
    /// <param name="user">Dense user id.</param>
    /// <param name="time">Unix seconds.</param>
    /// <param name="taken">Dense ids of items that can't be drawn any more.</param>
    /// <param name="destination">Receives one probability for each item; their sum is 1, or 0 if no item is left. Length: number of
    /// items.</param>
    /// <exception cref="ArgumentException">The destination has another length.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such user or item.</exception>
    public void ExposureProbabilities(int user, long time, ReadOnlySpan<int> taken, Span<double> destination)
    {
        CheckUser(user);
        if (destination.Length != _items.Length)
            throw new ArgumentException(
                $"The destination has {destination.Length} places; there are {_items.Length} items.", nameof(destination));
        var taste = new double[Options.TasteDimensions];
        _truth.Space.Taste(user, _truth.Days(time), taste);
        destination.Clear();
        foreach (var item in taken) destination[CheckItem(item)] = double.NaN;  // marks, for the loop below

        double popular = 0, personal = 0;
        for (var item = 0; item < destination.Length; item++)
        {
            if (double.IsNaN(destination[item]) || _truth.Released[item] > time)
            {
                destination[item] = -1;
                continue;
            }
            destination[item] = WorldTruth.Notice(_truth.Space.Match(taste, item));
            popular += _truth.Popularity[item];
            personal += _truth.Popularity[item] * destination[item];
        }
        for (var item = 0; item < destination.Length; item++)
        {
            destination[item] = destination[item] < 0
                ? 0
                : _truth.Popularity[item] * (Options.PersonalShare * destination[item] / personal + (1 - Options.PersonalShare) / popular);
        }
    }

    /// <summary>Probability that two users are friends; depends on how near their tastes are at the start of the log.</summary>
    /// <param name="user">Dense user id.</param>
    /// <param name="other">Dense user id; the user's own gives 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such user.</exception>
    public double FriendProbability(int user, int other) => _truth.FriendProbability(CheckUser(user), CheckUser(other));

    /// <summary>Writes the user's taste vector at a time, of length 1.</summary>
    /// <param name="user">Dense user id.</param>
    /// <param name="time">Unix seconds.</param>
    /// <param name="destination">Length <see cref="SyntheticWorldOptions.TasteDimensions"/>.</param>
    /// <exception cref="ArgumentException">The destination has another length.</exception>
    public void UserTaste(int user, long time, Span<double> destination)
    {
        CheckUser(user);
        if (destination.Length != Options.TasteDimensions)
            throw new ArgumentException(
                $"The destination has {destination.Length} places; tastes have {Options.TasteDimensions} dimensions.", nameof(destination));
        _truth.Space.Taste(user, _truth.Days(time), destination);
    }

    /// <summary>The item's taste vector, of length 1.</summary>
    /// <param name="item">Dense item id.</param>
    public ReadOnlySpan<double> ItemTaste(int item)
        => _truth.Space.Items.AsSpan(CheckItem(item) * Options.TasteDimensions, Options.TasteDimensions);

    private int CheckUser(int user)
        => (uint)user < (uint)_users.Length
            ? user
            : throw new ArgumentOutOfRangeException(nameof(user), user, $"The world has the users 0 to {_users.Length - 1}.");

    private int CheckItem(int item)
        => (uint)item < (uint)_items.Length
            ? item
            : throw new ArgumentOutOfRangeException(nameof(item), item, $"The world has the items 0 to {_items.Length - 1}.");
}
