using System.Runtime.CompilerServices;

namespace Recsys.Numerics;

// Four rows of U at a time. They are the same rows of A less what the rows above give them, summed in registers (Reduce): no partial sum
// goes to memory, none runs across lanes, and one load serves four multiplications. Then their 4 × 4 corner is
// factored, and the rest of the rows follows it (Follow).
public static unsafe partial class Cholesky
{
    private const int Block = 4;

    private static int Factor<L, T>(Span<float> a, int size) where L : struct, ILanes<T> where T : struct
    {
        var tail = stackalloc float[L.Count];
        var below = stackalloc float[6];
        var inverse = stackalloc float[Block];
        fixed (float* u = a)
        {
            var k = 0;
            for (; k + Block <= size; k += Block)
            {
                KeepBelow(u + (long)k * size + k, size, below, false);
                var j = k;
                for (; j + 2 * L.Count <= size; j += 2 * L.Count) Reduce2<L, T>(u, size, k, j);
                for (; j + L.Count <= size; j += L.Count) Reduce<L, T>(u, size, k, j);
                if (j < size) ReducePart<L, T>(u, size, k, j, tail);
                KeepBelow(u + (long)k * size + k, size, below, true);

                var bad = Corner(u + (long)k * size + k, size, Block, inverse);
                if (bad >= 0) return k + bad;
                for (j = k + Block; j + L.Count <= size; j += L.Count) Follow<L, T>(u, size, k, j, L.Count, inverse, tail);
                if (j < size) Follow<L, T>(u, size, k, j, size - j, inverse, tail);
            }
            return Last(u, size, k);
        }
    }

    // The part below the diagonal of a corner, which vectors that start on the first column of the corner run over.
    private static void KeepBelow(float* corner, int size, float* below, bool restore)
    {
        for (var r = 1; r < Block; r++)
        {
            for (var c = 0; c < r; c++, below++)
            {
                if (restore) corner[r * size + c] = *below;
                else *below = corner[r * size + c];
            }
        }
    }

    // The factor of the last rows, fewer than a block.
    private static int Last(float* u, int size, int k)
    {
        var corner = u + (long)k * size + k;
        var rows = size - k;
        for (var p = 0; p < k; p++)
        {
            var above = u + (long)p * size + k;
            for (var r = 0; r < rows; r++)
                for (var c = r; c < rows; c++)
                    corner[r * size + c] -= above[r] * above[c];
        }
        var inverse = stackalloc float[Block];
        var bad = Corner(corner, size, rows, inverse);
        return bad < 0 ? -1 : k + bad;
    }

