using System.Numerics.Tensors;

namespace Recsys.Evaluation;

/// <summary>
/// Ready-made item similarities for <see cref="ListMetrics.IntraListDiversity"/>. The functions are safe for any number of threads.
/// </summary>
public static class ItemSimilarities
{
    /// <summary>Cosine of feature vectors, in [-1, 1]; 0 where a vector is all zeros or the item lies beyond the matrix.</summary>
    /// <param name="vectors">Items × dimension, row-major. Kept, not copied.</param>
    /// <param name="dimension">At least 1; divides the length of <paramref name="vectors"/>.</param>
    public static Func<int, int, float> Cosine(float[] vectors, int dimension)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        ArgumentOutOfRangeException.ThrowIfLessThan(dimension, 1);
        if (vectors.Length % dimension != 0)
            throw new ArgumentException(
                $"{vectors.Length} values cannot be rows of {dimension}: give items × dimension values.", nameof(vectors));
        var items = vectors.Length / dimension;
        return (a, b) =>
        {
            if ((uint)a >= (uint)items || (uint)b >= (uint)items) return 0;
            var x = vectors.AsSpan(a * dimension, dimension);
            var y = vectors.AsSpan(b * dimension, dimension);
            var norms = TensorPrimitives.Norm<float>(x) * TensorPrimitives.Norm<float>(y);
            return norms > 0 ? Math.Clamp(TensorPrimitives.Dot<float>(x, y) / norms, -1, 1) : 0;
        };
    }

    /// <summary>
    /// Jaccard similarity of label sets (genres, tags), |A ∩ B| / |A ∪ B| in [0, 1]; 0 where both are empty or an item lies beyond the
    /// list.
    /// </summary>
    /// <param name="labels">For each item the codes of its labels, ascending and distinct. Kept, not copied.</param>
    /// <exception cref="ArgumentException">The labels of an item are not ascending and distinct.</exception>
    public static Func<int, int, float> Jaccard(IReadOnlyList<int[]> labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        for (var item = 0; item < labels.Count; item++)
            for (var i = 1; i < labels[item].Length; i++)
                if (labels[item][i] <= labels[item][i - 1])
                    throw new ArgumentException(
                        $"The labels of item {item} are not ascending and distinct at position {i}: sort them and drop repeats.",
                        nameof(labels));
        return (a, b) =>
        {
            if ((uint)a >= (uint)labels.Count || (uint)b >= (uint)labels.Count) return 0;
            int[] x = labels[a], y = labels[b];
            int i = 0, j = 0, shared = 0;
            while (i < x.Length && j < y.Length)
            {
                if (x[i] == y[j]) (i, j, shared) = (i + 1, j + 1, shared + 1);
                else if (x[i] < y[j]) i++;
                else j++;
            }
            var union = x.Length + y.Length - shared;
            return union == 0 ? 0 : (float)shared / union;
        };
    }
}
