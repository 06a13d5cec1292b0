// The categories of a node in the order of G_c / (H_c + s): some first or last ones go left, all others right.
// Without penalties the best of all 2^(K-1) splits into two sets is one of the K - 1 that this order offers: Fisher, "On grouping for
// maximum homogeneity", JASA 53 (1958). A category with few rows stands in the place that its own noise earned it, hence the smoothing, the
// least rows and the penalty of its own: Ke et al., "LightGBM", NIPS 2017, and LightGBM's "optimal split for categorical features".

namespace Recsys.Trees;

/// <summary>When categories may be split from others.</summary>
/// <param name="Smoothing">s, added to H; also the least rows of a category that is to be listed.</param>
/// <param name="L2">Added to λ for both sides.</param>
/// <param name="MaxListed">Most categories that go left.</param>
/// <param name="MinGroupRows">Least rows between two places that are tried, and on the other side.</param>
/// <param name="OneByOne">Up to so many categories, each alone is split from the others, without these rules.</param>
internal readonly record struct CategoryRules(double Smoothing, double L2, int MaxListed, int MinGroupRows, int OneByOne);

/// <summary>
/// Finds splits of nodes by sets of categories. The rows of a node are counted anew, as integers, so that their order does not matter.
/// </summary>
internal sealed class CategorySearch
{
    private readonly CategoryColumns _data;
    private readonly GradientPairs _gradients;
    private readonly SplitRules _rules;
    private readonly SplitRules _childRules;
    private readonly CategoryRules _own;
    private readonly Scratch[] _scratch;

    public CategorySearch(CategoryColumns data, GradientPairs gradients, SplitRules rules, CategoryRules own)
    {
        (_data, _gradients, _rules, _own) = (data, gradients, rules, own);
        _childRules = rules with { L2 = rules.L2 + own.L2 };
        _scratch = new Scratch[data.Count];
        for (var place = 0; place < data.Count; place++) _scratch[place] = new Scratch(data.Values(place).Length + 1);
    }

    /// <summary>Whether a column is one of these.</summary>
    public bool Has(int column) => _data.PlaceOf(column) >= 0;

    /// <summary>The best split of a node by one column; gain 0: there is none. One call at a time for each column.</summary>
    public HistogramSplit Find(int column, ReadOnlySpan<int> rows, in ValueBounds bounds)
    {
        var place = _data.PlaceOf(column);
        var scratch = _scratch[place];
        var present = scratch.Count(_data.Codes(place), rows, _gradients);
        var total = 0L;
        foreach (var code in present) total += scratch.Pairs[code];
        var node = new Side(GradientPairs.High(total) * _gradients.UnitG, GradientPairs.Low(total) * _gradients.UnitH, rows.Length);
        var parent = BoundedSplits.Objective(node.G, node.H, bounds.Clamp(_rules.Leaf(node.G, node.H)), _rules);
        var best = (Gain: _rules.MinGain + (SplitFinder.Noise * Math.Abs(parent)), First: 0, Count: 0);
        var oneByOne = present.Length <= _own.OneByOne;
        var order = oneByOne ? present : Order(present, scratch);
        if (oneByOne)
        {
            for (var i = 0; i < order.Length && order.Length > 1; i++)
            {
                var left = At(scratch, order[i]);
                if (Gain(node, left, parent, bounds, _rules) is var gain && gain > best.Gain) best = (gain, i, 1);
            }
        }
        else
        {
            // From the front, then from the back.
            var most = Math.Min(_own.MaxListed, (order.Length + 1) / 2);
            for (var pass = 0; pass < 2; pass++)
            {
                var left = default(Side);
                var sinceTried = 0;
                for (var i = 0; i < most; i++)
                {
                    var next = At(scratch, order[pass == 0 ? i : order.Length - 1 - i]);
                    left = new Side(left.G + next.G, left.H + next.H, left.Rows + next.Rows);
                    sinceTried += next.Rows;
                    if (rows.Length - left.Rows < _own.MinGroupRows) break;
                    if (sinceTried < _own.MinGroupRows) continue;
                    if (!Fits(left) || !Fits(node - left)) continue;
                    sinceTried = 0;
                    var gain = Gain(node, left, parent, bounds, _childRules);
                    if (gain > best.Gain) best = (gain, pass == 0 ? 0 : order.Length - 1 - i, i + 1);
                }
            }
        }
        var found = default(HistogramSplit);
        if (best.Count > 0)
        {
            var listed = order.Slice(best.First, best.Count).ToArray();
            Array.Sort(listed);
            var missing = _data.Values(place).Length;
            found = new HistogramSplit(column, 0, listed[^1] == missing, best.Gain - _rules.MinGain) { Categories = listed };
        }
        scratch.Clear(present);
        return found;
    }

