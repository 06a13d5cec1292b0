using Recsys.Data;

namespace Recsys.Tests.Data;

public class SyntheticWorldTests
{
    private static readonly SyntheticWorldOptions Small = new() { Users = 120, Items = 90, Days = 20, SessionsPerUser = 6, Seed = 7 };

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    public void Any_number_of_threads_gives_the_same_bits(int threads)
    {
        var options = Small with { Users = 700 };
        Assert.Equal(WorldHash.Of(SyntheticWorld.Create(options with { Threads = 1 })),
            WorldHash.Of(SyntheticWorld.Create(options with { Threads = threads })));
    }

    [Fact]
    public void Another_seed_gives_another_world()
        => Assert.NotEqual(WorldHash.Of(SyntheticWorld.Create(Small)), WorldHash.Of(SyntheticWorld.Create(Small with { Seed = 8 })));

    [Fact]
    public void A_world_never_changes_between_versions()
        => Assert.Equal("D7CDA60801F458DF", WorldHash.Of(SyntheticWorld.Create(Small)).ToString("X16"));

    [Fact]
    public void Nobody_acts_before_signing_up_or_sees_what_is_not_released()
    {
        var world = DefaultWorld.Instance;
        var shown = world.Impressions;
        for (var row = 0; row < shown.Count; row++)
        {
            Assert.True(shown.Times[row] >= world.Users[shown.Users[row]].SignedUp.ToUnixTimeSeconds());
            Assert.True(shown.Times[row] >= world.Items[shown.Items[row]].Released.ToUnixTimeSeconds());
        }
    }

    [Fact]
    public void Rows_stand_by_user_time_and_position_and_a_list_has_no_item_twice()
    {
        var world = DefaultWorld.Instance;
        var shown = world.Impressions;
        var start = world.Options.Start.ToUnixTimeSeconds();
        for (var session = 0; session < shown.SessionCount; session++)
        {
            var (from, to) = (shown.SessionOffsets[session], shown.SessionOffsets[session + 1]);
            Assert.InRange(to - from, 1, world.Options.ListLength);
            Assert.InRange(shown.Times[from], start, start + world.Options.Days * 86_400L - 1);
            Assert.Equal(to - from, shown.Items[from..to].ToArray().Distinct().Count());
            for (var row = from; row < to; row++)
            {
                Assert.Equal(session, shown.Sessions[row]);
                Assert.Equal(shown.Users[from], shown.Users[row]);
                Assert.Equal(row - from + 1, shown.Positions[row]);
                if (row == 0) continue;
                Assert.True(shown.Users[row] > shown.Users[row - 1]
                    || (shown.Users[row] == shown.Users[row - 1] && shown.Times[row] > shown.Times[row - 1]));
            }
        }
    }

