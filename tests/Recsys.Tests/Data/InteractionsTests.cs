using Recsys.Data;
using Recsys.Numerics;

namespace Recsys.Tests.Data;

public class InteractionsTests
{
    private static readonly (string, string, float, long)[] Rows =
        [("u", "c", 3, 30), ("v", "a", 1, 5), ("u", "a", 1, 10), ("u", "b", 2, 10), ("v", "c", 4, 4), ("u", "a", 5, 20)];

    [Fact]
    public void Rows_of_a_user_are_ordered_by_time_and_ties_by_input()
    {
        var log = Interactions.From(Rows);
        Assert.Equal((2, 3, 6L), (log.UserCount, log.ItemCount, log.Count));
        Assert.Equal(["a", "b", "a", "c"], log.ItemsOf(0).ToArray().Select(log.Items.Name));
        Assert.Equal([1f, 2, 5, 3], log.ValuesOf(0).ToArray());
        Assert.Equal([10L, 10, 20, 30], log.TimesOf(0).ToArray());
        Assert.Equal(["c", "a"], log.ItemsOf(1).ToArray().Select(log.Items.Name));
        Assert.True(log.HasTimes);
        Assert.False(log.HasEvents);
        Assert.Equal([0L, 4, 6], log.UserOffsets.ToArray());
    }

    [Fact]
    public void The_view_by_item_lists_users_in_ascending_order()
    {
        var log = Interactions.From(Rows);
        var a = log.Items.Find("a");
        Assert.Equal([0, 0, 1], log.UsersOf(a).ToArray());
        Assert.Equal([1f, 5, 1], log.ItemValuesOf(a).ToArray());
        Assert.Equal([0, 1], log.UsersOf(log.Items.Find("c")).ToArray());
    }

    [Fact]
    public void Without_times_the_input_order_stays_and_values_are_one()
    {
        var log = Interactions.From([(7L, 3L), (7, 1), (8, 3), (7, 2)]);
        Assert.Equal([3L, 1, 2], log.ItemsOf(0).ToArray().Select(log.Items.Key));
        Assert.Equal([1f, 1, 1], log.ValuesOf(0).ToArray());
        Assert.False(log.HasTimes);
        Assert.True(log.TimesOf(0).IsEmpty);
        Assert.True(log.EventsOf(0).IsEmpty);
        Assert.Equal(Interactions.NoTime, log.Row(0, 0).Time);
    }

    [Fact]
    public void Large_shuffled_input_equals_a_sort()
    {
        var rng = new Rng(3);
        var rows = new List<(long User, long Item, float Value, long Time)>();
        for (var i = 0; i < 270_000; i++)  // more than one chunk
            rows.Add((rng.Below(3ul * (ulong)i, 500), rng.Below(3ul * (ulong)i + 1, 200), i, rng.Below(3ul * (ulong)i + 2, 1000)));
        var log = Interactions.From(rows);
        var expected = rows.GroupBy(r => log.Users.Find(r.User)).OrderBy(g => g.Key).SelectMany(g => g.OrderBy(r => r.Time)).ToList();
        Assert.True(expected.Select(r => r.Value).SequenceEqual(log.ValueColumn.ToArray()));
        Assert.True(expected.Select(r => log.Items.Find(r.Item)).SequenceEqual(log.ItemColumn.ToArray()));
        Assert.True(expected.Select(r => r.Time).SequenceEqual(log.TimeColumn.ToArray()));
    }

    [Fact]
    public void Event_types_travel_with_their_rows()
    {
        var builder = new InteractionsBuilder();
        builder.Add("u", "a", 1, 20, "buy");
        builder.Add("u", "b", 1, 10, "click");
        var log = builder.Build();
        Assert.Equal(["buy", "click"], log.EventTypes);
        Assert.Equal([1, 0], log.EventsOf(0).ToArray());
        Assert.Equal(["b"], log.OfEvents("click").ItemsOf(0).ToArray().Select(log.Items.Name));
        Assert.Contains("no event type 'view'; it has: buy, click", Assert.Throws<ArgumentException>(() => log.OfEvents("view")).Message);
    }

