using Recsys.Numerics;

namespace Recsys.Tests.Numerics;

[KernelTests]
public sealed class PairsTests
{
    private static readonly (float, float) Scales = (4, 16);

    [Fact]
    public void Packed_pairs_round_to_even_and_a_first_above_zero_is_at_least_one()
    {
        Assert.Equal((-2L << 32) + 2, Pairs.Pack(0.625f, -0.15625f, Scales));
        Assert.Equal(1, Pairs.Pack(1e-9f, 0, Scales));
        Assert.Equal(-1L << 32, Pairs.Pack(0, -0.0625f, Scales));
        Assert.Equal(int.MaxValue - 127L, Pairs.Pack((int.MaxValue - 127L) / 4f, 0, Scales));

        var (firsts, seconds) = Values(77);
        var packed = new long[77];
        Pairs.Pack(firsts, seconds, Scales, packed);
        for (var i = 0; i < 77; i++) Assert.Equal(Pairs.Pack(firsts[i], seconds[i], Scales), packed[i]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(133)]
    public void Pairs_are_put_together_and_summed(int count)
    {
        var (firsts, seconds) = Values(count);
        var together = new float[2 * count];
        Pairs.Interleave(firsts, seconds, together);
        Assert.Equal(firsts.Zip(seconds).SelectMany(both => new[] { both.First, both.Second }), together);
        var (first, second, most) = Pairs.Magnitudes(firsts, seconds);
        Assert.Equal(firsts.Sum(v => (double)v), first, 1e-9);
        Assert.Equal(seconds.Sum(v => Math.Abs((double)v)), second, 1e-9);
        Assert.Equal(firsts.Append(0).Max(), most);

        int[] rows = [.. Enumerable.Range(0, count).Where(i => i % 3 != 1).Reverse()];
        var (someFirsts, someSeconds) = (new float[rows.Length], new float[rows.Length]);
        Pairs.Separate(together, rows, someFirsts, someSeconds);
        Assert.Equal(rows.Select(row => firsts[row]), someFirsts);
        Assert.Equal(rows.Select(row => seconds[row]), someSeconds);
        (double, double) scales = (1 << 20, 1 << 10);
        var expected = (
            someFirsts.Sum(v => (long)Math.Round(v * scales.Item1)),
            someSeconds.Sum(v => (long)Math.Round(v * scales.Item2)));
        Assert.Equal(expected, Pairs.FineSums(someFirsts, someSeconds, scales));
    }

    [Fact]
    public void Numbers_are_taken_by_row()
    {
        var from = Kernels.Normals(100, 5);
        int[][] all = [[], [7], [.. Enumerable.Range(10, 50)], [10, 12, 11, 13], [.. Enumerable.Range(10, 40), 52, 51, 50],
            [.. Enumerable.Range(0, 33).Select(i => 3 * i)]];
        foreach (var rows in all)
        {
            var to = new float[rows.Length + 1];
            Pairs.Take(from, rows, to);
            Assert.Equal(rows.Select(row => from[row]).Append(0), to);
        }
    }

    [Fact]
    public void Numbers_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Pairs.Pack(new float[3], new float[2], Scales, new long[3]));
        Assert.Throws<ArgumentException>(() => Pairs.Pack(new float[3], new float[3], Scales, new long[2]));
        Assert.Throws<ArgumentException>(() => Pairs.Magnitudes(new float[3], new float[2]));
    }

    private static (float[] Firsts, float[] Seconds) Values(int count)
    {
        var values = Kernels.Normals(2 * count, 4);
        return ([.. Enumerable.Range(0, count).Select(i => i % 5 == 0 ? 0 : i % 5 == 1 ? 0.001f : Math.Abs(values[2 * i]))],
            [.. Enumerable.Range(0, count).Select(i => values[(2 * i) + 1])]);
    }
}
