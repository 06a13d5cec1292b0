using Recsys.Data;

namespace Recsys.Tests.Data;

/// <summary>What happened in a world against the probabilities that it declares. Seeds are fixed, so these either hold or don't.</summary>
public class SyntheticWorldTruthTests
{
    private const double Sigmas = 4;

    [Fact]
    public void Looks_and_clicks_by_position_match_the_known_probabilities()
    {
        var world = DefaultWorld.Instance;
        var shown = world.Impressions;
        for (var position = 1; position <= world.Options.ListLength; position++)
        {
            var examination = world.ExaminationProbability(position);
            Tally looks = new(), clicks = new();
            for (var row = 0; row < shown.Count; row++)
            {
                if (shown.Positions[row] != position) continue;
                looks.Add(examination, shown.Examined[row]);
                clicks.Add(examination * world.ClickProbability(shown.Users[row], shown.Items[row], shown.Times[row]), shown.Clicked[row]);
            }
            looks.AssertAgrees($"looks at position {position}");
            clicks.AssertAgrees($"clicks at position {position}");
            Assert.Equal(Math.Pow(position, -0.5), examination, 12);
        }
    }

    [Fact]
    public void Clicks_carts_and_purchases_are_calibrated_in_every_bin()
    {
        var world = DefaultWorld.Instance;
        var shown = world.Impressions;
        Tally[] clicks = Tally.Bins(), carts = Tally.Bins(), purchases = Tally.Bins();
        for (var row = 0; row < shown.Count; row++)
        {
            var (user, item, time) = (shown.Users[row], shown.Items[row], shown.Times[row]);
            if (shown.Examined[row]) Tally.Add(clicks, world.ClickProbability(user, item, time), shown.Clicked[row]);
            if (shown.Clicked[row]) Tally.Add(carts, world.CartProbability(user, item, time), shown.Cart[row]);
            if (shown.Cart[row]) Tally.Add(purchases, world.PurchaseProbability(user, item, time), shown.Purchased[row]);
        }
        Tally.AssertAgree(clicks, "clicks", atLeastBins: 9);
        Tally.AssertAgree(carts, "carts", atLeastBins: 7);
        Tally.AssertAgree(purchases, "purchases", atLeastBins: 9);
    }

    [Fact]
    public void Ratings_follow_their_distribution()
    {
        var world = DefaultWorld.Instance;
        var shown = world.Impressions;
        var stars = new Tally[6];
        for (var s = 0; s < stars.Length; s++) stars[s] = new Tally();
        double error = 0, spread = 0;
        for (var row = 0; row < shown.Count; row++)
        {
            if (!shown.Clicked[row]) continue;
            stars[0].Add(world.Options.RatingShare, shown.Ratings[row] > 0);
            if (shown.Ratings[row] == 0) continue;
            var (user, item, time) = (shown.Users[row], shown.Items[row], shown.Times[row]);
            double sum = 0, square = 0, mean = world.ExpectedRating(user, item, time);
            for (var s = 1; s <= 5; s++)
            {
                var probability = world.RatingProbability(user, item, time, s);
                stars[s].Add(probability, shown.Ratings[row] == s);
                sum += probability;
                square += probability * s * s;
            }
            Assert.Equal(1, sum, 9);
            error += shown.Ratings[row] - mean;
            spread += square - mean * mean;
        }
        for (var s = 0; s < stars.Length; s++) stars[s].AssertAgrees($"{s} stars");
        Assert.True(Math.Abs(error) < Sigmas * Math.Sqrt(spread), $"Ratings differ from their means by {error} in all.");
    }

    [Fact]
    public void Without_taste_exposure_follows_the_law_of_Zipf()
    {
        var world = SyntheticWorld.Create(new()
        {
            Users = 400,
            Items = 200,
            SessionsPerUser = 100,
            ListLength = 1,
            PersonalShare = 0,
            NewItemShare = 0,
            ZipfExponent = 0.9,
            RepeatClicks = true,
            FriendsPerUser = 0,
            Seed = 5,
        });
        var counts = new double[200];
        foreach (var item in world.Impressions.Items) counts[item]++;
        AssertFits(counts, world.ItemPopularity);

        // Slope of log count over log rank by least squares.
        Array.Sort(counts, (x, y) => y.CompareTo(x));
        double sx = 0, sy = 0, sxx = 0, sxy = 0;
        for (var rank = 1; rank <= counts.Length; rank++)
        {
            var (x, y) = (Math.Log(rank), Math.Log(counts[rank - 1]));
            (sx, sy, sxx, sxy) = (sx + x, sy + y, sxx + x * x, sxy + x * y);
        }
        Assert.InRange((200 * sxy - sx * sy) / (200 * sxx - sx * sx), -0.95, -0.85);
    }

