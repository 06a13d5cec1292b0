using System.Numerics;
using System.Numerics.Tensors;
using Recsys.Numerics;

namespace Recsys.Indexing;

// How like are two sparse rows a and b? Over the columns c that both have, each weighted by w_c · d(a,b,c):
//
//   cosine   s = Σ w d a_c b_c / (|a| |b|)                          |a|, |b| over all their columns, unweighted
//   Jaccard  s = n / (n_a + n_b - n)                                n columns in common
//   co-rated s = Σ w d a_c b_c / √(Σ w d a_c² · Σ w d b_c²)         Pearson, if the caller centred the rows
//
//   d = 1 / (1 + α |t_ac - t_bc|)     two events count less the further apart they lie
//   s ← s · n / (n + λ)               shrinkage: few columns in common are weak evidence
//
// Gustavson, "Two fast algorithms for sparse matrices", ACM TOMS 4(3), 1978: a row of A·Aᵀ is a sum of inverted lists.
// Only similarities above 0 are returned.

/// <summary>Exact nearest neighbours among the rows of a sparse matrix. Immutable; safe for any number of threads; a search allocates
/// nothing after warm-up.</summary>
internal sealed class SparseRowIndex
{
    private readonly SparseMatrix _rows;
    private readonly SparseMatrix _inverted;
    private readonly SparseRowMeasure _measure;
    private readonly float[] _times;
    private readonly float[] _invertedTimes;
    private readonly float[] _inverseNorms;
    private readonly bool _sumIsEnough;
    private readonly Pool<Scratch> _scratch;

    public SparseRowIndex(SparseMatrix rows, SparseRowMeasure measure, float[]? times = null)
    {
        _rows = rows;
        _inverted = rows.Transpose();
        _measure = measure;
        _times = measure.TimeDecay > 0 && times is not null ? times : [];
        _invertedTimes = _times.Length == 0
            ? []
            : new SparseMatrix(rows.RowCount, rows.ColumnCount, rows.RowOffsets, rows.Columns, _times).Transpose().Values;
        _inverseNorms = new float[rows.RowCount];
        for (var r = 0; r < _inverseNorms.Length; r++) _inverseNorms[r] = InverseNorm(rows.Row(r).Columns.Length, rows.Row(r).Values);

        // With plain counting the sum is the overlap, so shrinkage needs no second number.
        var counting = !measure.UseValues && measure.ColumnWeights is null;
        _sumIsEnough = measure.Kind switch
        {
            SparseSimilarity.Cosine => _times.Length == 0 && (counting || measure.Shrinkage == 0),
            SparseSimilarity.Jaccard => counting,
            _ => false,
        };
        _scratch = new Pool<Scratch>(() => new Scratch(rows.RowCount));
    }

    public int RowCount => _rows.RowCount;

    /// <summary>The rows most similar to one of the matrix, itself left out.</summary>
    public int Search(int row, Span<ScoredItem> destination)
    {
        var cells = _rows.Row(row);
        var times = _times.Length == 0 ? default : _times.AsSpan((int)_rows.RowOffsets[row], cells.Length);
        return Search(cells.Columns, cells.Values, times, row, destination);
    }

    /// <summary>The rows most similar to a new one.</summary>
    /// <param name="columns">Each in the matrix, none twice.</param>
    /// <param name="values">As many (centred as the rows are), or empty for all 1.</param>
    /// <param name="times">As many, or empty: then no event is far from another.</param>
    /// <param name="self">A row to leave out, or -1.</param>
    /// <param name="destination">Receives rows with their similarities, best first, ties by lower row.</param>
    public int Search(ReadOnlySpan<int> columns, ReadOnlySpan<float> values, ReadOnlySpan<float> times, int self,
        Span<ScoredItem> destination)
    {
        var query = new Query(columns, _measure.UseValues ? values : default, times, self < RowCount ? self : -1,
            InverseNorm(columns.Length, values));
        var work = 0L;
        foreach (var c in columns) work += _inverted.RowOffsets[c + 1] - _inverted.RowOffsets[c];

        var scratch = _scratch.Rent();
        var top = new TopItems(destination, default, RowCount);
        if (_sumIsEnough && work * 8 >= RowCount) ScanSums(query, scratch, ref top);
        else if (_sumIsEnough && !_measure.UseValues) TouchSums(query, scratch, ref top);
        else TouchCells(query, scratch, ref top);
        var count = top.Finish();
        _scratch.Return(scratch);

        while (count > 0 && destination[count - 1].Score <= 0) count--;
        return count;
    }

    private float Weight(int column) => _measure.ColumnWeights is { } weights ? weights[column] : 1;

    // Most rows will be met: add blindly, then score all of them with SIMD.
    private void ScanSums(in Query query, Scratch scratch, ref TopItems top)
    {
        var sums = scratch.Sums;
        for (var i = 0; i < query.Columns.Length; i++)
        {
            var w = Weight(query.Columns[i]);
            var list = _inverted.Row(query.Columns[i]);
            if (!_measure.UseValues) Scatter.Add(sums, list.Columns, w);
            else Scatter.AddScaled(sums, list.Columns, list.Values, w * query.Value(i));
        }
        if (query.Self >= 0) sums[query.Self] = 0;

        var scores = scratch.Scores;
        if (_measure.Kind == SparseSimilarity.Cosine && _measure.Shrinkage == 0)
        {
            TensorPrimitives.Multiply(sums, _inverseNorms, scores);
            TensorPrimitives.Multiply(scores, query.InverseNorm, scores);
        }
        else
        {
            for (var r = 0; r < scores.Length; r++) scores[r] = Similarity(query, r, new Vector4(sums[r], 0, 0, sums[r]));
        }
        top.OfferBlock(0, scores);
        Array.Clear(sums);
    }

