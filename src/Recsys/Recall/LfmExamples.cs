using Recsys.Data;
using Recsys.Numerics;

namespace Recsys.Recall;

/// <summary>
/// The training examples of <see cref="Lfm"/>, cut into blocks of (user shard, item shard). Blocks of different users and different items
/// share no factor, so they are trained at the same time and the result is that of training them one after the other.
/// Gemulla, Nijkamp, Haas, Sismanis, "Large-scale matrix factorization with distributed stochastic gradient descent", KDD 2011.
/// </summary>
internal sealed class LfmExamples
{
    private readonly SparseMatrix _users;
    private readonly NegativeSampler? _sampler;
    private readonly int _ratio;
    private readonly int _shards;
    private readonly Rng _rng;
    private readonly int[] _userCuts;
    private readonly ushort[] _itemShard;
    private readonly FactorExample[][] _examples;
    private readonly int[][] _offsets;
    private readonly int[][] _drawn;

    /// <param name="users">Users × items: the positives, or the ratings.</param>
    /// <param name="sampler">Draws items of label 0 for every epoch anew; null for ratings, which need none.</param>
    /// <param name="ratio">As many negatives for each positive.</param>
    /// <param name="shards">1..1024.</param>
    /// <param name="rng">Of negatives and order.</param>
    public LfmExamples(SparseMatrix users, NegativeSampler? sampler, int ratio, int shards, Rng rng)
    {
        (_users, _sampler, _ratio, _shards, _rng) = (users, sampler, sampler is null ? 0 : ratio, shards, rng);
        _userCuts = InteractionRows.Cut(users.RowOffsets, 1, shards);
        _itemShard = new ushort[users.ColumnCount];
        var itemCuts = InteractionRows.Cut(Offsets(users), 1, shards);
        for (var shard = 0; shard < shards; shard++) _itemShard.AsSpan(itemCuts[shard]..itemCuts[shard + 1]).Fill((ushort)shard);

        _examples = new FactorExample[shards][];
        _offsets = new int[shards][];
        _drawn = new int[shards][];
        for (var shard = 0; shard < shards; shard++)
        {
            var positives = PositivesOf(shard);
            _examples[shard] = new FactorExample[checked(positives * (1 + _ratio))];
            _drawn[shard] = new int[positives * _ratio];
            _offsets[shard] = new int[shards + 1];
        }
    }

    /// <summary>One block, in the order of the epoch.</summary>
    public ReadOnlySpan<FactorExample> Block(int userShard, int itemShard)
        => _examples[userShard].AsSpan(_offsets[userShard][itemShard].._offsets[userShard][itemShard + 1]);

    /// <summary>Draws the negatives of an epoch and shuffles every block of one user shard. User shards may run at the same time.</summary>
    public void Prepare(int userShard, int epoch)
    {
        if (epoch == 0 || _sampler is not null)
        {
            Draw(userShard, epoch);
            Place(userShard);
        }
        for (var itemShard = 0; itemShard < _shards; itemShard++)
        {
            var block = _examples[userShard].AsSpan(_offsets[userShard][itemShard].._offsets[userShard][itemShard + 1]);
            var order = _rng.Stream(1).Stream((ulong)epoch).Stream((ulong)(userShard * _shards + itemShard));
            for (var i = block.Length - 1; i > 0; i--)
            {
                var other = order.Below((ulong)i, i + 1);
                (block[i], block[other]) = (block[other], block[i]);
            }
        }
    }

    private void Draw(int userShard, int epoch)
    {
        if (_sampler is null) return;
        var draws = _rng.Stream(2).Stream((ulong)epoch);
        var drawn = _drawn[userShard];
        var next = 0;
        for (var user = _userCuts[userShard]; user < _userCuts[userShard + 1]; user++)
        {
            var first = _users.RowOffsets[user] * _ratio;
            var count = _users.RowOffsets[user + 1] * _ratio - first;
            for (var i = 0; i < count; i++) drawn[next++] = _sampler.Sample(draws, (ulong)(first + i), user);
        }
    }

    // A counting sort by item shard.
    private void Place(int userShard)
    {
        var offsets = _offsets[userShard];
        Array.Clear(offsets);
        var positives = _users.Columns.AsSpan((int)_users.RowOffsets[_userCuts[userShard]], PositivesOf(userShard));
        foreach (var item in positives) offsets[_itemShard[item] + 1]++;
        foreach (var item in _drawn[userShard])
            if (item >= 0) offsets[_itemShard[item] + 1]++;
        for (var s = 0; s < _shards; s++) offsets[s + 1] += offsets[s];

        Span<int> next = stackalloc int[_shards];
        offsets.AsSpan(0, _shards).CopyTo(next);
        var drawn = 0;
        for (var user = _userCuts[userShard]; user < _userCuts[userShard + 1]; user++)
        {
            var row = _users.Row(user);
            for (var i = 0; i < row.Length; i++)
                _examples[userShard][next[_itemShard[row.Columns[i]]]++] = new FactorExample(user, row.Columns[i], row.Values[i]);
            foreach (var item in _drawn[userShard].AsSpan(drawn, row.Length * _ratio))
                if (item >= 0) _examples[userShard][next[_itemShard[item]]++] = new FactorExample(user, item, 0);
            drawn += row.Length * _ratio;
        }
    }

    private int PositivesOf(int userShard) => (int)(_users.RowOffsets[_userCuts[userShard + 1]] - _users.RowOffsets[_userCuts[userShard]]);

    private static long[] Offsets(SparseMatrix users)
    {
        var offsets = new long[users.ColumnCount + 1];
        foreach (var item in users.Columns) offsets[item + 1]++;
        for (var item = 0; item < users.ColumnCount; item++) offsets[item + 1] += offsets[item];
        return offsets;
    }
}
