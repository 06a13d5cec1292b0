namespace Recsys.Data;

/// <summary>
/// What a <see cref="SyntheticWorld"/> is like. The same options give the same world, bit for bit, whatever <see cref="Threads"/> is.
/// </summary>
public sealed record SyntheticWorldOptions
{
    /// <summary>Seed of every random number. Any value; default 1.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Number of users, at least 1; default 2,000.</summary>
    public int Users { get; init => field = Guard.AtLeast(1, value); } = 2_000;

    /// <summary>Number of items, at least 1; default 1,000.</summary>
    public int Items { get; init => field = Guard.AtLeast(1, value); } = 1_000;

    /// <summary>Length of the log in days, 1..36,500; default 60.</summary>
    public int Days { get; init => field = Guard.InRange(1, 36_500, value); } = 60;

    /// <summary>When the log starts; a whole second between the years 1970 and 3000 is kept. Default 2024-01-01 00:00 UTC.</summary>
    public DateTimeOffset Start
    {
        get;
        init => field = value.Year is >= 1970 and < 3000
            ? DateTimeOffset.FromUnixTimeSeconds(value.ToUnixTimeSeconds())
            : throw new ArgumentOutOfRangeException(nameof(Start), value, "Start must lie between the years 1970 and 2999.");
    } = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>
    /// Mean number of sessions of a user who is signed up for the whole log, 0..10,000; default 12. Sessions are a Poisson process whose
    /// rate differs between users (log-normal) and with the hour of the day.
    /// </summary>
    public double SessionsPerUser { get; init => field = Guard.InRange(0, 10_000, value); } = 12;

    /// <summary>
    /// Items shown in a session (positions 1..ListLength), 1..1,000; default 10. Shorter where fewer items are left to show.
    /// </summary>
    public int ListLength { get; init => field = Guard.InRange(1, 1_000, value); } = 10;

    /// <summary>Dimensions of the latent taste vectors (D), 2..256; default 8.</summary>
    public int TasteDimensions { get; init => field = Guard.InRange(2, 256, value); } = 8;

    /// <summary>Exponent s of item popularity, weight ∝ rank^-s, 0..3; default 0.6. 0 makes all items equally popular.</summary>
    public double ZipfExponent { get; init => field = Guard.InRange(0, 3, value); } = 0.6;

    /// <summary>How fast a user's taste turns, radians a day, 0..1; default 0.008 (27° over the default 60 days).</summary>
    public double DriftPerDay { get; init => field = Guard.InRange(0, 1, value); } = 0.008;

    /// <summary>Position bias η: the item at position k is examined with probability k^-η, 0..5; default 0.5. 0 examines all.</summary>
    public double PositionBias { get; init => field = Guard.InRange(0, 5, value); } = 0.5;

    /// <summary>
    /// Share of list slots filled by popularity and the user's taste; the others go by popularity alone. 0..1; default 0.8.
    /// </summary>
    public double PersonalShare { get; init => field = Guard.InRange(0, 1, value); } = 0.8;

    /// <summary>Share of lists that are shown most popular first, so that position and popularity are confounded; the others are in
    /// random order. 0..1; default 0.5.</summary>
    public double PopularFirst { get; init => field = Guard.InRange(0, 1, value); } = 0.5;

    /// <summary>Whether items that the user has clicked may be shown to the same user again; default false.</summary>
    public bool RepeatClicks { get; init; }

    /// <summary>Share of users who sign up while the log runs, 0..1; default 0.2. The others had signed up before.</summary>
    public double NewUserShare { get; init => field = Guard.InRange(0, 1, value); } = 0.2;

    /// <summary>Share of items that are released while the log runs, 0..1; default 0.2. The others were there before.</summary>
    public double NewItemShare { get; init => field = Guard.InRange(0, 1, value); } = 0.2;

    /// <summary>Share of a user's taste that gender, age, occupation and city explain, 0..1; default 0.3.</summary>
    public double DemographicSignal { get; init => field = Guard.InRange(0, 1, value); } = 0.3;

    /// <summary>Share of an item's taste vector that its genres explain, 0..1; default 0.7.</summary>
    public double GenreSignal { get; init => field = Guard.InRange(0, 1, value); } = 0.7;

    /// <summary>Probability that a click is followed by a rating, 0..1; default 0.6.</summary>
    public double RatingShare { get; init => field = Guard.InRange(0, 1, value); } = 0.6;

    /// <summary>Mean number of friends of a user (approximately), 0..10,000; default 8.</summary>
    public double FriendsPerUser { get; init => field = Guard.InRange(0, 10_000, value); } = 8;

    /// <summary>Threads used, at least 1; default the number of processors. Never changes the world.</summary>
    public int Threads { get; init => field = Guard.AtLeast(1, value); } = Environment.ProcessorCount;
}
