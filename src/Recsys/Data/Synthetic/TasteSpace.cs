using Recsys.Numerics;

namespace Recsys.Data;

/// <summary>
/// Where tastes live: unit vectors of D dimensions for genres, demographic groups, items and users. A user's taste at t days is p(t) =
/// cos(ωt)·a + sin(ωt)·b with a ⊥ b, so it stays a unit vector and its value at any time is known. Sums run in a fixed scalar order:
/// vector widths differ between machines and would change the last bits of a world.
/// </summary>
internal sealed class TasteSpace
{
    private readonly Rng _rng;
    private readonly double _turn;  // ω, radians a day
    private readonly double[] _genres, _genders, _ages, _occupations, _cities;

    public TasteSpace(SyntheticWorldOptions options, Rng rng)
    {
        _rng = rng;
        _turn = options.DriftPerDay;
        Dimensions = options.TasteDimensions;
        Items = new double[(long)options.Items * Dimensions];
        UsersAtStart = new double[(long)options.Users * Dimensions];
        UsersLater = new double[(long)options.Users * Dimensions];

        _genres = new double[SyntheticNames.Genres.Length * Dimensions];
        var sequence = new RandomSequence(rng.Stream(0));
        for (var genre = 0; genre < SyntheticNames.Genres.Length; genre++) Isotropic(ref sequence, Row(_genres, genre));
        _genders = Groups(SyntheticNames.Genders.Length, 1);
        _ages = Groups(AgeBands, 2);
        _occupations = Groups(SyntheticNames.Occupations.Length, 3);
        _cities = Groups(SyntheticNames.Cities.Length, 4);
    }

    public const int AgeBands = 7;

    public int Dimensions { get; }

    public double[] Items { get; }

    public double[] UsersAtStart { get; }

    public double[] UsersLater { get; }

    /// <summary>Decades, from the twenties and below to the eighties.</summary>
    public static int AgeBand(int age) => Math.Clamp(age / 10 - 1, 0, AgeBands - 1);

    /// <summary>Fills an item's vector: its genres, the main one counting most, and something of its own.</summary>
    public void PlaceItem(int item, ReadOnlySpan<int> genres, double genreSignal)
    {
        Span<double> common = stackalloc double[Dimensions];
        Span<double> own = stackalloc double[Dimensions];
        common.Clear();
        var weight = 1.0;
        foreach (var genre in genres)
        {
            Add(common, Row(_genres, genre), weight);
            weight *= 0.6;
        }
        var sequence = new RandomSequence(_rng.Stream(5).Stream((ulong)item));
        Isotropic(ref sequence, own);
        Mix(common, own, genreSignal, Row(Items, item));
    }

    /// <summary>Fills a user's two vectors: what the demographic groups share, and favourite genres of the user's own.</summary>
    public void PlaceUser(int user, int gender, int age, int occupation, int city, double demographicSignal)
    {
        Span<double> group = stackalloc double[Dimensions];
        Span<double> own = stackalloc double[Dimensions];
        group.Clear();
        Add(group, Row(_genders, gender), 0.8);
        Add(group, Row(_ages, AgeBand(age)), 1);
        Add(group, Row(_occupations, occupation), 0.7);
        Add(group, Row(_cities, city), 0.3);

        var sequence = new RandomSequence(_rng.Stream(6).Stream((ulong)user));
        var start = Row(UsersAtStart, user);
        AroundGenres(ref sequence, own);
        Mix(group, own, demographicSignal, start);

        var later = Row(UsersLater, user);
        AroundGenres(ref sequence, later);
        Add(later, start, -Dot(later, start));
        Normalise(later);
    }

    /// <summary>p(t) of a user.</summary>
    public void Taste(int user, double days, Span<double> destination)
    {
        var (sine, cosine) = Math.SinCos(_turn * days);
        ReadOnlySpan<double> start = Row(UsersAtStart, user), later = Row(UsersLater, user);
        for (var d = 0; d < destination.Length; d++) destination[d] = cosine * start[d] + sine * later[d];
    }

    public double Match(ReadOnlySpan<double> taste, int item) => Dot(taste, Items.AsSpan(item * Dimensions, Dimensions));

    public static double Dot(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        double even = 0, odd = 0;
        var d = 0;
        for (; d + 1 < x.Length && d + 1 < y.Length; d += 2)
        {
            even += x[d] * y[d];
            odd += x[d + 1] * y[d + 1];
        }
        if (d < x.Length) even += x[d] * y[d];
        return even + odd;
    }

    private double[] Groups(int count, ulong stream)
    {
        var rows = new double[count * Dimensions];
        var sequence = new RandomSequence(_rng.Stream(stream));
        for (var row = 0; row < count; row++) AroundGenres(ref sequence, Row(rows, row));
        return rows;
    }

    // Two favourite genres and some noise: tastes of people are about what there is to like.
    private void AroundGenres(ref RandomSequence sequence, Span<double> destination)
    {
        Isotropic(ref sequence, destination);
        for (var d = 0; d < destination.Length; d++) destination[d] *= 0.5;
        Add(destination, Row(_genres, sequence.Below(SyntheticNames.Genres.Length)), 1);
        Add(destination, Row(_genres, sequence.Below(SyntheticNames.Genres.Length)), 0.6);
        Normalise(destination);
    }

    private static void Mix(Span<double> common, Span<double> own, double shareOfCommon, Span<double> destination)
    {
        Normalise(common);
        Normalise(own);
        destination.Clear();
        Add(destination, common, Math.Sqrt(shareOfCommon));
        Add(destination, own, Math.Sqrt(1 - shareOfCommon));
        Normalise(destination);
    }

    private Span<double> Row(double[] rows, int row) => rows.AsSpan(row * Dimensions, Dimensions);

    private static void Isotropic(ref RandomSequence sequence, Span<double> destination)
    {
        for (var d = 0; d < destination.Length; d++) destination[d] = sequence.Normal();
        Normalise(destination);
    }

    private static void Add(Span<double> sum, ReadOnlySpan<double> x, double weight)
    {
        for (var d = 0; d < sum.Length; d++) sum[d] += weight * x[d];
    }

    private static void Normalise(Span<double> x)
    {
        var norm = Math.Sqrt(Dot(x, x));
        if (norm < 1e-12)
        {
            // Opposite parts that cancel out have no direction; any one will do.
            x.Clear();
            x[0] = 1;
            return;
        }
        for (var d = 0; d < x.Length; d++) x[d] /= norm;
    }
}
