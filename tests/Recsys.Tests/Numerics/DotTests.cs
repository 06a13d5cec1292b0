using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Recsys.Numerics;
using Recsys.Tests.Reference;

namespace Recsys.Tests.Numerics;

[KernelTests]
public sealed class DotTests
{
    [Fact]
    public void Product_matches_its_twin_at_every_length_and_offset()
    {
        for (var length = 0; length <= 256; length++)
        {
            for (var offset = 0; offset < 4; offset++)
            {
                var x = Vector(1, offset, length);
                var y = Vector(2, offset + 1, length);
                Near(SlowKernels.Dot(x.Span, y.Span), Dot.Product(x.Span, y.Span), $"length {length}, offset {offset}");
            }
        }
    }

    [Fact]
    public void Every_register_width_matches_its_twin()
    {
        if (Avx512F.IsSupported) Check<Lanes512, Vector512<float>>();
        if (Avx2.IsSupported) Check<Lanes256, Vector256<float>>();
        Check<Lanes128, Vector128<float>>();
        Check<Lanes1, float>();
    }

    [Fact]
    public void Rows_have_the_bits_of_Product_at_every_length()
    {
        for (var columns = 0; columns <= 256; columns++)
        {
            var rows = columns % 9;
            var matrix = Vector(1, columns % 3, rows * columns);
            var vector = Vector(2, columns % 5, columns);
            var scores = new float[rows + 1];
            scores[rows] = 7;
            Dot.Rows(matrix.Span, columns, vector.Span, scores.AsSpan(0, rows));
            for (var row = 0; row < rows; row++)
                Assert.Equal(Dot.Product(matrix.Span.Slice(row * columns, columns), vector.Span), scores[row]);
            Assert.Equal(7, scores[rows]);
        }
    }

    [Fact]
    public void Rows_here_and_there_have_the_bits_of_rows_in_order()
    {
        for (var columns = 1; columns <= 256; columns++)
        {
            var matrix = Vector(1, columns % 3, 11 * columns);
            var vector = Vector(2, columns % 5, columns);
            var (scores, distances) = (new float[11], new float[11]);
            Dot.Rows(matrix.Span, columns, vector.Span, scores);
            Dot.SquaredDistances(matrix.Span, columns, vector.Span, distances);
            int[] ids = [.. Enumerable.Range(0, columns % 24).Select(i => (i * 7 + columns) % 11)];
            var found = new float[ids.Length];
            Dot.RowsAt(matrix.Span, columns, ids, vector.Span, found);
            Assert.Equal(ids.Select(id => scores[id]), found);
            Dot.SquaredDistancesAt(matrix.Span, columns, ids, vector.Span, found);
            Assert.Equal(ids.Select(id => distances[id]), found);
        }
        Assert.Contains("ids holds 2", Wrong([0, 2], 3, 2));
        Assert.Contains("ids holds -1", Wrong([-1], 3, 1));
        Assert.Contains("vector holds 2", Wrong([0], 2, 1));
        Assert.Contains("scores has room for 2", Wrong([0], 3, 2));

        static string Wrong(int[] ids, int vector, int scores) => Assert.Throws<ArgumentException>(
            () => Dot.RowsAt(new float[6], 3, ids, new float[vector], new float[scores])).Message;
    }

    [Fact]
    public void Squared_distances_match_their_twin_at_every_length()
    {
        for (var columns = 0; columns <= 256; columns++)
        {
            var matrix = Vector(1, columns % 3, 3 * columns);
            var vector = Vector(2, columns % 5, columns);
            var distances = new float[3];
            Dot.SquaredDistances(matrix.Span, columns, vector.Span, distances);
            for (var row = 0; row < 3; row++)
            {
                var expected = SlowKernels.SquaredDistance(matrix.Span.Slice(row * columns, columns), vector.Span);
                Near(expected, distances[row], $"{columns} columns");
            }
        }
    }

    [Fact]
    public void Threads_change_no_bit_and_allocate_nothing()
    {
        var matrix = RandomFloats.Create(1, 20_011 * 33);
        var vector = RandomFloats.Create(2, 33);
        var expected = new float[20_011];
        Dot.Rows(matrix, 33, vector, expected);
        var scores = new float[20_011];
        foreach (var threads in (int[])[2, 3, 9])
        {
            scores.AsSpan().Clear();
            Dot.Rows(matrix, 33, vector, scores, threads);
            Assert.Equal(expected, scores);
        }
        Allocations.AssertNone(() => Dot.Rows(matrix, 33, vector, scores, 2), calls: 20);
    }

    [Fact]
    public void Lengths_that_do_not_fit_are_named()
    {
        Assert.Contains("x holds 2 floats and y 3", Message(() => Dot.Product(new float[2], new float[3])));
        Assert.Contains("vector holds 2 floats", Message(() => Dot.Rows(new float[6], 3, new float[2], new float[2])));
        Assert.Contains("matrix holds 6 floats", Message(() => Dot.Rows(new float[6], 3, new float[3], new float[3])));

        static string Message(Action action) => Assert.Throws<ArgumentException>(action).Message;
    }

    private static unsafe void Check<TLanes, TVector>() where TLanes : ILanes<TVector> where TVector : struct
    {
        var scores = stackalloc float[2];
        for (var length = 0; length <= 256; length++)
        {
            var x = Vector(1, 1, 2 * length);
            var y = Vector(2, 2, length);
            fixed (float* px = x.Span, py = y.Span)
            {
                var sum = DotKernel<TLanes, TVector, ProductTerm>.Sum(px, py, length);
                Near(SlowKernels.Dot(x.Span[..length], y.Span), sum, $"{typeof(TLanes).Name}, {length}");
                DotKernel<TLanes, TVector, DistanceTerm>.Rows(px, length, length, py, scores, 2);
                Near(SlowKernels.SquaredDistance(x.Span[length..], y.Span), scores[1], $"{typeof(TLanes).Name}, {length}");
            }
        }
    }

    private static void Near((double Value, double Bound) expected, float actual, string what)
        => Assert.True(Math.Abs(actual - expected.Value) <= expected.Bound, $"{what}: {actual}, not {expected.Value}");

    // What lies around the vector is NaN, so that reading it shows.
    private static Memory<float> Vector(ulong seed, int offset, int length)
    {
        var values = new float[offset + length + 17];
        Array.Fill(values, float.NaN);
        RandomFloats.Create(seed, length).CopyTo(values, offset);
        return values.AsMemory(offset, length);
    }
}