    [Theory]
    [InlineData(0.8, 8)]
    [InlineData(1, 2)]  // many slots here need the exact fallback after the rejections
    public void Exposure_follows_its_declared_distribution(double personalShare, int dimensions)
    {
        var world = SyntheticWorld.Create(new()
        {
            Users = 3,
            Items = 60,
            Days = 1_000,
            SessionsPerUser = 9_000,
            ListLength = 1,
            PersonalShare = personalShare,
            NewItemShare = 0,
            NewUserShare = 0,
            RepeatClicks = true,
            DriftPerDay = 0,
            TasteDimensions = dimensions,
            FriendsPerUser = 0,
            Seed = 11,
        });
        var shown = world.Impressions;
        var expected = new double[60];
        for (var user = 0; user < 3; user++)
        {
            var counts = new double[60];
            for (var row = 0; row < shown.Count; row++)
                if (shown.Users[row] == user) counts[shown.Items[row]]++;
            world.ExposureProbabilities(user, world.Options.Start.ToUnixTimeSeconds(), [], expected);
            Assert.Equal(1, expected.Sum(), 9);
            AssertFits(counts, expected);
        }
    }

    [Fact]
    public void Exposure_leaves_out_what_is_taken_or_not_released()
    {
        var world = DefaultWorld.Instance;
        var time = world.Options.Start.ToUnixTimeSeconds() + 10 * 86_400;
        var probabilities = new double[world.Items.Count];
        world.ExposureProbabilities(4, time, [3, 5, 8], probabilities);
        Assert.Equal(1, probabilities.Sum(), 9);
        for (var item = 0; item < probabilities.Length; item++)
        {
            var left = item is 3 or 5 or 8 || world.Items[item].Released.ToUnixTimeSeconds() > time;
            Assert.Equal(left, probabilities[item] == 0);
        }
        world.ExposureProbabilities(4, time, Enumerable.Range(0, world.Items.Count).ToArray(), probabilities);
        Assert.Equal(0, probabilities.Sum());
    }

    [Fact]
    public void Friends_are_as_likely_as_declared_and_alike_in_taste()
    {
        var world = SyntheticWorld.Create(new() { Users = 600, Items = 10, SessionsPerUser = 0, FriendsPerUser = 12, Seed = 2 });
        var friends = world.Friends;
        var bins = Tally.Bins();
        double among = 0, all = 0;
        for (var user = 0; user < 600; user++)
        {
            var row = friends.Row(user).Columns;
            Assert.False(row.Contains(user));
            foreach (var friend in row) Assert.True(friends.Row(friend).Columns.Contains(user));
            for (var other = user + 1; other < 600; other++)
            {
                var isFriend = row.BinarySearch(other) >= 0;
                Tally.Add(bins, world.FriendProbability(user, other), isFriend);
                Assert.Equal(world.FriendProbability(user, other), world.FriendProbability(other, user), 12);
                var cosine = Cosine(world, user, other);
                all += cosine;
                if (isFriend) among += cosine;
            }
        }
        Tally.AssertAgree(bins, "friends", atLeastBins: 1);
        Assert.InRange(friends.Count / 600.0, 10.5, 13.5);
        Assert.Equal(0, world.FriendProbability(3, 3));
        var (meanAmong, meanOfAll) = (among / (friends.Count / 2.0), all / (600 * 599 / 2));
        Assert.True(meanAmong > meanOfAll + 0.25, $"Friends have a mean cosine of {meanAmong}, all pairs {meanOfAll}.");
    }

