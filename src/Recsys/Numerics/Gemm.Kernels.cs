using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recsys.Numerics;

/// <summary>
/// One register tile: C[rows × columns] = beta·C + alpha · Σ_k A[i, k]·B[k, j]. Every kernel adds in ascending k, starting from 0.
/// </summary>
internal unsafe interface IGemmKernel
{
    /// <summary>Rows of a full tile.</summary>
    static abstract int Rows { get; }

    /// <summary>Columns of a full tile.</summary>
    static abstract int Columns { get; }

    /// <summary>Computes one tile of rows ≤ Rows and columns ≤ Columns. B must be readable to the full width.</summary>
    static abstract void Tile(in GemmTile tile, int rows, int columns);
}

/// <summary>Where one tile lies. Strides are in floats.</summary>
internal unsafe struct GemmTile
{
    public float* A;        // element (i, k) at A[i·ARow + k·AStep]
    public nint ARow;
    public nint AStep;
    public float* B;        // element (k, j) at B[k·BStep + j]
    public nint BStep;
    public int Depth;       // number of k
    public float* C;        // element (i, j) at C[i·CRow + j]
    public nint CRow;
    public float Alpha;
    public float Beta;      // 0: C is not read
}

/// <summary>A number that the JIT sees as a constant, so that one kernel source serves every tile height.</summary>
internal interface IConstant
{
    static abstract int Value { get; }
}

