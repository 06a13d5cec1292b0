namespace Recsys.Tests.Reference;

/// <summary>Ranking metrics straight from their definitions, over a list and a set of relevant items.</summary>
internal static class SlowRanking
{
    public static int Hits(int[] list, HashSet<int> relevant, int k) => list.Take(k).Count(relevant.Contains);

    public static double Ndcg(int[] list, Dictionary<int, double> gains, int k)
    {
        double dcg = list.Take(k).Select((item, i) => gains.GetValueOrDefault(item) / Math.Log(i + 2, 2)).Sum();
        double ideal = gains.Values.OrderDescending().Take(k).Select((gain, i) => gain / Math.Log(i + 2, 2)).Sum();
        return dcg / ideal;
    }

    public static double ReciprocalRank(int[] list, HashSet<int> relevant, int k)
    {
        for (var rank = 1; rank <= Math.Min(k, list.Length); rank++)
            if (relevant.Contains(list[rank - 1])) return 1.0 / rank;
        return 0;
    }

    public static double PrecisionSum(int[] list, HashSet<int> relevant, int k)
    {
        double sum = 0;
        for (var rank = 1; rank <= Math.Min(k, list.Length); rank++)
            if (relevant.Contains(list[rank - 1])) sum += (double)Hits(list, relevant, rank) / rank;
        return sum;
    }

    public static double? ClickPosition(int[] list, HashSet<int> relevant, int k)
    {
        var ranks = Enumerable.Range(1, Math.Min(k, list.Length)).Where(rank => relevant.Contains(list[rank - 1])).ToArray();
        return ranks.Length == 0 ? null : ranks.Average();
    }

    public static double Personalization(int[][] lists, int length)
    {
        double sum = 0;
        for (var a = 0; a < lists.Length; a++)
            for (var b = 0; b < lists.Length; b++)
                if (a != b) sum += 1 - (double)lists[a].Intersect(lists[b]).Count() / length;
        return sum / ((double)lists.Length * (lists.Length - 1));
    }

    /// <summary>Mean absolute difference of all pairs, halved and divided by the mean.</summary>
    public static double Gini(int[] counts)
    {
        double sum = 0;
        foreach (var a in counts)
            foreach (var b in counts) sum += Math.Abs(a - b);
        return sum / (2.0 * counts.Length * counts.Length * counts.Average());
    }

    public static int EditDistance(ReadOnlySpan<int> a, ReadOnlySpan<int> b)
    {
        if (a.IsEmpty || b.IsEmpty) return a.Length + b.Length;
        var replaced = EditDistance(a[1..], b[1..]) + (a[0] == b[0] ? 0 : 1);
        return Math.Min(replaced, 1 + Math.Min(EditDistance(a[1..], b), EditDistance(a, b[1..])));
    }
}
