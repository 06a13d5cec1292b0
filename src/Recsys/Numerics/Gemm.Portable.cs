using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recsys.Numerics;

/// <summary>6 × 16 tile in 256-bit registers: 12 accumulators, 2 registers of B, 1 broadcast of A.</summary>
internal readonly unsafe struct Avx2Kernel : IGemmKernel
{
    public static int Rows => 6;

    public static int Columns => 16;

    public static void Tile(in GemmTile tile, int rows, int columns)
    {
        switch (rows)
        {
            case 6: Compute<N6>(tile, columns); break;
            case 5: Compute<N5>(tile, columns); break;
            case 4: Compute<N4>(tile, columns); break;
            case 3: Compute<N3>(tile, columns); break;
            case 2: Compute<N2>(tile, columns); break;
            default: Compute<N1>(tile, columns); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Compute<TRows>(in GemmTile tile, int columns) where TRows : IConstant
    {
        var stride = tile.ARow;
        var stride2 = stride * 2;
        var step = tile.AStep;
        var a0 = tile.A;
        var a3 = a0 + stride * 3;
        var b = tile.B;
        var bStep = tile.BStep;

        Vector256<float> c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default;
        Vector256<float> d0 = default, d1 = default, d2 = default, d3 = default, d4 = default, d5 = default;
        for (var k = tile.Depth; k > 0; k--)
        {
            var b0 = Vector256.Load(b);
            var b1 = Vector256.Load(b + 8);
            Add<TRows, N0>(a0, b0, b1, ref c0, ref d0);
            Add<TRows, N1>(a0 + stride, b0, b1, ref c1, ref d1);
            Add<TRows, N2>(a0 + stride2, b0, b1, ref c2, ref d2);
            Add<TRows, N3>(a3, b0, b1, ref c3, ref d3);
            Add<TRows, N4>(a3 + stride, b0, b1, ref c4, ref d4);
            Add<TRows, N5>(a3 + stride2, b0, b1, ref c5, ref d5);
            a0 += step;
            a3 += step;
            b += bStep;
        }

        Store<TRows, N0>(tile, columns, c0, d0);
        Store<TRows, N1>(tile, columns, c1, d1);
        Store<TRows, N2>(tile, columns, c2, d2);
        Store<TRows, N3>(tile, columns, c3, d3);
        Store<TRows, N4>(tile, columns, c4, d4);
        Store<TRows, N5>(tile, columns, c5, d5);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TRows, TRow>(float* a, Vector256<float> b0, Vector256<float> b1, ref Vector256<float> c, ref Vector256<float> d)
        where TRows : IConstant where TRow : IConstant
    {
        if (TRow.Value >= TRows.Value) return;
        var x = Vector256.Create(*a);
        c = Fma.MultiplyAdd(x, b0, c);
        d = Fma.MultiplyAdd(x, b1, d);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TRows, TRow>(in GemmTile tile, int columns, Vector256<float> c, Vector256<float> d)
        where TRows : IConstant where TRow : IConstant
    {
        if (TRow.Value >= TRows.Value) return;
        var p = tile.C + TRow.Value * tile.CRow;
        var alpha = Vector256.Create(tile.Alpha);
        var beta = Vector256.Create(tile.Beta);
        c *= alpha;
        d *= alpha;
        if (columns == 16)
        {
            if (tile.Beta != 0)
            {
                c = Fma.MultiplyAdd(beta, Vector256.Load(p), c);
                d = Fma.MultiplyAdd(beta, Vector256.Load(p + 8), d);
            }
            c.Store(p);
            d.Store(p + 8);
            return;
        }
        var left = Vector256.LessThan(Vector256<int>.Indices, Vector256.Create(columns)).AsSingle();
        var right = Vector256.LessThan(Vector256<int>.Indices, Vector256.Create(columns - 8)).AsSingle();
        if (tile.Beta != 0)
        {
            c = Fma.MultiplyAdd(beta, Avx.MaskLoad(p, left), c);
            d = Fma.MultiplyAdd(beta, Avx.MaskLoad(p + 8, right), d);
        }
        Avx.MaskStore(p, left, c);
        Avx.MaskStore(p + 8, right, d);
    }
}

/// <summary>8 × 8 tile in 128-bit registers: 16 accumulators, which suits the 32 registers of Arm.</summary>
internal readonly unsafe struct Vector128Kernel : IGemmKernel
{
    public static int Rows => 8;

    public static int Columns => 8;

    public static void Tile(in GemmTile tile, int rows, int columns)
    {
        switch (rows)
        {
            case 8: Compute<N8>(tile, columns); break;
            case 7: Compute<N7>(tile, columns); break;
            case 6: Compute<N6>(tile, columns); break;
            case 5: Compute<N5>(tile, columns); break;
            case 4: Compute<N4>(tile, columns); break;
            case 3: Compute<N3>(tile, columns); break;
            case 2: Compute<N2>(tile, columns); break;
            default: Compute<N1>(tile, columns); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Compute<TRows>(in GemmTile tile, int columns) where TRows : IConstant
    {
        var stride = tile.ARow;
        var stride2 = stride * 2;
        var stride3 = stride * 3;
        var step = tile.AStep;
        var a0 = tile.A;
        var a4 = a0 + stride * 4;
        var b = tile.B;
        var bStep = tile.BStep;

        Vector128<float> c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default, c6 = default, c7 = default;
        Vector128<float> d0 = default, d1 = default, d2 = default, d3 = default, d4 = default, d5 = default, d6 = default, d7 = default;
        for (var k = tile.Depth; k > 0; k--)
        {
            var b0 = Vector128.Load(b);
            var b1 = Vector128.Load(b + 4);
            Add<TRows, N0>(a0, b0, b1, ref c0, ref d0);
            Add<TRows, N1>(a0 + stride, b0, b1, ref c1, ref d1);
            Add<TRows, N2>(a0 + stride2, b0, b1, ref c2, ref d2);
            Add<TRows, N3>(a0 + stride3, b0, b1, ref c3, ref d3);
            Add<TRows, N4>(a4, b0, b1, ref c4, ref d4);
            Add<TRows, N5>(a4 + stride, b0, b1, ref c5, ref d5);
            Add<TRows, N6>(a4 + stride2, b0, b1, ref c6, ref d6);
            Add<TRows, N7>(a4 + stride3, b0, b1, ref c7, ref d7);
            a0 += step;
            a4 += step;
            b += bStep;
        }

        Store<TRows, N0>(tile, columns, c0, d0);
        Store<TRows, N1>(tile, columns, c1, d1);
        Store<TRows, N2>(tile, columns, c2, d2);
        Store<TRows, N3>(tile, columns, c3, d3);
        Store<TRows, N4>(tile, columns, c4, d4);
        Store<TRows, N5>(tile, columns, c5, d5);
        Store<TRows, N6>(tile, columns, c6, d6);
        Store<TRows, N7>(tile, columns, c7, d7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TRows, TRow>(float* a, Vector128<float> b0, Vector128<float> b1, ref Vector128<float> c, ref Vector128<float> d)
        where TRows : IConstant where TRow : IConstant
    {
        if (TRow.Value >= TRows.Value) return;
        var x = Vector128.Create(*a);
        c = Vector128.MultiplyAddEstimate(x, b0, c);
        d = Vector128.MultiplyAddEstimate(x, b1, d);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TRows, TRow>(in GemmTile tile, int columns, Vector128<float> c, Vector128<float> d)
        where TRows : IConstant where TRow : IConstant
    {
        if (TRow.Value >= TRows.Value) return;
        var p = tile.C + TRow.Value * tile.CRow;
        c *= tile.Alpha;
        d *= tile.Alpha;
        if (columns == 8)
        {
            if (tile.Beta != 0)
            {
                c += tile.Beta * Vector128.Load(p);
                d += tile.Beta * Vector128.Load(p + 4);
            }
            c.Store(p);
            d.Store(p + 4);
            return;
        }
        for (var j = 0; j < columns; j++)
        {
            var sum = j < 4 ? c[j] : d[j - 4];
            p[j] = tile.Beta == 0 ? sum : sum + tile.Beta * p[j];
        }
    }
}

/// <summary>1 × 4 tile in plain floats, for a machine without vectors.</summary>
internal readonly unsafe struct ScalarKernel : IGemmKernel
{
    public static int Rows => 1;

    public static int Columns => 4;

    public static void Tile(in GemmTile tile, int rows, int columns)
    {
        float c0 = 0, c1 = 0, c2 = 0, c3 = 0;
        var a = tile.A;
        var b = tile.B;
        for (var k = tile.Depth; k > 0; k--)
        {
            c0 += *a * b[0];
            c1 += *a * b[1];
            c2 += *a * b[2];
            c3 += *a * b[3];
            a += tile.AStep;
            b += tile.BStep;
        }
        var p = tile.C;
        for (var j = 0; j < columns; j++)
        {
            var sum = tile.Alpha * (j == 0 ? c0 : j == 1 ? c1 : j == 2 ? c2 : c3);
            p[j] = tile.Beta == 0 ? sum : sum + tile.Beta * p[j];
        }
    }
}
