using System.Collections.Concurrent;
using Recsys.Numerics;

namespace Recsys.Trees;

/// <summary>
/// A dense matrix in one byte for each value: 0 for missing, else the number of the value's bin, counted from 1. A bin ends at a cut: bin b
/// holds cut[b-2] &lt; x ≤ cut[b-1]. Cuts lie in the middle of neighbouring values: between all of them where few are different, else
/// so that bins hold about as many rows each.
/// </summary>
internal sealed class BinnedMatrix
{
    public const int MostBins = 255;
    private readonly float[][] _cuts;
    private readonly bool[] _isConstant;

    private BinnedMatrix(byte[] codes, int rows, float[][] cuts)
    {
        (Codes, RowCount, _cuts, _isConstant) = (codes, rows, cuts, new bool[cuts.Length]);
        for (var column = 0; column < cuts.Length; column++)
        {
            var row = 1;
            if (cuts[column].Length == 0)
                while (row < rows && codes[((long)row * cuts.Length) + column] == codes[column]) row++;
            _isConstant[column] = row == rows;
        }
    }

    /// <summary>[rows, columns], and a window more that kernels may read.</summary>
    public byte[] Codes { get; }

    public int RowCount { get; }

    public int ColumnCount => _cuts.Length;

    /// <summary>Bins of a column, missing left out.</summary>
    public int Bins(int column) => _cuts[column].Length + 1;

    /// <summary>Whether all rows have the same code, so that no split is possible.</summary>
    public bool IsConstant(int column) => _isConstant[column];

    /// <summary>The threshold that keeps the bins 1..bin left; the last bin keeps all.</summary>
    public float Threshold(int column, int bin) => bin <= _cuts[column].Length ? _cuts[column][bin - 1] : float.MaxValue;

    /// <summary>Finds cuts and codes all values.</summary>
    /// <param name="x">NaN is missing; infinite values count as the largest and the smallest float. [rows, columns]</param>
    /// <param name="columns">Of a row.</param>
    /// <param name="maxBins">Of a column, 2..255.</param>
    /// <param name="sampleRows">The most rows that cuts are found from.</param>
    /// <param name="rng">Draws the sample.</param>
    /// <param name="threads">Does not change the result.</param>
    /// <param name="cancel">Checked for each column and block of rows.</param>
    /// <param name="isCategorical">Columns that need no cuts, since bins do not split them; null: none. [columns]</param>
    public static BinnedMatrix Create(float[] x, int columns, int maxBins, int sampleRows, Rng rng, int threads, CancellationToken cancel,
        bool[]? isCategorical = null)
    {
        const int Block = 4096;
        var rows = x.Length / columns;
        var sample = new int[Math.Min(rows, sampleRows)];
        if (sample.Length == rows) for (var i = 0; i < rows; i++) sample[i] = i;
        else new Permutation(rows, rng).Fill(0, sample);
        Array.Sort(sample);

        var cuts = new float[columns][];
        var padded = new float[columns * Histograms.CutBlock];
        // Room for the values of a column, passed on from one to the next.
        var rooms = new ConcurrentBag<float[]>();
        Shards.Run(columns, threads, column =>
        {
            if (!rooms.TryTake(out var room)) room = new float[sample.Length];
            cuts[column] = isCategorical?[column] == true ? [] : Cuts(x, columns, column, sample, maxBins, room);
            rooms.Add(room);
            var own = padded.AsSpan(column * Histograms.CutBlock, Histograms.CutBlock);
            own.Fill(float.PositiveInfinity);
            cuts[column].CopyTo(own[16..]);
            for (var i = 0; i < 16; i++) own[i] = own[16 + (16 * i) + 15];
        }, cancel);

        var codes = new byte[checked(x.Length + HistogramLayout.Window)];
        Shards.Run((rows + Block - 1) / Block, threads, block =>
        {
            var start = block * Block * columns;
            var length = Math.Min(Block * columns, x.Length - start);
            Histograms.Code(x.AsSpan(start, length), padded, columns, codes.AsSpan(start, length));
        }, cancel);
        return new BinnedMatrix(codes, rows, cuts);
    }

    private static float[] Cuts(float[] x, int columns, int column, int[] sample, int maxBins, float[] values)
    {
        var count = 0;
        foreach (var row in sample)
        {
            var value = x[((long)row * columns) + column];
            if (!float.IsNaN(value)) values[count++] = Math.Clamp(value, float.MinValue, float.MaxValue);
        }
        Array.Sort(values, 0, count);
        var distinct = count == 0 ? 0 : 1;
        for (var i = 1; i < count; i++) if (values[i] != values[i - 1]) distinct++;

        var cuts = new List<float>(Math.Min(distinct, maxBins));
        int left = count, bin = 0;
        for (var i = 0; i + 1 < count && cuts.Count < maxBins - 1; i++)
        {
            bin++;
            if (values[i] == values[i + 1]) continue;
            // A heavy value fills a bin alone; what is left is shared among the bins that are left.
            if (distinct > maxBins && (long)bin * (maxBins - cuts.Count) < left) continue;
            cuts.Add(ExactTree.Midpoint(values[i], values[i + 1]));
            left -= bin;
            bin = 0;
        }
        return [.. cuts];
    }
}
