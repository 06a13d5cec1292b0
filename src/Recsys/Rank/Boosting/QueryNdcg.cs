namespace Recsys.Rank;

/// <summary>
/// The rows of one query by falling score, with the mean discounts of rows that share a score: those stand in every order with equal
/// chance. Working memory for one query after another.
/// </summary>
internal sealed class QueryPlaces
{
    private readonly float[] _keys;
    private readonly int[] _rows;
    private readonly int[] _block;
    private readonly double[] _sum;         // of the discounts of the places before one
    private readonly double[] _mean;        // by block: of the discounts of its places
    private readonly double[] _topMean;     // the same, places below the truncation counted as 0
    private readonly double[] _topShare;    // of its places above the truncation
    private readonly double[] _within;      // of |D_p - D_q| over pairs of its places, one of them above the truncation
    private int _truncation;
    private readonly int[] _starts;
    private readonly int[] _cells;

    public QueryPlaces(int longest)
    {
        (_keys, _rows, _block) = (new float[longest], new int[longest], new int[longest]);
        (_mean, _topMean, _topShare, _within) = (new double[longest], new double[longest], new double[longest], new double[longest]);
        _sum = new double[longest + 1];
        (_starts, _cells) = (new int[longest + 1], new int[longest + 1]);
        for (var place = 0; place < longest; place++) _sum[place + 1] = _sum[place] + QueryNdcg.Discount(place);
    }

    /// <summary>The rows in order.</summary>
    public int[] Rows => _rows;

    /// <summary>Where the rows of one score and one label begin, and the end.</summary>
    public int[] Cells => _cells;

    /// <summary>Number of such cells.</summary>
    public int CellCount { get; private set; }

    public void Sort(ReadOnlySpan<int> rows, float[] scores, float[] labels, int truncation)
    {
        _truncation = truncation;
        for (var i = 0; i < rows.Length; i++) (_keys[i], _rows[i]) = (-scores[rows[i]], rows[i]);
        Array.Sort(_keys, _rows, 0, rows.Length);
        var blocks = 0;
        CellCount = 0;
        for (var start = 0; start < rows.Length;)
        {
            var end = start + 1;
            while (end < rows.Length && _keys[end] == _keys[start]) end++;
            if (end - start > 1) _rows.AsSpan(start, end - start).Sort((a, b) => (labels[a], a).CompareTo((labels[b], b)));
            Average(blocks, start, end);
            for (var i = start; i < end; i++)
            {
                _block[i] = blocks;
                if (i == start || labels[_rows[i]] != labels[_rows[i - 1]]) _cells[CellCount++] = i;
            }
            _starts[blocks++] = start;
            start = end;
        }
        _cells[CellCount] = rows.Length;
    }

    /// <summary>Whether the row at a place may stand above the truncation.</summary>
    public bool Reaches(int place) => _starts[_block[place]] < _truncation;

    /// <summary>The mean of |D_p - D_q| over the orders in which one of two rows stands above the truncation.</summary>
    /// <param name="i">A place.</param>
    /// <param name="j">A place after it.</param>
    public double Discount(int i, int j)
    {
        var (above, below) = (_block[i], _block[j]);
        return above == below ? _within[above] : _topMean[above] - (_topShare[above] * _mean[below]);
    }

    /// <summary>The mean of the discount of a row over those orders, 0 below the truncation.</summary>
    public double TopDiscount(int place) => _topMean[_block[place]];

    private void Average(int block, int start, int end)
    {
        var count = end - start;
        var top = Math.Clamp(_truncation, start, end);
        _mean[block] = (_sum[end] - _sum[start]) / count;
        _topMean[block] = (_sum[top] - _sum[start]) / count;
        _topShare[block] = (top - start) / (double)count;
        _within[block] = 0;
        if (count == 1) return;
        var within = 0.0;
        for (var p = start; p < top; p++)
            within += ((end - 1 - p) * (_sum[p + 1] - _sum[p])) - (_sum[end] - _sum[p + 1]);
        _within[block] = within / (count * (count - 1.0) / 2);
    }
}

/// <summary>NDCG within queries; 1 for a query without anything to gain.</summary>
internal static class QueryNdcg
{
    public static double Gain(double label, bool exponential) => exponential ? Math.Pow(2, label) - 1 : label;

    public static double Discount(int place) => 1 / Math.Log2(2 + place);

    /// <summary>The greatest DCG of a query.</summary>
    public static double Best(ReadOnlySpan<int> rows, float[] labels, int places, bool exponential)
    {
        var own = new float[rows.Length];
        for (var i = 0; i < own.Length; i++) own[i] = -labels[rows[i]];
        Array.Sort(own);
        var sum = 0.0;
        for (var i = 0; i < own.Length && i < places; i++) sum += Gain(-own[i], exponential) * Discount(i);
        return sum;
    }

    /// <summary>The mean over queries; rows of equal scores stand in every order with equal chance.</summary>
    public static double Mean(QueryRows queries, float[] scores, float[] labels, int at, bool exponential)
    {
        var places = new QueryPlaces(queries.Longest);
        var total = 0.0;
        for (var query = 0; query < queries.Count; query++)
        {
            var rows = queries[query];
            var best = Best(rows, labels, at, exponential);
            if (best <= 0)
            {
                total++;
                continue;
            }
            places.Sort(rows, scores, labels, at);
            var sum = 0.0;
            for (var i = 0; i < rows.Length && places.Reaches(i); i++)
                sum += Gain(labels[places.Rows[i]], exponential) * places.TopDiscount(i);
            total += sum / best;
        }
        return total / queries.Count;
    }
}
