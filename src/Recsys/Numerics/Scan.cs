using System.Runtime.Intrinsics;

namespace Recsys.Numerics;

/// <summary>Searches over contiguous floats.</summary>
public static class Scan
{
    /// <summary>
    /// Index of the first value that is not below the threshold, -1 if all are below. NaN counts as not below, so it is never passed over.
    /// </summary>
    public static int IndexOfNotBelow(ReadOnlySpan<float> values, float threshold)
    {
        var i = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            var bound = Vector512.Create(threshold);
            for (; i <= values.Length - Vector512<float>.Count; i += Vector512<float>.Count)
            {
                var block = Vector512.Create(values.Slice(i, Vector512<float>.Count));
                var below = Vector512.LessThan(block, bound).ExtractMostSignificantBits();
                if (below != 0xFFFF) return i + System.Numerics.BitOperations.TrailingZeroCount(~below);
            }
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            var bound = Vector256.Create(threshold);
            for (; i <= values.Length - Vector256<float>.Count; i += Vector256<float>.Count)
            {
                var block = Vector256.Create(values.Slice(i, Vector256<float>.Count));
                var below = Vector256.LessThan(block, bound).ExtractMostSignificantBits();
                if (below != 0xFF) return i + System.Numerics.BitOperations.TrailingZeroCount(~below);
            }
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            var bound = Vector128.Create(threshold);
            for (; i <= values.Length - Vector128<float>.Count; i += Vector128<float>.Count)
            {
                var block = Vector128.Create(values.Slice(i, Vector128<float>.Count));
                var below = Vector128.LessThan(block, bound).ExtractMostSignificantBits();
                if (below != 0xF) return i + System.Numerics.BitOperations.TrailingZeroCount(~below);
            }
        }
        for (; i < values.Length; i++)
            if (!(values[i] < threshold)) return i;
        return -1;
    }
}
