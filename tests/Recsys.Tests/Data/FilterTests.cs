using Recsys.Data;
using Recsys.Numerics;

namespace Recsys.Tests.Data;

public class FilterTests
{
    private static string Show(Interactions log)
        => string.Join(" ", log.Rows().Select(r => $"{log.Users.Name(r.User)}{log.Items.Name(r.Item)}{r.Value}"));

    [Fact]
    public void Values_times_and_conditions_select_rows_under_the_same_ids()
    {
        var log = Interactions.From([("u", "a", 1f, 10L), ("u", "b", 2f, 20L), ("v", "a", 3f, 30L)]);
        Assert.Equal("ub2 va3", Show(log.MinValue(2)));
        Assert.Equal("ub2", Show(log.Between(20, 30)));
        Assert.Equal("ua1 ub2", Show(log.Between(until: 30)));
        Assert.Equal("va3", Show(log.Where(r => r.User == 1)));
        Assert.Same(log.Users, log.MinValue(3).Users);
        Assert.Equal(2, log.MinValue(3).UserCount);
        Assert.True(log.MinValue(3).ItemsOf(0).IsEmpty);
        Assert.Same(log, log.MinValue(0));
        Assert.Contains("must be a number", Assert.Throws<ArgumentOutOfRangeException>(() => log.MinValue(float.NaN)).Message);
        Assert.Contains("has no times", Assert.Throws<InvalidOperationException>(() => Interactions.From([("u", "a")]).Between(1)).Message);
    }

    [Fact]
    public void A_filter_that_leaves_nothing_gives_an_empty_log()
    {
        var log = Interactions.From([("u", "a"), ("v", "b")]);
        var none = log.MinValue(5);
        Assert.Equal((0L, 2, 2), (none.Count, none.UserCount, none.ItemCount));
        Assert.True(none.UsersOf(1).IsEmpty);
        var compact = none.Compact();
        Assert.Equal((0L, 0, 0), (compact.Count, compact.UserCount, compact.ItemCount));
    }

    [Fact]
    public void KCore_goes_on_until_nothing_changes()
    {
        // The chain falls from its end: dropping d drops w, which drops c, which drops v.
        var log = Interactions.From([("u", "a"), ("u", "b"), ("x", "a"), ("x", "b"), ("v", "b"), ("v", "c"), ("w", "c"), ("w", "d")]);
        Assert.Equal("ua1 ub1 xa1 xb1", Show(log.KCore(2, 2)));
        Assert.Equal(0, log.KCore(3, 1).Count);

        // Only a later user falls in the first pass, and takes an earlier user's item along.
        var later = Interactions.From([("u", "a"), ("u", "b"), ("u", "c"), ("x", "a"), ("x", "c"), ("v", "b")]);
        Assert.Equal("ua1 uc1 xa1 xc1", Show(later.KCore(2, 2)));
        Assert.Same(log, log.KCore(0, 0));
    }

    [Fact]
    public void KCore_of_random_logs_equals_the_slow_one()
    {
        for (var seed = 0ul; seed < 8; seed++)
        {
            var rng = new Rng(seed);
            var log = Interactions.From(
                Enumerable.Range(0, 200).Select(i => ((long)rng.Below(2 * (ulong)i, 40), (long)rng.Below(2 * (ulong)i + 1, 30))));
            var rows = log.Rows().ToList();
            while (true)
            {
                var left = rows.Where(r => rows.Count(o => o.User == r.User) >= 4 && rows.Count(o => o.Item == r.Item) >= 5).ToList();
                if (left.Count == rows.Count) break;
                rows = left;
            }
            Assert.Equal(rows, log.KCore(4, 5).Rows());
        }
    }

    [Theory]
    [InlineData(DuplicatePolicy.KeepFirst, "ua1 ub3 va7")]
    [InlineData(DuplicatePolicy.KeepLast, "ub3 ua2 va7")]
    [InlineData(DuplicatePolicy.Sum, "ub3 ua7 va7")]
    [InlineData(DuplicatePolicy.Max, "ub3 ua4 va7")]
    public void Duplicates_are_merged_as_declared(DuplicatePolicy policy, string expected)
    {
        var log = Interactions.From([("u", "a", 1f, 1L), ("u", "a", 2f, 9L), ("u", "b", 3f, 3L), ("u", "a", 4f, 4L), ("v", "a", 7f, 1L)]);
        Assert.Equal(expected, Show(log.Deduplicate(policy)));
        Assert.Equal("ua1 ub3 ua4 ua2 va7", Show(log));
    }

    [Fact]
    public void Duplicates_can_be_an_error()
    {
        var log = Interactions.From([("u", "a"), ("v", "a"), ("u", "a")]);
        Assert.Contains("User 'u' has item 'a' more than once",
            Assert.Throws<InvalidOperationException>(() => log.Deduplicate(DuplicatePolicy.Error)).Message);
        var fine = Interactions.From([("u", "a"), ("v", "a")]);
        Assert.Same(fine, fine.Deduplicate(DuplicatePolicy.Error));

        var huge = Interactions.From([("u", "a", float.MaxValue), ("u", "a", float.MaxValue)]);
        Assert.Contains("'u' and item 'a' sum to Infinity",
            Assert.Throws<InvalidOperationException>(() => huge.Deduplicate(DuplicatePolicy.Sum)).Message);
    }

    [Fact]
    public void Compacting_keeps_rows_and_drops_unused_ids()
    {
        var log = Interactions.From([("u", "a", 1f, 1L), ("v", "b", 2f, 1L), ("w", "c", 3f, 1L), ("w", "a", 4f, 2L)]);
        var compact = log.Where(r => r.User != 1).Compact();
        Assert.Equal("ua1 wc3 wa4", Show(compact));
        Assert.Equal((2, 2), (compact.UserCount, compact.ItemCount));
        Assert.Equal([0, 1], compact.UsersOf(compact.Items.Find("a")).ToArray());
        Assert.Same(compact, compact.Compact());
    }
}
