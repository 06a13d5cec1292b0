using Recsys.Numerics;

namespace Recsys.Tests.Numerics;

[KernelTests]
public sealed class PairsTests
{
    private static readonly (float, float) Scales = (4, 16);

    [Fact]
    public unsafe void Packed_pairs_round_to_even_and_a_first_above_zero_is_at_least_one()
    {
        Assert.Equal((-2L << 32) + 2, Pairs.Pack(0.625f, -0.15625f, Scales));
        Assert.Equal(1, Pairs.Pack(1e-9f, 0, Scales));
        Assert.Equal(-1L << 32, Pairs.Pack(0, -0.0625f, Scales));
        Assert.Equal(int.MaxValue - 127L, Pairs.Pack((int.MaxValue - 127L) / 4f, 0, Scales));

        var values = Values(77);
        var packed = new long[80];
        for (var i = 0; i < 77; i++)
            packed[i] = BitConverter.SingleToUInt32Bits(values[2 * i]) | ((long)BitConverter.SingleToInt32Bits(values[(2 * i) + 1]) << 32);
        fixed (long* p = packed) Pairs.Pack(p, 77, Scales);
        for (var i = 0; i < 77; i++) Assert.Equal(Pairs.Pack(values[2 * i], values[(2 * i) + 1], Scales), packed[i]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(133)]
    public void Pairs_are_put_together_and_summed(int count)
    {
        var values = Values(count);
        var firsts = Enumerable.Range(0, count).Select(i => values[2 * i]).ToArray();
        var seconds = Enumerable.Range(0, count).Select(i => values[(2 * i) + 1]).ToArray();
        var together = new float[2 * count];
        Pairs.Interleave(firsts, seconds, together);
        Assert.Equal(values, together);
        var (first, second, most) = Pairs.Magnitudes(values);
        Assert.Equal(firsts.Sum(v => (double)v), first, 1e-9);
        Assert.Equal(seconds.Sum(v => Math.Abs((double)v)), second, 1e-9);
        Assert.Equal(firsts.Append(0).Max(), most);

        int[] rows = [.. Enumerable.Range(0, count).Where(i => i % 3 != 1)];
        (double, double) scales = (1 << 20, 1 << 10);
        var expected = (
            rows.Sum(i => (long)Math.Round(firsts[i] * scales.Item1)),
            rows.Sum(i => (long)Math.Round(seconds[i] * scales.Item2)));
        Assert.Equal(expected, Pairs.FineSums(values, rows, scales));
    }

    private static float[] Values(int count)
    {
        var values = Kernels.Normals(2 * count, 4);
        for (var i = 0; i < count; i++) values[2 * i] = i % 5 == 0 ? 0 : i % 5 == 1 ? 0.001f : Math.Abs(values[2 * i]);
        return values;
    }
}
