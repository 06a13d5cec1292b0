using Recsys.Numerics;

namespace Recsys.Recall;

/// <summary>
/// The similarities of one item to all others, from the pairs of its users. The users' items are turned into lists of users by item first,
/// so that a pair costs as much as it has in common, not as much as its users have.
/// </summary>
internal sealed class SwingPairs
{
    private readonly SparseMatrix _users;
    private readonly SparseMatrix _items;
    private readonly SwingOptions _options;
    private readonly Rng _rng;
    private readonly float[] _weights;
    private readonly float[] _scales;
    private readonly Pool<Scratch> _scratch;

    public SwingPairs(SparseMatrix users, SparseMatrix items, SwingOptions options)
    {
        _users = users;
        _items = items;
        _options = options;
        _rng = new Rng(options.Seed);
        _weights = new float[users.RowCount];
        for (var user = 0; user < _weights.Length; user++)
        {
            var n = users.RowOffsets[user + 1] - users.RowOffsets[user];
            _weights[user] = n == 0 ? 0 : (float)Math.Pow(n + options.UserSmoothing, -options.UserPower);
        }
        var most = 0L;
        _scales = new float[items.RowCount];
        for (var item = 0; item < _scales.Length; item++)
        {
            var n = items.RowOffsets[item + 1] - items.RowOffsets[item];
            _scales[item] = n == 0 ? 0 : (float)Math.Pow(n, -options.PopularityPower);
            most = Math.Max(most, n);
        }
        _scratch = new Pool<Scratch>(() => new Scratch(items.RowCount, (int)most, (int)Math.Min(most, options.UsersPerItem)));
    }

    public int Search(int item, Span<ScoredItem> destination)
    {
        var scratch = _scratch.Rent();
        var users = Draw(item, scratch.Users);
        Invert(users, scratch);
        for (var a = 0; a < users.Length; a++) AddPairsOf(a, users, scratch);

        var all = _items.Row(item).Length;
        var drawn = users.Length < 2 ? 1 : (double)all * (all - 1) / ((double)users.Length * (users.Length - 1));
        var scale = (float)(drawn * _scales[item]);
        var top = new TopItems(destination, default, _items.RowCount);
        foreach (var j in scratch.Touched.AsSpan(0, scratch.TouchedCount))
        {
            if (j != item && scratch.Sums[j] > 0) top.Offer(j, scratch.Sums[j] * scale * _scales[j]);
            scratch.Sums[j] = 0;
            scratch.Start[j] = 0;
        }
        scratch.TouchedCount = 0;
        _scratch.Return(scratch);
        return top.Finish();
    }

    // All users of the item, or as many of them as the options allow, each set as likely.
    private ReadOnlySpan<int> Draw(int item, int[] buffer)
    {
        var all = _items.Row(item).Columns;
        all.CopyTo(buffer);
        if (all.Length <= _options.UsersPerItem) return buffer.AsSpan(0, all.Length);
        var rng = _rng.Stream((ulong)item);
        for (var k = 0; k < _options.UsersPerItem; k++)
        {
            var other = k + rng.Below((ulong)k, all.Length - k);
            (buffer[k], buffer[other]) = (buffer[other], buffer[k]);
        }
        return buffer.AsSpan(0, _options.UsersPerItem);
    }

    // For each item that a user has: the places in `users` of those who have it, ascending, from Start (less 1: 0 means not met) to End.
    private void Invert(ReadOnlySpan<int> users, Scratch scratch)
    {
        foreach (var user in users)
            foreach (var j in _users.Row(user).Columns)
                if (scratch.Start[j]++ == 0) scratch.Touch(j);
        var total = 0;
        foreach (var j in scratch.Touched.AsSpan(0, scratch.TouchedCount))
        {
            var count = scratch.Start[j];
            scratch.Start[j] = scratch.End[j] = total;
            total += count;
        }
        scratch.Reserve(total);
        for (var a = 0; a < users.Length; a++)
            foreach (var j in _users.Row(users[a]).Columns)
                scratch.Places[scratch.End[j]++] = a;
    }

    private void AddPairsOf(int a, ReadOnlySpan<int> users, Scratch scratch)
    {
        var own = _users.Row(users[a]).Columns;
        var common = scratch.Common.AsSpan(0, users.Length);
        var pairs = scratch.Pairs.AsSpan(0, users.Length);
        common.Clear();
        foreach (var j in own)
        {
            scratch.Start[j]++; // past a itself: what is left are the users after it
            foreach (var b in scratch.Places.AsSpan(scratch.Start[j], scratch.End[j] - scratch.Start[j])) common[b]++;
        }
        for (var b = a + 1; b < pairs.Length; b++) pairs[b] = _weights[users[a]] * _weights[users[b]] / (_options.Smoothing + common[b]);
        foreach (var j in own)
        {
            var sum = 0f;
            foreach (var b in scratch.Places.AsSpan(scratch.Start[j], scratch.End[j] - scratch.Start[j])) sum += pairs[b];
            scratch.Sums[j] += sum;
        }
    }

    // Sums and Start are 0 between searches.
    private sealed class Scratch(int items, int mostUsers, int drawnUsers)
    {
        public readonly int[] Users = new int[mostUsers];
        public readonly int[] Common = new int[drawnUsers];
        public readonly float[] Pairs = new float[drawnUsers];
        public readonly int[] Start = new int[items];
        public readonly int[] End = new int[items];
        public readonly float[] Sums = new float[items];
        public int[] Touched = new int[64];
        public int[] Places = new int[256];

        public int TouchedCount { get; set; }

        public void Touch(int item)
        {
            if (TouchedCount == Touched.Length) Array.Resize(ref Touched, 2 * Touched.Length);
            Touched[TouchedCount++] = item;
        }

        public void Reserve(int places)
        {
            if (Places.Length < places) Places = new int[Math.Max(places, 2 * Places.Length)];
        }
    }
}
