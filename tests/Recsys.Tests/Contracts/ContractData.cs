using Recsys.Data;
using Recsys.Numerics;

namespace Recsys.Tests.Contracts;

/// <summary>Small logs for the contract suites. The dense id of a user or item equals its external number.</summary>
public static class ContractData
{
    public const int UsersPerCommunity = 20, ItemsPerCommunity = 10, CommunityCount = 3;

    /// <summary>
    /// Three communities that share no item. Each user has every item of the community but one, the gap, which is therefore the one right
    /// recommendation. All items are equally popular. Value 1, times increasing.
    /// </summary>
    public static Interactions Communities() => Build(CommunityCount * UsersPerCommunity, CommunityCount * ItemsPerCommunity, add =>
    {
        for (var user = 0; user < CommunityCount * UsersPerCommunity; user++)
            for (var i = 0; i < ItemsPerCommunity; i++)
            {
                var item = user / UsersPerCommunity * ItemsPerCommunity + (i + user) % ItemsPerCommunity;
                if (item != Gap(user)) add(user, item, 1, 1_000_000 + 100 * user + i);
            }
    });

    /// <summary>
    /// The communities for models of ratings: users rate the items of their own with 5 and, of the next community, the first half with 1.
    /// The gap
    /// is still the one item of their own that they have not rated.
    /// </summary>
    public static Interactions RatedCommunities() => Build(CommunityCount * UsersPerCommunity, CommunityCount * ItemsPerCommunity, add =>
    {
        for (var user = 0; user < CommunityCount * UsersPerCommunity; user++)
        {
            var community = user / UsersPerCommunity;
            for (var i = 0; i < ItemsPerCommunity; i++)
            {
                var item = community * ItemsPerCommunity + (i + user) % ItemsPerCommunity;
                if (item != Gap(user)) add(user, item, 5, 1_000_000 + 100 * user + i);
                var other = (community + 1) % CommunityCount * ItemsPerCommunity + (i + user) % ItemsPerCommunity;
                if (i < ItemsPerCommunity / 2) add(user, other, 1, 1_000_000 + 100 * user + 20 + i);
            }
        }
    });

    /// <summary>The one item of the community that the user lacks.</summary>
    public static int Gap(int user) => Community(user) * ItemsPerCommunity + user % ItemsPerCommunity;

    public static int Community(int user) => user / UsersPerCommunity;

    /// <summary>
    /// 70 users × 160 items, 1500 rows: skewed popularity, values 1..5, times, repeated pairs, as logs have them. Users 60..69 and items
    /// 150..159
    /// have no rows.
    /// </summary>
    public static Interactions Skewed() => Build(70, 160, add =>
    {
        var rng = new Rng(7);
        for (ulong row = 0; row < 1500; row++)
        {
            var user = rng.Stream(0).Below(row, 60);
            var item = (int)(150 * Math.Pow(rng.Stream(1).UniformDouble(row), 2.5));
            add(user, item, 1 + rng.Stream(2).Below(row, 5), 1_600_000_000 + rng.Stream(3).Below(row, 10_000_000));
        }
    });

    /// <summary>The first user of <see cref="Skewed"/> without rows.</summary>
    public const int SkewedEmptyUser = 60;

    public static Interactions OneUser() => Build(1, 4, add =>
    {
        for (var item = 0; item < 4; item++) add(0, item, item + 1, 1000 + item);
    });

    public static Interactions OneItem() => Build(5, 1, add =>
    {
        for (var user = 0; user < 5; user++) add(user, 0, 1 + user % 5, 1000 + user);
    });

    public static Interactions OneRow() => Build(1, 1, add => add(0, 0, 3, 1000));

    public static Interactions NoRows() => Build(3, 4, _ => { });

    public static Interactions Build(int users, int items, Action<Action<int, int, float, long>> rows)
    {
        var builder = new InteractionsBuilder(Ids(users), Ids(items));
        rows((user, item, value, time) => builder.Add(user, item, value, time));
        return builder.Build();
    }

    private static IdMap Ids(int count)
    {
        var keys = new long[count];
        for (var i = 0; i < count; i++) keys[i] = i;
        return IdMap.FromLongs(keys);
    }
}