    // Few rows will be met: remember which, so that the cost doesn't depend on the number of rows.
    private void TouchSums(in Query query, Scratch scratch, ref TopItems top)
    {
        var (sums, touched, count) = (scratch.Sums, scratch.Touched, 0);
        foreach (var c in query.Columns)
        {
            var w = Weight(c);
            foreach (var r in _inverted.Row(c).Columns)
            {
                if (sums[r] == 0) touched[count++] = r;
                sums[r] += w;
            }
        }
        foreach (var r in touched.AsSpan(0, count))
        {
            if (r != query.Self) top.Offer(r, Similarity(query, r, new Vector4(sums[r], 0, 0, sums[r])));
            sums[r] = 0;
        }
    }

    private void TouchCells(in Query query, Scratch scratch, ref TopItems top)
    {
        var (cells, touched, count) = (scratch.Cells, scratch.Touched, 0);
        for (var i = 0; i < query.Columns.Length; i++)
        {
            var (c, a) = (query.Columns[i], query.Value(i));
            var w = Weight(c);
            var list = _inverted.Row(c);
            var times = query.Times.IsEmpty ? default : _invertedTimes.AsSpan((int)_inverted.RowOffsets[c], list.Length);
            for (var k = 0; k < list.Length; k++)
            {
                var b = _measure.UseValues ? list.Values[k] : 1;
                var d = times.IsEmpty ? w : w / (1 + _measure.TimeDecay * Gap(query.Times[i], times[k]));
                ref var cell = ref cells[list.Columns[k]];
                if (cell.W == 0) touched[count++] = list.Columns[k];
                cell += new Vector4(d * a * b, d * a * a, d * b * b, 1);
            }
        }
        foreach (var r in touched.AsSpan(0, count))
        {
            if (r != query.Self) top.Offer(r, Similarity(query, r, cells[r]));
            cells[r] = default;
        }
    }

    /// <summary>The similarity from Σ ab, Σ aa, Σ bb (X, Y, Z; weighted) and the overlap n (W).</summary>
    private float Similarity(in Query query, int row, Vector4 cell)
    {
        var (ab, n) = (cell.X, cell.W);
        var s = _measure.Kind switch
        {
            SparseSimilarity.Cosine => ab * _inverseNorms[row] * query.InverseNorm,
            SparseSimilarity.Jaccard => n / (query.Columns.Length + (_rows.RowOffsets[row + 1] - _rows.RowOffsets[row]) - n),
            _ => cell.Y > 0 && cell.Z > 0 ? (float)(ab / (Math.Sqrt(cell.Y) * Math.Sqrt(cell.Z))) : 0,
        };
        return _measure.Shrinkage == 0 || n == 0 ? s : s * (n / (n + _measure.Shrinkage));
    }

    private float InverseNorm(int length, ReadOnlySpan<float> values)
    {
        var squared = _measure.UseValues && !values.IsEmpty ? TensorPrimitives.SumOfSquares(values) : length;
        return squared > 0 ? (float)(1 / Math.Sqrt(squared)) : 0;
    }

    private static float Gap(float a, float b)
    {
        var gap = Math.Abs(a - b);
        return gap < SparseRowMeasure.NoTime / 2 ? gap : 0;
    }

    private readonly ref struct Query(
        ReadOnlySpan<int> columns, ReadOnlySpan<float> values, ReadOnlySpan<float> times, int self, float inverseNorm)
    {
        public readonly ReadOnlySpan<int> Columns = columns;
        public readonly ReadOnlySpan<float> Values = values;
        public readonly ReadOnlySpan<float> Times = times;
        public readonly int Self = self;
        public readonly float InverseNorm = inverseNorm;

        public float Value(int i) => Values.IsEmpty ? 1 : Values[i];
    }

    // All zero between searches.
    private sealed class Scratch(int rows)
    {
        public readonly float[] Sums = new float[rows];
        public readonly float[] Scores = new float[rows];
        public readonly int[] Touched = new int[rows];
        private Vector4[]? _cells;

        public Vector4[] Cells => _cells ??= new Vector4[rows];

        private readonly int rows = rows;
    }
}

/// <summary>How rows are compared; the formulas stand above <see cref="SparseRowIndex"/>.</summary>
internal readonly record struct SparseRowMeasure(SparseSimilarity Kind)
{
    /// <summary>The time, in <c>times</c>, of an event whose time is not known: it is far from no other.</summary>
    public const float NoTime = 1e30f;

    /// <summary>Whether the values of the cells count; if not, every cell counts as 1.</summary>
    public bool UseValues { get; init; }

    /// <summary>w_c, positive; null for all 1.</summary>
    public float[]? ColumnWeights { get; init; }

    /// <summary>λ, 0 for none.</summary>
    public float Shrinkage { get; init; }

    /// <summary>α for one unit of time, 0 for none.</summary>
    public float TimeDecay { get; init; }
}

internal enum SparseSimilarity
{
    Cosine,
    Jaccard,
    CoRated,
}
