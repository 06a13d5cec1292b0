using Recsys.Numerics;

namespace Recsys.Data;

/// <summary>
/// Friendship: every user meets M others, drawn uniformly with replacement, and befriends each with a probability that rises with the
/// cosine of their tastes. So P(u, v) = 1 - (1 - befriend(u, v) / (n - 1))^2M, since either may meet the other.
/// </summary>
internal sealed partial class WorldTruth
{
    private const int CalibrationPairs = 20_000;
    private int _meetings;

    public double FriendProbability(int user, int other)
        => user == other ? 0 : 1 - Math.Pow(1 - Befriend(user, other) / (_options.Users - 1), 2.0 * _meetings);

    public SparseMatrix DrawFriends(CancellationToken cancel)
    {
        var users = _options.Users;
        var counts = new long[users + 1];
        _meetings = Meetings();
        var made = new List<long>[FillShards];
        Shards.Run(FillShards, _options.Threads, shard =>
        {
            var (first, end) = Shards.Range(users, FillShards, shard);
            var pairs = made[shard] = [];
            for (var user = first; user < end; user++)
            {
                cancel.ThrowIfCancellationRequested();
                var random = new RandomSequence(Friendship.Stream((ulong)user));
                for (var meeting = 0; meeting < _meetings; meeting++)
                {
                    var other = random.Below(users - 1);
                    if (other >= user) other++;
                    if (random.Uniform() < Befriend(user, other)) pairs.Add(Pair(user, other));
                }
            }
        }, cancel);

        var both = new long[2 * made.Sum(pairs => (long)pairs.Count)];
        var next = 0;
        foreach (var pairs in made)
        {
            foreach (var pair in pairs)
            {
                both[next++] = pair;
                both[next++] = Pair((int)(uint)pair, (int)(pair >> 32));
            }
        }
        Array.Sort(both);

        var kept = 0;
        for (var i = 0; i < both.Length; i++)
            if (i == 0 || both[i] != both[i - 1]) both[kept++] = both[i];
        var columns = new int[kept];
        var values = new float[kept];
        Array.Fill(values, 1);
        for (var i = 0; i < kept; i++)
        {
            columns[i] = (int)(uint)both[i];
            counts[(both[i] >> 32) + 1]++;
        }
        for (var user = 0; user < users; user++) counts[user + 1] += counts[user];
        return new SparseMatrix(users, users, counts, columns, values);
    }

    private static long Pair(int user, int other) => (long)user << 32 | (uint)other;

    private double Befriend(int user, int other)
    {
        var d = Space.Dimensions;
        var cosine = TasteSpace.Dot(Space.UsersAtStart.AsSpan(user * d, d), Space.UsersAtStart.AsSpan(other * d, d));
        return Sigmoid(8 * (cosine - 0.7));
    }

    /// <summary>M for the wished mean number of friends, from the mean of the befriending probability over random pairs.</summary>
    private int Meetings()
    {
        if (_options.Users < 2 || _options.FriendsPerUser == 0) return 0;
        var random = new RandomSequence(Friendship.Stream(ulong.MaxValue));
        var sum = 0.0;
        for (var i = 0; i < CalibrationPairs; i++)
        {
            var user = random.Below(_options.Users);
            var other = random.Below(_options.Users - 1);
            sum += Befriend(user, other >= user ? other + 1 : other);
        }
        return (int)Math.Min(1_000_000, Math.Max(1, Math.Round(_options.FriendsPerUser * CalibrationPairs / (2 * sum))));
    }
}
