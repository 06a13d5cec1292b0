using Recsys.Numerics;
using Recsys.Tests.Reference;

namespace Recsys.Tests;

[KernelTests]
public sealed class TopItemsTests
{
    [Fact]
    public void Agrees_with_a_full_sort_under_every_filter()
    {
        var rng = new Rng(5);
        for (var turn = 0; turn < 400; turn++)
        {
            var stream = rng.Stream((ulong)turn);
            var count = stream.Below(0, 300);
            var k = stream.Below(1, 60);
            // Few distinct scores, so that ties are common.
            var scores = new float[count];
            for (var i = 0; i < count; i++) scores[i] = stream.Below((ulong)(10 + i), turn % 3 == 0 ? 5 : 100_000);
            if (count > 3) scores[2] = float.NegativeInfinity;
            int[] exclude = turn % 2 == 0 ? [] : [.. Enumerable.Range(0, 50).Select(i => stream.Below((ulong)(1000 + i), 400) - 50)];
            var allow = turn % 5 == 0 ? new ItemSet(Enumerable.Range(0, 200).Where(i => i % 3 != 0)) : null;
            Func<int, bool>? predicate = turn % 7 == 0 ? item => item % 4 != 1 : null;
            var filter = new ItemFilter { Exclude = exclude, Allow = allow, Predicate = predicate };

            var expected = SlowKernels.Top(
                scores, k, i => !exclude.Contains(i) && (allow is null || allow.Contains(i)) && (predicate is null || predicate(i)));
            var list = new ScoredItem[k];
            var top = new TopItems(list, filter, count);
            var half = count / 2;
            top.OfferBlock(0, scores.AsSpan(0, half));
            for (var i = half; i < count && i < half + 10; i++) top.Offer(i, scores[i]);
            if (half + 10 < count) top.OfferBlock(half + 10, scores.AsSpan(half + 10));
            Assert.Equal(expected, list[..top.Finish()]);
        }
    }

    [Fact]
    public void A_selection_that_is_left_and_continued_is_the_same()
    {
        var scores = RandomFloats.Create(1, 1000);
        var filter = new ItemFilter { Exclude = [3, 5, 900] };
        var excluded = TopItems.RentExcluded(filter, 1000);
        var list = new ScoredItem[20];
        var kept = 0;
        for (var start = 0; start < 1000; start += 100)
        {
            var part = new TopItems(list, filter, 1000, excluded, kept);
            part.OfferBlock(start, scores.AsSpan(start, 100));
            kept = part.Kept;
        }
        kept = new TopItems(list, filter, 1000, excluded, kept).Finish();
        TopItems.ReturnExcluded(excluded);
        Assert.Equal(SlowKernels.Top(scores, 20, i => i is not (3 or 5 or 900)), list[..kept]);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_score_that_is_not_finite_is_an_error_wherever_it_stands(float bad)
    {
        for (var place = 0; place < 100; place++)
        {
            var scores = new float[100];
            scores[place] = bad;
            var error = Assert.Throws<ArithmeticException>(() =>
            {
                var top = new TopItems(new ScoredItem[3], default, 100);
                top.OfferBlock(0, scores);
            });
            Assert.Contains($"item {place} ", error.Message);
        }
    }

    [Fact]
    public void An_item_outside_the_catalogue_is_an_error()
        => Assert.Throws<ArgumentOutOfRangeException>(() => new TopItems(new ScoredItem[3], default, 5).Offer(5, 1));

    [Fact]
    public void An_empty_destination_keeps_nothing()
    {
        var top = new TopItems([], default, 3);
        top.OfferBlock(0, [1, 2, 3]);
        Assert.Equal(0, top.Finish());
    }

    [Fact]
    public void Allocates_nothing_after_warm_up()
    {
        var scores = RandomFloats.Create(1, 5000);
        var list = new ScoredItem[50];
        int[] exclude = [1, 2, 3];
        Select();
        Allocations.AssertNone(Select, calls: 20);

        void Select()
        {
            var top = new TopItems(list, new ItemFilter { Exclude = exclude }, 5000);
            top.OfferBlock(0, scores);
            top.Finish();
        }
    }
}
