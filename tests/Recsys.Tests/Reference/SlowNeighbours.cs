using Recsys.Data;
using Recsys.Recall;

namespace Recsys.Tests.Reference;

/// <summary>
/// Item-based and user-based filtering from the definitions, pair by pair, in double precision and with dictionaries: slow and obvious. A
/// "row" is an item (item-based) or a user; its "columns" are users or items.
/// </summary>
internal sealed class SlowNeighbours
{
    private readonly CfOptions _options;
    private readonly bool _byItem;
    private readonly Dictionary<(int User, int Item), (double Value, double Day)> _cells = [];
    private readonly int _users, _items;

    public SlowNeighbours(Interactions data, CfOptions options, bool byItem)
    {
        (_options, _byItem, _users, _items) = (options, byItem, data.UserCount, data.ItemCount);
        var rated = options.Prediction == CfPrediction.MeanCentred
            || options.Similarity is CfSimilarity.Pearson or CfSimilarity.AdjustedCosine;
        foreach (var row in data.Rows())
        {
            var known = _cells.TryGetValue((row.User, row.Item), out var before);
            var value = rated ? row.Value : options.UseValues ? row.Value + (known ? before.Value : 0) : 1;
            _cells[(row.User, row.Item)] = (value, row.Time / 86400.0);
        }
    }

    private int Rows => _byItem ? _items : _users;

    public Dictionary<int, (double Value, double Day)> Row(int row)
        => _cells.Where(c => (_byItem ? c.Key.Item : c.Key.User) == row).ToDictionary(c => _byItem ? c.Key.User : c.Key.Item, c => c.Value);

    private double RowMean(int row) => Mean(_cells.Where(c => (_byItem ? c.Key.Item : c.Key.User) == row).Select(c => c.Value.Value));

    private double ColumnMean(int column) => Mean(_cells.Where(c => (_byItem ? c.Key.User : c.Key.Item) == column).Select(c
        => c.Value.Value));

    private static double Mean(IEnumerable<double> values) => values.DefaultIfEmpty(0).Average();

    /// <summary>All similarities, [row, row].</summary>
    public double[,] Similarities()
    {
        var rows = Enumerable.Range(0, Rows).Select(Row).ToArray();
        var rowMeans = Enumerable.Range(0, Rows).Select(RowMean).ToArray();
        var columns = Enumerable.Range(0, _byItem ? _users : _items).ToArray();
        var columnMeans = columns.Select(ColumnMean).ToArray();
        var columnCounts = columns.Select(c => _cells.Keys.Count(k => (_byItem ? k.User : k.Item) == c)).ToArray();
        var result = new double[Rows, Rows];
        for (var a = 0; a < Rows; a++)
            for (var b = 0; b < Rows; b++)
                if (a != b) result[a, b] = Similarity(rows[a], rows[b], rowMeans[a], rowMeans[b], columnMeans, columnCounts);
        return result;
    }

    private double Similarity(
        Dictionary<int, (double Value, double Day)> a, Dictionary<int, (double Value, double Day)> b, double meanA, double meanB,
        double[] columnMeans, int[] columnCounts)
    {
        double ab = 0, aa = 0, bb = 0, n = 0;
        var coRated = _options.Similarity is CfSimilarity.Pearson or CfSimilarity.AdjustedCosine;
        foreach (var (column, (value, day)) in a)
        {
            if (!b.TryGetValue(column, out var other)) continue;
            var w = (_options.InverseFrequency
                ? 1 / Math.Log(1 + columnCounts[column]) : 1) / (1 + _options.TimeDecay * Math.Abs(day - other.Day));
            var x = !coRated && !_options.UseValues ? 1 : value;
            var y = !coRated && !_options.UseValues ? 1 : other.Value;
            if (_options.Similarity == CfSimilarity.Pearson) (x, y) = (x - meanA, y - meanB);
            if (_options.Similarity == CfSimilarity.AdjustedCosine) (x, y) = (x - columnMeans[column], y - columnMeans[column]);
            ab += w * x * y;
            aa += w * x * x;
            bb += w * y * y;
            n++;
        }
        var s = _options.Similarity switch
        {
            CfSimilarity.Cosine => ab == 0 ? 0 : ab / (Norm(a) * Norm(b)),
            CfSimilarity.Jaccard => n == 0 ? 0 : n / (a.Count + b.Count - n),
            _ => aa > 1e-12 && bb > 1e-12 ? ab / Math.Sqrt(aa * bb) : 0,
        };
        return n == 0 ? 0 : s * n / (n + _options.Shrinkage);
    }

    private double Norm(Dictionary<int, (double Value, double Day)> row)
        => Math.Sqrt(row.Values.Sum(c => _options.UseValues ? c.Value * c.Value : 1));

    /// <summary>The K most similar rows of each, scaled if asked.</summary>
    public Dictionary<int, double>[] Neighbours()
    {
        var s = Similarities();
        return [.. Enumerable.Range(0, Rows).Select(row =>
        {
            var best = Enumerable.Range(0, Rows).Where(other => s[row, other] > 1e-9).OrderByDescending(other => (float)s[row,
                other]).ThenBy(other => other)
                .Take(_options.Neighbours).ToList();
            var scale = _options.NormalizeByMax && best.Count > 0 ? s[row, best[0]] : 1;
            return best.ToDictionary(other => other, other => s[row, other] / scale);
        })];
    }

    /// <summary>The scores of one user, for the items that neighbours speak for.</summary>
    public Dictionary<int, double> Scores(int user, Dictionary<int, double>[] neighbours)
    {
        var centred = _options.Prediction == CfPrediction.MeanCentred;
        var result = new Dictionary<int, double>();
        for (var item = 0; item < _items; item++)
        {
            double sum = 0, weight = 0;
            foreach (var (other, s) in neighbours[_byItem ? item : user])
            {
                if (!_cells.TryGetValue(_byItem ? (user, other) : (other, item), out var cell)) continue;
                sum += s * (centred ? cell.Value - RowMean(other) : cell.Value);
                weight += s;
            }
            if (weight > 0) result[item] = centred ? RowMean(_byItem ? item : user) + sum / weight : sum;
        }
        return result;
    }
}
