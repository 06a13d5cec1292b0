using System.Numerics;

namespace Recsys.Indexing;

/// <summary>
/// The buckets of one table in the order in which a query should visit them: its own, then sets of changes by the sum of their costs. A
/// set's successors are the set with its last change moved on by one, and the set with one more; so a heap yields all sets in order, each
/// once.
/// </summary>
internal sealed class LshProbes(int hashes)
{
    private readonly LshChange[] _changes = new LshChange[2 * hashes];
    private readonly PriorityQueue<Set, float> _sets = new(64);
    private ulong _key;
    private int _count;
    private bool _started;

    // Members: a bit for each change.
    private readonly record struct Set(float Cost, ulong Members, int Last);

    public void Start(LshTables tables, ReadOnlySpan<float> projections, int table)
    {
        _key = tables.Key(projections, table);
        _count = tables.Changes(projections, table, _changes);
        _sets.Clear();
        _started = false;
    }

    /// <summary>The next bucket's key; false when there are no more.</summary>
    public bool Next(out ulong key)
    {
        key = _key;
        if (!_started)
        {
            _started = true;
            Push(0, 0, 0);
            return true;
        }
        while (_sets.TryDequeue(out var set, out _))
        {
            Push(set.Cost, set.Members, set.Last + 1);
            Push(set.Cost - _changes[set.Last].Cost, set.Members & ~(1UL << set.Last), set.Last + 1);
            if (TryStep(set.Members, out var step))
            {
                key = _key + step;
                return true;
            }
        }
        return false;
    }

    private void Push(float cost, ulong members, int more)
    {
        if (more >= _count) return;
        cost += _changes[more].Cost;
        _sets.Enqueue(new(cost, members | 1UL << more, more), cost);
    }

    // False where a hash would be changed both ways.
    private bool TryStep(ulong members, out ulong step)
    {
        var (sum, hashes) = (0UL, 0UL);
        step = 0;
        for (; members != 0; members &= members - 1)
        {
            var change = _changes[BitOperations.TrailingZeroCount(members)];
            if ((hashes & change.Hash) != 0) return false;
            hashes |= change.Hash;
            sum += change.Step;
        }
        step = sum;
        return true;
    }
}
