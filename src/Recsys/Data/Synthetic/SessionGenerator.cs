using Recsys.Numerics;

namespace Recsys.Data;

/// <summary>
/// Plays every user's sessions. A user's rows depend on the seed and the user alone, and land at a place known beforehand, so shards of
/// users fill the columns side by side and any number of threads gives the same bits.
/// </summary>
internal sealed class SessionGenerator(SyntheticWorldOptions options, WorldTruth truth)
{
    private const int ShardCount = 128;
    private const int Tries = 256;
    private readonly long _start = options.Start.ToUnixTimeSeconds();

    public SyntheticImpressions Run(CancellationToken cancel)
    {
        var offsets = Offsets(cancel);
        var columns = new ImpressionColumns(offsets[^1]);
        var rows = new int[options.Users];
        Shards.Run(ShardCount, options.Threads, shard =>
        {
            var (first, end) = Shards.Range(options.Users, ShardCount, shard);
            var player = new Player(options, truth, columns, _start);
            for (var user = first; user < end; user++)
            {
                cancel.ThrowIfCancellationRequested();
                rows[user] = player.Play(user, offsets[user]);
            }
        }, cancel);
        return Close(columns, offsets, rows);
    }

    /// <summary>Where each user's rows may start: room for every session at full length.</summary>
    private int[] Offsets(CancellationToken cancel)
    {
        var offsets = new int[options.Users + 1];
        Shards.Run(ShardCount, options.Threads, shard =>
        {
            var (first, end) = Shards.Range(options.Users, ShardCount, shard);
            for (var user = first; user < end; user++)
            {
                var arrivals = new Arrivals(options, truth, user);
                while (arrivals.Next(out _)) offsets[user + 1]++;
            }
        }, cancel);
        long sum = 0;
        for (var user = 0; user < options.Users; user++)
        {
            sum += (long)offsets[user + 1] * options.ListLength;
            if (sum > Array.MaxLength)
                throw new ArgumentException(
                    $"The options make more than {Array.MaxLength} impressions; lower Users, SessionsPerUser or ListLength.");
            offsets[user + 1] = (int)sum;
        }
        return offsets;
    }

    /// <summary>Closes the gaps that short lists leave, and numbers the sessions through.</summary>
    private static SyntheticImpressions Close(ImpressionColumns columns, int[] offsets, int[] rows)
    {
        var count = 0;
        var sessionOffsets = new List<int>();
        for (var user = 0; user < rows.Length; user++)
        {
            columns.Move(offsets[user], count, rows[user]);
            var end = count + rows[user];
            for (; count < end; count++)
            {
                if (columns.Position[count] == 1) sessionOffsets.Add(count);
                columns.Session[count] = sessionOffsets.Count - 1;
            }
        }
        sessionOffsets.Add(count);
        return new SyntheticImpressions(columns, count, [.. sessionOffsets]);
    }

    /// <summary>When a user's sessions start: a Poisson process from the later of sign-up and the start of the log.</summary>
    private struct Arrivals
    {
        private readonly double _gap, _end;
        private RandomSequence _random;
        private double _now;

        public Arrivals(SyntheticWorldOptions options, WorldTruth truth, int user)
        {
            _random = new RandomSequence(truth.Behaviour.Stream((ulong)user).Stream(ulong.MaxValue));
            _gap = options.Days / (options.SessionsPerUser * truth.Activity[user]);
            _end = options.Days;
            _now = Math.Max(0, truth.SignedUp[user]);
        }

        /// <summary>Days after the start, even time; false at the end of the log.</summary>
        public bool Next(out double days)
        {
            days = _now += _gap * _random.Exponential();
            return days < _end;  // false for NaN as well: no sessions at all
        }
    }

    /// <summary>Plays one user after another; owns what a thread needs to remember meanwhile.</summary>
    private sealed class Player(SyntheticWorldOptions options, WorldTruth truth, ImpressionColumns columns, long start)
    {
        private readonly double[] _taste = new double[options.TasteDimensions];
        private readonly bool[] _taken = new bool[options.Items];
        private readonly int[] _list = new int[Math.Min(options.ListLength, options.Items)];
        private readonly double[] _listPopularity = new double[Math.Min(options.ListLength, options.Items)];
        private readonly List<int> _clicked = [];
        private readonly double[] _examine = Enumerable.Range(1, options.ListLength).Select(truth.Examine).ToArray();

