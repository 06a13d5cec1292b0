using Recsys.Numerics;

namespace Recsys.Data;

/// <summary>
/// The hidden facts of a synthetic world and the probabilities that follow from them; both the generator and the public world ask here.
/// Every number is keyed by (seed, stream, user or item), so filling by shards gives the same facts for any number of threads.
/// </summary>
internal sealed partial class WorldTruth
{
    private const int FillShards = 32;
    private const double SecondsPerDay = 86_400;
    private readonly SyntheticWorldOptions _options;
    private readonly long _start;

    public WorldTruth(SyntheticWorldOptions options)
    {
        _options = options;
        _start = options.Start.ToUnixTimeSeconds();
        var rng = new Rng(options.Seed, 0x576F726C64);
        Space = new TasteSpace(options, rng.Stream(1));

        Genres = new int[options.Items][];
        Brands = new int[options.Items];
        Prices = new double[options.Items];
        Released = new long[options.Items];
        Quality = new double[options.Items];
        Popularity = new double[options.Items];
        FillItems(rng.Stream(2));
        FillPopularity(rng.Stream(3));
        Sampler = new PopularitySampler(Popularity, Released);

        Genders = new byte[options.Users];
        Ages = new byte[options.Users];
        Occupations = new byte[options.Users];
        Cities = new byte[options.Users];
        SignedUp = new double[options.Users];
        Activity = new double[options.Users];
        Leniency = new double[options.Users];
        FillUsers(rng.Stream(4));
        Behaviour = rng.Stream(5);
        Friendship = rng.Stream(6);
    }

    public TasteSpace Space { get; }
    public PopularitySampler Sampler { get; }
    public Rng Behaviour { get; }
    public Rng Friendship { get; }

    public int[][] Genres { get; }
    public int[] Brands { get; }
    public double[] Prices { get; }
    public long[] Released { get; }
    public double[] Quality { get; }
    public double[] Popularity { get; }

    public byte[] Genders { get; }
    public byte[] Ages { get; }
    public byte[] Occupations { get; }
    public byte[] Cities { get; }

    /// <summary>Days after the start, on the clock of <see cref="DayClock"/>; negative for those who were there before.</summary>
    public double[] SignedUp { get; }
    public double[] Activity { get; }
    public double[] Leniency { get; }

    public double Days(long time) => (time - _start) / SecondsPerDay;

    /// <summary>Cosine of the user's taste at that time and the item.</summary>
    public double Match(int user, int item, long time)
    {
        Span<double> taste = stackalloc double[Space.Dimensions];
        Space.Taste(user, Days(time), taste);
        return Space.Match(taste, item);
    }

    public static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    /// <summary>How likely it is that a user who looks around takes notice of an item of this match.</summary>
    public static double Notice(double match) => Sigmoid(16 * (match - 0.7));

    public double Click(double match, int item) => Sigmoid(-0.7 + 5 * (match - 0.5) + 0.4 * Quality[item]);

    public double Cart(double match, int item) => Sigmoid(-1 + 2 * (match - 0.5) + 0.5 * Quality[item]);

    public double Purchase(double match, int user, int item)
        => Sigmoid(0.2 + match - SyntheticNames.PriceSensitivity[Occupations[user]] * StandardPrice(item));

    /// <summary>Centre of the logistic from which a rating is rounded; its scale is <see cref="RatingScale"/>.</summary>
    public double RatingCentre(double match, int user, int item) => 3.6 + 2.5 * (match - 0.5) + 0.5 * Quality[item] + Leniency[user];

    public const double RatingScale = 0.35;

    public double Examine(int position) => Math.Pow(position, -_options.PositionBias);

    // Prices are log-normal around 12 with 0.6; see FillItems.
    private double StandardPrice(int item) => Math.Log(Prices[item] / 12) / 0.6;

    private void FillItems(Rng rng)
    {
        var options = _options;
        Span<double> brandQuality = stackalloc double[SyntheticNames.BrandCount];
        var sequence = new RandomSequence(rng.Stream(ulong.MaxValue));
        for (var brand = 0; brand < brandQuality.Length; brand++) brandQuality[brand] = sequence.Normal();

        for (var item = 0; item < options.Items; item++)
        {
            sequence = new RandomSequence(rng.Stream((ulong)item));
            var genres = new int[1 + sequence.Ranked(3, 0.7)];
            for (var g = 0; g < genres.Length; g++)
            {
                do genres[g] = sequence.Ranked(SyntheticNames.Genres.Length, 0.6);
                while (genres.AsSpan(0, g).Contains(genres[g]));
            }
            Genres[item] = genres;
            Space.PlaceItem(item, genres, options.GenreSignal);

            Brands[item] = sequence.Ranked(SyntheticNames.BrandCount, 0.8);
            Quality[item] = 0.7 * brandQuality[Brands[item]] + 0.7 * sequence.Normal();
            Prices[item] = Math.Max(1, Math.Round(1200 * Math.Exp(0.6 * sequence.Normal()))) / 100;
            // Before the start the age is exponential around three years; hours are whole in both cases.
            var hours = sequence.Uniform() < options.NewItemShare
                ? Math.Floor(sequence.Uniform() * options.Days * 24)
                : -Math.Floor(1 + Math.Min(sequence.Exponential() * 3 * 365, 3650) * 24);
            Released[item] = _start + (long)hours * 3600;
        }
    }

    private void FillPopularity(Rng rng)
    {
        var rank = new int[_options.Items];
        for (var item = 0; item < rank.Length; item++) rank[item] = item;
        for (var item = rank.Length - 1; item > 0; item--)
        {
            var other = rng.Below((ulong)item, item + 1);
            (rank[item], rank[other]) = (rank[other], rank[item]);
        }
        var total = 0.0;
        for (var item = 0; item < rank.Length; item++) total += Popularity[item] = Math.Pow(rank[item] + 1, -_options.ZipfExponent);
        for (var item = 0; item < rank.Length; item++) Popularity[item] /= total;
    }

    private void FillUsers(Rng rng)
    {
        var options = _options;
        Shards.Run(FillShards, options.Threads, shard =>
        {
            var (first, end) = Shards.Range(options.Users, FillShards, shard);
            for (var user = first; user < end; user++)
            {
                var sequence = new RandomSequence(rng.Stream((ulong)user));
                var gender = sequence.Uniform();
                Genders[user] = (byte)(gender < 0.49 ? 0 : gender < 0.98 ? 1 : 2);
                Ages[user] = (byte)Math.Clamp(Math.Round(38 + 14 * sequence.Normal()), 16, 80);
                const int Retired = 11;  // the last occupation
                var occupation = Ages[user] >= 66 ? Retired : sequence.Below(Retired);
                Occupations[user] = (byte)occupation;
                Cities[user] = (byte)sequence.Ranked(SyntheticNames.Cities.Length, 0.8);
                SignedUp[user] = sequence.Uniform() < options.NewUserShare
                    ? sequence.Uniform() * options.Days
                    : -Math.Min(sequence.Exponential() * 400, 2000);
                Activity[user] = Math.Exp(0.7 * sequence.Normal() - 0.245);  // mean 1
                Leniency[user] = 0.35 * sequence.Normal();
                Space.PlaceUser(user, Genders[user], Ages[user], occupation, Cities[user], options.DemographicSignal);
            }
        });
    }
}
