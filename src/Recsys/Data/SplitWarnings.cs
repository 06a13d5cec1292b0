using System.Globalization;

namespace Recsys.Data;

/// <summary>What could make the numbers of a split misleading.</summary>
internal static class SplitWarnings
{
    public static IReadOnlyList<string> Of(Interactions data, Interactions train, Interactions test, Interactions? validation,
        bool random, bool byTime)
    {
        var warnings = new List<string>();
        if (train.Count == 0) warnings.Add("The training part is empty.");
        if (test.Count == 0) warnings.Add("The test part is empty.");
        if (validation is { Count: 0 }) warnings.Add("The validation part is empty.");
        if (random && data.HasTimes)
            warnings.Add("The rows have times but were split at random: models train on what happened after the test rows. Use ByTime or "
                + "LeaveLastOut to avoid that.");

        var untimed = byTime ? data.TimeColumn.Count(Interactions.NoTime) : 0;
        if (untimed > 0) warnings.Add(Text($"{untimed} of {data.Count} rows have no time; they are in the training part."));

        var (users, items, repeats) = Compare(train, test);
        if (users > 0) warnings.Add(Text($"Users in the test part only: {users}. Models know nothing of them."));
        if (items > 0) warnings.Add(
            Text($"Items in the test part only: {items}. Models that learn from interactions cannot find them."));
        if (repeats > 0)
            warnings.Add(
                Text($"Test rows that repeat a (user, item) pair of the training part: {repeats}. Lists without seen items cannot hit them."));
        return warnings;
    }

    private static (int Users, int Items, long Repeats) Compare(Interactions train, Interactions test)
    {
        var trained = new bool[train.ItemCount];
        foreach (var item in train.ItemColumn) trained[item] = true;

        var tested = new bool[test.ItemCount];
        var seenBy = new int[test.ItemCount];  // user + 1
        var users = 0;
        var repeats = 0L;
        for (var user = 0; user < test.UserCount; user++)
        {
            var own = test.ItemsOf(user);
            if (own.IsEmpty) continue;
            var known = train.ItemsOf(user);
            if (known.IsEmpty) users++;
            foreach (var item in known) seenBy[item] = user + 1;
            foreach (var item in own)
            {
                if (seenBy[item] == user + 1) repeats++;
                tested[item] = true;
            }
        }
        var items = 0;
        for (var item = 0; item < tested.Length; item++)
            if (tested[item] && !trained[item]) items++;
        return (users, items, repeats);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
