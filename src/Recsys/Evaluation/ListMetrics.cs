namespace Recsys.Evaluation;

/// <summary>
/// Metrics of recommendation lists that need no relevant items: how much of the catalogue they use, how new, varied and personal they are,
/// and how far two lists differ. Pure functions, safe for any number of threads.
/// </summary>
public static class ListMetrics
{
    /// <summary>The share of the catalogue that at least one list holds: items with a positive count / items. Range [0, 1].</summary>
    /// <param name="counts">In how many lists each item of the catalogue appears; not empty, not negative.</param>
    public static double Coverage(ReadOnlySpan<int> counts)
    {
        CheckCounts(counts);
        var used = 0;
        foreach (var count in counts)
            if (count > 0) used++;
        return (double)used / counts.Length;
    }

    /// <summary>
    /// The Gini coefficient of how often the items are shown: Σ_i (2i - n - 1) c_(i) / (n Σ c), c sorted ascending, i from 1. 0 if all
    /// items are shown equally often, (n - 1)/n if only one is shown.
    /// </summary>
    /// <param name="counts">In how many lists each item of the catalogue appears; not negative, at least one positive.</param>
    /// <exception cref="ArgumentException">No item is shown at all.</exception>
    public static double Gini(ReadOnlySpan<int> counts)
    {
        CheckCounts(counts);
        var sorted = counts.ToArray();
        Array.Sort(sorted);
        double weighted = 0;
        long sum = 0;
        for (var i = 0; i < sorted.Length; i++)
        {
            weighted += (2.0 * (i + 1) - sorted.Length - 1) * sorted[i];
            sum += sorted[i];
        }
        return sum == 0
            ? throw new ArgumentException("No item is shown in any list, so the Gini coefficient is undefined.", nameof(counts))
            : weighted / ((double)sorted.Length * sum);
    }

    /// <summary>
    /// The mean self-information of the items of a list: mean of log2(users / max(1, users of the item)), in bits. An item that everybody
    /// knows gives 0, one known to nobody counts as known to one. Zhou et al., PNAS 2010; Vargas and Castells, RecSys 2011.
    /// </summary>
    /// <param name="list">Dense item ids, not empty.</param>
    /// <param name="itemUsers">How many users each item has in the training data.</param>
    /// <param name="users">How many users the training data has, at least 1.</param>
    public static double Novelty(ReadOnlySpan<int> list, ReadOnlySpan<int> itemUsers, int users)
    {
        CheckList(list);
        ArgumentOutOfRangeException.ThrowIfLessThan(users, 1);
        double sum = 0;
        foreach (var item in list)
        {
            var known = (uint)item < (uint)itemUsers.Length ? Math.Max(1, itemUsers[item]) : 1;
            sum += Math.Log2((double)users / known);
        }
        return sum / list.Length;
    }

    /// <summary>
    /// How different the items of a list are from each other: 1 - mean similarity over all pairs. 0 for a list of one. With a similarity
    /// in [0, 1] the range is [0, 1]. Ziegler et al., "Improving recommendation lists through topic diversification", WWW 2005.
    /// </summary>
    /// <param name="list">Dense item ids, not empty.</param>
    /// <param name="similarity">Symmetric; asked once for each pair. Safe for concurrent calls when an evaluation uses it.</param>
    /// <exception cref="ArithmeticException">A similarity is not finite.</exception>
    public static double IntraListDiversity(ReadOnlySpan<int> list, Func<int, int, float> similarity)
    {
        CheckList(list);
        ArgumentNullException.ThrowIfNull(similarity);
        if (list.Length == 1) return 0;
        double sum = 0;
        for (var i = 1; i < list.Length; i++)
            for (var j = 0; j < i; j++)
            {
                var s = similarity(list[i], list[j]);
                if (!float.IsFinite(s)) throw new ArithmeticException($"The similarity of the items {list[i]} and {list[j]} is {s}.");
                sum += s;
            }
        return 1 - sum / (0.5 * list.Length * (list.Length - 1));
    }

