using Recsys.Numerics;

namespace Recsys.Rank;

/// <summary>Draws the rows of a tree by their gradients; see <see cref="GbdtGradientSampling"/>.</summary>
internal static class GradientSampling
{
    /// <summary>Draws, and multiplies g and h of the rows that stand for others.</summary>
    /// <param name="order">Receives the rows, ascending.</param>
    /// <param name="gradients">h and g of each row side by side, with weights in them. [rows, 2]</param>
    /// <param name="weights">Rows of weight 0 are left out; empty: none has it.</param>
    /// <param name="options">a and b.</param>
    /// <param name="draws">Of this tree.</param>
    /// <returns>How many were drawn.</returns>
    public static int Draw(int[] order, float[] gradients, float[] weights, GbdtGradientSampling options, Rng draws)
    {
        var keys = new float[order.Length];
        var rows = 0;
        for (var row = 0; row < order.Length; row++)
            if (weights.Length == 0 || weights[row] > 0) keys[rows++] = Math.Abs(gradients[(2 * row) + 1]);
        var threshold = Descending(keys.AsSpan(0, rows), (int)Math.Min(rows - 1, options.Top * rows));
        var large = 0;
        foreach (var key in keys.AsSpan(0, rows)) if (key > threshold) large++;
        // Rows at the threshold, of which there may be many, are drawn like the small ones: no order among equals decides.
        var wanted = Math.Min(rows - large, options.Other * rows);
        var share = wanted / (rows - large);
        var factor = (float)(1 / share);
        var count = 0;
        for (var row = 0; row < order.Length; row++)
        {
            if (weights.Length > 0 && weights[row] == 0) continue;
            if (!(Math.Abs(gradients[(2 * row) + 1]) > threshold))
            {
                if (draws.UniformDouble((ulong)row) >= share) continue;
                gradients[2 * row] *= factor;
                gradients[(2 * row) + 1] *= factor;
            }
            order[count++] = row;
        }
        return count;
    }

    /// <summary>The value at a place of the descending order; reorders.</summary>
    internal static float Descending(Span<float> values, int place)
    {
        while (values.Length > 1)
        {
            var pivot = Middle(values[0], values[values.Length / 2], values[^1]);
            int low = 0, high = values.Length - 1;
            while (low <= high)
            {
                while (values[low] > pivot) low++;
                while (values[high] < pivot) high--;
                if (low > high) break;
                (values[low], values[high]) = (values[high], values[low]);
                low++;
                high--;
            }
            if (place <= high)
            {
                values = values[..(high + 1)];
            }
            else if (place >= low)
            {
                place -= low;
                values = values[low..];
            }
            else
            {
                return values[place];
            }
        }
        return values[0];
    }

    private static float Middle(float a, float b, float c) => Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
}
