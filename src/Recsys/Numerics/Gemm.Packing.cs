using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recsys.Numerics;

/// <summary>
/// Copies blocks of a matrix into the panels that the kernels stream: panel p holds [depth, width] floats, zero beyond the last column.
/// </summary>
internal static unsafe class GemmPacking
{
    /// <summary>Packs source[k, j] (row-major, stride between rows), k &lt; depth, j &lt; columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows(float* source, nint stride, int depth, int columns, int width, float* panels)
    {
        var whole = columns / width * width;
        var panelSize = (nint)depth * width;
        // Row by row, so that the source is read as one stream whatever its stride.
        for (var k = 0; k < depth; k++)
        {
            var from = source + k * stride;
            var to = panels + (nint)k * width;
            for (var j = 0; j < whole; j += width, to += panelSize) Copy(from + j, to, width);
            if (whole < columns)
            {
                Copy(from + whole, to, columns - whole);
                for (var j = columns - whole; j < width; j++) to[j] = 0;
            }
        }
    }

    /// <summary>Packs source[j, k] (row-major, stride between rows) into the same panels as <see cref="Rows"/>: transposes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transposed(float* source, nint stride, int depth, int columns, int width, float* panels)
    {
        for (var first = 0; first < columns; first += width)
        {
            var present = Math.Min(width, columns - first);
            var j = 0;
            if (Avx.IsSupported && width >= 8)
            {
                for (; j + 8 <= present; j += 8)
                {
                    var from = source + (first + j) * stride;
                    var k = 0;
                    for (; k + 8 <= depth; k += 8) Transpose8(from + k, stride, panels + (nint)k * width + j, width);
                    for (; k < depth; k++)
                        for (var i = 0; i < 8; i++) panels[(nint)k * width + j + i] = from[i * stride + k];
                }
            }
            for (; j < present; j++)
            {
                var from = source + (first + j) * stride;
                for (var k = 0; k < depth; k++) panels[(nint)k * width + j] = from[k];
            }
            for (; j < width; j++)
                for (var k = 0; k < depth; k++) panels[(nint)k * width + j] = 0;
            panels += (nint)depth * width;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy(float* from, float* to, int count)
    {
        var i = 0;
        if (Vector512.IsHardwareAccelerated)
            for (; i + 16 <= count; i += 16) Vector512.Load(from + i).Store(to + i);
        if (Vector256.IsHardwareAccelerated)
            for (; i + 8 <= count; i += 8) Vector256.Load(from + i).Store(to + i);
        if (Vector128.IsHardwareAccelerated)
            for (; i + 4 <= count; i += 4) Vector128.Load(from + i).Store(to + i);
        for (; i < count; i++) to[i] = from[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose8(float* from, nint stride, float* to, nint toStride)
    {
        var r0 = Vector256.Load(from);
        var r1 = Vector256.Load(from + stride);
        var r2 = Vector256.Load(from + 2 * stride);
        var r3 = Vector256.Load(from + 3 * stride);
        var r4 = Vector256.Load(from + 4 * stride);
        var r5 = Vector256.Load(from + 5 * stride);
        var r6 = Vector256.Load(from + 6 * stride);
        var r7 = Vector256.Load(from + 7 * stride);

        var t0 = Avx.UnpackLow(r0, r1);
        var t1 = Avx.UnpackHigh(r0, r1);
        var t2 = Avx.UnpackLow(r2, r3);
        var t3 = Avx.UnpackHigh(r2, r3);
        var t4 = Avx.UnpackLow(r4, r5);
        var t5 = Avx.UnpackHigh(r4, r5);
        var t6 = Avx.UnpackLow(r6, r7);
        var t7 = Avx.UnpackHigh(r6, r7);

        r0 = Avx.Shuffle(t0, t2, 0x44);
        r1 = Avx.Shuffle(t0, t2, 0xEE);
        r2 = Avx.Shuffle(t1, t3, 0x44);
        r3 = Avx.Shuffle(t1, t3, 0xEE);
        r4 = Avx.Shuffle(t4, t6, 0x44);
        r5 = Avx.Shuffle(t4, t6, 0xEE);
        r6 = Avx.Shuffle(t5, t7, 0x44);
        r7 = Avx.Shuffle(t5, t7, 0xEE);

        Avx.Permute2x128(r0, r4, 0x20).Store(to);
        Avx.Permute2x128(r1, r5, 0x20).Store(to + toStride);
        Avx.Permute2x128(r2, r6, 0x20).Store(to + 2 * toStride);
        Avx.Permute2x128(r3, r7, 0x20).Store(to + 3 * toStride);
        Avx.Permute2x128(r0, r4, 0x31).Store(to + 4 * toStride);
        Avx.Permute2x128(r1, r5, 0x31).Store(to + 5 * toStride);
        Avx.Permute2x128(r2, r6, 0x31).Store(to + 6 * toStride);
        Avx.Permute2x128(r3, r7, 0x31).Store(to + 7 * toStride);
    }
}
