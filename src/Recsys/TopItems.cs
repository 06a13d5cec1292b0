using System.Buffers;
using Recsys.Numerics;

namespace Recsys;

/// <summary>
/// The one top-N selection of the library: it serves requests and evaluates offline, so the two cannot disagree. Keeps the best
/// destination.Length of the items offered to it that pass the filter; each item must be offered at most once. A score of -∞ marks an item
/// as
/// not eligible. Call <see cref="Finish"/> exactly once.
/// </summary>
public ref struct TopItems
{
    private readonly Span<ScoredItem> _heap;
    private readonly ItemFilter _filter;
    private readonly int _itemCount;
    private readonly bool _ownsExcluded;
    private ulong[]? _excluded;
    private int _count;

    /// <summary>Starts a selection.</summary>
    /// <param name="destination">Receives the list; its length is the most that is kept. Written only up to the returned count.</param>
    /// <param name="filter">What is eligible.</param>
    /// <param name="itemCount">Size of the catalogue: every offered id is below it.</param>
    public TopItems(Span<ScoredItem> destination, in ItemFilter filter, int itemCount)
    {
        _heap = destination;
        _filter = filter;
        _itemCount = itemCount;
        _excluded = RentExcluded(filter, itemCount);
        _ownsExcluded = true;
    }

    /// <summary>
    /// Continues a selection of which destination holds <paramref name="kept"/> items as <see cref="Kept"/> counted them.
    /// </summary>
    /// <param name="destination">As it was left.</param>
    /// <param name="filter">The same filter.</param>
    /// <param name="itemCount">The same size.</param>
    /// <param name="excluded">From <see cref="RentExcluded"/>; stays the caller's to return, so that many selections share one.</param>
    /// <param name="kept">0 for a new selection.</param>
    internal TopItems(Span<ScoredItem> destination, in ItemFilter filter, int itemCount, ulong[]? excluded, int kept = 0)
    {
        _heap = destination;
        _filter = filter;
        _itemCount = itemCount;
        _excluded = excluded;
        _count = kept;
    }

    /// <summary>How many items are kept so far.</summary>
    internal readonly int Kept => _count;

    /// <summary>One bit for each excluded item, or null where there are none; for <see cref="ReturnExcluded"/>.</summary>
    internal static ulong[]? RentExcluded(in ItemFilter filter, int itemCount)
    {
        if (filter.Exclude.IsEmpty) return null;
        var words = (itemCount + 63) >> 6;
        var excluded = ArrayPool<ulong>.Shared.Rent(words);
        excluded.AsSpan(0, words).Clear();
        foreach (var item in filter.Exclude)
            if ((uint)item < (uint)itemCount) excluded[item >> 6] |= 1UL << item;
        return excluded;
    }

    internal static void ReturnExcluded(ulong[]? excluded)
    {
        if (excluded is not null) ArrayPool<ulong>.Shared.Return(excluded);
    }

    /// <summary>Offers one item.</summary>
    /// <exception cref="ArithmeticException">The score is NaN or +∞.</exception>
    public void Offer(int item, float score)
    {
        if (!float.IsFinite(score))
        {
            if (float.IsNegativeInfinity(score)) return;
            throw new ArithmeticException($"The score of item {item} is {score}; a model must give finite scores.");
        }
        var candidate = new ScoredItem(item, score);
        if (_count == _heap.Length && (_count == 0 || !candidate.Before(_heap[0]))) return;
        if (!Passes(item)) return;

        if (_count < _heap.Length) SiftUp(candidate);
        else SiftDown(candidate, _count);
    }

    /// <summary>Offers the items firstItem, firstItem + 1, … with their scores.</summary>
    /// <exception cref="ArithmeticException">A score is NaN or +∞.</exception>
    public void OfferBlock(int firstItem, scoped ReadOnlySpan<float> scores)
    {
        var i = 0;
        while (i < scores.Length)
        {
            if (_count == _heap.Length)
            {
                var threshold = _count == 0 ? float.PositiveInfinity : _heap[0].Score;
                var next = Scan.IndexOfNotBelow(scores[i..], threshold);
                if (next < 0) return;
                i += next;
            }
            Offer(firstItem + i, scores[i]);
            i++;
        }
    }

    /// <summary>Sorts what was kept, best first, and returns how many there are.</summary>
    public int Finish()
    {
        for (var end = _count - 1; end > 0; end--)
        {
            var worst = _heap[0];
            SiftDown(_heap[end], end);
            _heap[end] = worst;
        }
        if (_ownsExcluded) ReturnExcluded(_excluded);
        _excluded = null;
        return _count;
    }

    private readonly bool Passes(int item)
    {
        if ((uint)item >= (uint)_itemCount)
            throw new ArgumentOutOfRangeException(nameof(item), item, $"The item id lies outside the catalogue of {_itemCount} items.");
        if (_excluded is not null && (_excluded[item >> 6] >> item & 1) != 0) return false;
        if (_filter.Allow is { } allow && !allow.Contains(item)) return false;
        return _filter.Predicate is not { } predicate || predicate(item);
    }

    // A binary heap with the worst item kept at the root.
    private void SiftUp(ScoredItem candidate)
    {
        var hole = _count++;
        while (hole > 0)
        {
            var parent = (hole - 1) >> 1;
            if (!_heap[parent].Before(candidate)) break;
            _heap[hole] = _heap[parent];
            hole = parent;
        }
        _heap[hole] = candidate;
    }

    private readonly void SiftDown(ScoredItem candidate, int count)
    {
        var hole = 0;
        while (true)
        {
            var child = 2 * hole + 1;
            if (child >= count) break;
            if (child + 1 < count && _heap[child].Before(_heap[child + 1])) child++;
            if (!candidate.Before(_heap[child])) break;
            _heap[hole] = _heap[child];
            hole = child;
        }
        _heap[hole] = candidate;
    }
}