/// <summary>
/// 12 × 32 tile: 24 accumulators, 2 registers of B, 1 broadcast of A. Narrower and lower tiles are the same source with fewer accumulators.
/// </summary>
internal readonly unsafe struct Avx512Kernel : IGemmKernel
{
    public static int Rows => 12;

    public static int Columns => 32;

    public static void Tile(in GemmTile tile, int rows, int columns)
    {
        if (columns > 16) Dispatch<N2>(tile, rows, columns);
        else Dispatch<N1>(tile, rows, columns);
    }

    private static void Dispatch<TVectors>(in GemmTile tile, int rows, int columns) where TVectors : IConstant
    {
        switch (rows)
        {
            case 12: Compute<N12, TVectors>(tile, columns); break;
            case 11: Compute<N11, TVectors>(tile, columns); break;
            case 10: Compute<N10, TVectors>(tile, columns); break;
            case 9: Compute<N9, TVectors>(tile, columns); break;
            case 8: Compute<N8, TVectors>(tile, columns); break;
            case 7: Compute<N7, TVectors>(tile, columns); break;
            case 6: Compute<N6, TVectors>(tile, columns); break;
            case 5: Compute<N5, TVectors>(tile, columns); break;
            case 4: Compute<N4, TVectors>(tile, columns); break;
            case 3: Compute<N3, TVectors>(tile, columns); break;
            case 2: Compute<N2, TVectors>(tile, columns); break;
            default: Compute<N1, TVectors>(tile, columns); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Compute<TRows, TVectors>(in GemmTile tile, int columns) where TRows : IConstant where TVectors : IConstant
    {
        // Three pointers and the multiples 0..3 of the row stride reach all twelve rows without spilling an address register.
        var stride = tile.ARow;
        var stride2 = stride * 2;
        var stride3 = stride * 3;
        var step = tile.AStep;
        var a0 = tile.A;
        var a4 = a0 + stride * 4;
        var a8 = a4 + stride * 4;
        var b = tile.B;
        var bStep = tile.BStep;

        // The tile of C is wanted when the sums are done: it travels meanwhile.
        for (var row = 0; row < TRows.Value; row++)
        {
            Sse.Prefetch0(tile.C + row * tile.CRow);
            if (TVectors.Value > 1) Sse.Prefetch0(tile.C + row * tile.CRow + 16);
        }

        Vector512<float> c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default;
        Vector512<float> c6 = default, c7 = default, c8 = default, c9 = default, cA = default, cB = default;
        Vector512<float> d0 = default, d1 = default, d2 = default, d3 = default, d4 = default, d5 = default;
        Vector512<float> d6 = default, d7 = default, d8 = default, d9 = default, dA = default, dB = default;

        for (var k = tile.Depth; k > 0; k--)
        {
            var b0 = Vector512.Load(b);
            var b1 = TVectors.Value > 1 ? Vector512.Load(b + 16) : default;
            Add<TRows, TVectors, N0>(a0, b0, b1, ref c0, ref d0);
            Add<TRows, TVectors, N1>(a0 + stride, b0, b1, ref c1, ref d1);
            Add<TRows, TVectors, N2>(a0 + stride2, b0, b1, ref c2, ref d2);
            Add<TRows, TVectors, N3>(a0 + stride3, b0, b1, ref c3, ref d3);
            Add<TRows, TVectors, N4>(a4, b0, b1, ref c4, ref d4);
            Add<TRows, TVectors, N5>(a4 + stride, b0, b1, ref c5, ref d5);
            Add<TRows, TVectors, N6>(a4 + stride2, b0, b1, ref c6, ref d6);
            Add<TRows, TVectors, N7>(a4 + stride3, b0, b1, ref c7, ref d7);
            Add<TRows, TVectors, N8>(a8, b0, b1, ref c8, ref d8);
            Add<TRows, TVectors, N9>(a8 + stride, b0, b1, ref c9, ref d9);
            Add<TRows, TVectors, N10>(a8 + stride2, b0, b1, ref cA, ref dA);
            Add<TRows, TVectors, N11>(a8 + stride3, b0, b1, ref cB, ref dB);
            a0 += step;
            a4 += step;
            a8 += step;
            b += bStep;
        }

        var out0 = new Output(tile, columns, TVectors.Value);
        out0.Store<TRows, TVectors, N0>(c0, d0);
        out0.Store<TRows, TVectors, N1>(c1, d1);
        out0.Store<TRows, TVectors, N2>(c2, d2);
        out0.Store<TRows, TVectors, N3>(c3, d3);
        out0.Store<TRows, TVectors, N4>(c4, d4);
        out0.Store<TRows, TVectors, N5>(c5, d5);
        out0.Store<TRows, TVectors, N6>(c6, d6);
        out0.Store<TRows, TVectors, N7>(c7, d7);
        out0.Store<TRows, TVectors, N8>(c8, d8);
        out0.Store<TRows, TVectors, N9>(c9, d9);
        out0.Store<TRows, TVectors, N10>(cA, dA);
        out0.Store<TRows, TVectors, N11>(cB, dB);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TRows, TVectors, TRow>(
        float* a, Vector512<float> b0, Vector512<float> b1, ref Vector512<float> c, ref Vector512<float> d)
        where TRows : IConstant where TVectors : IConstant where TRow : IConstant
    {
        if (TRow.Value >= TRows.Value) return;
        var x = Vector512.Create(*a);
        c = Avx512F.FusedMultiplyAdd(x, b0, c);
        if (TVectors.Value > 1) d = Avx512F.FusedMultiplyAdd(x, b1, d);
    }

    private readonly struct Output
    {
        private readonly float* _c;
        private readonly nint _row;
        private readonly Vector512<float> _alpha, _beta, _mask;   // mask of the last vector
        private readonly bool _readsC, _full;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Output(in GemmTile tile, int columns, int vectors)
        {
            _c = tile.C;
            _row = tile.CRow;
            _alpha = Vector512.Create(tile.Alpha);
            _beta = Vector512.Create(tile.Beta);
            _readsC = tile.Beta != 0;
            _full = columns == vectors * 16;
            _mask = Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(columns - (vectors - 1) * 16)).AsSingle();
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Store<TRows, TVectors, TRow>(Vector512<float> c, Vector512<float> d)
            where TRows : IConstant where TVectors : IConstant where TRow : IConstant
        {
            if (TRow.Value >= TRows.Value) return;
            var p = _c + TRow.Value * _row;
            if (TVectors.Value > 1)
            {
                StoreFull(p, c);
                p += 16;
                c = d;
            }
            if (_full) StoreFull(p, c);
            else StorePart(p, c);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void StoreFull(float* p, Vector512<float> sum)
        {
            sum *= _alpha;
            if (_readsC) sum = Avx512F.FusedMultiplyAdd(_beta, Vector512.Load(p), sum);
            sum.Store(p);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void StorePart(float* p, Vector512<float> sum)
        {
            sum *= _alpha;
            if (_readsC) sum = Avx512F.FusedMultiplyAdd(_beta, Avx512F.MaskLoad(p, _mask, Vector512<float>.Zero), sum);
            Avx512F.MaskStore(p, _mask, sum);
        }
    }
}
