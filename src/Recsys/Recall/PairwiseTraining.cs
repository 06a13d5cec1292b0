using System.Numerics.Tensors;
using Recsys.Data;
using Recsys.Numerics;
using Recsys.Persistence;

namespace Recsys.Recall;

/// <summary>
/// What <see cref="Bpr"/> and <see cref="Warp"/> share: pairs (user, item) in an order drawn for each epoch, second items drawn among those
/// that the
/// user does not have, steps in blocks of (user shard, item shard) that share no factor when they run at the same time. The item shards are
/// drawn
/// anew in each epoch and both items of a pair come from the same one, so that over the epochs every two items meet.
/// </summary>
internal static class PairwiseTraining
{
    private const int LeastShardItems = 64;

    public static (FactorWeights Weights, PairwiseFoldIn FoldIn) Run<TRule>(
        Interactions data, PairwiseOptions options, FactorWeights? old, TRule rule, IProgress<TrainProgress>? progress,
        CancellationToken cancel)
        where TRule : struct, IPairRule
    {
        var users = InteractionRows.OfUsers(data, RepeatedItems.One);
        if (old is not null) FactorWeights.Refuse(
            old.Misfit(options.Factors, users.RowCount, users.ColumnCount)
            ?? (old.ItemBias.Length > 0 != options.ItemBiases && old.ItemCount > 0
                ? $"{nameof(options.ItemBiases)} is {options.ItemBiases}, but was not when it was trained" : null));
        var rng = new Rng(options.Seed);
        var state = new FactorState(users.RowCount, users.ColumnCount, options.Factors, 0, options.ItemBiases);
        FactorWeights.Start(state.P, state.Stride, users.RowCount, options.Factors, old?.P, options.InitialScale, rng.Stream(0));
        FactorWeights.Start(state.Q, state.Stride, users.ColumnCount, options.Factors, old?.Q, options.InitialScale, rng.Stream(1));
        old?.ItemBias.CopyTo(state.ColumnBias, 0);

        var popularity = Popularity(users, options.NegativePower);
        var shards = Math.Clamp(users.ColumnCount / LeastShardItems, 1, options.Shards);
        var blocks = new PairBlocks(users, popularity, shards, rng.Stream(2));
        var (losses, counts) = (new double[shards], new long[shards]);
        for (var epoch = 0; epoch < options.Epochs; epoch++)
        {
            cancel.ThrowIfCancellationRequested();
            var rate = options.LearningRate * (1 - 0.9f * epoch / Math.Max(1, options.Epochs - 1));
            blocks.BeginEpoch(epoch);
            Shards.Run(shards, options.Threads, blocks.Prepare, cancel);
            Array.Clear(losses);
            Array.Clear(counts);
            for (var turn = 0; turn < shards; turn++)
            {
                Shards.Run(shards, options.Threads, shard =>
                {
                    var itemShard = (shard + turn) % shards;
                    losses[shard] += Block(state, blocks, shard, itemShard, rule, rate, options.Regularization);
                    counts[shard] += blocks.Block(shard, itemShard).Length;
                }, cancel);
            }
            var loss = losses.Sum() / Math.Max(1, counts.Sum());
            if (!double.IsFinite(loss) || loss > 1e12)
            {
                throw new ArithmeticException($"The training diverged: the loss of epoch {epoch + 1} is {loss}. Lower " +
                    $"{nameof(options.LearningRate)} (it is {options.LearningRate}), or raise {nameof(options.Regularization)} (it is " +
                    $"{options.Regularization}).");
            }
            progress?.Report(new TrainProgress("epoch", epoch + 1, options.Epochs, loss));
        }
        return (Finish(users, state, old), new PairwiseFoldIn(options.LearningRate, options.Regularization, users.ColumnCount, popularity));
    }

    private static double Block<TRule>(
        FactorState state, PairBlocks blocks, int userShard, int itemShard, in TRule rule, float rate, float regularization)
        where TRule : struct, IPairRule
    {
        var loss = 0.0;
        var draw = 0UL;
        var draws = blocks.Draws(userShard, itemShard);
        var shrink = rate * regularization;
        blocks.Mark(userShard, itemShard);
        foreach (var (user, item) in blocks.Block(userShard, itemShard))
        {
            for (var tries = 1; tries <= rule.Tries; tries++)
            {
                var other = blocks.Negative(draws, ref draw, userShard, itemShard, user);
                if (other < 0) break;
                var x = PairwiseSgd.Difference(state, user, item, other);
                var slope = rule.Slope(x, tries, ref loss);
                if (slope == 0) continue;
                PairwiseSgd.Step(state, user, item, other, rate * slope, shrink);
                break;
            }
        }
        return loss;
    }

