using Recsys.Data;

namespace Recsys.Tests.Data;

/// <summary>The default synthetic world, made once for all tests.</summary>
internal static class DefaultWorld
{
    private static readonly Lazy<SyntheticWorld> Made = new(() => SyntheticWorld.Create());

    public static SyntheticWorld Instance => Made.Value;
}

/// <summary>
/// One number for all that happened in a world; only whole numbers and texts go in, so it does not depend on the platform.
/// </summary>
internal static class WorldHash
{
    public static ulong Of(SyntheticWorld world)
    {
        var hash = new Fnv();
        var shown = world.Impressions;
        for (var row = 0; row < shown.Count; row++)
        {
            hash.Add(shown.Sessions[row]);
            hash.Add(shown.Users[row]);
            hash.Add(shown.Items[row]);
            hash.Add(shown.Positions[row]);
            hash.Add(shown.Times[row]);
            hash.Add(shown.Ratings[row]);
            hash.Add((shown.Examined[row] ? 1 : 0) + (shown.Clicked[row] ? 2 : 0));
            hash.Add((shown.Cart[row] ? 1 : 0) + (shown.Purchased[row] ? 2 : 0));
        }
        foreach (var offset in world.Friends.RowOffsets) hash.Add(offset);
        foreach (var friend in world.Friends.Columns) hash.Add(friend);
        foreach (var user in world.Users)
        {
            hash.Add($"{user.Key} {user.Gender} {user.Occupation} {user.City}");
            hash.Add(user.Age);
            hash.Add(user.SignedUp.ToUnixTimeSeconds());
        }
        foreach (var item in world.Items)
        {
            hash.Add($"{item.Key} {item.Title} {string.Join('|', item.Genres)} {item.Brand} {item.Shop}");
            hash.Add((long)Math.Round(item.Price * 100));
            hash.Add(item.Released.ToUnixTimeSeconds());
        }
        return hash.Value;
    }

    private struct Fnv()
    {
        public ulong Value { get; private set; } = 14695981039346656037;

        public void Add(long number) => Value = (Value ^ (ulong)number) * 1099511628211;

        public void Add(string text)
        {
            foreach (var letter in text) Add(letter);
        }
    }
}