    /// <summary>The categories of a split, as the values of the column name them, ascending.</summary>
    public int[] Listed(in HistogramSplit split)
    {
        var values = _data.Values(_data.PlaceOf(split.Column)).ToArray();
        return [.. split.Categories!.Where(code => code < values.Length).Select(code => values[code])];
    }

    /// <summary>Puts the rows that go left to the front of the rows and the others into the spare, both in their old order.</summary>
    /// <returns>How many went to the front.</returns>
    public int Partition(in HistogramSplit split, Span<int> rows, Span<int> spare)
    {
        var codes = _data.Codes(_data.PlaceOf(split.Column));
        var listed = new bool[_data.Values(_data.PlaceOf(split.Column)).Length + 1];
        foreach (var code in split.Categories!) listed[code] = true;
        int front = 0, back = 0;
        foreach (var row in rows)
            if (listed[codes[row]]) rows[front++] = row;
            else spare[back++] = row;
        return front;
    }

    // Those with enough rows, by G / (H + s); of equals the lower code first.
    private Span<int> Order(ReadOnlySpan<int> present, Scratch scratch)
    {
        var count = 0;
        foreach (var code in present)
        {
            var side = At(scratch, code);
            if (side.Rows < _own.Smoothing) continue;
            scratch.Order[count] = code;
            scratch.Keys[count++] = side.G / (side.H + _own.Smoothing + double.Epsilon);
        }
        var keys = scratch.Keys.AsSpan(0, count);
        var order = scratch.Order.AsSpan(0, count);
        keys.Sort(order);
        for (var start = 0; start < count;)
        {
            var end = start + 1;
            while (end < count && keys[end] == keys[start]) end++;
            order[start..end].Sort();
            start = end;
        }
        return order;
    }

    private Side At(Scratch scratch, int code) => new(
        GradientPairs.High(scratch.Pairs[code]) * _gradients.UnitG, GradientPairs.Low(scratch.Pairs[code]) * _gradients.UnitH,
        scratch.Rows[code]);

    private bool Fits(in Side side) => side.Rows >= _rules.MinLeafRows && side.H >= _rules.MinChildWeight && side.H > 0;

    private double Gain(in Side node, in Side left, double parent, in ValueBounds bounds, in SplitRules rules)
    {
        var right = node - left;
        if (!Fits(left) || !Fits(right)) return double.NegativeInfinity;
        return parent - BoundedSplits.Objective(left.G, left.H, bounds.Clamp(rules.Leaf(left.G, left.H)), rules)
            - BoundedSplits.Objective(right.G, right.H, bounds.Clamp(rules.Leaf(right.G, right.H)), rules);
    }

    private readonly record struct Side(double G, double H, int Rows)
    {
        public static Side operator -(Side a, Side b) => new(a.G - b.G, a.H - b.H, a.Rows - b.Rows);
    }

    // Sums of one column by code; zero between calls.
    private sealed class Scratch(int codes)
    {
        private readonly int[] _present = new int[codes];
        private readonly long[] _pairs = new long[512];

        public long[] Pairs { get; } = new long[codes];

        public int[] Rows { get; } = new int[codes];

        public int[] Order { get; } = new int[codes];

        public double[] Keys { get; } = new double[codes];

        /// <summary>Sums the rows.</summary>
        /// <returns>The codes that they have, ascending.</returns>
        public Span<int> Count(ReadOnlySpan<int> codes, ReadOnlySpan<int> rows, GradientPairs gradients)
        {
            var count = 0;
            for (var from = 0; from < rows.Length; from += _pairs.Length)
            {
                var own = rows.Slice(from, Math.Min(_pairs.Length, rows.Length - from));
                gradients.Pack(own, _pairs.AsSpan(0, own.Length));
                for (var i = 0; i < own.Length; i++)
                {
                    var code = codes[own[i]];
                    if (Rows[code]++ == 0) _present[count++] = code;
                    Pairs[code] += _pairs[i];
                }
            }
            if (count > Rows.Length / 16)
            {
                // Finding them anew in order costs less than sorting them.
                count = 0;
                for (var code = 0; code < Rows.Length; code++)
                    if (Rows[code] > 0) _present[count++] = code;
                return _present.AsSpan(0, count);
            }
            var present = _present.AsSpan(0, count);
            present.Sort();
            return present;
        }

        public void Clear(ReadOnlySpan<int> present)
        {
            foreach (var code in present) (Pairs[code], Rows[code]) = (0, 0);
        }
    }
}