    private static int Corner(float* corner, int size, int rows, float* inverse)
    {
        for (var r = 0; r < rows; r++)
        {
            var row = corner + r * size;
            for (var p = 0; p < r; p++)
                for (var c = r; c < rows; c++)
                    row[c] -= corner[p * size + r] * corner[p * size + c];
            if (!(row[r] > 0) || !float.IsFinite(row[r])) return r;
            row[r] = MathF.Sqrt(row[r]);
            inverse[r] = 1 / row[r];
            for (var c = r + 1; c < rows; c++) row[c] *= inverse[r];
        }
        return -1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Follow<L, T>(float* u, int size, int k, int j, int count, float* inverse, float* tail)
        where L : struct, ILanes<T> where T : struct
    {
        float* row0 = u + (long)k * size, row1 = row0 + size, row2 = row1 + size, row3 = row2 + size;
        var r0 = L.Multiply(Load<L, T>(row0 + j, count), L.Create(inverse[0]));
        var r1 = L.MultiplyAdd(L.Create(-row0[k + 1]), r0, Load<L, T>(row1 + j, count));
        r1 = L.Multiply(r1, L.Create(inverse[1]));
        var r2 = L.MultiplyAdd(L.Create(-row0[k + 2]), r0, Load<L, T>(row2 + j, count));
        r2 = L.Multiply(L.MultiplyAdd(L.Create(-row1[k + 2]), r1, r2), L.Create(inverse[2]));
        var r3 = L.MultiplyAdd(L.Create(-row0[k + 3]), r0, Load<L, T>(row3 + j, count));
        r3 = L.MultiplyAdd(L.Create(-row1[k + 3]), r1, r3);
        r3 = L.Multiply(L.MultiplyAdd(L.Create(-row2[k + 3]), r2, r3), L.Create(inverse[3]));
        Store<L, T>(r0, row0 + j, count, tail);
        Store<L, T>(r1, row1 + j, count, tail);
        Store<L, T>(r2, row2 + j, count, tail);
        Store<L, T>(r3, row3 + j, count, tail);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Reduce2<L, T>(float* u, int size, int k, int j) where L : struct, ILanes<T> where T : struct
    {
        T s00 = L.Create(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
        for (var above = u; above < u + (long)k * size; above += size)
        {
            var left = L.Load(above + j);
            var right = L.Load(above + j + L.Count);
            var scale = L.Create(above[k]);
            s00 = L.MultiplyAdd(scale, left, s00);
            s01 = L.MultiplyAdd(scale, right, s01);
            scale = L.Create(above[k + 1]);
            s10 = L.MultiplyAdd(scale, left, s10);
            s11 = L.MultiplyAdd(scale, right, s11);
            scale = L.Create(above[k + 2]);
            s20 = L.MultiplyAdd(scale, left, s20);
            s21 = L.MultiplyAdd(scale, right, s21);
            scale = L.Create(above[k + 3]);
            s30 = L.MultiplyAdd(scale, left, s30);
            s31 = L.MultiplyAdd(scale, right, s31);
        }
        var row = u + (long)k * size + j;
        Less<L, T>(row, s00);
        Less<L, T>(row + L.Count, s01);
        Less<L, T>(row + size, s10);
        Less<L, T>(row + size + L.Count, s11);
        Less<L, T>(row + 2L * size, s20);
        Less<L, T>(row + 2L * size + L.Count, s21);
        Less<L, T>(row + 3L * size, s30);
        Less<L, T>(row + 3L * size + L.Count, s31);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Reduce<L, T>(float* u, int size, int k, int j) where L : struct, ILanes<T> where T : struct
    {
        T s0 = L.Create(0), s1 = s0, s2 = s0, s3 = s0;
        for (var above = u; above < u + (long)k * size; above += size)
        {
            var values = L.Load(above + j);
            s0 = L.MultiplyAdd(L.Create(above[k]), values, s0);
            s1 = L.MultiplyAdd(L.Create(above[k + 1]), values, s1);
            s2 = L.MultiplyAdd(L.Create(above[k + 2]), values, s2);
            s3 = L.MultiplyAdd(L.Create(above[k + 3]), values, s3);
        }
        var row = u + (long)k * size + j;
        Less<L, T>(row, s0);
        Less<L, T>(row + size, s1);
        Less<L, T>(row + 2L * size, s2);
        Less<L, T>(row + 3L * size, s3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ReducePart<L, T>(float* u, int size, int k, int j, float* tail) where L : struct, ILanes<T> where T : struct
    {
        var count = size - j;
        T s0 = L.Create(0), s1 = s0, s2 = s0, s3 = s0;
        for (var above = u; above < u + (long)k * size; above += size)
        {
            var values = L.LoadPart(above + j, count);
            s0 = L.MultiplyAdd(L.Create(above[k]), values, s0);
            s1 = L.MultiplyAdd(L.Create(above[k + 1]), values, s1);
            s2 = L.MultiplyAdd(L.Create(above[k + 2]), values, s2);
            s3 = L.MultiplyAdd(L.Create(above[k + 3]), values, s3);
        }
        var row = u + (long)k * size + j;
        var less = L.Create(-1);
        Store<L, T>(L.MultiplyAdd(less, s0, L.LoadPart(row, count)), row, count, tail);
        Store<L, T>(L.MultiplyAdd(less, s1, L.LoadPart(row + size, count)), row + size, count, tail);
        Store<L, T>(L.MultiplyAdd(less, s2, L.LoadPart(row + 2L * size, count)), row + 2L * size, count, tail);
        Store<L, T>(L.MultiplyAdd(less, s3, L.LoadPart(row + 3L * size, count)), row + 3L * size, count, tail);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Less<L, T>(float* row, T sum) where L : struct, ILanes<T> where T : struct
        => L.Store(L.MultiplyAdd(L.Create(-1), sum, L.Load(row)), row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Load<L, T>(float* from, int count) where L : struct, ILanes<T> where T : struct
        => count == L.Count ? L.Load(from) : L.LoadPart(from, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<L, T>(T value, float* to, int count, float* tail) where L : struct, ILanes<T> where T : struct
    {
        if (count == L.Count)
        {
            L.Store(value, to);
            return;
        }
        L.Store(value, tail);
        for (var i = 0; i < count; i++) to[i] = tail[i];
    }
}