    // count^β of each item, empty for β = 0 or without interactions.
    private static float[] Popularity(SparseMatrix users, double power)
    {
        if (power == 0 || users.Count == 0) return [];
        var weights = new float[users.ColumnCount];
        foreach (var item in users.Columns) weights[item]++;
        for (var item = 0; item < weights.Length; item++)
            if (weights[item] > 0) weights[item] = (float)Math.Pow(weights[item], power);
        return weights;
    }

    private static FactorWeights Finish(SparseMatrix users, FactorState state, FactorWeights? old)
    {
        var f = state.Factors;
        var trained = new bool[users.ColumnCount];
        foreach (var item in users.Columns) trained[item] = true;
        var (p, q) = (new float[users.RowCount * f], new float[users.ColumnCount * f]);
        for (var user = 0; user < users.RowCount; user++)
            if (users.Row(user).Length > 0 || user < old?.UserCount) state.P.AsSpan(user * state.Stride, f).CopyTo(p.AsSpan(user * f));
        var lowest = 0f;
        for (var item = 0; item < trained.Length; item++)
        {
            trained[item] |= item < old?.ItemCount;
            lowest = Math.Min(lowest, state.ColumnBias[item]);
            if (trained[item]) state.Q.AsSpan(item * state.Stride, f).CopyTo(q.AsSpan(item * f));
        }
        for (var item = 0; item < trained.Length; item++)
            if (!trained[item]) state.ColumnBias[item] = lowest;
        if (!TensorPrimitives.IsFiniteAll<float>(p) || !TensorPrimitives.IsFiniteAll<float>(q))
            throw new ArithmeticException("The training diverged: factors are not finite. Lower LearningRate, or raise Regularization.");
        return new FactorWeights(f, 0, p, q, [], state.Biases ? state.ColumnBias : []);
    }

    public static FactorWeights ReadWeights(ModelReader reader)
    {
        var factors = reader.Int32("factors", 1, 4096);
        var (p, q) = (reader.Tensor<float>("user_factors", -1, factors), reader.Tensor<float>("item_factors", -1, factors));
        var biases = reader.Tensor<float>("item_biases");
        if (biases.Length != 0 && biases.Length != q.Length / factors)
            throw reader.Invalid($"the tensor 'item_biases' has {biases.Length} values for {q.Length / factors} items.");
        return new FactorWeights(factors, 0, p, q, [], biases);
    }
}

/// <summary>An interaction.</summary>
internal readonly record struct UserItem(int User, int Item);

/// <summary>The interactions in blocks, as the epoch orders them, and the items that a block draws from.</summary>
internal sealed class PairBlocks
{
    private const int Rejections = 16;
    private const long MostMarks = 1L << 23;   // bits: a block's marks should stay in the second-level cache

    private readonly SparseMatrix _users;
    private readonly float[] _popularity;
    private readonly int _shards;
    private readonly Rng _rng;
    private readonly int[] _userCuts;
    private readonly int[] _items;         // in the order of the epoch; an item shard is a range of it
    private readonly ushort[] _itemShard;
    private readonly int[] _place;         // of an item in its shard
    private readonly ulong[]?[] _marks;    // of each user shard: for each user a bit for each place; null where too many
    private readonly AliasTable?[] _tables;
    private readonly UserItem[][] _pairs;
    private readonly int[][] _offsets;
    private Rng _epoch;

    public PairBlocks(SparseMatrix users, float[] popularity, int shards, Rng rng)
    {
        (_users, _popularity, _shards, _rng) = (users, popularity, shards, rng);
        _userCuts = InteractionRows.Cut(users.RowOffsets, 1, shards);
        _items = new int[users.ColumnCount];
        _itemShard = new ushort[users.ColumnCount];
        _place = new int[users.ColumnCount];
        _marks = new ulong[]?[shards];
        _tables = new AliasTable?[shards];
        (_pairs, _offsets) = (new UserItem[shards][], new int[shards][]);
        for (var shard = 0; shard < shards; shard++)
        {
            _pairs[shard] = new UserItem[users.RowOffsets[_userCuts[shard + 1]] - users.RowOffsets[_userCuts[shard]]];
            _offsets[shard] = new int[shards + 1];
            var words = (long)(_userCuts[shard + 1] - _userCuts[shard]) * MarkWords;
            if (64 * words <= MostMarks) _marks[shard] = new ulong[words];
        }
    }