    [Fact]
    public void A_row_without_time_is_an_error_unless_asked_otherwise()
    {
        static Interactions Build(MissingTime missing)
        {
            var builder = new InteractionsBuilder(missing);
            builder.Add("u", "a");
            builder.Add("u", "b", 1, 50);
            builder.Add("u", "c");
            builder.Add("u", "d", 1, 40);
            builder.Add("v", "b", 1, 9);
            builder.Add("v", "a", 1, 8);
            builder.Add("w", "a");
            return builder.Build();
        }

        Assert.Contains("Row 0 (from 0) has no time", Assert.Throws<InvalidOperationException>(() => Build(MissingTime.Error)).Message);

        var kept = Build(MissingTime.KeepInputOrder);
        const long No = Interactions.NoTime;
        Assert.Equal([No, 50, No, 40], kept.TimesOf(0).ToArray());
        Assert.Equal("abcd", string.Concat(kept.ItemsOf(0).ToArray().Select(kept.Items.Name)));
        Assert.Equal([8L, 9], kept.TimesOf(1).ToArray());
        Assert.Equal([No], kept.TimesOf(2).ToArray());

        var filled = Build(MissingTime.FromNeighbour);
        Assert.Equal([50L, 50, 50, 40], filled.TimesOf(0).ToArray());
        Assert.Equal([No], filled.TimesOf(2).ToArray());
    }

    [Fact]
    public void Known_ids_keep_their_numbers()
    {
        var train = Interactions.From(Rows);
        var builder = new InteractionsBuilder(train.Users, train.Items);
        builder.Add("v", "b");
        builder.AddDense(0, 2);
        var same = builder.Build();
        Assert.Same(train.Users, same.Users);
        Assert.Same(train.Items, same.Items);

        builder = new InteractionsBuilder(train.Users, train.Items);
        builder.Add("w", "b");
        var grown = builder.Build();
        Assert.Equal((0, 1, 2), (grown.Users.Find("u"), grown.Users.Find("v"), grown.Users.Find("w")));
        Assert.True(grown.ItemsOf(0).IsEmpty);
    }

    [Fact]
    public void Bad_rows_are_refused_with_their_number_and_not_added()
    {
        var builder = new InteractionsBuilder();
        builder.Add("u", "a");
        Assert.Contains("Row 1 (from 0): the user id is empty", Assert.Throws<ArgumentException>(() => builder.Add("", "a")).Message);
        Assert.Contains("Row 1 (from 0): the item id is empty", Assert.Throws<ArgumentException>(() => builder.Add("x", "")).Message);
        Assert.Contains("the value is NaN", Assert.Throws<ArgumentException>(() => builder.Add("x", "y", float.NaN)).Message);
        Assert.Contains("the value is Infinity", Assert.Throws<ArgumentException>(() => builder.Add(1, 2, float.PositiveInfinity)).Message);
        Assert.Contains("dense user id 1 is outside 0..0", Assert.Throws<ArgumentException>(() => builder.AddDense(1, 0)).Message);
        Assert.Contains("either every row has an event type",
            Assert.Throws<ArgumentException>(() => builder.Add("u", "a", 1, null, "click")).Message);
        var log = builder.Build();
        Assert.Equal((1L, 1, 1), (log.Count, log.UserCount, log.ItemCount));
        Assert.Contains("Build was called already", Assert.Throws<InvalidOperationException>(builder.Build).Message);
        Assert.Contains("Build was called already", Assert.Throws<InvalidOperationException>(() => builder.Add("u", "a")).Message);
    }

    [Fact]
    public void The_257th_event_type_is_refused()
    {
        var builder = new InteractionsBuilder();
        for (var i = 0; i < 256; i++) builder.Add("u", "a", 1, null, $"e{i}");
        Assert.Contains("'e256' is the 257th", Assert.Throws<ArgumentException>(() => builder.Add("u", "a", 1, null, "e256")).Message);
        Assert.Equal(255, builder.Build().EventsOf(0)[255]);
    }

    [Fact]
    public void A_log_without_rows_and_one_of_a_single_user_work()
    {
        var empty = new InteractionsBuilder().Build();
        Assert.Equal((0L, 0, 0), (empty.Count, empty.UserCount, empty.ItemCount));
        Assert.Empty(empty.Rows());
        Assert.Equal(0, empty.ToMatrix().RowCount);

        var one = Interactions.From([("u", "a")]);
        Assert.Equal([0], one.UsersOf(0).ToArray());
    }

    [Fact]
    public void Values_that_add_up_to_more_than_a_float_holds_name_their_user_and_item()
    {
        var builder = new InteractionsBuilder();
        builder.Add("u", "i", 3e38f);
        builder.Add("u", "j", 1);
        builder.Add("u", "i", 3e38f);
        var error = Assert.Throws<ArgumentException>(() => builder.Build().ToMatrix());
        Assert.Contains("user 'u' and item 'i' add up to", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_matrix_has_ascending_columns_and_adds_duplicates()
    {
        var matrix = Interactions.From(Rows).ToMatrix();
        Assert.Equal([0L, 3, 5], matrix.RowOffsets);
        Assert.Equal([0, 1, 2, 0, 1], matrix.Columns);  // c, a, b by first appearance
        Assert.Equal([3f, 6, 2, 4, 1], matrix.Values);
    }
}
