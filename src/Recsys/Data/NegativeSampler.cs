using Recsys.Numerics;

namespace Recsys.Data;

/// <summary>
/// Draws items that a user has not interacted with, uniformly or by popularity^α. Immutable; safe for any number of threads; a draw is a
/// pure function of (stream, index, user) and allocates nothing.
/// </summary>
/// <remarks>
/// Each draw tries a few items and, when all of them are known, counts out the wanted one among the unknown items (uniform) or walks the
/// weights (popularity), so it ends for every user and the distribution is exact: the weights restricted to the items that the user does
/// not have.
/// </remarks>
public sealed class NegativeSampler
{
    private const ulong Tries = 16;

    private readonly long[] _offsets;
    private readonly int[] _known;      // items of each user, ascending, each once
    private readonly int _itemCount;
    private readonly AliasTable? _table;
    private readonly double[]? _weights;

    private NegativeSampler(Interactions positives, AliasTable? table, double[]? weights)
    {
        _itemCount = positives.ItemCount;
        _table = table;
        _weights = weights;
        _offsets = new long[positives.UserCount + 1];
        _known = new int[positives.Count];
        var next = 0;
        for (var user = 0; user < positives.UserCount; user++)
        {
            var own = positives.ItemsOf(user);
            var target = _known.AsSpan(next, own.Length);
            own.CopyTo(target);
            target.Sort();
            next += Distinct(target);
            _offsets[user + 1] = next;
        }
    }

    /// <summary>Every item that the user does not have is equally likely.</summary>
    /// <param name="positives">What users have; usually the whole training part.</param>
    public static NegativeSampler Uniform(Interactions positives)
    {
        ArgumentNullException.ThrowIfNull(positives);
        return new NegativeSampler(positives, null, null);
    }

    /// <summary>
    /// An item is as likely as (its number of rows)^α, among the items that the user does not have; items without rows are never drawn.
    /// </summary>
    /// <param name="positives">What users have, and what popularity is counted on.</param>
    /// <param name="alpha">
    /// α, finite and at least 0; 0.75 by default (Mikolov et al., 2013). 0 makes all items with rows equally likely.
    /// </param>
    public static NegativeSampler ByPopularity(Interactions positives, double alpha = 0.75)
    {
        ArgumentNullException.ThrowIfNull(positives);
        Guard.InRange(0, 16, alpha, nameof(alpha));
        var weights = new double[positives.ItemCount];
        foreach (var item in positives.ItemColumn) weights[item]++;
        for (var item = 0; item < weights.Length; item++)
            if (weights[item] > 0) weights[item] = Math.Pow(weights[item], alpha);
        return new NegativeSampler(positives, positives.Count == 0 ? null : new AliasTable(weights), weights);
    }

    /// <summary>Whether the user has the item. False for an unknown user or item.</summary>
    public bool IsKnown(int user, int item) => KnownOf(user).BinarySearch(item) >= 0;

    /// <summary>An item that the user does not have, or -1 if there is none with a positive weight.</summary>
    /// <param name="rng">The stream.</param>
    /// <param name="index">Position of the draw; each draw uses a stream of its own below <paramref name="rng"/>.</param>
    /// <param name="user">Dense user id; an unknown user (-1) has no items.</param>
    public int Sample(in Rng rng, ulong index, int user)
    {
        var known = KnownOf(user);
        if (known.Length >= _itemCount || (_weights is not null && _table is null)) return -1;

        var draws = rng.Stream(index);
        for (var t = 0UL; t < Tries; t++)
        {
            var item = _table is null ? draws.Below(t, _itemCount) : _table.Sample(draws, t);
            if (known.BinarySearch(item) < 0) return item;
        }
        return _weights is null
            ? CountOut(draws.Below(Tries, _itemCount - known.Length), known)
            : Walk(draws.UniformDouble(Tries), known, _weights);
    }

    /// <summary>
    /// Fills with independent draws for one user, at positions index, index + 1, …; returns false, writing -1, if the user has every item.
    /// </summary>
    public bool Sample(in Rng rng, ulong index, int user, Span<int> destination)
    {
        for (var i = 0; i < destination.Length; i++)
        {
            destination[i] = Sample(rng, index + (ulong)i, user);
            if (destination[i] >= 0) continue;
            destination.Fill(-1);
            return false;
        }
        return true;
    }

    /// <summary>
    /// In-batch negatives: for the pair at <paramref name="row"/>, the items of the other pairs of the batch that the user does not have,
    /// each once, in batch order.
    /// </summary>
    /// <param name="users">The users of the batch's pairs.</param>
    /// <param name="items">The items of the batch's pairs, as many.</param>
    /// <param name="row">Which pair.</param>
    /// <param name="destination">Receives the items; as many as fit.</param>
    /// <returns>How many were written; 0 if the user has every item of the batch.</returns>
    public int InBatch(ReadOnlySpan<int> users, ReadOnlySpan<int> items, int row, Span<int> destination)
    {
        if (users.Length != items.Length)
            throw new ArgumentException($"There are {users.Length} users and {items.Length} items; a batch has as many of each.",
                nameof(items));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)users.Length, nameof(row));
        var known = KnownOf(users[row]);
        var count = 0;
        for (var other = 0; other < items.Length && count < destination.Length; other++)
        {
            var item = items[other];
            if (item == items[row] || known.BinarySearch(item) >= 0 || destination[..count].Contains(item)) continue;
            destination[count++] = item;
        }
        return count;
    }

    private ReadOnlySpan<int> KnownOf(int user)
    {
        if ((uint)user >= (uint)(_offsets.Length - 1)) return [];
        var start = _offsets[user];
        return _known.AsSpan((int)start, (int)(_offsets[user + 1] - start));
    }

    /// <summary>The n-th (from 0) item that is not known.</summary>
    private static int CountOut(int n, ReadOnlySpan<int> known)
    {
        // known[i] - i unknown items lie before known[i].
        var (low, high) = (0, known.Length);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (known[middle] - middle <= n) low = middle + 1;
            else high = middle;
        }
        return n + low;
    }

    private static int Walk(double uniform, ReadOnlySpan<int> known, double[] weights)
    {
        var total = 0.0;
        for (int item = 0, k = 0; item < weights.Length; item++)
        {
            if (k < known.Length && known[k] == item) k++;
            else total += weights[item];
        }
        if (total == 0) return -1;

        var left = uniform * total;
        var last = -1;
        for (int item = 0, k = 0; item < weights.Length; item++)
        {
            if (k < known.Length && known[k] == item)
            {
                k++;
                continue;
            }
            if (weights[item] == 0) continue;
            last = item;
            left -= weights[item];
            if (left < 0) break;
        }
        return last;
    }

    private static int Distinct(Span<int> ascending)
    {
        var count = 0;
        foreach (var item in ascending)
            if (count == 0 || ascending[count - 1] != item) ascending[count++] = item;
        return count;
    }
}