    private int MarkWords => (_items.Length / _shards + 1 + 63) / 64;

    /// <summary>Draws the item shards.</summary>
    public void BeginEpoch(int epoch)
    {
        _epoch = _rng.Stream((ulong)epoch);
        for (var item = 0; item < _items.Length; item++) _items[item] = item;
        _epoch.Stream(0).Shuffle(0, _items.AsSpan());
        for (var shard = 0; shard < _shards; shard++)
        {
            var items = ItemsOf(shard);
            for (var place = 0; place < items.Length; place++)
            {
                _itemShard[items[place]] = (ushort)shard;
                _place[items[place]] = place;
            }
            if (_popularity.Length == 0) continue;
            var weights = new float[items.Length];
            for (var k = 0; k < items.Length; k++) weights[k] = _popularity[items[k]];
            _tables[shard] = TensorPrimitives.Sum<float>(weights) > 0 ? new AliasTable(weights) : null;
        }
    }

    /// <summary>Places and shuffles the pairs of one user shard. User shards may run at the same time.</summary>
    public void Prepare(int userShard)
    {
        var offsets = _offsets[userShard];
        Array.Clear(offsets);
        var (first, last) = (_userCuts[userShard], _userCuts[userShard + 1]);
        foreach (var item in _users.Columns.AsSpan((int)_users.RowOffsets[first], _pairs[userShard].Length))
            offsets[_itemShard[item] + 1]++;
        for (var s = 0; s < _shards; s++) offsets[s + 1] += offsets[s];
        Span<int> next = stackalloc int[_shards];
        offsets.AsSpan(0, _shards).CopyTo(next);
        for (var user = first; user < last; user++)
            foreach (var item in _users.Row(user).Columns) _pairs[userShard][next[_itemShard[item]]++] = new UserItem(user, item);
        for (var itemShard = 0; itemShard < _shards; itemShard++)
            _epoch.Stream(1).Stream((ulong)(userShard * _shards + itemShard)).Shuffle(0, Pairs(userShard, itemShard));
    }

    /// <summary>The pairs of one block.</summary>
    public ReadOnlySpan<UserItem> Block(int userShard, int itemShard) => Pairs(userShard, itemShard);

    /// <summary>Random numbers of one block.</summary>
    public Rng Draws(int userShard, int itemShard) => _epoch.Stream(2).Stream((ulong)(userShard * _shards + itemShard));

    /// <summary>
    /// Marks what the users of a block have of its items. To be called before a block is run; one block of a user shard at a time.
    /// </summary>
    public void Mark(int userShard, int itemShard)
    {
        if (_marks[userShard] is not { } marks) return;
        Array.Clear(marks);
        var (first, words) = (_userCuts[userShard], MarkWords);
        foreach (var (user, item) in Pairs(userShard, itemShard))
        {
            var place = _place[item];
            marks[(user - first) * words + (place >> 6)] |= 1UL << place;
        }
    }

    /// <summary>An item of the shard that the user does not have; -1 if some draws find none.</summary>
    public int Negative(in Rng draws, ref ulong draw, int userShard, int itemShard, int user)
    {
        var items = ItemsOf(itemShard);
        var table = _tables[itemShard];
        var marks = _marks[userShard];
        var row = (user - _userCuts[userShard]) * MarkWords;
        for (var t = 0; t < Rejections; t++)
        {
            var place = table is null ? draws.Below(draw++, items.Length) : table.Sample(draws, draw++);
            var known = marks is null
                ? Holds(_users.Row(user).Columns, items[place])
                : (marks[row + (place >> 6)] >> place & 1) != 0;
            if (!known) return items[place];
        }
        return -1;
    }

    // A binary search without branches that depend on the data: where the user's items lie is random.
    private static bool Holds(ReadOnlySpan<int> ascending, int item)
    {
        var (first, length) = (0, ascending.Length);
        while (length > 1)
        {
            var half = length >> 1;
            first = ascending[first + half] <= item ? first + half : first;
            length -= half;
        }
        return length > 0 && ascending[first] == item;
    }

    private Span<UserItem> Pairs(int userShard, int itemShard)
        => _pairs[userShard].AsSpan(_offsets[userShard][itemShard].._offsets[userShard][itemShard + 1]);

    private ReadOnlySpan<int> ItemsOf(int shard)
    {
        var (start, end) = Shards.Range(_items.Length, _shards, shard);
        return _items.AsSpan(start, end - start);
    }
}
