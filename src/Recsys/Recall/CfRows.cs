using System.Numerics.Tensors;
using Recsys.Data;
using Recsys.Indexing;
using Recsys.Numerics;

namespace Recsys.Recall;

/// <summary>Interactions as item-based and user-based filtering see them.</summary>
internal static class CfRows
{
    private const float SecondsOfDay = 86_400;

    /// <summary>Users × items, one cell for a pair: 1, the sum of the values, or the last rating.</summary>
    public static SparseMatrix OfUsers(Interactions data, CfOptions options)
        => InteractionRows.OfUsers(data, options.Repeats);

    /// <summary>The day of each cell of <see cref="OfUsers"/> (the last one of a pair), counted from the first; null if it doesn't
    /// matter.</summary>
    public static SparseMatrix? DaysOfUsers(Interactions data, CfOptions options)
    {
        if (options.TimeDecay == 0) return null;
        if (!data.HasTimes)
        {
            throw new ArgumentException(
                $"{nameof(CfOptions.TimeDecay)} is {options.TimeDecay}, but the interactions have no times; set it to 0 or read times.",
                nameof(options));
        }
        var first = long.MaxValue;
        foreach (var time in data.TimeColumn)
            if (time != Interactions.NoTime) first = Math.Min(first, time);
        var days = new float[data.Count];
        for (var row = 0; row < days.Length; row++)
        {
            var time = data.TimeColumn[row];
            days[row] = time == Interactions.NoTime ? SparseRowMeasure.NoTime : (time - first) / SecondsOfDay;
        }
        return data.ToMatrix(days, DuplicateCells.Last);
    }

    /// <summary>The index that finds neighbours among the rows of a matrix.</summary>
    /// <param name="rows">Not centred.</param>
    /// <param name="days">The day of each cell, or null.</param>
    /// <param name="options">The similarity.</param>
    /// <param name="columnMeans">The means that adjusted cosine takes off.</param>
    public static SparseRowIndex Index(SparseMatrix rows, float[]? days, CfOptions options, float[] columnMeans)
    {
        var weights = default(float[]);
        if (options.InverseFrequency)
        {
            weights = new float[rows.ColumnCount];
            foreach (var column in rows.Columns) weights[column]++;
            for (var c = 0; c < weights.Length; c++) weights[c] = (float)(1 / Math.Log(1 + Math.Max(1, weights[c])));
        }
        var coRated = options.Similarity is CfSimilarity.Pearson or CfSimilarity.AdjustedCosine;
        return new SparseRowIndex(coRated ? Centre(rows, options.Similarity, columnMeans) : rows,
            new SparseRowMeasure(options.Similarity switch
            {
                CfSimilarity.Cosine => SparseSimilarity.Cosine,
                CfSimilarity.Jaccard => SparseSimilarity.Jaccard,
                _ => SparseSimilarity.CoRated,
            })
            {
                UseValues = options.Similarity != CfSimilarity.Jaccard && (options.UseValues || coRated),
                ColumnWeights = weights,
                Shrinkage = options.Shrinkage,
                TimeDecay = options.TimeDecay,
            }, days);
    }

    /// <summary>The mean of each row; the mean of all cells for an empty one.</summary>
    public static float[] Means(SparseMatrix rows)
    {
        var sum = 0.0;
        foreach (var value in rows.Values) sum += value;
        var overall = rows.Count == 0 ? 0 : (float)(sum / rows.Count);
        var means = new float[rows.RowCount];
        for (var r = 0; r < means.Length; r++) means[r] = Mean(rows.Row(r).Values, overall);
        return means;
    }

    public static float Mean(ReadOnlySpan<float> values, float ifEmpty)
        => values.IsEmpty ? ifEmpty : TensorPrimitives.Sum(values) / values.Length;

    /// <summary>Takes the means off one row, as the similarity wants.</summary>
    public static void Centre(ReadOnlySpan<int> columns, Span<float> values, CfSimilarity similarity, ReadOnlySpan<float> columnMeans)
    {
        if (similarity == CfSimilarity.Pearson) TensorPrimitives.Subtract(values, Mean(values, 0), values);
        else if (similarity == CfSimilarity.AdjustedCosine)
            for (var i = 0; i < values.Length; i++) values[i] -= columnMeans[columns[i]];
    }

    private static SparseMatrix Centre(SparseMatrix rows, CfSimilarity similarity, ReadOnlySpan<float> columnMeans)
    {
        var values = rows.Values.AsSpan().ToArray();
        for (var r = 0; r < rows.RowCount; r++)
        {
            var start = (int)rows.RowOffsets[r];
            var length = (int)rows.RowOffsets[r + 1] - start;
            Centre(rows.Columns.AsSpan(start, length), values.AsSpan(start, length), similarity, columnMeans);
        }
        return new SparseMatrix(rows.RowCount, rows.ColumnCount, rows.RowOffsets, rows.Columns, values);
    }
}