        /// <summary>Writes the user's rows from that place on and returns how many.</summary>
        public int Play(int user, int place)
        {
            var row = place;
            var free = long.MinValue;
            var lastStart = start + options.Days * 86_400L - 1;
            var arrivals = new Arrivals(options, truth, user);
            for (ulong session = 0; arrivals.Next(out var days); session++)
            {
                var time = Math.Max(start + DayClock.Seconds(days), free);
                if (time > lastStart) break;
                var random = new RandomSequence(truth.Behaviour.Stream((ulong)user).Stream(session));
                var length = Fill(user, time, ref random);
                if (length == 0) continue;
                free = Show(user, time, row, length, ref random) + 60;
                row += length;
            }
            foreach (var item in _clicked) _taken[item] = false;
            _clicked.Clear();
            return row - place;
        }

        private int Fill(int user, long time, ref RandomSequence random)
        {
            truth.Space.Taste(user, truth.Days(time), _taste);
            var released = truth.Sampler.ReleasedAt(time);
            var popularFirst = random.Uniform() < options.PopularFirst;
            var length = 0;
            for (; length < _list.Length; length++)
            {
                var item = Draw(released, random.Uniform() < options.PersonalShare, ref random);
                if (item < 0) break;
                _taken[item] = true;
                _list[length] = item;
                _listPopularity[length] = -truth.Popularity[item];
            }
            if (popularFirst) Array.Sort(_listPopularity, _list, 0, length);
            for (var k = 0; k < length; k++) _taken[_list[k]] = false;
            return length;
        }

        /// <summary>
        /// An item not taken with probability ∝ popularity (× notice, if personal): by rejection, which is exact, and after many
        /// rejections by inverting the very same distribution. -1 if none is left.
        /// </summary>
        private int Draw(int released, bool personal, ref RandomSequence random)
        {
            if (released == 0) return -1;
            for (var attempt = 0; attempt < Tries; attempt++)
            {
                var item = truth.Sampler.Sample(random.Uniform(), released);
                if (_taken[item]) continue;
                if (!personal || random.Uniform() < WorldTruth.Notice(truth.Space.Match(_taste, item))) return item;
            }
            var candidates = truth.Sampler.Order.AsSpan(0, released);
            var total = 0.0;
            foreach (var item in candidates) total += Weight(item, personal);
            var rest = random.Uniform() * total;
            var last = -1;
            foreach (var item in candidates)
            {
                var weight = Weight(item, personal);
                if (weight == 0) continue;
                last = item;
                rest -= weight;
                if (rest < 0) break;
            }
            return last;
        }

        private double Weight(int item, bool personal)
            => _taken[item] ? 0 : truth.Popularity[item] * (personal ? WorldTruth.Notice(truth.Space.Match(_taste, item)) : 1);

        /// <summary>What the user does with the list; returns when it is over.</summary>
        private long Show(int user, long time, int row, int length, ref RandomSequence random)
        {
            for (var k = 0; k < length; k++, row++)
            {
                var item = _list[k];
                columns.User[row] = user;
                columns.Item[row] = item;
                columns.Position[row] = k + 1;
                columns.Time[row] = time;
                time += 2 + random.Below(8);
                if (!(columns.Examined[row] = random.Uniform() < _examine[k])) continue;
                var match = truth.Match(user, item, columns.Time[row]);
                if (!(columns.Clicked[row] = random.Uniform() < truth.Click(match, item))) continue;

                if (!options.RepeatClicks)
                {
                    _taken[item] = true;
                    _clicked.Add(item);
                }
                time += SyntheticWorld.ClickDelay + 5 + random.Below(60);
                if (random.Uniform() < options.RatingShare) columns.Rating[row] = Rate(match, user, item, random.Uniform());
                if (!(columns.Cart[row] = random.Uniform() < truth.Cart(match, item))) continue;
                time += SyntheticWorld.CartDelay + random.Below(60);
                if (!(columns.Purchased[row] = random.Uniform() < truth.Purchase(match, user, item))) continue;
                time += SyntheticWorld.PurchaseDelay + random.Below(60);
            }
            return time;
        }

        private byte Rate(double match, int user, int item, double uniform)
        {
            var noise = WorldTruth.RatingScale * Math.Log(uniform / (1 - uniform));
            return (byte)Math.Clamp(Math.Round(truth.RatingCentre(match, user, item) + noise, MidpointRounding.AwayFromZero), 1, 5);
        }
    }
}