    [Fact]
    public void Tastes_turn_at_the_declared_speed()
    {
        var world = DefaultWorld.Instance;
        double[] now = new double[8], then = new double[8];
        var start = world.Options.Start.ToUnixTimeSeconds();
        for (var user = 0; user < 50; user++)
        {
            world.UserTaste(user, start + 5 * 86_400, now);
            world.UserTaste(user, start + 35 * 86_400, then);
            Assert.Equal(1, Dot(now, now), 9);
            Assert.Equal(Math.Cos(30 * 0.008), Dot(now, then), 9);
            Assert.Equal(Dot(then, world.ItemTaste(7)), world.Relevance(user, 7, start + 35 * 86_400), 12);
        }
    }

    [Fact]
    public void Demographics_and_genres_carry_the_share_of_taste_that_was_asked_for()
    {
        // With all of the signal, equal groups have equal tastes; with none, being alike tells nothing.
        foreach (var (signal, least, most) in new[] { (1.0, 0.999999, 1.000001), (0.0, -0.1, 0.4) })
        {
            var world = SyntheticWorld.Create(new()
            {
                Users = 3_000,
                Items = 2_000,
                SessionsPerUser = 0,
                FriendsPerUser = 0,
                DemographicSignal = signal,
                GenreSignal = signal,
            });
            var twins = world.Users
                .GroupBy(user => (user.Gender, Math.Clamp(user.Age / 10, 1, 7), user.Occupation, user.City))
                .Where(group => group.Count() > 1)
                .Select(group => Cosine(world, group.First().Id, group.Last().Id)).Average();
            var siblings = world.Items.GroupBy(item => string.Join('|', item.Genres)).Where(group => group.Count() > 1)
                .Select(group => Dot(world.ItemTaste(group.First().Id), world.ItemTaste(group.Last().Id))).Average();
            Assert.InRange(twins, least, most);
            Assert.InRange(siblings, least, most);
        }
    }

    private static double Cosine(SyntheticWorld world, int user, int other)
    {
        double[] mine = new double[world.Options.TasteDimensions], theirs = new double[mine.Length];
        var start = world.Options.Start.ToUnixTimeSeconds();
        world.UserTaste(user, start, mine);
        world.UserTaste(other, start, theirs);
        return Dot(mine, theirs);
    }

    private static double Dot(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        var sum = 0.0;
        for (var i = 0; i < x.Length; i++) sum += x[i] * y[i];
        return sum;
    }

    /// <summary>Chi-square over the cells that expect at least 5; its standard deviation is √(2 cells).</summary>
    private static void AssertFits(double[] counts, ReadOnlySpan<double> probabilities)
    {
        double total = counts.Sum(), chiSquare = 0;
        var cells = 0;
        for (var i = 0; i < counts.Length; i++)
        {
            var expected = total * probabilities[i];
            if (expected < 5) continue;
            chiSquare += (counts[i] - expected) * (counts[i] - expected) / expected;
            cells++;
        }
        Assert.True(cells >= 10);
        Assert.True(Math.Abs(chiSquare - cells) < Sigmas * Math.Sqrt(2.0 * cells), $"Chi-square is {chiSquare} over {cells} cells.");
    }

    /// <summary>Events against the sum of their probabilities.</summary>
    private sealed class Tally
    {
        private double _expected, _variance, _count;
        private int _happened;

        public static Tally[] Bins() => [.. Enumerable.Range(0, 10).Select(_ => new Tally())];

        public static void Add(Tally[] bins, double probability, bool happened)
            => bins[Math.Min((int)(probability * 10), 9)].Add(probability, happened);

        public static void AssertAgree(Tally[] bins, string what, int atLeastBins)
        {
            for (var bin = 0; bin < bins.Length; bin++) bins[bin].AssertAgrees($"{what} in bin {bin}");
            Assert.True(bins.Count(bin => bin._count >= 50) >= atLeastBins, $"Too few bins of {what} have rows.");
        }

        public void Add(double probability, bool happened)
        {
            _expected += probability;
            _variance += probability * (1 - probability);
            _count++;
            if (happened) _happened++;
        }

        public void AssertAgrees(string what)
            => Assert.True(Math.Abs(_happened - _expected) <= Sigmas * Math.Sqrt(_variance) + 1e-9,
                $"{what}: {_happened} of {_count} happened, {_expected:F1} ± {Math.Sqrt(_variance):F1} were expected.");
    }
}
