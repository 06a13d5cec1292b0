namespace Recsys.Tests.Contracts;

/// <summary>Recall calls as values, so that lists can be compared.</summary>
public static class Lists
{
    public static ScoredItem[] Recall(
        IRecaller recaller, int user, int count, int[]? exclude = null, ItemSet? allow = null, Func<int, bool>? predicate = null,
        int[]? history = null, float[]? values = null)
    {
        var list = new ScoredItem[count];
        var found = recaller.Recall(
            new RecallRequest
            {
                User = user,
                History = history,
                HistoryValues = values,
                Filter = new ItemFilter { Exclude = exclude, Allow = allow, Predicate = predicate },
            },
            list);
        Assert.InRange(found, 0, count);
        return list[..found];
    }

    /// <summary>Best first, ties by id, no repeats, ids of the catalogue, finite scores.</summary>
    public static void AssertSound(ScoredItem[] list, int items)
    {
        for (var i = 0; i < list.Length; i++)
        {
            Assert.InRange(list[i].Item, 0, items - 1);
            Assert.True(float.IsFinite(list[i].Score), $"The score of {list[i]} is not finite.");
            if (i == 0) continue;
            Assert.True(list[i - 1].Before(list[i]), $"{list[i - 1]} must not stand before {list[i]}: best first, ties by lower id.");
        }
        Assert.Equal(list.Length, list.Select(x => x.Item).Distinct().Count());
    }
}