    /// <summary>
    /// How different the lists of different users are: mean over all pairs of users of 1 - |shared items| / L. 0 if all get the same list,
    /// 1 if no two share an item. Computed from counts, not pair by pair: the shared items of all pairs are Σ_i c_i (c_i - 1)/2. Guo et
    /// al., "PAL: a position-bias aware learning framework for CTR prediction", RecSys 2019.
    /// </summary>
    /// <param name="counts">In how many users' lists (of at most L distinct items) each item appears; not negative.</param>
    /// <param name="users">How many users have a list, at least 2.</param>
    /// <param name="length">L, at least 1.</param>
    public static double Personalization(ReadOnlySpan<int> counts, int users, int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(users, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        double shared = 0;
        foreach (var count in counts) shared += (double)count * (count - 1);
        return 1 - shared / ((double)users * (users - 1) * length);
    }

    /// <summary>
    /// Spearman's footrule distance from one list to another: Σ_i |i - rank of the i-th item in the other|, ranks from 1; an item that the
    /// other lacks counts as ranked right behind its end (Fagin, Kumar and Sivakumar, SODA 2003). 0 if the first is a prefix of the
    /// second.
    /// </summary>
    /// <param name="list">Distinct item ids, best first; its length is L.</param>
    /// <param name="other">Distinct item ids, best first.</param>
    public static long SpearmanFootrule(ReadOnlySpan<int> list, ReadOnlySpan<int> other)
    {
        long sum = 0;
        for (var i = 0; i < list.Length; i++)
        {
            var rank = other.IndexOf(list[i]);
            sum += Math.Abs(i - (rank < 0 ? other.Length : rank));
        }
        return sum;
    }

    /// <summary>
    /// The normalised edit distance: Levenshtein distance (insert, delete, replace, 1 each) / length of the longer list. 0 if equal, both
    /// empty included; 1 if nothing can be kept.
    /// </summary>
    public static double NormalisedEditDistance(ReadOnlySpan<int> first, ReadOnlySpan<int> second)
    {
        var longest = Math.Max(first.Length, second.Length);
        if (longest == 0) return 0;
        var row = new int[second.Length + 1];
        for (var j = 0; j < row.Length; j++) row[j] = j;
        for (var i = 1; i <= first.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j < row.Length; j++)
            {
                var replaced = diagonal + (first[i - 1] == second[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return (double)row[^1] / longest;
    }

    /// <summary>
    /// How much of a list is new ground for the user: distinct categories in the list that the history lacks / distinct categories in the
    /// list. Range [0, 1]; null if the list has no category at all.
    /// </summary>
    /// <param name="listCategories">The categories of the items of the list, in any order, repeats allowed.</param>
    /// <param name="historyCategories">The categories that the user has already met.</param>
    public static double? Discovery(ReadOnlySpan<int> listCategories, ReadOnlySpan<int> historyCategories)
    {
        var known = new HashSet<int>(historyCategories.Length);
        foreach (var category in historyCategories) known.Add(category);
        var all = new HashSet<int>();
        var fresh = 0;
        foreach (var category in listCategories)
            if (all.Add(category) && !known.Contains(category)) fresh++;
        return all.Count == 0 ? null : (double)fresh / all.Count;
    }

    private static void CheckList(ReadOnlySpan<int> list)
    {
        if (list.IsEmpty) throw new ArgumentException("The list is empty, so it has no value.", nameof(list));
    }

    private static void CheckCounts(ReadOnlySpan<int> counts)
    {
        if (counts.IsEmpty) throw new ArgumentException("The catalogue is empty: give one count for each item.", nameof(counts));
        for (var i = 0; i < counts.Length; i++)
            if (counts[i] < 0) throw new ArgumentException($"counts[{i}] is {counts[i]}; a count must not be negative.", nameof(counts));
    }
}
