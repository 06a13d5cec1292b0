namespace Recsys.Data;

/// <summary>
/// Draws items by popularity among those released so far. The items stand in order of release, so "released so far" is a prefix of the
/// cumulative weights; a guide table makes the inversion take constant time on average (Chen and Asau, 1974).
/// </summary>
internal sealed class PopularitySampler
{
    private readonly long[] _released;
    private readonly double[] _cumulative;
    private readonly int[] _guide;
    private readonly double _scale;

    public PopularitySampler(ReadOnlySpan<double> weights, ReadOnlySpan<long> released)
    {
        var count = weights.Length;
        Order = new int[count];
        _released = released.ToArray();
        for (var item = 0; item < count; item++) Order[item] = item;
        Array.Sort(Order, (x, y) => _released[x] != _released[y] ? _released[x].CompareTo(_released[y]) : x.CompareTo(y));
        _released = Array.ConvertAll(Order, item => _released[item]);

        _cumulative = new double[count + 1];
        for (var place = 0; place < count; place++) _cumulative[place + 1] = _cumulative[place] + weights[Order[place]];

        _guide = new int[count];
        _scale = count / _cumulative[count];
        for (int cell = 0, place = 0; cell < count; cell++)
        {
            while (place < count - 1 && _cumulative[place + 1] * _scale <= cell) place++;
            _guide[cell] = place;
        }
    }

    /// <summary>The items, first released first.</summary>
    public int[] Order { get; }

    /// <summary>How many items at the front of <see cref="Order"/> are released at that second.</summary>
    public int ReleasedAt(long time)
    {
        int low = 0, high = _released.Length;
        while (low < high)
        {
            var middle = (low + high) >> 1;
            if (_released[middle] <= time) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    /// <summary>An item among the first <paramref name="released"/> (at least 1) with probability ∝ its weight.</summary>
    public int Sample(double uniform, int released)
    {
        var x = uniform * _cumulative[released];
        var place = Math.Min(_guide[Math.Min((int)(x * _scale), _guide.Length - 1)], released - 1);
        // Rounding of x·scale can land one cell off in either direction.
        while (place > 0 && _cumulative[place] > x) place--;
        while (place < released - 1 && _cumulative[place + 1] <= x) place++;
        return Order[place];
    }
}
