using Recsys.Data;
using Recsys.Numerics;
using Recsys.Recall;
using Recsys.Tests.Contracts;

namespace Recsys.Tests.Recall;

public sealed class SwingTests
{
    public static TheoryData<string> Variants => [.. Options.Keys];

    private static readonly SwingOptions Paper = new() { PopularityPower = 0, NormalizeByMax = false, Neighbours = 10 };

    private static readonly Dictionary<string, SwingOptions> Options = new()
    {
        ["paper"] = Paper with { Neighbours = 200 },
        ["no smoothing"] = Paper with { Smoothing = 0, Neighbours = 200 },
        ["flat users"] = Paper with { Smoothing = 3, UserPower = 0 },
        ["smooth users"] = Paper with { UserSmoothing = 5, UserPower = 0.35f },
        ["less of what is popular"] = Paper with { PopularityPower = 0.5f },
        ["scaled"] = Paper with { NormalizeByMax = true },
        ["defaults"] = new(),
    };

    private static readonly Interactions Log = ContractData.Build(25, 30, add =>
    {
        var rng = new Rng(3);
        for (ulong row = 0; row < 250; row++)
            add(rng.Stream(0).Below(row, 24), (int)(28 * Math.Pow(rng.Stream(1).UniformDouble(row), 1.7)), 1, (long)row);
    });

    [Theory]
    [MemberData(nameof(Variants))]
    public void Neighbours_and_scores_are_those_of_the_definition(string variant)
    {
        var options = Options[variant];
        var data = Log;
        var (n, sets) = (data.ItemCount, Sets(data));
        var model = Swing.Train(data, options);
        var list = new ScoredItem[n];
        var expected = Enumerable.Range(0, n).Select(i => Neighbours(i, sets, n, options)).ToArray();
        for (var i = 0; i < n; i++) AssertClose(expected[i], list.AsSpan(0, model.SimilarItems(i, default, list)).ToArray());

        foreach (var user in new[] { 0, 3, 20 })
        {
            var scores = new double[n];
            foreach (var i in sets[user])
                foreach (var (j, s) in expected[i]) scores[j] += s;
            var actual = Lists.Recall(model, user, n);
            Assert.Equal(scores.Count(s => s > 0), actual.Length);
            foreach (var (item, score) in actual) Assert.Equal(scores[item], score, 1e-5 * Math.Max(1, scores[item]));
        }
    }

    [Fact]
    public void Three_users_by_hand()
    {
        // Only users 0 and 1 swing between two items; they have 2 in common: 1/√2 · 1/√2 / (1 + 2).
        var data = ContractData.Build(3, 3, add =>
        {
            add(0, 0, 1, 0);
            add(0, 1, 1, 1);
            add(1, 0, 1, 2);
            add(1, 1, 1, 3);
            add(2, 0, 1, 4);
            add(2, 2, 1, 5);
        });
        var model = Swing.Train(data, Paper);
        var list = new ScoredItem[3];
        Assert.Equal(1, model.SimilarItems(0, default, list));
        Assert.Equal(1, list[0].Item);
        Assert.Equal(1 / 6.0, list[0].Score, 1e-6);
        Assert.Equal(0, model.SimilarItems(2, default, list));

        // Item 0 has 3 users, item 1 has 2.
        Assert.Equal(1, Swing.Train(data, Paper with { PopularityPower = 1 }).SimilarItems(0, default, list));
        Assert.Equal(1 / 36.0, list[0].Score, 1e-6);
    }

    [Fact]
    public void Drawn_users_stand_for_all_where_all_are_alike()
    {
        // Every pair of users counts the same, so any of them estimate the sum exactly.
        var data = ContractData.Build(30, 5, add =>
        {
            for (var user = 0; user < 30; user++)
                for (var item = 0; item < 5; item++) add(user, item, 1, item);
        });
        ScoredItem[] exact = new ScoredItem[4], drawn = new ScoredItem[4];
        Assert.Equal(4, Swing.Train(data, Paper with { UsersPerItem = 30 }).SimilarItems(2, default, exact));
        Assert.Equal(4, Swing.Train(data, Paper with { UsersPerItem = 3 }).SimilarItems(2, default, drawn));
        Assert.Equal(30 * 29 / 2 / 5.0 / 6, exact[0].Score, 1e-4);
        for (var k = 0; k < 4; k++) Assert.Equal(exact[k].Score, drawn[k].Score, 1e-4);
    }

    [Fact]
    public void Another_seed_draws_others()
    {
        var data = ContractData.Skewed();
        var options = new SwingOptions { UsersPerItem = 5 };
        var one = Lists.Recall(Swing.Train(data, options), 0, 20);
        Assert.Equal(one, Lists.Recall(Swing.Train(data, options), 0, 20));
        Assert.NotEqual(one, Lists.Recall(Swing.Train(data, options with { Seed = 2 }), 0, 20));
    }

    private static HashSet<int>[] Sets(Interactions data)
        => [.. Enumerable.Range(0, data.UserCount).Select(user => data.ItemsOf(user).ToArray().ToHashSet())];

    private static List<(int Item, double Score)> Neighbours(int i, HashSet<int>[] sets, int n, SwingOptions options)
    {
        var found = new List<(int Item, double Score)>();
        for (var j = 0; j < n; j++)
        {
            if (j == i) continue;
            var both = Enumerable.Range(0, sets.Length).Where(u => sets[u].Contains(i) && sets[u].Contains(j)).ToArray();
            var sum = 0.0;
            foreach (var u in both)
                foreach (var v in both.Where(v => v > u))
                    sum += Weight(u) * Weight(v) / (options.Smoothing + sets[u].Intersect(sets[v]).Count());
            double users = (double)sets.Count(s => s.Contains(i)) * sets.Count(s => s.Contains(j));
            if (sum > 0) found.Add((j, sum / Math.Pow(users, options.PopularityPower)));
        }
        found = [.. found.OrderByDescending(x => x.Score).ThenBy(x => x.Item).Take(options.Neighbours)];
        if (options.NormalizeByMax && found.Count > 0) found = [.. found.Select(x => (x.Item, x.Score / found[0].Score))];
        return found;

        double Weight(int user) => Math.Pow(sets[user].Count + options.UserSmoothing, -options.UserPower);
    }

    private static void AssertClose(List<(int Item, double Score)> expected, ReadOnlySpan<ScoredItem> actual)
    {
        Assert.Equal(expected.Count, actual.Length);
        for (var k = 0; k < actual.Length; k++) Assert.Equal(expected[k].Score, actual[k].Score, 1e-5 * Math.Max(1, expected[k].Score));
    }
}