    [Fact]
    public void A_purchase_needs_a_cart_a_cart_a_click_and_a_click_a_look()
    {
        var shown = DefaultWorld.Instance.Impressions;
        for (var row = 0; row < shown.Count; row++)
        {
            Assert.True(!shown.Purchased[row] || shown.Cart[row]);
            Assert.True(!shown.Cart[row] || shown.Clicked[row]);
            Assert.True(shown.Ratings[row] == 0 || shown.Clicked[row]);
            Assert.True(!shown.Clicked[row] || shown.Examined[row]);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_clicked_item_comes_again_only_when_asked(bool repeat)
    {
        var shown = SyntheticWorld.Create(Small with { RepeatClicks = repeat }).Impressions;
        var clicked = new HashSet<(int, int)>();
        var again = 0;
        for (var row = 0; row < shown.Count; row++)
        {
            if (clicked.Contains((shown.Users[row], shown.Items[row]))) again++;
            if (shown.Clicked[row]) clicked.Add((shown.Users[row], shown.Items[row]));
        }
        Assert.Equal(repeat, again > 0);
    }

    [Fact]
    public void Logs_hold_what_the_impressions_say()
    {
        var world = DefaultWorld.Instance;
        var shown = world.Impressions;
        var log = world.Interactions;
        Assert.Equal(["view", "click", "cart", "purchase"], log.EventTypes);
        Assert.Equal(world.Users.Count, log.UserCount);
        Assert.Equal(world.Items.Count, log.ItemCount);
        Assert.Equal("user-42", log.Users.Name(42));
        Assert.Equal(17, log.Items.Find("item-17"));

        var kinds = new int[4];
        for (var user = 0; user < log.UserCount; user++)
        {
            foreach (var kind in log.EventsOf(user)) kinds[kind]++;
            var times = log.TimesOf(user);
            for (var i = 1; i < times.Length; i++) Assert.True(times[i] > times[i - 1]);
        }
        Assert.Equal([shown.Count, shown.Clicked.Count(true), shown.Cart.Count(true), shown.Purchased.Count(true)], kinds);
        Assert.Equal(kinds[1], world.Clicks.Count);
        Assert.Equal(kinds[2], world.Clicks.ValueColumn.Count(2) + world.Clicks.ValueColumn.Count(3));
        Assert.Equal(kinds[3], world.Clicks.ValueColumn.Count(3));
        Assert.Equal(shown.Count - shown.Ratings.Count((byte)0), world.Ratings.Count);
        Assert.Same(log.Users, world.Ratings.Users);
        Assert.Same(log, world.Interactions);
    }

    [Fact]
    public void Titles_are_unique_and_read_well()
    {
        var world = SyntheticWorld.Create(new() { Users = 1, Items = 20_000, SessionsPerUser = 0 });
        Assert.Equal(20_000, world.Items.Select(item => item.Title).Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.All(world.Items.Take(1_000), item => Assert.Matches(@"^(The )?[A-Z]\S+ [A-Z]\S+$", item.Title));
        Assert.Equal(18, world.Items.Select(item => item.Genres[0]).Distinct().Count());
        Assert.All(world.Items, item => Assert.InRange(item.Genres.Distinct().Count(), 1, 3));
        Assert.All(world.Items, item => Assert.Equal(item.Genres.Count, item.Genres.Distinct().Count()));
        Assert.All(world.Items, item => Assert.True(item.Price > 0));
        Assert.All(world.Items.GroupBy(item => item.Brand), brand => Assert.Single(brand.Select(item => item.Shop).Distinct()));
    }

    [Fact]
    public void Some_users_and_items_are_new_and_some_have_no_click_before_the_last_fifth()
    {
        var world = DefaultWorld.Instance;
        Assert.InRange(world.Users.Count(user => user.SignedUp > world.Options.Start), 340, 460);
        Assert.InRange(world.Items.Count(item => item.Released >= world.Options.Start), 160, 240);
        var split = Splits.ByTime(world.Clicks, 0.2);
        var coldUsers = Enumerable.Range(0, world.Users.Count)
            .Count(user => split.Train.ItemsOf(user).IsEmpty && !split.Test.ItemsOf(user).IsEmpty);
        var coldItems = Enumerable.Range(0, world.Items.Count)
            .Count(item => split.Train.UsersOf(item).IsEmpty && !split.Test.UsersOf(item).IsEmpty);
        Assert.InRange(coldUsers, 30, 200);
        Assert.InRange(coldItems, 10, 100);
    }

    [Fact]
    public void Extreme_options_give_a_world_all_the_same()
    {
        var lonely = SyntheticWorld.Create(new()
        {
            Users = 1,
            Items = 1,
            Days = 1,
            SessionsPerUser = 50,
            NewUserShare = 0,
            NewItemShare = 0,
            Seed = 3,
        });
        Assert.True(lonely.Impressions.Count > 0);
        Assert.Equal(0, lonely.Friends.Count);
        Assert.True(lonely.Clicks.Count <= 1);

        var silent = SyntheticWorld.Create(Small with { SessionsPerUser = 0, FriendsPerUser = 0 });
        Assert.Equal(0, silent.Impressions.Count);
        Assert.Equal(0, silent.Interactions.Count);
        Assert.Equal(0, silent.Friends.Count);

        var fresh = SyntheticWorld.Create(Small with { NewItemShare = 1, NewUserShare = 1 });
        Assert.True(fresh.Impressions.Count > 0);

        var narrow = SyntheticWorld.Create(
            Small with { TasteDimensions = 2, ZipfExponent = 3, ListLength = 90, DemographicSignal = 1, GenreSignal = 1 });
        Assert.True(narrow.Impressions.Count > 0);
    }

    [Fact]
    public void Options_are_checked_by_name()
    {
        AssertRejected(nameof(SyntheticWorldOptions.Users), () => new() { Users = 0 });
        AssertRejected(nameof(SyntheticWorldOptions.Items), () => new() { Items = 0 });
        AssertRejected(nameof(SyntheticWorldOptions.Days), () => new() { Days = 0 });
        AssertRejected(nameof(SyntheticWorldOptions.SessionsPerUser), () => new() { SessionsPerUser = double.NaN });
        AssertRejected(nameof(SyntheticWorldOptions.ListLength), () => new() { ListLength = 0 });
        AssertRejected(nameof(SyntheticWorldOptions.TasteDimensions), () => new() { TasteDimensions = 1 });
        AssertRejected(nameof(SyntheticWorldOptions.ZipfExponent), () => new() { ZipfExponent = -1 });
        AssertRejected(nameof(SyntheticWorldOptions.DriftPerDay), () => new() { DriftPerDay = 1.1 });
        AssertRejected(nameof(SyntheticWorldOptions.PositionBias), () => new() { PositionBias = -0.1 });
        AssertRejected(nameof(SyntheticWorldOptions.PersonalShare), () => new() { PersonalShare = 1.5 });
        AssertRejected(nameof(SyntheticWorldOptions.PopularFirst), () => new() { PopularFirst = -1 });
        AssertRejected(nameof(SyntheticWorldOptions.NewUserShare), () => new() { NewUserShare = 2 });
        AssertRejected(nameof(SyntheticWorldOptions.NewItemShare), () => new() { NewItemShare = 2 });
        AssertRejected(nameof(SyntheticWorldOptions.DemographicSignal), () => new() { DemographicSignal = 2 });
        AssertRejected(nameof(SyntheticWorldOptions.GenreSignal), () => new() { GenreSignal = 2 });
        AssertRejected(nameof(SyntheticWorldOptions.RatingShare), () => new() { RatingShare = 2 });
        AssertRejected(nameof(SyntheticWorldOptions.FriendsPerUser), () => new() { FriendsPerUser = -1 });
        AssertRejected(nameof(SyntheticWorldOptions.Threads), () => new() { Threads = 0 });
        AssertRejected(nameof(SyntheticWorldOptions.Start), () => new() { Start = default });
    }

    [Fact]
    public void A_world_too_large_for_arrays_is_an_error_that_says_so()
    {
        var tastes = Assert.Throws<ArgumentException>(() => SyntheticWorld.Create(new() { Users = 20_000_000, TasteDimensions = 256 }));
        Assert.Contains("TasteDimensions", tastes.Message, StringComparison.Ordinal);
        var many = new SyntheticWorldOptions { Users = 300, Items = 10, SessionsPerUser = 10_000, ListLength = 1_000, FriendsPerUser = 0 };
        var rows = Assert.Throws<ArgumentException>(() => SyntheticWorld.Create(many));
        Assert.Contains("impressions", rows.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unknown_ids_are_errors_that_name_them()
    {
        var world = DefaultWorld.Instance;
        var user = Assert.Throws<ArgumentOutOfRangeException>(() => world.ClickProbability(2000, 0, 0));
        Assert.Contains("2000", user.Message, StringComparison.Ordinal);
        var item = Assert.Throws<ArgumentOutOfRangeException>(() => world.Relevance(0, -1, 0));
        Assert.Contains("-1", item.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => world.ExaminationProbability(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => world.RatingProbability(0, 0, 0, 6));
        Assert.Throws<ArgumentException>(() => world.ExposureProbabilities(0, 0, [], new double[3]));
        Assert.Throws<ArgumentException>(() => world.UserTaste(0, 0, new double[3]));
    }

    [Fact]
    public void Making_can_be_cancelled()
        => Assert.ThrowsAny<OperationCanceledException>(() => SyntheticWorld.Create(Small, new CancellationToken(true)));

    private static void AssertRejected(string option, Func<SyntheticWorldOptions> make)
        => Assert.Contains(option, Assert.Throws<ArgumentOutOfRangeException>(() => make()).Message, StringComparison.Ordinal);
}
